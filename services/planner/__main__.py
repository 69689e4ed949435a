"""The planner as a process: settings -> roads, solvers, compliance, store -> servicer -> serve."""

from __future__ import annotations

import gc
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from meshkit.auth import TokenSource
from meshkit.client import connect, raising
from meshkit.clock import Clock, open_clock
from meshkit.postgres import Database
from meshkit.retention import forget_in_time
from meshkit.server import CannotStart, run, serve
from services.planner.adapters.bell import Bell
from services.planner.adapters.compliance import ComplianceAccess
from services.planner.adapters.no_compliance import NoCompliance
from services.planner.adapters.postgres import PostgresRecords
from services.planner.adapters.postgres_queue import PostgresQueue
from services.planner.adapters.request_retention import forget_requests_in_time
from services.planner.adapters.roads import BadMap, RoadTravelTimes
from services.planner.adapters.runner import Runner
from services.planner.adapters.solver_pool import SolverPool
from services.planner.config import PlannerSettings
from services.planner.convert.events import computed_draft
from services.planner.convert.questions import kept_plan
from services.planner.ports import AccessRules
from services.planner.servicer import Defaults, PlannerServicer
from services.planner.servicer.jobs import DRAFTS, read_question
from services.planner.usecases.asked import World
from services.planner.usecases.work import Means

SCHEMA = "planner"
VERSION = "doorstep-0.1.0"
GARBAGE_THRESHOLDS = (100_000, 50, 100)  # new objects, then rounds of the younger generation


async def start(settings: PlannerSettings) -> None:
    """Serves until told to stop."""
    clock = open_clock(settings.clock_file, sandbox=settings.sandbox)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(database(settings, clock))
        world, world_for_jobs = await open_worlds(settings, stack)
        await Bell(db).open()
        servicer = PlannerServicer(
            db,
            world,
            world_for_jobs,
            PostgresRecords(db, computed_draft),
            clock,
            Defaults(settings.seed, settings.search_seconds_max),
        )
        let_big_problems_live()
        runner = open_runner(settings, db, clock, world_for_jobs)
        forget = (partial(forget_in_time, db), partial(forget_requests_in_time, db))
        await serve(settings, [servicer], loops=[runner.run, *forget], ready=db.ping)


def let_big_problems_live() -> None:
    """
    Looks for garbage in cycles less often: a problem of 10,000 tasks is a million objects, and a
    look at all of them would hold the event loop for half a second, again and again.
    """
    gc.collect()
    gc.freeze()  # what a start makes stays for good
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def open_runner(settings: PlannerSettings, db: Database, clock: Clock, world: World) -> Runner:
    """Who works on optimizations."""
    queue = PostgresQueue(db, Bell(db), DRAFTS, clock)
    read = partial(read_question, seed=settings.seed)
    return Runner(Means(world, queue, clock, read, kept_plan), settings.job_solvers)


async def open_worlds(settings: PlannerSettings, stack: AsyncExitStack) -> tuple[World, World]:
    """Roads, solvers and compliance; the second for optimizations, with solvers of their own."""
    try:
        travel = await stack.enter_async_context(
            RoadTravelTimes(settings.map_file, settings.maps_folder, settings.kernels_folder)
        )
    except BadMap as error:
        raise CannotStart(f"{error}; set DOORSTEP_PLANNER_MAP_FILE to an .osm.pbf") from error
    pool = SolverPool.of(
        settings.solvers,
        settings.solver_waiting_max,
        VERSION,
        settings.rejected_folder,
        settings.job_solvers,
    )
    await stack.enter_async_context(pool)
    access = await open_compliance(settings, stack)
    return World(travel, access, pool), World(travel, access, pool.for_jobs)


async def open_compliance(settings: PlannerSettings, stack: AsyncExitStack) -> AccessRules:
    """Access rules over the wire, or nobody to ask."""
    if not settings.compliance_address:
        return NoCompliance()
    tokens = TokenSource.of(settings)
    channel = await stack.enter_async_context(connect(settings.compliance_address, tokens=tokens))
    return ComplianceAccess(raising(check_grpc.CheckServiceStub(channel)))


def database(settings: PlannerSettings, clock: Clock) -> Any:
    """The store; refuses to start without one."""
    if settings.app_url is None or settings.worker_url is None:
        raise CannotStart(
            "set DOORSTEP_PLANNER_APP_URL and DOORSTEP_PLANNER_WORKER_URL to the store"
        )
    return Database.open(
        SCHEMA,
        app_url=settings.app_url.get_secret_value(),
        worker_url=settings.worker_url.get_secret_value(),
        clock=clock,
    )


if __name__ == "__main__":
    run(PlannerSettings, start)
