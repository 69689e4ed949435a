"""
What a problem gets wrong as a whole: every contradiction at once, with the field.

Method: one sound problem, one change at a time; the path of the fault is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.planner.domain.contradictions import contradictions, route_faults
from services.planner.domain.energy import Battery
from services.planner.domain.problem import (
    FixedReload,
    FixedRoute,
    FixedVisit,
    FreezeLevel,
    Objective,
    Pin,
    Problem,
)
from services.planner.domain.shift import (
    BreakRule,
    DutyClock,
    DutyLimit,
    Reload,
    Shift,
    ShiftTerritory,
    StartState,
    Vehicle,
)
from services.planner.domain.task import Option, SlotCost, Task, TaskKind, Window
from services.planner.domain.travel import Point, Profile
from services.planner.tests.problems import DEPOT, at, shift, spot, task

PICK = task("pick", 0, 1, kind=TaskKind.PICKUP)
DROP = task("drop", 0, 2, pickup_task_id="pick")
DOCK = Reload("dock", DEPOT)
TEA = BreakRule("tea", at(9), at(10), 60)
STATE = StartState(at(9), DEPOT)
ELECTRIC = Vehicle("v0", Profile.E_VAN, (0, 0, 0), battery=Battery(50_000, 1_000))
SOUND = Problem((task("one", 1, 1), PICK, DROP), (shift("van"), shift("bike")))


def with_tasks(*tasks: Task) -> Problem:
    return replace(SOUND, tasks=tasks)


def with_van(**changes: object) -> Problem:
    van: Shift = replace(SOUND.shifts[0], **changes)  # type: ignore[arg-type]
    return replace(SOUND, shifts=(van, SOUND.shifts[1]))


def loading(*ranks: int, name: str = "dock") -> FixedRoute:
    return FixedRoute("van", (FixedVisit("one"),), tuple(FixedReload(name, rank) for rank in ranks))


def carrying(*task_ids: str, second: int = at(9)) -> Problem:
    return with_van(start_state=StartState(second, DEPOT, frozenset(task_ids)))


@pytest.mark.parametrize(
    ("problem", "paths"),
    [
        (SOUND, []),
        (with_tasks(PICK, DROP, PICK), ["tasks[2].task_id"]),
        (with_tasks(DROP), ["tasks[0].pickup_task_id"]),
        (with_tasks(task("one", 1, 1), replace(DROP, pickup_task_id="one")),
         ["tasks[1].pickup_task_id"]),
        (with_tasks(PICK, DROP, replace(DROP, task_id="other")),
         ["tasks[1].pickup_task_id", "tasks[2].pickup_task_id"]),
        (with_tasks(PICK, replace(DROP, loads=(7, 7, 7))), ["tasks[1].load"]),
        (with_tasks(PICK, replace(DROP, options=DROP.options * 2)), ["tasks[1].alternatives"]),
        (with_tasks(replace(PICK, territory_ids=frozenset({"x"})), DROP),
         ["tasks[0].territory_ids"]),
        (replace(SOUND, shifts=(shift("van"), shift("van"))), ["shifts[1].shift_id"]),
        (with_van(territories=(ShiftTerritory("x"),)), ["shifts[0].territories[0].territory_id"]),
        (with_van(breaks=(BreakRule("tea", at(7), at(9), 60),)),
         ["shifts[0].breaks[0].start_window"]),
        (with_van(breaks=(BreakRule("tea", at(16), at(17), 60),)),
         ["shifts[0].breaks[0].start_window"]),
        (with_van(duty_limits=(DutyLimit("x", DutyClock.SPAN, 1),) * 2),
         ["shifts[0].duty_limits.limits[1].limit_id"]),
        (with_van(reloads=(DOCK, replace(DOCK, reload_id="b")), reload_limit=1), []),
        (with_van(reloads=(DOCK, DOCK), reload_limit=1), ["shifts[0].reloads[1].reload_id"]),
        # What only looks wrong is a suspicion and refused by nobody: see the lint.
        (with_tasks(task("one", 1, 1, release_second=at(20)), PICK, DROP), []),
        (with_van(reload_limit=3), []),
        (carrying("one"), []),
        (carrying("one", second=at(20)), ["shifts[0].start_state.state_time"]),
        (carrying("pick"), ["shifts[0].start_state.onboard_task_ids"]),
        (with_van(breaks=(TEA,), start_state=replace(STATE, taken_break_ids=frozenset({"tea"}))),
         []),
        (with_van(breaks=(TEA,), start_state=replace(STATE, taken_break_ids=frozenset({"t"}))),
         ["shifts[0].start_state.taken_break_ids"]),
        (with_van(vehicle=ELECTRIC, start_state=replace(STATE, charge_watt_hours=50_000)), []),
        (with_van(vehicle=ELECTRIC, start_state=replace(STATE, charge_watt_hours=50_001)),
         ["shifts[0].start_state.charge_watt_hours"]),
        (carrying("drop"), ["shifts[0].start_state.onboard_task_ids"]),
        (replace(SOUND, pins=(Pin("one", "van"),)), []),
        (replace(SOUND, pins=(Pin("x", "van"),)), ["pins[0].task_id"]),
        (replace(SOUND, pins=(Pin("one", "x"),)), ["pins[0].shift_id"]),
        (replace(SOUND, pins=(Pin("one", "van", FreezeLevel.TIME),)),
         ["pins[0].service_start_time"]),
        (replace(SOUND, pins=(Pin("one", "van", FreezeLevel.SEQUENCE), Pin("pick", "van",
         FreezeLevel.SEQUENCE))), ["pins[1].rank"]),
    ],
)  # fmt: skip
def test_a_contradiction_is_found_where_it_stands(problem: Problem, paths: list[str]) -> None:
    assert [fault.path for fault in contradictions(problem)] == paths


HUB, GATE, ELSEWHERE = spot(0, 5_000), spot(0, 5_080), spot(0, 5_110)


def at_hub(rank: int, point: Point) -> Task:
    """A task at a place named hub, wherever that is."""
    return task(f"t{rank}", 0, 0, options=(Option(point, place_id="hub"),))


def or_at_hub(rank: int, point: Point) -> Task:
    """A task at a door of its own, or else at the hub."""
    own = task(f"t{rank}", 1, 1)
    return replace(own, options=(*own.options, Option(point, "locker", "hub")))


@pytest.mark.parametrize(
    ("problem", "paths"),
    [
        (with_tasks(at_hub(0, HUB), at_hub(1, GATE)), []),
        (with_tasks(at_hub(0, HUB), at_hub(1, ELSEWHERE)), ["tasks[1].place_id"]),
        (with_tasks(at_hub(0, HUB), or_at_hub(1, ELSEWHERE)),
         ["tasks[1].alternatives[0].place_id"]),
        (replace(with_van(start_point=HUB, start_place_id="hub"), tasks=(at_hub(0, ELSEWHERE),)),
         ["tasks[0].place_id"]),
        (with_van(start_point=HUB, start_place_id="hub", end_point=ELSEWHERE, end_place_id="hub"),
         ["shifts[0].end_place_id"]),
        (with_van(start_point=HUB, start_place_id="hub", reload_limit=1,
                  reloads=(Reload("dock", ELSEWHERE, "hub"),)), ["shifts[0].reloads[0].place_id"]),
    ],
)  # fmt: skip
def test_a_place_has_one_position(problem: Problem, paths: list[str]) -> None:
    assert [fault.path for fault in contradictions(problem)] == paths


@pytest.mark.parametrize(
    ("routes", "paths"),
    [
        ((FixedRoute("van", (FixedVisit("one"),)),), []),
        ((FixedRoute("van"), FixedRoute("van")), ["routes[1].shift_id"]),
        ((FixedRoute("x"),), ["routes[0].shift_id"]),
        ((FixedRoute("van", (FixedVisit("x"),)),), ["routes[0].visits[0].task_id"]),
        ((FixedRoute("van", (FixedVisit("one"), FixedVisit("one"))),),
         ["routes[0].visits[1].task_id"]),
        ((FixedRoute("van", (FixedVisit("one", "x"),)),), ["routes[0].visits[0].alternative_id"]),
        ((loading(0, 1),), []),
        ((loading(0, 0),), []),
        ((loading(0, name="x"),), ["routes[0].reloads[0].reload_id"]),
        ((loading(2, 0),), ["routes[0].reloads[0].visit_rank", "routes[0].reloads[1].visit_rank"]),
    ],
)  # fmt: skip
def test_given_routes_must_name_what_there_is(
    routes: tuple[FixedRoute, ...], paths: list[str]
) -> None:
    problem = with_van(reloads=(DOCK,), reload_limit=2)

    assert [fault.path for fault in route_faults("routes", routes, problem, known=True)] == paths


def test_all_contradictions_are_told_at_once() -> None:
    wrong = replace(
        with_van(reloads=(DOCK, DOCK), territories=(ShiftTerritory("x"),)),
        tasks=(PICK, replace(DROP, loads=(7, 7, 7)), PICK),
        pins=(Pin("x", "y"),),
    )

    assert len(list(contradictions(wrong))) == 6


@pytest.mark.parametrize(
    "make",
    [
        lambda: task("one", 1, 1, kind=TaskKind.PICKUP, release_second=at(9)),
        lambda: task("drop", 1, 1, pickup_task_id="pick", release_second=at(9)),
        lambda: SlotCost(at(9), at(9) - 1, 5),
        lambda: SlotCost(at(9), at(10), -1),
        lambda: task(
            "one", 1, 1, slot_costs=(SlotCost(at(9), at(10), 5), SlotCost(at(10), at(11), 5))
        ),
        lambda: replace(DOCK, windows=(Window(at(9), at(10)), Window(at(10), at(11)))),
        lambda: replace(DOCK, service_seconds=-1),
        lambda: shift("van", reload_limit=-1),
        lambda: shift("van", end_second=at(8)),
        lambda: replace(SOUND, incompatible_goods=frozenset({frozenset({"acid"})})),
        lambda: Objective(balance_cost_percent_max=101),
        lambda: Objective(carbon_cost_micros_per_kilogram=-1),
        lambda: replace(PICK.options[0], profile_setup_seconds=((Profile.VAN, -1),)),
    ],
)
def test_what_contradicts_itself_cannot_be_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


def test_a_day_longer_than_24_hours_is_the_contracts_business() -> None:
    assert shift("van", end_second=at(8 + 48)).end_second == at(56)
