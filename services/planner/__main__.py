"""The planner as a process: settings -> roads, solvers, compliance, store -> servicer -> serve."""

from __future__ import annotations

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
from services.planner.adapters.compliance import ComplianceAccess
from services.planner.adapters.no_compliance import NoCompliance
from services.planner.adapters.postgres import PostgresRecords
from services.planner.adapters.roads import BadMap, RoadTravelTimes
from services.planner.adapters.solver_pool import SolverPool
from services.planner.config import PlannerSettings
from services.planner.convert.events import computed_draft
from services.planner.ports import AccessRules
from services.planner.servicer import Defaults, PlannerServicer
from services.planner.usecases.optimize import World

SCHEMA = "planner"
VERSION = "doorstep-0.1.0"


async def start(settings: PlannerSettings) -> None:
    """Serves until told to stop."""
    clock = open_clock(settings.clock_file, sandbox=settings.sandbox)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(database(settings, clock))
        world = await open_world(settings, stack)
        servicer = PlannerServicer(
            db,
            world,
            PostgresRecords(db, computed_draft),
            clock,
            Defaults(settings.seed, settings.search_seconds_max),
        )
        await serve(settings, [servicer], loops=[partial(forget_in_time, db)], ready=db.ping)


async def open_world(settings: PlannerSettings, stack: AsyncExitStack) -> World:
    """Roads, solvers and compliance."""
    try:
        travel = await stack.enter_async_context(
            RoadTravelTimes(settings.map_file, settings.maps_folder, settings.kernels_folder)
        )
    except BadMap as error:
        raise CannotStart(f"{error}; set DOORSTEP_PLANNER_MAP_FILE to an .osm.pbf") from error
    solver = SolverPool(settings.solvers, settings.solver_waiting_max, VERSION)
    await stack.enter_async_context(solver)
    return World(travel, await open_compliance(settings, stack), solver)


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
