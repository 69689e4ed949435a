"""
Expected arrivals and their intervals.

Method: the street of `town` is planned to the second, so that a vehicle which does as planned must
be expected as planned; then one thing is made different at a time. The interval is held against
ways that are drawn from the very spreads it claims.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.tracking.domain.eta import FLOOR_SECONDS, FRESH, Outlook, expect
from services.tracking.domain.event import Eta, EtaBasis
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.observing import observe
from services.tracking.domain.pace import LEG_SPREAD, PACE_MAX, PACE_MIN, Pace
from services.tracking.domain.progress import Progress
from services.tracking.domain.route import Pause, Route, Window
from services.tracking.domain.run import Run
from services.tracking.domain.serving import SERVICE_SPREAD
from services.tracking.domain.words import Source
from services.tracking.tests.town import (
    EPOCH,
    LEG_METERS,
    LEG_SECONDS,
    NINE,
    SERVICE_SECONDS,
    at,
    delivered,
    place,
    route,
    run,
    stop,
    task,
)

MINUTE = timedelta(minutes=1)


def moved(planned: Route, first: int, later: timedelta) -> Route:
    """A route on which everything from a stop on is planned so much later."""
    stops = tuple(
        replace(one, arrival=one.arrival + later, departure=one.departure + later)
        if rank >= first
        else one
        for rank, one in enumerate(planned.stops)
    )
    return replace(planned, stops=stops)


def rested(before_rank: int, start: datetime, minutes: int) -> Route:
    """A route with a break before the stop of a rank, planned as the planner would."""
    pause = Pause(before_rank, start, 60 * minutes)
    planned = moved(route(), before_rank, timedelta(minutes=minutes))
    return replace(planned, pauses=(pause,))


def expected(run: Run, now: datetime) -> dict[str, Eta]:
    """What is expected at a moment, by stop."""
    return {eta.stop_id: eta for eta in expect(run, now)}


def here(run: Run, now: datetime, where: Point) -> Run:
    """The run with a position from just now."""
    observe(run, Fix(EPOCH, 1_000, now, where, 8, speed_centimeters_per_second=900))
    return run


def started(planned: Route | None = None) -> Run:
    """A run that left the depot at nine."""
    under_way = run(planned)
    under_way.start(NINE)
    return under_way


def halfway(number: int) -> Point:
    """The middle of the leg to the stop of a number."""
    a, b = place(number - 1), place(number)
    return Point((a.latitude + b.latitude) / 2, a.longitude)


# As planned.


def test_a_route_that_leaves_as_planned_is_expected_as_planned() -> None:
    etas = expect(run(), NINE)

    assert [(eta.p50, eta.planned_at) for eta in etas] == [(at(m), at(m)) for m in (2, 7, 12)]


@pytest.mark.parametrize(
    ("before_rank", "start"),
    [(0, at(1)), (1, at(6)), (2, at(11))],  # each in the middle of a leg
)
def test_a_break_on_the_way_to_a_stop_is_part_of_its_expectation(
    before_rank: int, start: datetime
) -> None:
    etas = list(expect(run(rested(before_rank, start, 30)), NINE))

    assert [eta.p50 for eta in etas] == [eta.planned_at for eta in etas]


def test_a_break_at_the_door_delays_the_stops_behind_and_not_this_one() -> None:
    pause = Pause(1, at(7), 30 * 60)
    planned = replace(moved(route(), 2, 30 * MINUTE), pauses=(pause,))

    assert [eta.p50 for eta in expect(run(planned), NINE)] == [at(2), at(7), at(42)]


@pytest.mark.parametrize(
    ("now", "left"),
    [(at(5.5), 31.5), (at(6), 31), (at(16), 21), (at(36), 1)],  # half of the leg is a minute
)
def test_a_break_under_way_counts_with_what_is_left_of_it(now: datetime, left: float) -> None:
    one = started(rested(1, at(6), 30))
    one.close(delivered(1, 5))
    one.depart("stp_1", at(5), Source.DRIVER)
    goal = halfway(2) if now >= at(6) else Point(place(1).latitude + 0.0025, 24.94)

    eta = expected(here(one, now, goal), now)["stp_2"]

    assert abs(eta.p50 - now - timedelta(minutes=left)) < timedelta(seconds=5)


def test_a_break_is_counted_without_positions_too() -> None:
    one = started(rested(1, at(6), 30))
    one.close(delivered(1, 5))
    one.depart("stp_1", at(5), Source.DRIVER)

    eta = expected(one, at(16))["stp_2"]

    assert (eta.basis, eta.p50) == (EtaBasis.PLAN, at(37))


def test_a_route_that_is_late_to_leave_is_expected_later_by_as_much() -> None:
    assert [eta.p50 for eta in expect(run(), at(10))] == [at(12), at(17), at(22)]


def test_nobody_is_expected_to_leave_before_the_planned_start() -> None:
    assert expected(run(), at(-60))["stp_1"].p50 == at(2)


def test_the_way_and_the_stops_before_are_counted() -> None:
    etas = list(expect(run(), NINE))

    assert [eta.remaining_stops for eta in etas] == [0, 1, 2]
    assert [eta.remaining_meters for eta in etas] == [LEG_METERS * n for n in (1, 2, 3)]


def test_a_window_that_opens_later_delays_the_service_and_not_the_arrival() -> None:
    waits = task(1, windows=(Window(at(10), at(60)),))
    planned = route(stops=(stop(1, waits), stop(2), stop(3)))

    first, second, _ = expect(run(planned), NINE)

    assert first.p50 == at(2)
    assert first.service_seconds == 8 * 60 + SERVICE_SECONDS
    assert second.p50 == at(10 + 3 + 2)


def test_a_window_that_has_closed_is_not_waited_for() -> None:
    closed = task(1, windows=(Window(at(-60), at(0)),))
    planned = route(stops=(stop(1, closed), stop(2), stop(3)))

    assert [eta.p50 for eta in expect(run(planned), NINE)] == [at(2), at(7), at(12)]


# Under way.


def test_half_of_a_leg_takes_half_of_its_time() -> None:
    eta = expected(here(started(), at(1), halfway(1)), at(1))["stp_1"]

    assert eta.basis is EtaBasis.LIVE
    assert abs(eta.p50 - at(2)) < timedelta(seconds=2)
    assert eta.remaining_meters == pytest.approx(LEG_METERS / 2, abs=5)


def test_a_vehicle_that_stood_in_traffic_is_expected_later_by_as_long() -> None:
    eta = expected(here(started(), at(11), halfway(1)), at(11))["stp_1"]

    assert abs(eta.p50 - at(12)) < timedelta(seconds=2)


@pytest.mark.parametrize(("minutes", "left"), [(2, 3), (4, 1), (5, 0.75), (60, 0.75)])
def test_a_service_takes_what_is_left_of_it_and_never_nothing(minutes: float, left: float) -> None:
    one = started()
    one.serve("stp_1", at(2), Source.DRIVER)

    eta = expected(one, at(minutes))["stp_2"]

    assert eta.p50 == at(minutes + left) + timedelta(seconds=LEG_SECONDS)


def test_a_stop_that_was_reached_or_passed_over_is_expected_no_more() -> None:
    one = started()
    one.arrive("stp_1", at(2), Source.DRIVER)
    one.skip("stp_2")

    assert list(expected(one, at(3))) == ["stp_3"]


def test_a_way_that_no_plan_has_is_estimated_from_the_map() -> None:
    one = started()
    one.arrive("stp_1", at(2), Source.DRIVER)
    one.skip("stp_2")

    eta = expected(one, at(3))["stp_3"]

    assert eta.remaining_meters == pytest.approx(2 * LEG_METERS * 1.3, rel=0.01)


def test_weather_that_slows_a_place_delays_what_lies_behind_it() -> None:
    slow = {eta.stop_id: eta.p50 for eta in expect(run(), NINE, Outlook(lambda point, _: 1.5))}

    assert slow["stp_1"] == NINE + timedelta(seconds=1.5 * LEG_SECONDS)


# What it rests on.


def test_a_route_that_has_not_started_rests_on_the_plan() -> None:
    assert {eta.basis for eta in expect(here(run(), at(-1), place(9)), NINE)} == {EtaBasis.PLAN}


@pytest.mark.parametrize(
    ("age", "basis"),
    [(FRESH, EtaBasis.LIVE), (FRESH + timedelta(seconds=1), EtaBasis.PLAN)],
)
def test_an_old_position_is_no_basis(age: timedelta, basis: EtaBasis) -> None:
    one = here(started(), at(1), halfway(1))

    eta = expected(one, at(1) + age)["stp_1"]

    assert eta.basis is basis
    assert eta.fix_at == at(1)


def test_a_carrier_without_positions_rests_on_what_it_reported() -> None:
    hired = route(carrier_id="car-1", driver_id="", shift_id="")

    assert {eta.basis for eta in expect(run(hired), NINE)} == {EtaBasis.PLAN}
    assert {eta.basis for eta in expect(started(hired), at(1))} == {EtaBasis.CARRIER}


# The pace.


def paced(planned: int, driven: int) -> float:
    """The pace after so many seconds of driving."""
    done = Progress("rte_1", 1, planned_seconds=planned, driven_seconds=driven)
    return Pace().of(run(progress=done))[0]


def test_a_driver_without_a_past_drives_as_planned() -> None:
    assert paced(0, 0) == 1


def test_half_an_hour_of_evidence_weighs_as_much_as_the_plan() -> None:
    assert paced(1_800, 2_700) == pytest.approx(1.25)


def test_no_evidence_makes_a_vehicle_fly_or_stand() -> None:
    assert paced(36_000, 0) == PACE_MIN
    assert paced(3_600, 360_000) == PACE_MAX


# The interval.


def test_every_interval_holds_its_median_and_grows_along_the_route() -> None:
    etas = list(expect(run(), at(-10)))

    assert all(eta.p10 < eta.p50 < eta.p90 for eta in etas)
    widths = [eta.p90 - eta.p50 for eta in etas]
    assert widths == sorted(widths)
    assert widths[0] >= timedelta(seconds=FLOOR_SECONDS)


def test_nobody_is_expected_in_the_past() -> None:
    one = here(started(), at(30), place(1))

    assert all(eta.p10 >= at(30) for eta in expect(one, at(30)))


def test_the_longer_a_vehicle_is_unseen_the_wider_its_interval() -> None:
    one = here(started(), at(1), halfway(1))

    soon, later = (expected(one, at(minutes))["stp_1"] for minutes in (1, 4))

    assert later.p90 - later.p50 > soon.p90 - soon.p50 + timedelta(seconds=60)


@pytest.mark.parametrize("seed", range(5))
def test_four_in_five_arrivals_fall_inside_the_interval_when_the_spreads_are_true(
    seed: int,
) -> None:
    dice, etas = random.Random(seed), list(expect(run(), NINE))
    inside = [0, 0, 0]
    for _ in range(1_000):
        clock = dice.gauss(0, FLOOR_SECONDS)
        for rank, eta in enumerate(etas):
            clock += dice.gauss(LEG_SECONDS, LEG_SPREAD * LEG_SECONDS)
            arrival = NINE + timedelta(seconds=clock)
            inside[rank] += eta.p10 <= arrival <= eta.p90
            clock += dice.gauss(SERVICE_SECONDS, SERVICE_SPREAD * SERVICE_SECONDS)

    assert all(760 <= one <= 840 for one in inside), inside
