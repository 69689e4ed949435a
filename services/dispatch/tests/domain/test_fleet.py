"""
Shifts, places and skills: valid by construction, at the limit and past it.

The machine of a shift is in `tests/usecases/test_shifts.py`: it moves by what the log and the
driver say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.domain.fleet import (
    Driver,
    LockerCompartment,
    Place,
    PlaceKind,
    ShiftBreak,
    ShiftState,
    Vehicle,
    shared_skills,
)
from services.dispatch.domain.values import Skill, Unsound, Window
from services.dispatch.tests.domain.samples import (
    DAY,
    EIGHT,
    TICK,
    VAN,
    at,
    place,
    shift,
    window,
)

HALF_AN_HOUR = timedelta(minutes=30)


def pause(start: datetime, end: datetime) -> ShiftBreak:
    return ShiftBreak(Window(start, end), HALF_AN_HOUR)


SOUND: dict[str, Callable[[], Any]] = {
    "a day and no longer": lambda: shift(interval=Window(EIGHT, EIGHT + timedelta(hours=24))),
    "a break in all the shift": lambda: shift(breaks=(pause(DAY.start_time, DAY.end_time),)),
    "two breaks": lambda: shift(breaks=(pause(at(60), at(90)), pause(at(300), at(330)))),
}
UNSOUND: dict[str, Callable[[], Any]] = {
    "longer than a day": lambda: shift(interval=Window(EIGHT, EIGHT + timedelta(hours=24) + TICK)),
    "a break before it": lambda: shift(breaks=(pause(DAY.start_time - TICK, at(60)),)),
    "a break after it": lambda: shift(breaks=(pause(at(60), DAY.end_time + TICK),)),
    "a second break after it": lambda: shift(
        breaks=(pause(at(60), at(90)), pause(at(3_000), at(3_030)))
    ),
}


@pytest.mark.parametrize("what", SOUND)
def test_a_shift_that_can_be_worked_exists(what: str) -> None:
    assert SOUND[what]()


@pytest.mark.parametrize("what", UNSOUND)
def test_a_shift_that_cannot_be_worked_does_not_exist(what: str) -> None:
    with pytest.raises(Unsound):
        UNSOUND[what]()


@pytest.mark.parametrize("state", ShiftState)
def test_a_driver_is_at_work_driving_or_on_a_break(state: ShiftState) -> None:
    at_work = state in (ShiftState.STARTED, ShiftState.ON_BREAK)

    assert shift(state=state).is_under_way is at_work


@pytest.mark.parametrize(("end", "last"), [("", "depot"), ("home", "home")])
def test_a_shift_ends_where_it_starts_unless_it_says_where(end: str, last: str) -> None:
    assert shift(end_place_id=end).last_place_id == last


@pytest.mark.parametrize("kind", PlaceKind)
def test_only_a_locker_has_compartments(kind: PlaceKind) -> None:
    boxes = (LockerCompartment("m", 4, 30_000),)
    assert Place("p", kind, place(0))
    if kind is PlaceKind.LOCKER:
        assert Place("p", kind, place(0), compartments=boxes)
        return
    with pytest.raises(Unsound):
        Place("p", kind, place(0), compartments=boxes)


@pytest.mark.parametrize(
    ("until", "skills"),
    [(at(60) - TICK, {"adr", "tail-lift", "cold"}), (at(60), {"tail-lift", "cold"})],
)
def test_driver_and_vehicle_can_do_together_what_either_can_to_the_end(
    until: datetime, skills: set[str]
) -> None:
    driver = Driver("ada", skills=(Skill("adr", at(60)), Skill("cold")))
    vehicle = Vehicle("van", VAN, skills=(Skill("tail-lift"), Skill("cold", at(30))))

    assert shared_skills(driver, vehicle, until) == skills


def test_a_driver_s_name_and_number_show_in_no_repr() -> None:
    shown = repr(Driver("d", display_name="Grace", phone_number="+358401234567"))

    assert "Grace" not in shown
    assert "+358" not in shown


def test_a_break_is_inside_up_to_both_ends() -> None:
    assert shift(interval=window(0, 60), breaks=(pause(at(0), at(60)),)).breaks
