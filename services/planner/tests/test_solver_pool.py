"""
Solver processes: real ones, busy, late, killed and cancelled.

Method: one pool for the module; a process that a test ends is replaced by the pool itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from meshkit.errors import Exhausted, Internal, Unavailable
from services.planner.adapters import solver_pool
from services.planner.adapters.solver_pool import Best, SolverPool, are_quick
from services.planner.domain.plan import CostKind, Plan, SolveEnd, Violation
from services.planner.domain.reason import Reason
from services.planner.domain.settings import SearchSettings
from services.planner.ports import Solved
from services.planner.rules.verify import verify
from services.planner.search.kernel import Sequences
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests.problems import city, on_plane

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUICK = SearchSettings(solution_limit=5, seconds=30)
LATE_SECONDS_MAX = 1.0  # 0.2 on a machine with nothing else to do, as benchmarks.deadlines tells
ENDLESS = SearchSettings(solution_limit=10_000_000, seconds=60)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(rejected_folder: Path) -> AsyncIterator[SolverPool]:
    async with SolverPool.of(1, 2, "test", rejected_folder) as started:
        yield started


@pytest.fixture(scope="module")
def rejected_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rejected")


def searching(pool: SolverPool) -> int:
    """The process that searches."""
    return next(iter(pool._searches.members)).process_id


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def busy(pool: SolverPool) -> asyncio.Task[object]:
    """A search that would not end for a minute, once it has a process."""
    await warm(pool)
    solve = asyncio.create_task(pool.solve(on_plane(city(1, 60, 5)), ENDLESS, ()))
    await until(lambda: not pool._searches.turns.idle)
    return solve


async def warm(pool: SolverPool) -> None:
    """Waits until what a test before has ended is replaced."""
    await until(lambda: pool._searches.turns.idle > 0)


async def until(holds: Callable[[], bool]) -> None:
    """Waits for something that is about to happen, a minute at the most: processes start cold."""
    for _ in range(6_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen within a minute")


async def test_a_plan_comes_back_whole(pool: SolverPool) -> None:
    instance = on_plane(city(1, 30, 3))
    solved = await pool.solve(instance, QUICK, ())

    assert solved.end is SolveEnd.LIMIT
    assert [one for one in verify(instance, solved.plan) if one.hard] == []
    assert pool.engine_version.startswith("test+ortools-9.15")


async def test_given_routes_and_insertions_do_not_wait_behind_a_search(pool: SolverPool) -> None:
    instance, solve = on_plane(city(1, 30, 3)), await busy(pool)
    async with asyncio.timeout(10):
        plan = await pool.time_routes(instance, [((0, 0), (1, 0)), (), ()])
        base, found = await pool.propose_insertions(instance, [((0, 0),), (), ()], [2], 3)
    solve.cancel()
    await asyncio.wait([solve])

    assert [route.sequence for route in plan.routes] == [((0, 0), (1, 0))]
    assert [route is not None for route in base] == [True, False, False]
    assert [insertion.delta_micros for insertion in found[0].insertions] == sorted(
        insertion.delta_micros for insertion in found[0].insertions
    )


async def test_a_cancelled_call_frees_its_core_and_the_next_is_served(pool: SolverPool) -> None:
    solve = await busy(pool)
    pid = searching(pool)
    solve.cancel()
    await asyncio.wait([solve])

    assert not is_alive(pid)
    assert (await pool.solve(on_plane(city(1, 10, 2)), QUICK, ())).plan.routes


async def test_a_killed_solver_leaves_its_best_plan(pool: SolverPool) -> None:
    await warm(pool)
    instance, told = on_plane(city(1, 60, 5)), list[Solved]()
    solve = asyncio.create_task(pool.solve(instance, ENDLESS, (), told.append))
    await until(lambda: bool(told))
    os.kill(searching(pool), signal.SIGKILL)
    solved = await solve

    assert solved.end is SolveEnd.ENGINE_LOST
    assert solved.plan == told[-1].plan
    assert [one for one in verify(instance, solved.plan) if one.hard] == []


async def test_a_search_that_does_not_end_is_ended(
    pool: SolverPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.solve(on_plane(city(1, 10, 2)), QUICK, ())
    pid = searching(pool)
    os.kill(pid, signal.SIGSTOP)  # it hears nothing any more, as one deep in its engine
    monkeypatch.setattr(solver_pool, "GRACE_SECONDS", 0.2)
    with pytest.raises(Unavailable) as caught:
        await pool.solve(on_plane(city(1, 10, 2)), SearchSettings(seconds=0.3), ())

    assert caught.value.reason == "SOLVER_LOST"
    assert not is_alive(pid)


async def test_the_deadline_holds_whatever_the_engine_does(pool: SolverPool) -> None:
    await warm(pool)
    instance, told = on_plane(city(1, 60, 5)), list[Solved]()
    settings = replace(ENDLESS, seconds=3.0)
    begun = time.monotonic()
    solve = asyncio.create_task(pool.solve(instance, settings, (), told.append))
    await until(lambda: bool(told))
    pid = searching(pool)
    os.kill(pid, signal.SIGSTOP)
    solved = await solve

    assert time.monotonic() - begun < 3.0 + LATE_SECONDS_MAX
    assert solved.plan == told[-1].plan
    assert solved.end is SolveEnd.DEADLINE
    assert not is_alive(pid)


async def test_whoever_waited_is_answered_in_time_all_the_same(
    pool: SolverPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver_pool, "GRACE_SECONDS", 2.0)  # to end by itself on a busy machine
    await warm(pool)
    instance, begun = on_plane(city(1, 60, 5)), time.monotonic()
    first = asyncio.create_task(pool.solve(instance, replace(ENDLESS, answer_by=begun + 2), ()))
    await until(lambda: not pool._searches.turns.idle)
    solved = await pool.solve(instance, replace(ENDLESS, answer_by=begun + 8), ())
    took = time.monotonic() - begun

    assert first.done()
    assert solved.end is SolveEnd.DEADLINE
    assert solved.plan.routes
    assert took < 8 + 2 + LATE_SECONDS_MAX


async def test_whoever_waits_in_vain_hears_so_before_it_is_too_late(pool: SolverPool) -> None:
    first = await busy(pool)
    instance, begun = on_plane(city(1, 9, 2)), time.monotonic()
    with pytest.raises(Exhausted) as caught:
        await pool.solve(instance, replace(QUICK, answer_by=begun + 1), ())
    took = time.monotonic() - begun
    first.cancel()
    await asyncio.wait([first])

    assert caught.value.reason == "SOLVERS_BUSY"
    assert took < 1


async def test_too_many_searches_are_refused_at_once(pool: SolverPool) -> None:
    first = await busy(pool)
    waiting = [asyncio.create_task(pool.solve(on_plane(city(1, 9, 2)), QUICK, ())) for _ in "ab"]
    await until(lambda: pool._searches.turns.waiting == 2)
    with pytest.raises(Exhausted) as caught:
        await pool.solve(on_plane(city(1, 9, 2)), QUICK, ())
    first.cancel()
    await asyncio.wait([first, *waiting])

    assert caught.value.reason == "SOLVERS_BUSY"
    assert caught.value.retry_after
    assert all(task.exception() is None for task in waiting)


async def test_a_plan_that_breaks_a_rule_never_leaves() -> None:
    best = Best()
    good = Outcome(Plan(()), (), 1, SolveEnd.LIMIT)
    best.hear(good)
    best.hear(Outcome(Plan(()), (Violation(Reason.CAPACITY),), 2, SolveEnd.LIMIT, is_final=True))

    assert best.solved().plan is good.plan
    assert best.solved().end is SolveEnd.ENGINE_LOST


class Miscounted(Solve):
    """A solve whose last plan claims to cost less than it does."""

    def last_plan(self, sequences: Sequences) -> Plan:
        plan = super().last_plan(sequences)
        cheap = replace(plan.routes[0], costs=((CostKind.TIME, 1),))
        return plan.with_routes((cheap, *plan.routes[1:]))


async def test_a_last_plan_that_breaks_a_rule_is_logged_with_what_it_came_from() -> None:
    best = Best()
    solve = Miscounted(on_plane(city(1, 20, 3)), QUICK, lambda _: None)
    with capture_logs() as lines:
        best.hear(solve.run())
    (line,) = lines

    assert best.solved().end is SolveEnd.ENGINE_LOST
    assert line["event"] == "plan_rejected"
    assert line["is_final"]
    assert line["violations"][0].startswith("COST s")
    assert line["phases"][0].startswith("full ")


async def test_without_any_plan_that_passed_the_caller_hears_of_a_fault_of_ours() -> None:
    best = Best()
    best.hear(Outcome(Plan(()), (Violation(Reason.CAPACITY),), 1, SolveEnd.LIMIT))
    with pytest.raises(Internal) as caught:
        best.solved()

    assert caught.value.reason == "PLAN_UNVERIFIED"


async def test_hundreds_of_windows_beside_full_routes_leave_the_quick_lane_to_others() -> None:
    routes = tuple(((rank, 0),) * 40 for rank in range(10))

    assert are_quick(routes, 20)
    assert not are_quick(routes, 200)
    assert are_quick((), 200)


async def test_closing_leaves_no_process(tmp_path: Path) -> None:
    async with SolverPool.of(1, 1, "test", tmp_path) as own:
        pids = [one.process_id for lane in own._lanes.all for one in lane.members]

    assert len(pids) == 3
    assert not any(map(is_alive, pids))
