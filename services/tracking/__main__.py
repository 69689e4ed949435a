"""Tracking as a process: settings -> store, ingest, ticks and feeds -> servicers -> serve."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

from doorstep.compliance.v1 import check_service_pb2_grpc as compliance_grpc
from doorstep.compliance.v1 import event_pb2 as compliance_pb
from doorstep.dispatch.v1 import dispatch_service_pb2 as dispatch_pb
from doorstep.dispatch.v1 import dispatch_service_pb2_grpc as dispatch_grpc
from doorstep.planner.v1.planner_service_pb2_grpc import PlannerServiceStub
from meshkit import feed, idempotency
from meshkit.auth import TokenSource
from meshkit.client import connect, raising
from meshkit.clock import Clock, open_clock
from meshkit.errors import MeshError
from meshkit.follow import follow
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from meshkit.server import CannotStart, Loop, run, serve
from services.tracking.adapters.attempt_runner import AttemptRunner
from services.tracking.adapters.heavy_process import harvested, learned
from services.tracking.adapters.ingest import GroupCommit, KnownEpochs, Partitions
from services.tracking.adapters.learner import Learner
from services.tracking.adapters.objects import objects
from services.tracking.adapters.planner import MeshPlanner
from services.tracking.adapters.position_feed import PositionFeed
from services.tracking.adapters.postgres_exports import PostgresQueue
from services.tracking.adapters.report_process import ReportProcess
from services.tracking.adapters.report_runner import ReportFiles, ReportRunner
from services.tracking.adapters.retimer import Planner, Retimer
from services.tracking.adapters.ticker import Ask, Judge, Ticker
from services.tracking.adapters.world import world_of
from services.tracking.config import TrackingSettings
from services.tracking.convert.chunks import chunk_to_wire
from services.tracking.convert.feed import draft
from services.tracking.domain.fact import Fact
from services.tracking.domain.retiming import Wish
from services.tracking.domain.route import Leg
from services.tracking.proof_ports import Objects
from services.tracking.servicer.analytics import AnalyticsServicer
from services.tracking.servicer.common import Desk
from services.tracking.servicer.following import (
    COMPLIANCE,
    COMPLIANCE_TYPES,
    DISPATCH,
    EFFECTS,
    taking_in_compliance,
    taking_in_dispatch,
)
from services.tracking.servicer.incidents import IncidentServicer
from services.tracking.servicer.ingest import IngestServicer
from services.tracking.servicer.learning import DeskStudy, LearningServicer
from services.tracking.servicer.sending import senders
from services.tracking.servicer.subscriptions import SubscriptionServicer
from services.tracking.servicer.tracking import TrackingServicer
from services.tracking.servicer.way import Way, way_of
from services.tracking.usecases.exports import Bench
from services.tracking.usecases.facts import judge as judge_fact
from services.tracking.usecases.handover import claim
from services.tracking.usecases.ticking import (
    GRACE_SECONDS,
    overdue,
    take_legs,
    tick_route,
)

SCHEMA = "tracking"


def desk_of(db: Database, clock: Clock, files: Objects | None = None) -> Desk:
    """The stores and the clocks of this process."""
    return Desk(db, partial(world_of, draft), clock, files)


def files_of(settings: TrackingSettings) -> Objects | None:
    """Where whole files lie."""
    try:
        return objects(
            settings.media_url,
            endpoint=settings.media_endpoint,
            region=settings.media_region,
            key_id=settings.media_key_id,
            secret=settings.media_secret.get_secret_value(),
        )
    except ValueError as error:
        raise CannotStart(f"DOORSTEP_TRACKING_MEDIA_URL: {error}") from error


def outbound(settings: TrackingSettings) -> Way:
    """How receivers and recipients are reached."""
    try:
        return way_of(settings)
    except (OSError, ValueError) as error:
        raise CannotStart(f"DOORSTEP_TRACKING_...: {error}") from error


def group_commit(db: Database, settings: TrackingSettings, clock: Clock) -> GroupCommit:
    """The writer of positions."""
    return GroupCommit(
        db,
        clock,
        batches_max=settings.ingest_queue_batches_max,
        rows_max=settings.ingest_commit_rows_max,
    )


def servicers(desk: Desk, settings: TrackingSettings, ingest: GroupCommit) -> list[object]:
    """Everything this process answers."""
    epochs = KnownEpochs(desk.db, remembered_max=settings.epochs_remembered_max)
    return [
        IngestServicer(desk, ingest, epochs, credit=settings.ingest_credit),
        TrackingServicer(desk, PositionFeed(desk.db, chunk_to_wire)),
        IncidentServicer(desk),
        AnalyticsServicer(desk),
        LearningServicer(desk),
        SubscriptionServicer(desk, outbound(settings)),
    ]


def ticker(desk: Desk, settings: TrackingSettings, ask: Ask | None = None) -> Ticker:
    """The beat of routes under way; `ask` hears what the planner is to be asked."""

    async def tick(tx: Transaction, route_id: str) -> Wish | None:
        return await tick_route(desk.worlds(tx), route_id, desk.now, settings.thresholds, new_id)

    seconds, most = settings.tick_seconds, settings.tick_routes_max
    return Ticker(desk.db, tick, seconds=seconds, routes_max=most, ask=ask)


def retimer(desk: Desk, planner: Planner) -> Retimer:
    """The asking of the planner beside the ticks."""

    async def take(tx: Transaction, wish: Wish, legs: Mapping[str, Leg] | None) -> None:
        await take_legs(desk.worlds(tx), wish, legs, desk.now)

    return Retimer(desk.db, planner, take)


async def beats(desk: Desk, settings: TrackingSettings, stack: AsyncExitStack) -> list[Loop]:
    """Ticks, and the asking of the planner where there is one."""
    if not settings.planner_address:
        return [ticker(desk, settings).run]
    channel = connect(settings.planner_address, tokens=TokenSource.of(settings))
    await stack.enter_async_context(channel)
    asking = retimer(desk, MeshPlanner(raising(PlannerServiceStub(channel))))
    return [asking.run, ticker(desk, settings, asking.wish).run]


def learners(desk: Desk, settings: TrackingSettings) -> list[Loop]:
    """The slow beat that learns from the past, and the runner of imports of past."""
    study = DeskStudy(desk)
    learner = Learner(desk.db, study, learned, seconds=settings.look_seconds)
    return [learner.run, AttemptRunner(desk.db, harvested, study.finish).run]


def reporter(desk: Desk, settings: TrackingSettings) -> ReportRunner:
    """Who makes reports."""
    queue, files = PostgresQueue(desk.db), ReportFiles(desk.db, desk.objects)
    writer = ReportProcess(desk.db, settings.report_memory_mib)
    return ReportRunner(Bench(queue, writer, files, desk.clock), queue)


def judge(desk: Desk) -> Judge:
    """The end of waiting for facts that nothing explains."""

    async def find(tx: Transaction) -> Sequence[Fact]:
        return await overdue(desk.worlds(tx))

    async def end(tx: Transaction, fact: Fact) -> None:
        await judge_fact(desk.worlds(tx), fact, desk.now, new_id, final=True)

    async def ask(tx: Transaction) -> int:
        return await claim(desk.worlds(tx), desk.now[0], new_id)

    return Judge(desk.db, find, end, ask, grace_seconds=GRACE_SECONDS)


async def keep_house(db: Database, settings: TrackingSettings) -> None:
    """Makes partitions ahead, forgets what is past its time; for ever."""
    partitions = Partitions(db, timedelta(days=settings.positions_keep_days))
    keep = timedelta(days=settings.feed_keep_days)
    while True:
        try:
            await partitions.prepare()
            await partitions.forget()
            await idempotency.prune(db)
            async with db.worker() as tx:
                await feed.compact(tx, keep)
        except MeshError:
            pass  # the store is away; the next round does it
        await asyncio.sleep(settings.upkeep_seconds)


async def start(settings: TrackingSettings) -> None:
    """Serves until told to stop."""
    clock = open_clock(settings.clock_file, sandbox=settings.sandbox)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(_database(settings, clock))
        await Partitions(db).prepare()
        desk, ingest = desk_of(db, clock, files_of(settings)), group_commit(db, settings, clock)
        loops: list[Loop] = [
            ingest.run,
            *await beats(desk, settings, stack),
            judge(desk).run,
            *learners(desk, settings),
            reporter(desk, settings).run,
            partial(keep_house, db, settings),
            *senders(desk, outbound(settings), settings),
            *await _feeds(settings, stack, desk),
        ]
        made = servicers(desk, settings, ingest)
        keep_what_is_there()
        await serve(settings, made, loops=loops, ready=db.ping)


def keep_what_is_there() -> None:
    """
    Lets looks for garbage pass over what a start made, which stays for good: to look at all of it
    holds the event loop for 90 ms (measured), and answers and watchers wait.
    """
    gc.collect()
    gc.freeze()


def _database(settings: TrackingSettings, clock: Clock) -> Any:
    if settings.app_url is None or settings.worker_url is None:
        raise CannotStart(
            "set DOORSTEP_TRACKING_APP_URL and DOORSTEP_TRACKING_WORKER_URL to the store"
        )
    return Database.open(
        SCHEMA,
        app_url=settings.app_url.get_secret_value(),
        worker_url=settings.worker_url.get_secret_value(),
        clock=clock,
    )


async def _feeds(settings: TrackingSettings, stack: AsyncExitStack, desk: Desk) -> list[Loop]:
    """The feeds that are followed, where there are any."""
    tokens, loops = TokenSource.of(settings), list[Loop]()
    if settings.dispatch_address:
        channel = await stack.enter_async_context(connect(settings.dispatch_address, tokens=tokens))
        watch = partial(_watch_dispatch, raising(dispatch_grpc.DispatchServiceStub(channel)))
        loops.append(partial(follow, desk.db, DISPATCH, watch, taking_in_dispatch(desk)))
    if settings.compliance_address:
        address = settings.compliance_address
        channel = await stack.enter_async_context(connect(address, tokens=tokens))
        watch = partial(_watch_compliance, raising(compliance_grpc.CheckServiceStub(channel)))
        loops.append(partial(follow, desk.db, COMPLIANCE, watch, taking_in_compliance(desk)))
    return loops


def _watch_dispatch(stub: Any, cursor: str) -> AsyncIterable[Any]:
    request = dispatch_pb.WatchEventsRequest(cursor=cursor, types=list(EFFECTS))
    return stub.WatchEvents(request)  # type: ignore[no-any-return]


def _watch_compliance(stub: Any, cursor: str) -> AsyncIterable[Any]:
    request = compliance_pb.WatchEventsRequest(cursor=cursor, types=COMPLIANCE_TYPES)
    return stub.WatchEvents(request)  # type: ignore[no-any-return]


if __name__ == "__main__":
    run(TrackingSettings, start)
