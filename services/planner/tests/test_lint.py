"""
Suspicions: each told once, with a code and the field, and none about an ordinary problem.

Method: one ordinary problem, one change at a time.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.lint import lint
from services.planner.domain.problem import Problem, Territory
from services.planner.domain.shift import Costs, ShiftSkill
from services.planner.domain.task import SkillNeed, Task, Window
from services.planner.domain.travel import Point
from services.planner.tests.problems import at, shift, spot, task

ORDINARY = Problem(
    tuple(task(f"t{n}", 100 * n, 0) for n in range(4)),
    (shift("van", skills=(ShiftSkill("lift"),)), shift("bike")),
)


def with_first(**changes: object) -> Problem:
    first: Task = replace(ORDINARY.tasks[0], **changes)  # type: ignore[arg-type]
    return replace(ORDINARY, tasks=(first, *ORDINARY.tasks[1:]))


def placed(point: Point) -> Problem:
    return with_first(options=(replace(ORDINARY.tasks[0].options[0], point=point),))


def timed(window: Window) -> Problem:
    return with_first(options=(replace(ORDINARY.tasks[0].options[0], windows=(window,)),))


FREE = replace(ORDINARY.shifts[1], costs=Costs(fixed_micros=1))
URGENT = tuple(replace(own, priority=3) for own in ORDINARY.tasks)
HEAVY = tuple(replace(own, loads=(400_000, 1, 1)) for own in ORDINARY.tasks)
SEA = Territory("sea", tuple(spot(x, y) for x, y in ((9e3, 9e3), (9.5e3, 9e3), (9e3, 9.5e3))))


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (ORDINARY, []),
        (with_first(loads=(600_000, 1, 1)), [("LOAD_TOO_BIG", "tasks[0].load")]),
        (with_first(skills=SkillNeed(all_of=frozenset({"lift"}))), []),
        (with_first(skills=SkillNeed(all_of=frozenset({"lfit"}))),
         [("SKILL_HELD_BY_NONE", "tasks[0].skills")]),
        (with_first(skills=SkillNeed(one_of=frozenset({"a", "b"}))),
         [("SKILL_HELD_BY_NONE", "tasks[0].skills")]),
        (timed(Window(at(18), at(19))), [("WINDOW_OUTSIDE_SHIFTS", "tasks[0].windows")]),
        (timed(Window(at(16), at(19))), []),
        (placed(Point(24.0, 60.0)), [("COORDINATES_SWAPPED", "tasks[0].location")]),
        (placed(Point(50.0, 10.0)), [("POINT_FAR_AWAY", "tasks[0].location")]),
        (replace(ORDINARY, tasks=URGENT), [("PRIORITIES_EQUAL", "tasks")]),
        (replace(ORDINARY, tasks=HEAVY), [("CAPACITY_SHORT", "shifts")]),
        (replace(ORDINARY, shifts=(ORDINARY.shifts[0], FREE)),
         [("COST_FREE_SHIFT", "shifts[1].costs")]),
        (replace(ORDINARY, territories=(SEA,)), [("TERRITORY_UNUSED", "territories[0]")]),
        (replace(ORDINARY, unsearched=("stations",)), [("NOT_SEARCHED", "stations")]),
    ],
)  # fmt: skip
def test_a_suspicion_is_told_with_its_field(
    problem: Problem, expected: list[tuple[str, str]]
) -> None:
    found = list(lint(problem))

    assert [(notice.code, notice.field_path) for notice in found] == expected
    assert all(notice.cause and notice.action for notice in found)
