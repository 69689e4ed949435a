"""Where a task can be inserted: what is on board already takes no more room."""

from __future__ import annotations

from services.planner.domain.problem import Problem
from services.planner.domain.shift import StartState
from services.planner.search.insert import proposals
from services.planner.search.solution import Solution
from services.planner.tests.problems import DEPOT, at, on_plane, shift, task


def test_goods_on_board_of_a_full_vehicle_can_be_delivered_by_it() -> None:
    state = StartState(at(9), DEPOT, onboard_task_ids=frozenset({"t0", "t1"}))
    full = shift("s0", capacity=(2_000, 0, 0), start_state=state)
    problem = Problem((task("t0", 800, 0), task("t1", 1_600, 0)), (full, shift("s1")))
    (found,) = proposals(Solution(on_plane(problem)), 0, 5)

    assert found.line == 0
