"""Compliance as a process: settings -> store and feeds -> servicers -> serve."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from doorstep.tracking.v1 import tracking_service_pb2 as tracking_pb
from doorstep.tracking.v1 import tracking_service_pb2_grpc as tracking_grpc
from meshkit.auth import TokenSource
from meshkit.client import connect, raising
from meshkit.clock import Clock, open_clock
from meshkit.config import MeshSettings
from meshkit.follow import follow
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from meshkit.retention import forget_in_time
from meshkit.server import CannotStart, Loop, run, serve
from services.compliance.adapters.curb_shelf import CurbIndexes
from services.compliance.adapters.export_runner import ExportRunner
from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.adapters.factor_shelf import FactorLibrary
from services.compliance.adapters.import_process import ImportProcess
from services.compliance.adapters.import_runner import ImportRunner
from services.compliance.adapters.postgres_decisions import PostgresDecisions
from services.compliance.adapters.postgres_episodes import PostgresEpisodes
from services.compliance.adapters.postgres_exports import ExportBell, PostgresExportQueue
from services.compliance.adapters.postgres_imports import PostgresImportQueue
from services.compliance.adapters.postgres_ledger import PostgresLedger
from services.compliance.adapters.postgres_rules import PostgresRules
from services.compliance.adapters.postgres_statements import PostgresStatements
from services.compliance.adapters.postgres_streets import PostgresStreets
from services.compliance.adapters.report_process import ReportProcess
from services.compliance.adapters.score_signer import ScoreSigner
from services.compliance.adapters.shelf import RuleShelf
from services.compliance.config import ComplianceSettings
from services.compliance.convert.events import (
    decision_draft,
    emission_draft,
    idling_draft,
    rules_draft,
)
from services.compliance.domain.idle_fuel import FuelPrices
from services.compliance.file_reader import templates
from services.compliance.servicer.checks import CheckServicer
from services.compliance.servicer.emissions import EmissionsServicer
from services.compliance.servicer.facts import CONSUMER, TYPES, taking_in
from services.compliance.servicer.zones import ZoneServicer
from services.compliance.usecases.exports import Desk
from services.compliance.usecases.factor_sets import Rates
from services.compliance.usecases.idling import Stores

SCHEMA = "compliance"
GARBAGE_THRESHOLDS = (10_000, 10, 10)  # new objects, then rounds of the younger generation


def rules(tx: Transaction) -> PostgresRules:
    """Zones and closures in one transaction."""
    return PostgresRules(tx, rules_draft)


def decisions(tx: Transaction) -> PostgresDecisions:
    """Decisions in one transaction."""
    return PostgresDecisions(tx, decision_draft)


def ledger(tx: Transaction) -> PostgresLedger:
    """The carbon ledger in one transaction."""
    return PostgresLedger(tx, emission_draft)


def episodes(tx: Transaction) -> PostgresEpisodes:
    """Idling episodes in one transaction."""
    return PostgresEpisodes(tx, idling_draft)


def idling(tx: Transaction) -> Stores:
    """Idling rules and episodes in one transaction."""
    return Stores(PostgresStreets(tx), episodes(tx))


def prices(settings: ComplianceSettings) -> FuelPrices:
    """What fuel costs; refuses to start with prices of no currency."""
    if settings.fuel_prices and not settings.fuel_price_currency:
        raise CannotStart("set DOORSTEP_COMPLIANCE_FUEL_PRICE_CURRENCY to that of FUEL_PRICES")
    return FuelPrices(settings.fuel_price_currency, settings.fuel_prices)


def rates(settings: ComplianceSettings) -> Rates:
    """The factors of this process; refuses to start without the default set."""
    library = FactorLibrary(builtin_sets())
    if library.get(settings.factor_set_id) is None:
        known = ", ".join(factors.factor_set_id for factors in library.list(""))
        raise CannotStart(f"no factor set {settings.factor_set_id!r}; there are {known}")
    return Rates(
        library,
        settings.factor_set_id,
        settings.country_code,
        settings.charging_permille,
        settings.allocation,
    )


def signer(settings: ComplianceSettings) -> ScoreSigner | None:
    """Who signs scores; refuses to start with a key that cannot be read."""
    if settings.score_key_file is None:
        return None
    try:
        return ScoreSigner.read(settings.score_key_file)
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"no key to sign scores with: {error}; set DOORSTEP_COMPLIANCE_SCORE_KEY_FILE"
        ) from error


def export_runner(db: Database, settings: ComplianceSettings, clock: Clock) -> ExportRunner:
    """Who writes reports as files."""
    queue = PostgresExportQueue(db)
    desk = Desk(queue, PostgresStatements(db), ReportProcess(), rates(settings), clock)
    return ExportRunner(desk, queue, ExportBell(db))


def servicers(
    db: Database, settings: ComplianceSettings, clock: Clock
) -> tuple[ZoneServicer, CheckServicer, EmissionsServicer]:
    """Everything this process answers."""
    shelf = RuleShelf(db, settings.rule_books_max)
    return (
        ZoneServicer(
            db, rules, clock, templates(), PostgresStreets, CurbIndexes(db, settings.rule_books_max)
        ),
        CheckServicer(db, shelf, decisions, rules, clock, PostgresStreets),
        EmissionsServicer(
            db, ledger, rates(settings), clock, episodes, signer(settings), decisions, shelf
        ),
    )


def import_runner(db: Database, clock: Clock) -> ImportRunner:
    """Who reads files of zones."""
    queue = PostgresImportQueue(db, rules, PostgresStreets, new_id)
    return ImportRunner(queue, ImportProcess(), clock)


async def start(settings: ComplianceSettings) -> None:
    """Serves until told to stop."""
    clock = open_clock(settings.clock_file, sandbox=settings.sandbox)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(_database(settings, clock))
        loops = [*await _loops(settings, stack, db, clock), import_runner(db, clock).run]
        let_rules_live()
        await serve(settings, servicers(db, settings, clock), loops=loops, ready=db.ping)


def let_rules_live() -> None:
    """
    Looks for garbage in cycles less often, and never at what a start makes: a look at all of it
    held every fifth batch of a planner for 69 ms; at what rules make since, it takes 6 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _database(settings: MeshSettings, clock: Clock) -> Any:
    if settings.app_url is None or settings.worker_url is None:
        raise CannotStart(
            "set DOORSTEP_COMPLIANCE_APP_URL and DOORSTEP_COMPLIANCE_WORKER_URL to the store"
        )
    return Database.open(
        SCHEMA,
        app_url=settings.app_url.get_secret_value(),
        worker_url=settings.worker_url.get_secret_value(),
        clock=clock,
    )


async def _loops(
    settings: ComplianceSettings, stack: AsyncExitStack, db: Database, clock: Clock
) -> list[Loop]:
    """Forgetting in time, writing reports, and tracking's feed where there is one to follow."""
    loops: list[Loop] = [partial(forget_in_time, db), export_runner(db, settings, clock).run]
    if not settings.tracking_address:
        return loops
    tokens = TokenSource.of(settings)
    channel = await stack.enter_async_context(connect(settings.tracking_address, tokens=tokens))
    tracking = raising(tracking_grpc.TrackingServiceStub(channel))

    def watch(cursor: str) -> AsyncIterable[Any]:
        return tracking.WatchEvents(tracking_pb.WatchEventsRequest(cursor=cursor, types=TYPES))

    take_in = taking_in(ledger, rates(settings), clock, idling, prices(settings))
    return [*loops, partial(follow, db, CONSUMER, watch, take_in)]


if __name__ == "__main__":
    run(ComplianceSettings, start)
