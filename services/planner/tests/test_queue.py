"""
The queue: exactly one runner per optimization, tenants in turns, nothing lost when a runner is.

Method: a real PostgreSQL, a fresh database per test; the lease is shortened where it must run out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meshkit.clock import SystemClock
from meshkit.errors import Exhausted
from meshkit.ids import new_id
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from services.planner.adapters import postgres_optimizations as stored
from services.planner.adapters import postgres_queue
from services.planner.adapters.bell import Bell
from services.planner.adapters.postgres_optimizations import PostgresOptimizations
from services.planner.adapters.postgres_queue import PostgresQueue
from services.planner.adapters.request_retention import forget_optimizations, forget_requests
from services.planner.domain.optimization import UNFINISHED_MAX, Batch, Optimization, State, Trail
from services.planner.domain.plan import CostKind, SolveEnd, SolveRecord
from services.planner.ports import Claim, Found, Progress
from services.planner.servicer.jobs import DRAFTS
from services.planner.usecases import optimizations
from services.planner.usecases.optimizations import Wanted

pytestmark = pytest.mark.pg
MIGRATIONS = Path(__file__).parents[1] / "migrations"
NOON = datetime(2026, 5, 29, 9, tzinfo=UTC)
RECORD = SolveRecord("d1", 4711, "engine", "1", 7, "map", 200, SolveEnd.LIMIT, 1_500)
FOUND = Found(b"plan", (((0, 0),),), 90, ((CostKind.TIME, 90),), 1, None, RECORD)
TRAIL = Trail(RECORD, (), (((0, 0),),))
HALF = Progress(50, 5_000)


@pytest.fixture
async def db(postgres: PostgresForTests) -> AsyncIterator[Database]:
    async with postgres.fresh("planner", MIGRATIONS) as db:
        await Bell(db).open()
        yield db


def queue_of(db: Database) -> PostgresQueue:
    return PostgresQueue(db, Bell(db), DRAFTS, SystemClock())


async def add(db: Database, tenant: str = "acme") -> str:
    async with db.transaction(tenant) as tx:
        store = PostgresOptimizations(tx, DRAFTS)
        own = await optimizations.start(store, new_id, NOON, Wanted(5, b"request"))
    return own.optimization_id


async def add_batch(db: Database, *part_ids: str) -> Batch:
    parts = [Wanted(5, b"request", part_id=part_id) for part_id in part_ids]
    async with db.transaction("acme") as tx:
        store = PostgresOptimizations(tx, DRAFTS)
        return await optimizations.start_batch(store, new_id, NOON, parts)


async def cancel(db: Database, optimization_id: str) -> Optimization:
    async with db.transaction("acme") as tx:
        store = PostgresOptimizations(tx, DRAFTS)
        return await optimizations.cancel(store, optimization_id, NOON)


async def found(db: Database, optimization_id: str) -> Optimization:
    async with db.transaction("acme") as tx:
        own = await stored.find(tx, "acme", optimization_id)
    assert own is not None
    return own


async def batch_now(db: Database, batch_id: str) -> Batch:
    async with db.transaction("acme") as tx:
        batch = await stored.find_batch(tx, "acme", batch_id)
    assert batch is not None
    return batch


async def claimed(queue: PostgresQueue) -> Claim:
    claim = await queue.claim()
    assert claim is not None
    return claim


async def test_each_is_claimed_once_however_many_ask(db: Database) -> None:
    ids = {await add(db) for _ in range(5)}
    queues = [queue_of(db) for _ in range(8)]
    claims = await asyncio.gather(*(queue.claim() for queue in queues))
    taken = [claim.optimization_id for claim in claims if claim]

    assert len(taken) == len(set(taken))
    rest = []
    while (claim := await queues[0].claim()) is not None:
        rest.append(claim.optimization_id)
    assert sorted([*taken, *rest]) == sorted(ids)


async def test_tenants_take_turns_whatever_each_has_waiting(db: Database) -> None:
    for tenant in ("big", "big", "big", "small", "small"):
        await add(db, tenant)
    queue = queue_of(db)
    turns = [(await claimed(queue)).tenant for _ in range(5)]

    assert turns == ["big", "small", "big", "small", "big"]


async def test_what_a_lost_runner_had_is_taken_over_with_its_best_plan(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(db)
    monkeypatch.setattr(postgres_queue, "LEASE", timedelta(milliseconds=100))
    first = await claimed(queue_of(db))
    assert await queue_of(db).improve(first, FOUND, HALF, TRAIL)
    assert await queue_of(db).claim() is None
    await asyncio.sleep(0.2)  # the lease runs out
    second = await claimed(queue_of(db))

    assert second.optimization_id == first.optimization_id
    assert second.sequences == FOUND.sequences
    assert second.searched_milliseconds == HALF.searched_milliseconds


async def test_a_runner_that_wakes_up_late_writes_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, queue = await add(db), queue_of(db)
    monkeypatch.setattr(postgres_queue, "LEASE", timedelta(milliseconds=1))
    zombie = await claimed(queue)
    await asyncio.sleep(0.05)
    monkeypatch.setattr(postgres_queue, "LEASE", timedelta(minutes=1))
    second = await claimed(queue)

    assert not await queue.renew(zombie, HALF)
    assert not await queue.improve(zombie, FOUND, HALF, TRAIL)
    assert not await queue.finish(zombie, FOUND, TRAIL, NOON)
    assert not await queue.fail(zombie, "SOLVER_LOST", NOON)
    assert (await found(db, own)).plan_count == 0
    assert await queue.finish(second, FOUND, TRAIL, NOON)
    assert (await found(db, own)).state is State.DONE


async def test_a_runner_hears_at_once_that_its_work_was_cancelled(db: Database) -> None:
    own, queue = await add(db), queue_of(db)
    claim = await claimed(queue)
    lost = asyncio.create_task(queue.until_lost(claim))
    await asyncio.sleep(0.1)
    assert not lost.done()
    await cancel(db, own)
    Bell(db).rung()
    await asyncio.wait_for(lost, 1.0)

    assert (await found(db, own)).state is State.CANCELLED


async def test_an_idle_runner_hears_at_once_of_work(db: Database) -> None:
    queue = queue_of(db)
    assert await queue.claim() is None
    waiting = asyncio.create_task(queue.wait(30))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await add(db)
    Bell(db).rung()
    await asyncio.wait_for(waiting, 1.0)


async def test_what_a_drain_gives_back_waits_again(db: Database) -> None:
    own, queue = await add(db), queue_of(db)
    await queue.release(await claimed(queue))
    again = await found(db, own)

    assert again.state is State.QUEUED
    assert again.end_time is None
    assert (await claimed(queue)).epoch == 2


async def test_what_waits_for_somebody_is_not_claimed_before_and_holds_up_nobody(
    db: Database,
) -> None:
    first, second, queue = await add(db), await add(db), queue_of(db)
    assert await queue.postpone(await claimed(queue), 0.2)
    assert (await claimed(queue)).optimization_id == second
    assert await queue.claim() is None
    await asyncio.sleep(0.25)
    again = await claimed(queue)

    assert again.optimization_id == first
    assert (again.away_count, again.lost_count) == (1, 0)


async def test_lost_runners_and_vain_tries_count_from_the_last_better_plan(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(db)
    monkeypatch.setattr(postgres_queue, "LEASE", timedelta(milliseconds=1))
    queue = queue_of(db)
    await claimed(queue)
    await asyncio.sleep(0.05)
    await queue.postpone(await claimed(queue), 0.0)
    third = await claimed(queue)
    assert (third.lost_count, third.away_count) == (1, 1)
    await queue.improve(third, FOUND, HALF, TRAIL)
    await queue.release(third)
    fourth = await claimed(queue)

    assert (fourth.lost_count, fourth.away_count) == (0, 0)


async def test_racing_calls_do_not_pass_the_bound(db: Database) -> None:
    await add_batch(db, *(str(number) for number in range(UNFINISHED_MAX - 3)))
    told = await asyncio.gather(*(add(db) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(one, str) for one in told) == 3
    assert {type(one) for one in told} == {str, Exhausted}


async def test_a_tenants_queue_is_bounded(db: Database) -> None:
    parts = [str(number) for number in range(UNFINISHED_MAX // 2)]
    for _ in range(2):
        await add_batch(db, *parts)
    with pytest.raises(Exhausted) as caught:
        await add(db)

    assert caught.value.reason == "SOLVERS_BUSY"
    assert await add(db, "other")


async def test_one_failed_part_does_not_fail_the_others(db: Database) -> None:
    batch, queue = await add_batch(db, "north", "south"), queue_of(db)
    assert batch.state is State.QUEUED
    first = await claimed(queue)
    assert (await batch_now(db, batch.batch_id)).state is State.RUNNING
    await queue.fail(first, "TRAVEL_UNAVAILABLE", NOON)
    await queue.finish(await claimed(queue), FOUND, TRAIL, NOON)
    now = await batch_now(db, batch.batch_id)

    assert [(part.part_id, part.state) for part in now.parts] == [
        ("north", State.FAILED),
        ("south", State.DONE),
    ]
    assert now.parts[0].failure_reason == "TRAVEL_UNAVAILABLE"
    assert now.state is State.DONE
    assert now.end_time == NOON


async def test_a_cancelled_batch_keeps_what_was_done(db: Database) -> None:
    batch, queue = await add_batch(db, "north", "south", "west"), queue_of(db)
    await queue.finish(await claimed(queue), FOUND, TRAIL, NOON)
    running = await claimed(queue)
    async with db.transaction("acme") as tx:
        store = PostgresOptimizations(tx, DRAFTS)
        stopped = await optimizations.cancel_batch(store, batch.batch_id, NOON)
    states = [part.state for part in stopped.parts]

    assert states == [State.DONE, State.CANCELLED, State.CANCELLED]
    assert stopped.state is State.CANCELLED
    assert not await queue.improve(running, FOUND, HALF, TRAIL)
    assert await queue.claim() is None


async def test_old_requests_go_and_those_under_way_stay(db: Database) -> None:
    queue = queue_of(db)
    done, running = await add(db), await add(db)
    await queue.finish(await claimed(queue), FOUND, TRAIL, NOON)
    never, at_once = timedelta(days=7), timedelta(0)
    assert await forget_requests(db, never, 10_000) == 0
    assert await forget_requests(db, at_once, 10_000) == 1
    claim = await claimed(queue)

    assert claim.optimization_id == running
    assert claim.request == b"request"
    assert await forget_optimizations(db, never) == 0
    assert await forget_optimizations(db, at_once) == 1
    async with db.transaction("acme") as tx:
        assert await stored.find(tx, "acme", done) is None
        assert await stored.plan_of(tx, "acme", done) is None


async def test_of_each_tenant_only_the_latest_requests_are_kept(db: Database) -> None:
    queue = queue_of(db)
    for _ in range(3):
        await add(db)
    await add(db, "other")
    while (claim := await queue.claim()) is not None:
        await queue.finish(claim, replace(FOUND, cost_micros=1), TRAIL, NOON)

    assert await forget_requests(db, timedelta(days=7), 2) == 1
