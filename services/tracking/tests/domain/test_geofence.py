"""
The fence of a stop, fix by fix.

Method: first with fixes whose distance from the stop is written out, so that every threshold can be
seen; then with seeded receivers as bad as those of phones between houses. Those tests bound how
often and how far the fence may be wrong: it only proposes, so it may be late, but not invent.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.geofence import (
    ACCURACY_METERS_MAX,
    DWELL,
    DWELL_OUT_OF_ORDER,
    INNER_METERS,
    OUTER_METERS,
    PASSING_CENTIMETERS_PER_SECOND,
    Presence,
    Proposal,
    follow,
    settle,
)
from services.tracking.domain.route import Stop
from services.tracking.tests.domain.noise import drifting, gapped, noisy, shifted
from services.tracking.tests.town import EPOCH, NINE, Drive, place, stop

NEXT, LATER = stop(1), stop(2)
STOPS = (NEXT, LATER)
TEN = timedelta(seconds=10)


def seen(
    meters: Iterable[float], *, at: Point = NEXT.location, every: float = 10, **fix: object
) -> Iterator[Fix]:
    """Fixes so many meters north of a place, one every ten seconds."""
    for number, away in enumerate(meters):
        when, where = NINE + timedelta(seconds=every * number), shifted(at, away, 0)
        yield Fix(EPOCH, number + 1, when, where, **{"accuracy_meters": 8, **fix})  # type: ignore[arg-type]


def followed(
    fixes: Iterable[Fix],
    stops: tuple[Stop, ...] = STOPS,
    next_stop: str = "stp_1",
    presence: Presence | None = None,
) -> tuple[Presence | None, list[Proposal]]:
    """Where a vehicle is after some fixes, and what was proposed on the way."""
    proposals = []
    for fix in fixes:
        presence, proposal = follow(presence, fix, stops, next_stop)
        proposals += [proposal] if proposal else []
    return presence, proposals


def parked(at: Point = NEXT.location) -> Presence:
    """A vehicle that is at the next stop for good."""
    return Presence("stp_1", at, NINE, NINE, settled=True)


def test_who_stays_inside_for_the_dwell_time_is_proposed_to_have_come_when_it_came_inside() -> None:
    _, proposals = followed(seen([500, 200, 55, 20, 10, 10, 10, 10]))

    assert proposals == [Proposal("stp_1", NINE + 2 * TEN, arrived=True)]


def test_a_stay_one_second_short_of_the_dwell_time_is_no_arrival() -> None:
    second = DWELL.total_seconds()

    assert followed(seen([0, 0], every=second - 1))[1] == []
    assert followed(seen([0, 0], every=second))[1] == [Proposal("stp_1", NINE, arrived=True)]


def test_a_stop_that_is_not_next_needs_the_longer_stay() -> None:
    second = DWELL_OUT_OF_ORDER.total_seconds()
    early = seen([0, 0], at=LATER.location, every=second - 1)
    late = seen([0, 0], at=LATER.location, every=second)

    assert followed(early)[1] == []
    assert followed(late)[1] == [Proposal("stp_2", NINE, arrived=True)]


def test_a_vehicle_between_the_radii_neither_arrives_nor_leaves() -> None:
    between = (INNER_METERS + OUTER_METERS) / 2

    assert followed(seen([between] * 30)) == (None, [])
    assert followed(seen([between] * 30), presence=parked())[1] == []


def test_noise_at_the_edge_does_not_flap() -> None:
    presence, proposals = followed(seen([INNER_METERS - 5, INNER_METERS + 5] * 30))

    assert [one.arrived for one in proposals] == [True]
    assert presence is not None


def test_two_fixes_in_a_row_outside_are_a_departure_at_the_last_moment_inside() -> None:
    presence, proposals = followed(seen([10, 10, 300, 600]), presence=parked())

    assert presence is None
    assert proposals == [Proposal("stp_1", NINE + TEN, arrived=False)]


def test_one_fix_outside_between_others_inside_is_no_departure() -> None:
    _, proposals = followed(seen([10, 300, 10, 300, 10, 300, 10]), presence=parked())

    assert proposals == []


def test_who_leaves_before_the_dwell_time_has_driven_past() -> None:
    assert followed(seen([30, 10, 200, 400])) == (None, [])


def test_a_fast_vehicle_inside_is_not_parked_however_long_it_takes() -> None:
    fast = PASSING_CENTIMETERS_PER_SECOND + 1

    assert followed(seen([10] * 60, speed_centimeters_per_second=fast))[1] == []


def test_dwell_counts_from_the_moment_the_vehicle_was_slow() -> None:
    moving = list(seen([50, 30, 10], speed_centimeters_per_second=900))
    standing = [replace(fix, at=fix.at + 3 * TEN) for fix in seen([5] * 6)]

    _, proposals = followed([*moving, *standing])

    assert proposals == [Proposal("stp_1", NINE + 2 * TEN, arrived=True)]


def test_a_fix_too_inaccurate_to_tell_the_sides_apart_says_nothing() -> None:
    vague = ACCURACY_METERS_MAX + 1

    assert followed(seen([0] * 30, accuracy_meters=vague)) == (None, [])
    assert followed(seen([900] * 30, accuracy_meters=vague), presence=parked())[1] == []


def test_the_nearest_of_two_close_stops_is_meant() -> None:
    close = replace(LATER, location=shifted(NEXT.location, 50, 0))

    presence, _ = followed(seen([40]), stops=(NEXT, close))

    assert presence is not None
    assert presence.stop_id == "stp_2"


def test_a_driver_who_parks_round_the_corner_moves_the_fence_there() -> None:
    (fix,) = seen([90])

    around = settle(NEXT, NINE, fix)

    assert around.anchor == fix.point
    assert around.settled
    assert followed(seen([90] * 30), presence=around)[1] == []


def test_a_driver_inside_the_fence_leaves_it_where_it_is() -> None:
    (fix,) = seen([50])

    assert settle(NEXT, NINE, fix).anchor == NEXT.location
    assert settle(NEXT, NINE, None).anchor == NEXT.location


def test_a_buffer_that_comes_hours_later_says_what_it_would_have_said_live() -> None:
    drive = Drive()
    fixes = [*drive.to(place(1), 120), *drive.stand(180), *drive.to(place(2), 120)]

    assert followed(fixes) == followed(list(fixes))  # nothing but the fixes' own times counts
    assert [one.arrived for one in followed(fixes)[1]] == [True, False]


SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_of_15_m_moves_an_arrival_by_less_than_a_minute(seed: int) -> None:
    drive, dice = Drive(), random.Random(seed)
    way = [*drive.to(place(1), 120)]
    there = drive.at

    _, proposals = followed(noisy([*way, *drive.stand(180)], dice, outliers=0))

    (arrival,) = proposals
    assert arrival.arrived
    assert abs(arrival.at - there) < timedelta(minutes=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_minutes_of_silence_move_arrival_and_departure_by_two_minutes_at_most(seed: int) -> None:
    drive, dice = Drive(), random.Random(seed)
    way = list(drive.to(place(1), 120))
    there = drive.at
    stay = list(drive.stand(300))
    gone = drive.at
    fixes = noisy(gapped([*way, *stay, *drive.to(place(2), 240)], dice), dice, outliers=0)

    _, proposals = followed(fixes)

    arrived = next(one.at for one in proposals if one.arrived)
    left = next(one.at for one in proposals if not one.arrived)
    assert abs(arrived - there) <= timedelta(minutes=2)
    assert abs(left - gone) <= timedelta(minutes=2)


def test_outliers_of_one_in_twenty_fake_a_departure_in_fewer_than_one_stay_in_ten() -> None:
    left = 0
    for seed in range(40):
        drive = Drive(where=place(1))
        fixes = noisy(drive.stand(180), random.Random(seed))
        left += any(not one.arrived for one in followed(fixes, presence=parked())[1])

    assert left <= 4


def test_outliers_of_one_in_twenty_hide_an_arrival_in_fewer_than_one_stay_in_ten() -> None:
    hidden = 0
    for seed in range(40):
        drive, dice = Drive(), random.Random(seed)
        fixes = noisy([*drive.to(place(1), 120), *drive.stand(180)], dice)
        hidden += not any(one.arrived for one in followed(fixes)[1])

    assert hidden <= 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_receiver_that_creeps_while_the_vehicle_stands_does_not_make_it_leave(seed: int) -> None:
    drive = Drive(where=place(1))
    fixes = drifting(drive.stand(1_800), random.Random(seed), most=110)

    assert followed(fixes, presence=parked())[1] == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("meters_a_second", [5, 9, 14])
def test_traffic_that_passes_a_stop_proposes_nothing(seed: int, meters_a_second: int) -> None:
    drive, dice = Drive(where=shifted(place(1), -600, 20)), random.Random(seed)
    goal = shifted(place(1), 600, 20)
    way = drive.to(goal, 1_200 // meters_a_second // 10 * 10)
    speed = 100 * meters_a_second

    fixes = [replace(fix, speed_centimeters_per_second=speed) for fix in way]

    assert followed(noisy(fixes, dice))[1] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_half_a_minute_at_a_light_in_front_of_a_stop_is_no_arrival(seed: int) -> None:
    drive, dice = Drive(where=shifted(place(1), -600, 20)), random.Random(seed)
    way = list(drive.to(shifted(place(1), 0, 20), 70))
    light = list(drive.stand(30))
    fixes = [*way, *light, *drive.to(shifted(place(1), 600, 20), 70)]

    assert followed(noisy(fixes, dice, outliers=0))[1] == []
