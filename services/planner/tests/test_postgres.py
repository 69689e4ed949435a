"""
The record of solves: kept with its event or not at all, and each tenant's own.

Method: a real PostgreSQL, a fresh database per test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doorstep.planner.v1 import event_pb2
from meshkit import feed
from meshkit.errors import MeshError
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from services.planner.adapters.postgres import PostgresRecords
from services.planner.convert.events import computed_draft
from services.planner.domain.optimization import Run, Trail
from services.planner.domain.phases import Chunk, Phase
from services.planner.domain.plan import SolveEnd, SolveRecord
from services.planner.ports import PlanComputed

REQUEST = b"as it was asked"
pytestmark = pytest.mark.pg
MIGRATIONS = Path(__file__).parents[1] / "migrations"
NOON = datetime(2026, 5, 29, 9, tzinfo=UTC)
SELECT_SOLVES = "SELECT optimization_id, seed, solve_end, cost_micros, create_time FROM solves"
COMPUTED = PlanComputed(
    optimization_id="opt_1",
    at=NOON,
    record=SolveRecord("d1", 4711, "engine", "1", 7, "map", 200, SolveEnd.LIMIT, 1_500),
    cost_micros=9,
    task_count=5,
    unassigned_count=1,
    route_count=2,
    access_checked=True,
)
TRAIL = Trail(
    COMPUTED.record,
    (Run((((0, 0),), ((1, 0),)), 20.0, (Phase("lean", (Chunk(10, 0, 1_000_000),)),)),),
    (((1, 0), (0, 0)), ()),
)


@pytest.fixture
async def db(postgres: PostgresForTests) -> AsyncIterator[Database]:
    async with postgres.fresh("planner", MIGRATIONS) as db:
        yield db


async def solves(db: Database, tenant: str) -> list[tuple[object, ...]]:
    async with db.transaction(tenant) as tx:
        return [tuple(row) for row in await tx.fetch(SELECT_SOLVES)]


async def told_of(db: Database) -> tuple[feed.Change, ...]:
    async with db.snapshot("acme") as now:
        return (await feed.read(now, db.schema, await feed.oldest(now))).changes


async def test_a_record_is_kept_and_told(db: Database) -> None:
    await PostgresRecords(db, computed_draft).add("acme", COMPUTED, REQUEST, TRAIL)
    (change,) = await told_of(db)
    told = event_pb2.PlanComputed.FromString(change.payload)

    assert await solves(db, "acme") == [("opt_1", 4711, "LIMIT", 9, NOON)]
    assert (change.type, change.subject, change.event_time) == ("plan_computed", "opt_1", NOON)
    assert told.record.solve_duration.seconds == 2  # a second and a half, rounded up
    assert told.unassigned_count == 1


async def test_a_tenant_sees_its_own_records_only(db: Database) -> None:
    records = PostgresRecords(db, computed_draft)
    await records.add("acme", COMPUTED, REQUEST, TRAIL)
    await records.add("other", replace(COMPUTED, optimization_id="opt_2"), REQUEST, TRAIL)

    assert [row[0] for row in await solves(db, "acme")] == ["opt_1"]
    assert [row[0] for row in await solves(db, "other")] == ["opt_2"]


async def test_a_record_that_cannot_be_kept_is_not_told(db: Database) -> None:
    records = PostgresRecords(db, computed_draft)
    await records.add("acme", COMPUTED, REQUEST, TRAIL)
    with pytest.raises(MeshError):
        await records.add("acme", COMPUTED, REQUEST, TRAIL)

    assert len(await told_of(db)) == 1


async def test_what_it_takes_to_repeat_a_solve_comes_back_whole(db: Database) -> None:
    records = PostgresRecords(db, computed_draft)
    await records.add("acme", COMPUTED, REQUEST, TRAIL)

    assert await records.trail("acme", "opt_1") == (REQUEST, TRAIL)
    assert await records.trail("other", "opt_1") is None
