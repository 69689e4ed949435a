"""
The planner as its callers see it: a real server on a real port, real roads, a real solve, a real
store.

One planner for the session on the built-in city; the city hall beside it closes and charges what a
test says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.clock import SystemClock
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from meshkit.testing import Role, serving
from services.planner.adapters.bell import Bell
from services.planner.adapters.compliance import ComplianceAccess
from services.planner.adapters.postgres import PostgresRecords
from services.planner.adapters.postgres_queue import PostgresQueue
from services.planner.adapters.roads import RoadTravelTimes
from services.planner.adapters.runner import Runner
from services.planner.adapters.solver_pool import SolverPool
from services.planner.convert.events import computed_draft
from services.planner.convert.questions import kept_plan
from services.planner.servicer import Defaults, PlannerServicer
from services.planner.servicer.jobs import DRAFTS, read_question
from services.planner.tests.city_hall import CityHall
from services.planner.tests.roads.test_helsinki import HELSINKI
from services.planner.tests.roads.test_travel_worker import COMPILED_CODE
from services.planner.tests.served.town import Town
from services.planner.usecases.asked import World
from services.planner.usecases.work import Means

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(
    postgres: PostgresForTests, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    maps, hall = tmp_path_factory.getbasetemp() / "maps", CityHall()
    async with (
        postgres.fresh("planner", MIGRATIONS) as db,
        RoadTravelTimes(HELSINKI, maps, COMPILED_CODE) as travel,
        SolverPool.of(1, 4, "test", tmp_path_factory.mktemp("rejected")) as pool,
        serving(hall, service="compliance") as halls,
    ):
        checks = raising(check_grpc.CheckServiceStub(halls.channel(Role.DISPATCHER)))
        access, clock = ComplianceAccess(checks), SystemClock()
        world, for_jobs = World(travel, access, pool), World(travel, access, pool.for_jobs)
        records = PostgresRecords(db, computed_draft)
        servicer = PlannerServicer(db, world, for_jobs, records, clock, Defaults(4711, 20.0))
        async with serving(servicer, service="planner") as mesh:
            stub = raising(pb_grpc.PlannerServiceStub(mesh.channel(Role.DISPATCHER)))
            async with running_optimizations(db, for_jobs):
                yield Town(stub, mesh, hall, db, pool)


@asynccontextmanager
async def running_optimizations(db: Database, world: World) -> AsyncIterator[None]:
    """A runner beside the server, as `__main__` has one."""
    await Bell(db).open()
    queue = PostgresQueue(db, Bell(db), DRAFTS, SystemClock())
    means = Means(world, queue, SystemClock(), partial(read_question, seed=4711), kept_plan)
    task = asyncio.create_task(Runner(means, workers=1).run())
    yield
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def town(running: Town) -> Town:
    """The town, with nothing closed and the hall open."""
    running.hall.zones, running.hall.is_away = [], False
    return running
