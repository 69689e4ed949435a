"""
Work on an optimization while others are away, and what it stores on the way.

Method: a real queue; roads that are away, and a search that tells what a test says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from meshkit.clock import SystemClock
from meshkit.errors import Unavailable
from meshkit.ids import new_id
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from services.planner.adapters import postgres_optimizations as stored
from services.planner.adapters.bell import Bell
from services.planner.adapters.postgres_optimizations import PostgresOptimizations
from services.planner.adapters.postgres_queue import PostgresQueue
from services.planner.domain.instance import Instance, Node
from services.planner.domain.optimization import Optimization, State
from services.planner.domain.plan import Plan, SolveEnd
from services.planner.domain.problem import Problem
from services.planner.domain.travel import TravelMatrix, TravelQuestion
from services.planner.search.given import given_solution
from services.planner.servicer.jobs import DRAFTS
from services.planner.tests.near import InPlace, Plane, question, world
from services.planner.tests.problems import shift, task
from services.planner.usecases import optimizations
from services.planner.usecases import work as at_work
from services.planner.usecases.asked import World
from services.planner.usecases.optimizations import Wanted
from services.planner.usecases.optimize import Answer
from services.planner.usecases.work import AWAY_MAX, LOST_MAX, Means, pause_seconds, work

pytestmark = pytest.mark.pg
MIGRATIONS = Path(__file__).parents[1] / "migrations"
DAY = Problem(tuple(task(f"t{rank}", 500 + 100 * rank, 0) for rank in range(3)), (shift("s0"),))
BEST, LONGER, LONGEST = ((0, 1, 2), (1, 0, 2), (2, 0, 1))


class Away(Plane):
    """Roads of which somebody else is to say something."""

    reason = "TRAVEL_UNAVAILABLE"

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """Raises Unavailable."""
        raise Unavailable(self.reason, "away")


class Broken(Away):
    """As if every solver were lost."""

    reason = "SOLVER_LOST"


@pytest.fixture
async def db(postgres: PostgresForTests) -> AsyncIterator[Database]:
    async with postgres.fresh("planner", MIGRATIONS) as db:
        await Bell(db).open()
        yield db


def means(db: Database, near: World) -> Means:
    queue = PostgresQueue(db, Bell(db), DRAFTS, SystemClock())
    return Means(near, queue, SystemClock(), lambda _: question(DAY), written)


def written(answer: Answer) -> bytes:
    """A plan by its order."""
    return str([visit.task for route in answer.plan.routes for visit in route.visits]).encode()


async def add(db: Database) -> str:
    async with db.transaction("acme") as tx:
        store = PostgresOptimizations(tx, DRAFTS)
        own = await optimizations.start(store, new_id, SystemClock().now(), Wanted(3, b"request"))
    return own.optimization_id


async def found(db: Database, optimization_id: str) -> Optimization:
    async with db.transaction("acme") as tx:
        own = await stored.find(tx, "acme", optimization_id)
    assert own is not None
    return own


async def tried(db: Database, near: World, times: int) -> None:
    """Works on whatever is there, so often at the most."""
    own = means(db, near)
    for _ in range(times):
        claim = await own.queue.claim()
        if claim is None:
            return
        await work(own, claim)


async def test_roads_that_are_away_for_long_fail_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "AGAIN_SECONDS", 0.0)
    own = await add(db)
    away = replace(world(), travel=Away())
    await tried(db, away, AWAY_MAX // 2 + 10)
    assert (await found(db, own)).state is State.QUEUED
    await tried(db, away, AWAY_MAX)

    assert (await found(db, own)).failure_reason == "TRAVEL_UNAVAILABLE"


async def test_what_loses_every_solver_fails_soon(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "AGAIN_SECONDS", 0.0)
    own = await add(db)
    await tried(db, replace(world(), travel=Broken()), LOST_MAX + 2)

    assert (await found(db, own)).failure_reason == "SOLVER_LOST"


def test_pauses_grow_to_a_minute_and_are_spread() -> None:
    spread = {pause_seconds(3) for _ in range(20)}

    assert all(1.0 <= pause_seconds(0) <= 2.0 for _ in range(20))
    assert all(8.0 <= one <= 16.0 for one in spread)
    assert len(spread) > 1
    assert all(30.0 <= pause_seconds(tries) <= 60.0 for tries in (5, 50, 5_000))


def telling(*orders: Sequence[int]) -> InPlace:
    """A search that tells some orders, one after the other."""

    def plans(instance: Instance) -> Sequence[Plan]:
        return [given_solution(instance, [nodes(order)]).plan() for order in orders]

    return InPlace(finds=plans, seconds_each=0.5)


def nodes(order: Sequence[int]) -> tuple[Node, ...]:
    return tuple((rank, 0) for rank in order)


async def test_what_is_stored_on_the_way_is_better_each_time_and_not_only_later(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "TELL_SECONDS", 0.05)
    own = await add(db)
    plans = means(db, world(solver=telling(BEST, LONGER, LONGEST, BEST)))
    claim = await plans.queue.claim()
    assert claim is not None
    working = asyncio.create_task(work(plans, claim))
    await asyncio.sleep(1.2)  # a worse one was told meanwhile
    on_the_way = await found(db, own)
    await working
    done = await found(db, own)

    assert on_the_way.plan_count == 1
    assert (done.state, done.plan_count) == (State.DONE, 2)
    assert done.cost_micros == on_the_way.cost_micros


async def test_where_a_search_goes_on_from_is_not_stored_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "TELL_SECONDS", 0.05)
    own = await add(db)
    plans = means(db, world(solver=telling(LONGER, LONGER)))
    first = await plans.queue.claim()
    assert first is not None
    working = asyncio.create_task(work(plans, first))
    await asyncio.sleep(0.4)
    working.cancel()  # as a drain does
    await asyncio.wait([working])
    before = await found(db, own)
    await tried(db, world(solver=telling(LONGER, BEST)), 1)
    after = await found(db, own)

    assert (before.plan_count, after.plan_count) == (1, 2)
    assert before.record is not None
    assert before.record.end is SolveEnd.LIMIT
    assert after.record is not None
    assert after.record.end is SolveEnd.DEADLINE
