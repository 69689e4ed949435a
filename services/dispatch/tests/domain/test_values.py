"""
Values: what cannot be does not exist, and what can be at the very edge does.

Method: each limit at the limit and one step past it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from services.dispatch.domain.values import (
    AccessProfile,
    Address,
    Money,
    Point,
    Skill,
    Unsound,
    Window,
    skills_held,
    span_of,
)
from services.dispatch.tests.domain.samples import TICK, at, window

NAN, BEYOND = float("nan"), 1e-9
MAKERS: dict[str, Callable[[], object]] = {
    "the north pole": lambda: Point(90, 0),
    "the date line": lambda: Point(0, -180),
    "a place on the equator": lambda: Point(0, 1e-6),
    "a window of one tick": lambda: Window(at(0), at(0) + TICK),
    "money of three letters": lambda: Money("EUR", -1),
}
BREAKERS: dict[str, Callable[[], object]] = {
    "north of the north pole": lambda: Point(90 + BEYOND, 0),
    "south of the south pole": lambda: Point(-90 - BEYOND, 0),
    "past the date line": lambda: Point(1, 180 + BEYOND),
    "before the date line": lambda: Point(1, -180 - BEYOND),
    "a missing coordinate": lambda: Point(0, 0),
    "a missing coordinate, negative": lambda: Point(-0.0, -0.0),
    "no number north": lambda: Point(NAN, 24),
    "no number east": lambda: Point(60, NAN),
    "infinitely far east": lambda: Point(60, float("inf")),
    "a window without length": lambda: Window(at(0), at(0)),
    "a window that ends first": lambda: Window(at(0) + TICK, at(0)),
    "money without a currency": lambda: Money("", 1),
    "money of four letters": lambda: Money("EURO", 1),
}


@pytest.mark.parametrize("what", MAKERS)
def test_what_lies_at_the_edge_exists(what: str) -> None:
    assert MAKERS[what]()


@pytest.mark.parametrize("what", BREAKERS)
def test_what_lies_past_the_edge_does_not_exist(what: str) -> None:
    with pytest.raises(Unsound):
        BREAKERS[what]()


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (at(10) - TICK, False),
        (at(10), True),  # [start
        (at(20) - TICK, True),
        (at(20), False),  # end)
    ],
)
def test_a_window_holds_its_start_and_not_its_end(moment: datetime, inside: bool) -> None:
    assert window(10, 20).holds(moment) is inside


@pytest.mark.parametrize(
    ("start", "end", "shared"),
    [
        (0, 10, False),  # touching is not overlapping
        (20, 30, False),
        (0, 10.001, True),
        (19.999, 30, True),
        (12, 13, True),
        (0, 60, True),
    ],
)
def test_windows_overlap_when_a_moment_is_in_both(start: float, end: float, shared: bool) -> None:
    one, other = window(10, 20), window(start, end)

    assert one.overlaps(other) is shared
    assert other.overlaps(one) is shared


def test_the_span_of_windows_reaches_from_the_first_start_to_the_last_end() -> None:
    assert span_of((window(30, 40), window(5, 50), window(20, 25))) == window(5, 50)
    assert span_of((window(1, 2),)) == window(1, 2)
    assert span_of(()) is None


def test_a_window_is_as_long_as_from_start_to_end() -> None:
    assert window(10, 25).length == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("floor", "lift", "walk_seconds", "seconds"),
    [
        (0, False, 0, 0),
        (0, True, 0, 0),  # nobody takes a lift to the ground floor
        (1, False, 0, 25),
        (4, False, 30, 130),
        (4, True, 30, 90),
        (-1, False, 0, 25),  # down is as far as up
        (-1, True, 0, 60),
    ],
)
def test_walk_stairs_and_lift_take_time(
    floor: int, lift: bool, walk_seconds: int, seconds: int
) -> None:
    access = AccessProfile(floor, lift, timedelta(seconds=walk_seconds))

    assert access.extra_duration() == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("until", "held"),
    [(at(10) - TICK, {"lift", "adr"}), (at(10), {"adr"}), (at(10) + TICK, {"adr"})],
)
def test_a_skill_counts_until_it_expires_and_not_a_tick_longer(
    until: datetime, held: set[str]
) -> None:
    assert skills_held((Skill("lift", at(10)), Skill("adr")), until) == held


def test_a_coarser_place_is_at_most_half_a_step_away() -> None:
    exact = Point(60.123456, 24.987654)

    coarse = exact.rounded(3)

    assert coarse == Point(60.123, 24.988)


def test_no_value_that_is_personal_shows_in_a_repr() -> None:
    shown = repr(
        (
            Point(60.17, 24.94),
            Address(locality="Espoo", address_lines=("Katu 1",), recipients=("Grace",)),
            AccessProfile(3, gate_code="4711", note="dog"),
        )
    )

    for secret in ("60.17", "24.94", "Espoo", "Katu", "Grace", "4711", "dog"):
        assert secret not in shown
