"""
Routes that no lawful road leads along: shown as straight lines, with times that follow.

Method: a drive of a day or more is no drive. Distances by the published length of a degree: on a
sphere of 6,371.009 km one degree of a great circle is 111.195 km.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.dispatch.domain.no_way import has_no_way, straight_meters, straightened
from services.dispatch.domain.planning import Problem, TimedRoute, UnderWay
from services.dispatch.domain.values import Point, Window
from services.dispatch.tests.domain.samples import (
    TICK,
    at,
    leg,
    place,
    plan_shift,
    plan_task,
    timed,
    window,
)

NO_ROAD = timedelta(days=1)


def broken(*ranks: int) -> TimedRoute:
    """Two stops and the way home; the ways of these ranks do not exist."""
    legs = tuple(leg(n, travel_duration=NO_ROAD) if n in ranks else leg(n) for n in range(3))
    return timed(["t0", "t1"], legs=legs)


def problem(windows: tuple[Window, ...] = ()) -> Problem:
    """The tasks of two stops; the second one's may have windows."""
    first, second = plan_task("t0"), plan_task("t1")
    later = replace(second, stop_task=replace(second.stop_task, windows=windows))
    return Problem((first, later), (plan_shift(),))


@pytest.mark.parametrize(("length", "endless"), [(NO_ROAD - TICK, False), (NO_ROAD, True)])
def test_a_drive_of_a_day_is_none(length: timedelta, endless: bool) -> None:
    assert has_no_way(timed([], legs=(leg(0, travel_duration=length),))) is endless


@pytest.mark.parametrize("missing", [(0,), (1,), (2,), (0, 1, 2)])
def test_where_there_is_no_way_a_straight_line_stands(missing: tuple[int, ...]) -> None:
    after = straightened(broken(*missing), problem())

    assert [one.straight_line for one in after.legs] == [n in missing for n in range(3)]
    assert not has_no_way(after)
    for n in missing:
        assert after.legs[n].polyline == ""
    for n in {0, 1, 2} - set(missing):
        assert after.legs[n].distance_meters == 1_000
    assert after.distance_meters == sum(one.distance_meters for one in after.legs)
    assert after.driving_duration == sum((one.travel_duration for one in after.legs), timedelta())


def test_everything_after_a_straight_line_is_in_time() -> None:
    after = straightened(broken(0, 1, 2), problem())

    here = after.start_time
    for stop, one in zip(after.stops, after.legs, strict=False):
        assert one.departure_time == here
        assert stop.arrival_time == here + one.travel_duration
        assert stop.service_start_time == stop.arrival_time
        assert stop.departure_time - stop.service_start_time == timedelta(minutes=7)
        here = stop.departure_time
    assert after.end_time == here + after.legs[-1].travel_duration


def test_a_straight_line_is_longer_than_straight_and_driven_at_a_city_s_pace() -> None:
    one, meters = straightened(broken(0), problem()).legs[0], straight_meters(place(-1), place(0))

    assert meters * 1.4 <= one.distance_meters < meters * 1.4 + 1
    assert one.distance_meters / 7 <= one.travel_duration.total_seconds()
    assert one.travel_duration.total_seconds() < one.distance_meters / 7 + 1


@pytest.mark.parametrize(
    ("windows", "start"),
    [
        ((window(60, 90),), 60.0),  # it waits
        ((window(-90, -60), window(120, 150)), 120.0),  # for the one to come
        ((window(-90, -60),), None),  # too late for all of them
    ],
)
def test_service_waits_for_a_window_that_is_still_to_come(
    windows: tuple[Window, ...], start: float | None
) -> None:
    second = straightened(broken(0), problem(windows)).stops[1]

    begins = second.arrival_time if start is None else at(start)
    assert second.service_start_time == begins


def test_a_vehicle_on_the_road_sets_out_from_where_it_is() -> None:
    state = UnderWay(at(5), place(0), at(0), ())
    asked = replace(problem(), shifts=(plan_shift(under_way=state),))

    first = straightened(broken(0), asked).legs[0]

    assert first.distance_meters == 0


@pytest.mark.parametrize(
    ("a", "b", "kilometers"),
    [
        (Point(60, 24), Point(60, 24), 0),
        (Point(0, 1), Point(0, 2), 111.195),
        (Point(10, 5), Point(11, 5), 111.195),
        (Point(90, 0), Point(-90, 0), 20_015.1),
        (Point(1, 179.5), Point(1, -179.5), 111.178),  # over the date line
    ],
)
def test_the_straight_way_is_the_great_circle(a: Point, b: Point, kilometers: float) -> None:
    assert straight_meters(a, b) / 1_000 == pytest.approx(kilometers, rel=1e-5)
    assert straight_meters(b, a) == pytest.approx(straight_meters(a, b))
