"""Dispatch as a process: settings -> store, planner, compliance -> servicers -> serve."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from functools import partial

from cryptography.hazmat.primitives.asymmetric import rsa

from doorstep.compliance.v1.check_service_pb2_grpc import CheckServiceStub
from doorstep.compliance.v1.emissions_service_pb2_grpc import EmissionsServiceStub
from doorstep.planner.v1.planner_service_pb2_grpc import PlannerServiceStub
from doorstep.tracking.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from doorstep.tracking.v1.tracking_service_pb2_grpc import TrackingServiceStub
from meshkit.auth import TokenSource
from meshkit.client import MeshChannel, connect, raising
from meshkit.clock import Clock, open_clock
from meshkit.follow import follow
from meshkit.ids import new_id
from meshkit.keys import read_private_key
from meshkit.pools import Limits
from meshkit.postgres import Database, Transaction
from meshkit.server import CannotStart, Loop, run, serve
from services.dispatch.adapters.compliance import MeshCompliance
from services.dispatch.adapters.estimates import MeshEstimator
from services.dispatch.adapters.outlooks import MeshForecaster
from services.dispatch.adapters.planner import MeshPlanner
from services.dispatch.adapters.postgres import PostgresStores
from services.dispatch.adapters.postgres_access import PostgresDirectory
from services.dispatch.adapters.seal import FernetSeal
from services.dispatch.adapters.secrets import KeyIssuer, ScryptVault, fresh_code
from services.dispatch.config import DispatchSettings
from services.dispatch.convert.events import Seal, draft
from services.dispatch.ports import Compliance, Planner
from services.dispatch.servicer.access import AccessServicer, Registry
from services.dispatch.servicer.deliveries import DeliveryServicer
from services.dispatch.servicer.dispatch import DispatchServicer
from services.dispatch.servicer.duty import DutyServicer
from services.dispatch.servicer.fleet import FleetServicer
from services.dispatch.servicer.follower import CONSUMER, TrackingFollower
from services.dispatch.servicer.tenders import TenderServicer
from services.dispatch.servicer.ticks import Ticks
from services.dispatch.servicer.tools import Tools
from services.dispatch.usecases.access import Operator

SCHEMA = "dispatch"


def stores(tx: Transaction, seal: Seal | None = None) -> PostgresStores:
    """Everything that one transaction can reach."""
    return PostgresStores(tx, partial(draft, seal=seal))


def tools(
    db: Database,
    planner: Planner,
    compliance: Compliance,
    clock: Clock,
    seal: Seal | None = None,
) -> Tools:
    """What every servicer works with."""
    bound = partial(stores, seal=seal)
    return Tools(db, bound, planner, compliance, clock, new_id, fresh_code)


def contact_seal(settings: DispatchSettings) -> Seal | None:
    """What recipients' contacts are sealed with; None when they are told to nobody."""
    if settings.contact_key_file is None:
        return None
    try:
        return FernetSeal(settings.contact_key_file)
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"no key to seal contacts with: {error}; set DOORSTEP_DISPATCH_CONTACT_KEY_FILE"
        ) from error


def servicers(kit: Tools, registry: Registry) -> Sequence[object]:
    """Everything this process answers."""
    return (
        DeliveryServicer(kit),
        FleetServicer(kit),
        DutyServicer(kit),
        DispatchServicer(kit),
        TenderServicer(kit),
        AccessServicer(kit, registry),
    )


async def registry(settings: DispatchSettings, db: Database) -> Registry:
    """Who makes and checks secrets and tokens; refuses to start without the issuer's key."""
    vault = ScryptVault()
    operator = None
    if settings.operator_secret is not None:
        secret = settings.operator_secret.get_secret_value()
        operator = Operator(settings.operator_client_id, await vault.hash(secret))
    issuer = KeyIssuer(_issuer_key(settings), settings.issuer_key_id)
    return Registry(PostgresDirectory(db), vault, issuer, operator)


def _issuer_key(settings: DispatchSettings) -> rsa.RSAPrivateKey:
    try:
        return read_private_key(settings.issuer_key_file)
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"no key to sign tokens with: {error}; set DOORSTEP_DISPATCH_ISSUER_KEY_FILE"
        ) from error


async def start(settings: DispatchSettings) -> None:
    """Serves until told to stop."""
    clock = open_clock(settings.clock_file, sandbox=settings.sandbox)
    tokens = TokenSource.of(settings)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(_database(settings, clock))
        planner = await stack.enter_async_context(connect(settings.planner_address, tokens=tokens))
        checks = await stack.enter_async_context(
            connect(settings.compliance_address, tokens=tokens)
        )
        kit = tools(
            db,
            MeshPlanner(
                raising(PlannerServiceStub(planner)),
                MeshForecaster(raising(EmissionsServiceStub(checks))),
                await _estimator(settings, stack, tokens),
            ),
            MeshCompliance(raising(CheckServiceStub(checks))),
            clock,
            contact_seal(settings),
        )
        loops = [*_ticks(settings, kit), *await _followed(settings, stack, kit, tokens)]
        everything = servicers(kit, await registry(settings, db))
        await serve(settings, everything, loops=loops, ready=db.ping)


def _database(settings: DispatchSettings, clock: Clock) -> AbstractAsyncContextManager[Database]:
    if settings.app_url is None or settings.worker_url is None:
        raise CannotStart(
            "set DOORSTEP_DISPATCH_APP_URL and DOORSTEP_DISPATCH_WORKER_URL to the store"
        )
    return Database.open(
        SCHEMA,
        app_url=settings.app_url.get_secret_value(),
        worker_url=settings.worker_url.get_secret_value(),
        shards=settings.feed_shards,
        clock=clock,
        limits=Limits(
            app_connections=settings.app_connections,
            worker_connections=settings.worker_connections,
        ),
    )


async def _estimator(
    settings: DispatchSettings, stack: AsyncExitStack, tokens: TokenSource
) -> MeshEstimator | None:
    """What tracking has learned of stops, where there is a tracking to ask."""
    if not settings.tracking_address:
        return None
    channel: MeshChannel = connect(settings.tracking_address, tokens=tokens)
    await stack.enter_async_context(channel)
    return MeshEstimator(raising(AnalyticsServiceStub(channel)))


def _ticks(settings: DispatchSettings, kit: Tools) -> list[Loop]:
    within = timedelta(seconds=settings.acknowledge_seconds)
    ticks = Ticks(kit, seconds=settings.tick_seconds, acknowledge_within=within)
    return [ticks.run, ticks.housekeep]


async def _followed(
    settings: DispatchSettings, stack: AsyncExitStack, kit: Tools, tokens: TokenSource
) -> list[Loop]:
    """Tracking's feed, where there is one to follow."""
    if not settings.tracking_address:
        return []
    channel: MeshChannel = connect(settings.tracking_address, tokens=tokens)
    await stack.enter_async_context(channel)
    follower = TrackingFollower(raising(TrackingServiceStub(channel)), kit.stores, kit.clock)
    return [partial(follow, kit.db, CONSUMER, follower.watch, follower.take_in)]


if __name__ == "__main__":
    run(DispatchSettings, start)
