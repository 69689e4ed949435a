"""
Chances of failure by place and slot, and real drop points.

Method: attempts as strings, one letter each (. handed over, x failed), in one slot or two.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.tracking.domain.chance import DROPS_MIN, Chances, drop_of, learn_chances
from services.tracking.domain.geo import Point, meters
from services.tracking.domain.learned import Material, run
from services.tracking.domain.past import Try, address_of, slot_of
from services.tracking.domain.service_time import Traits
from services.tracking.tests.town import DEPOT, NINE, at, place

MORNING, NIGHT = NINE, NINE + timedelta(hours=10)


def tries(name: str, outcomes: str, when: object = MORNING) -> list[Try]:
    """Attempts at a place."""
    traits = Traits(place=name, building="HOUSE")
    return [Try(when, traits, letter == "x") for letter in outcomes]  # type: ignore[arg-type]


TOWN = [one for n in range(40) for one in tries(f"p{n}", "." * 9 + ("x" if n % 2 else "."))]


def chance(history: list[Try], name: str, when: object = MORNING) -> float:
    """What is learned of a place."""
    chances, places = learn_chances(history)
    traits = Traits(place=name, building="HOUSE")
    found = chances.of(traits, slot_of(when), places.get(name))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_nothing_is_said_before_anything_was_tried() -> None:
    assert Chances().of(Traits(), "weekday.08", None) is None


def test_a_place_that_was_never_tried_has_what_is_usual() -> None:
    assert chance(TOWN, "new") == pytest.approx(0.05, abs=0.01)


def test_one_failure_alarms_nobody_and_many_do() -> None:
    once = chance([*TOWN, *tries("q", "x")], "q")
    often = chance([*TOWN, *tries("q", "xxxxxxxx")], "q")
    never = chance([*TOWN, *tries("q", "." * 30)], "q")

    assert never < 0.05 < once < 0.3
    assert often > 0.4


def test_a_slot_of_a_place_differs_from_its_other_slots() -> None:
    history = [*TOWN, *tries("q", "xxxxxx"), *tries("q", "......", NIGHT)]

    assert chance(history, "q", NIGHT) < chance(history, "q", MORNING)


@pytest.mark.parametrize(
    ("when", "slot"),
    [
        (at(0), "weekday.08"),
        (at(180), "weekday.12"),
        (at(4 * 24 * 60), "weekend.08"),
        (at(-9 * 60), "weekday.00"),
    ],
)
def test_a_slot_is_a_kind_of_day_and_four_hours(when: object, slot: str) -> None:
    assert slot_of(when) == slot  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zone", "when", "slot"),
    [
        ("Australia/Sydney", "2026-12-04T21:00+00:00", "weekend.08"),  # Saturday at eight there
        ("America/Los_Angeles", "2026-12-05T02:00+00:00", "weekday.16"),  # still Friday
        ("Europe/London", "2026-03-27T08:30+00:00", "weekday.08"),
        ("Europe/London", "2026-03-30T07:30+00:00", "weekday.08"),  # summer time since Sunday
    ],
)
def test_a_slot_is_of_the_day_that_people_have(zone: str, when: str, slot: str) -> None:
    assert slot_of(datetime.fromisoformat(when), zone) == slot


def test_a_shop_that_is_closed_on_saturdays_is_not_feared_on_fridays() -> None:
    friday = datetime.fromisoformat("2026-12-03T21:00+00:00")  # at eight in Sydney
    history = [
        one
        for week in range(20)
        for day, letter in ((0, "."), (1, "x"))
        for one in tries("shop", letter, friday + timedelta(days=7 * week + day))
    ]
    version, places = run(Material(tries=history, zone="Australia/Sydney"), 1, NINE)

    fears = [
        version.service(Traits(place="shop", building="HOUSE"), friday + ahead, places[0]).failure
        for ahead in (timedelta(), timedelta(days=1))
    ]

    assert (fears[0] or 0) < 0.2
    assert (fears[1] or 0) > 0.8


def near(east: float, north: float = 0.0) -> Point:
    """So many degrees away from the depot."""
    return Point(DEPOT.latitude + north, DEPOT.longitude + east)


def test_the_middle_of_hand_overs_is_found_through_those_confirmed_elsewhere() -> None:
    door = [near(0.0010), near(0.0011), near(0.0012), near(0.0011, 0.0001)]
    at_the_depot = [near(0.9), near(1.0)]

    found = drop_of([*door, *at_the_depot])

    assert found is not None
    assert meters(found.point, near(0.0011)) < 15
    assert found.count == 4


def test_too_few_hand_overs_tell_no_place() -> None:
    assert drop_of([near(0.001)] * (DROPS_MIN - 1)) is None
    assert drop_of([near(0.0), near(1.0), near(2.0)]) is None


def test_an_address_is_its_kerb_to_the_meter_and_tells_no_position() -> None:
    here = place(1)
    beside = Point(here.latitude + 0.000004, here.longitude)
    next_door = Point(here.latitude + 0.0001, here.longitude)

    assert address_of(here) == address_of(beside) != address_of(next_door)
    assert f"{here.latitude:.2f}" not in address_of(here)
