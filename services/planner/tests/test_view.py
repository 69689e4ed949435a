"""Shifts that differ in nothing but their names share what is found out about tasks."""

from __future__ import annotations

from services.planner.domain.problem import Pin, Problem
from services.planner.domain.reason import Reason
from services.planner.search.evaluate import views_of
from services.planner.tests.problems import on_plane, shift, task


def test_equal_shifts_share_what_a_task_means_to_them() -> None:
    shifts = (shift("s0"), shift("s1"), shift("s2", loading_seconds=60))
    one, twin, other = views_of(on_plane(Problem((task("t0", 100, 0),), shifts)))

    assert one.stay((0, 0)) is twin.stay((0, 0))
    assert one.stay((0, 0)) is not other.stay((0, 0))
    assert one.class_rank == twin.class_rank != other.class_rank


def test_a_task_that_names_shifts_means_something_else_to_each() -> None:
    tasks = (
        task("only", 100, 0, allowed_shift_ids=frozenset({"s0"})),
        task("never", 100, 0, excluded_vehicle_ids=frozenset({"v-s0"})),
        task("pinned", 100, 0),
    )
    problem = Problem(tasks, (shift("s0"), shift("s1")), pins=(Pin("pinned", "s1"),))
    views = views_of(on_plane(problem))

    told = [[view.refusal((rank, 0)) for rank in range(3)] for view in views]
    assert told == [[None, Reason.EXCLUDED, Reason.LOCK], [Reason.EXCLUDED, None, None]]
