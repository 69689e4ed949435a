"""
Suspicions: each told once, with a code and the field, and none about an ordinary problem.

Method: one ordinary problem, one change at a time; the codes and fields are compared.
"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from doorstep.planner.v1 import plan_pb2
from services.planner.domain.lint import lint
from services.planner.domain.problem import Balance, Objective, Pin, Problem, Territory
from services.planner.domain.shift import Costs, Reload, Shift, ShiftSkill, StartState
from services.planner.domain.task import SkillNeed, SlotCost, Task, TaskKind, Window
from services.planner.domain.travel import Point
from services.planner.tests.problems import DEPOT, MINUTE, at, city, shift, spot, task

ELSEWHERE = {"NO_ROAD", "FAR_FROM_ROAD", "POINT_BLOCKED", "ACCESS_NOT_CHECKED"}  # by roads, access
LIFT = SkillNeed(one_of=frozenset({"lift"}))
ORDINARY = Problem(
    (task("t0", 0, 100), *(task(f"t{n}", 100 * n, 0, skills=LIFT) for n in range(1, 4))),
    (shift("van", skills=(ShiftSkill("lift"),)), shift("bike")),
)


def with_first(**changes: object) -> Problem:
    first: Task = replace(ORDINARY.tasks[0], **changes)  # type: ignore[arg-type]
    return replace(ORDINARY, tasks=(first, *ORDINARY.tasks[1:]))


def at_first(**changes: object) -> Problem:
    return with_first(options=(replace(ORDINARY.tasks[0].options[0], **changes),))  # type: ignore[arg-type]


def timed(*windows: Window) -> Problem:
    return at_first(windows=windows)


def far(meters: float, window: Window) -> Problem:
    return at_first(point=spot(meters, 0), windows=(window,))


def with_van(**changes: object) -> Problem:
    van: Shift = replace(ORDINARY.shifts[0], **changes)  # type: ignore[arg-type]
    return replace(ORDINARY, shifts=(van, ORDINARY.shifts[1]))


def reloading(x: float = 500, limit: int = 1, **more: object) -> Problem:
    dock = Reload("dock", spot(x, 0), "", **more)  # type: ignore[arg-type]
    return with_van(reloads=(dock,), reload_limit=limit)


def riding(limit: int) -> Problem:
    pair = (
        task("pick", 1_000, 0, kind=TaskKind.PICKUP),
        task("drop", 90_000, 0, pickup_task_id="pick", ride_limit_seconds=limit),
    )
    return replace(ORDINARY, tasks=(*ORDINARY.tasks, *pair))


def pinned(pin: Pin, **changes: object) -> Problem:
    return replace(with_first(**changes), pins=(pin,))


def names(*ids: str) -> frozenset[str]:
    return frozenset(ids)


CARRYING = replace(ORDINARY.shifts[0], start_state=StartState(at(8), DEPOT, names("t0")))
FREE = replace(ORDINARY.shifts[1], costs=Costs(fixed_micros=1))
URGENT = tuple(replace(own, priority=3) for own in ORDINARY.tasks)
HEAVY = tuple(replace(own, loads=(400_000, 1, 1)) for own in ORDINARY.tasks)
SEA = Territory("sea", tuple(spot(x, y) for x, y in ((9e3, 9e3), (9.5e3, 9e3), (9e3, 9.5e3))))
SERVICE_MICROS = 3 * MINUTE * 25_000_000 // 3_600
SOFT = Window(at(9), at(12), soft_last_second=at(10))
TABLE: list[tuple[Problem, list[tuple[str, str]]]] = [
    (ORDINARY, []),
    (with_first(loads=(600_000, 1, 1)), [("LOAD_TOO_BIG", "tasks[0].load")]),
    (with_first(loads=(600_000, 1, 1), kind=TaskKind.SERVICE), []),
    (with_first(skills=SkillNeed(all_of=names("lift"))), []),
    (with_first(skills=SkillNeed(all_of=names("lfit"))),
     [("SKILL_HELD_BY_NONE", "tasks[0].skills")]),
    (with_first(skills=SkillNeed(one_of=names("a", "b"))),
     [("SKILL_HELD_BY_NONE", "tasks[0].skills")]),
    (with_van(skills=(ShiftSkill("lift", at(8)),)),
     [("SKILL_HELD_BY_NONE", f"tasks[{n}].skills") for n in (1, 2, 3)]),
    (with_van(skills=(ShiftSkill("lift"), ShiftSkill("fridge"))),
     [("SKILL_UNUSED", "shifts[0].skills")]),
    (with_first(skills=SkillNeed(none_of=names("lift"))), []),
    (timed(Window(at(18), at(19))), [("WINDOW_OUTSIDE_SHIFTS", "tasks[0].windows")]),
    (timed(Window(at(16), at(19))), []),
    # 90 km take at least 27 minutes there, and as much back before 17:00.
    (far(90_000, Window(at(8), at(8.2))), [("WINDOW_IMPOSSIBLE", "tasks[0].windows")]),
    (far(90_000, Window(at(16.9), at(17))), [("WINDOW_IMPOSSIBLE", "tasks[0].windows")]),
    (far(90_000, Window(at(8), at(9))), []),
    (at_first(service_seconds=10 * 3_600), [("WINDOW_IMPOSSIBLE", "tasks[0].windows")]),
    (at_first(point=Point(24.0, 60.0)), [("COORDINATES_SWAPPED", "tasks[0].location")]),
    (at_first(point=Point(50.0, 10.0)), [("POINT_FAR_AWAY", "tasks[0].location")]),
    (with_van(start_point=Point(24.0, 60.0)),
     [("COORDINATES_SWAPPED", "shifts[0].start_location")]),
    (with_first(release_second=at(12)), []),
    (with_first(release_second=at(17) + 1), [("RELEASE_TOO_LATE", "tasks[0].release_time")]),
    (replace(timed(Window(at(9), at(10))), tasks=(
        replace(timed(Window(at(9), at(10))).tasks[0], release_second=at(11)),
        *ORDINARY.tasks[1:])), [("RELEASE_TOO_LATE", "tasks[0].release_time")]),
    (riding(3_600), []),
    (riding(60), [("RIDE_IMPOSSIBLE", "tasks[5].ride_limit_duration")]),
    (with_first(slot_costs=(SlotCost(at(9), at(10), 5),)), []),
    (replace(timed(Window(at(9), at(10))), tasks=(
        replace(timed(Window(at(9), at(10))).tasks[0],
                slot_costs=(SlotCost(at(9), at(10), 5), SlotCost(at(11), at(12), 5))),
        *ORDINARY.tasks[1:])), [("SLOT_UNUSED", "tasks[0].slot_costs[1]")]),
    (timed(SOFT), [("PREFERENCE_UNPAID", "tasks[0].windows[0]")]),
    (timed(replace(SOFT, late_cost_micros_per_hour=9)), []),
    (with_first(preferred_shift_ids=names("van")),
     [("PREFERENCE_UNPAID", "tasks[0].preference_cost_micros")]),
    (with_first(preferred_shift_ids=names("van"), preference_cost_micros=1), []),
    (with_first(allowed_shift_ids=names("van", "boat")), []),
    (with_first(allowed_shift_ids=names("boat")),
     [("EXCLUDED_EVERYWHERE", "tasks[0].allowed_shift_ids")]),
    (with_first(excluded_shift_ids=names("bike"), excluded_vehicle_ids=names("v-van")),
     [("EXCLUDED_EVERYWHERE", "tasks[0].allowed_shift_ids")]),
    (with_first(penalty_micros=SERVICE_MICROS), []),
    (with_first(penalty_micros=SERVICE_MICROS - 1), [("PENALTY_LOW", "tasks[0].penalty_micros")]),
    (with_first(penalty_micros=1, priority=1), []),  # a higher tier is served at any cost
    (replace(ORDINARY, tasks=(*ORDINARY.tasks, replace(ORDINARY.tasks[0], task_id="again"))),
     [("TASKS_ALIKE", "tasks[4]")]),
    (replace(ORDINARY, tasks=URGENT), [("PRIORITIES_EQUAL", "tasks")]),
    (replace(ORDINARY, tasks=HEAVY), [("CAPACITY_SHORT", "shifts")]),
    (replace(ORDINARY, tasks=HEAVY, shifts=(reloading(limit=3).shifts[0], shift("bike"))), []),
    (replace(ORDINARY, shifts=(ORDINARY.shifts[0], FREE)),
     [("COST_FREE_SHIFT", "shifts[1].costs")]),
    (replace(ORDINARY, shifts=(ORDINARY.shifts[0],
                               shift("bike", vehicle=ORDINARY.shifts[0].vehicle))),
     [("VEHICLE_SHARED", "shifts[1].vehicle")]),
    (replace(ORDINARY, shifts=(ORDINARY.shifts[0], shift(
        "late", vehicle=ORDINARY.shifts[0].vehicle, start_second=at(17), end_second=at(20)))), []),
    (reloading(), []),
    (reloading(limit=0), [("RELOAD_UNUSED", "shifts[0].reload_limit")]),
    (with_van(reload_limit=1), [("RELOAD_UNUSED", "shifts[0].reload_limit")]),
    (reloading(windows=(Window(at(18), at(19)),)),
     [("RELOAD_UNREACHABLE", "shifts[0].reloads[0]")]),
    (reloading(service_seconds=10 * 3_600), [("RELOAD_UNREACHABLE", "shifts[0].reloads[0]")]),
    (reloading(x=2_000_000), [("RELOAD_UNREACHABLE", "shifts[0].reloads[0]")]),
    (replace(ORDINARY, territories=(SEA,)), [("TERRITORY_UNUSED", "territories[0]")]),
    (replace(with_first(goods_class="food"),
             incompatible_goods=frozenset({frozenset({"food", "piant"})})),
     [("GOODS_UNUSED", "incompatible_goods")]),
    (pinned(Pin("t0", "van")), []),
    (pinned(Pin("t0", "van"), excluded_shift_ids=names("van")),
     [("PIN_HINDERED", "pins[0].shift_id")]),
    (pinned(Pin("t0", "van"), allowed_shift_ids=names("bike")),
     [("PIN_HINDERED", "pins[0].shift_id")]),
    (pinned(Pin("t0", "van"), excluded_vehicle_ids=names("v-van")),
     [("PIN_HINDERED", "pins[0].shift_id")]),
    (replace(pinned(Pin("t0", "bike")), shifts=(CARRYING, shift("bike"))),
     [("PIN_HINDERED", "pins[0].shift_id")]),
    (replace(ORDINARY, objective=Objective(balance=Balance.STOPS)),
     [("BALANCE_UNPAID", "objective.balance_cost_percent_max")]),
    (replace(ORDINARY, objective=Objective(balance=Balance.STOPS, balance_cost_percent_max=1)), []),
    (replace(ORDINARY, unsearched=("stations",)), [("NOT_SEARCHED", "stations")]),
]  # fmt: skip


@pytest.mark.parametrize(("problem", "expected"), TABLE)
def test_a_suspicion_is_told_with_its_field(
    problem: Problem, expected: list[tuple[str, str]]
) -> None:
    found = list(lint(problem))

    assert [(notice.code, notice.field_path) for notice in found] == expected
    assert all(notice.cause and notice.action for notice in found)


def test_every_code_of_the_contract_is_told_somewhere() -> None:
    told = {code for _, expected in TABLE for code, _ in expected}
    codes = {name.removeprefix("LINT_CODE_") for name in plan_pb2.LintCode.keys()}  # noqa: SIM118

    assert told | ELSEWHERE == codes - {"UNSPECIFIED"}


def test_a_large_problem_is_looked_through_in_no_time() -> None:
    problem = city(1, 2_000, 250)
    begun = time.process_time()
    found = list(lint(problem))

    assert time.process_time() - begun < 0.5
    assert found == []
