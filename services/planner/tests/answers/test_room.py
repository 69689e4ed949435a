"""Where a task can be inserted: what takes room, and for how long."""

from __future__ import annotations

from services.planner.domain.problem import Problem
from services.planner.domain.shift import StartState
from services.planner.domain.task import TaskKind
from services.planner.search.given import given_solution
from services.planner.search.insert import proposals
from services.planner.search.solution import Solution
from services.planner.tests.problems import DEPOT, at, on_plane, shift, task


def test_goods_on_board_of_a_full_vehicle_can_be_delivered_by_it() -> None:
    state = StartState(at(9), DEPOT, onboard_task_ids=frozenset({"t0", "t1"}))
    full = shift("s0", capacity=(2_000, 0, 0), start_state=state)
    problem = Problem((task("t0", 800, 0), task("t1", 1_600, 0)), (full, shift("s1")))
    (found,) = proposals(Solution(on_plane(problem)), 0, 5)

    assert found.line == 0


def test_a_pair_that_is_delivered_at_once_takes_no_room_on_the_rest_of_the_way() -> None:
    later = task("later", 3_200, 0, kind=TaskKind.PICKUP, loads=(2_000, 0, 0))
    up = task("up", 800, 0, kind=TaskKind.PICKUP, loads=(2_000, 0, 0))
    down = task("down", 1_600, 0, pickup_task_id="up", loads=(2_000, 0, 0))
    problem = Problem((later, up, down), (shift("s0", capacity=(2_000, 0, 0)),))
    (found,) = proposals(given_solution(on_plane(problem), [((0, 0),)]), 2, 5)

    assert [node[0] for node in found.nodes] == [1, 2, 0]
