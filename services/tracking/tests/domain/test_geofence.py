"""
The fence of a stop, fix by fix.

Method: vehicles drive and stand at written distances from a stop, and seeded receivers see them, as
bad as those of phones between houses. How often a fence is right is measured over thousands of
stops by `tests.benchmarks.geofences`; here stand the rules.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain import halt
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import meters
from services.tracking.domain.geofence import (
    ARRIVED_NATS,
    INNER_METERS,
    OTHER_METERS,
    Presence,
    Proposal,
    Watch,
    evidence,
    follow,
    settle,
)
from services.tracking.domain.halt import ACCURACY_METERS_MAX, Halt, Sample
from services.tracking.domain.route import Stop
from services.tracking.tests.domain.noise import drifting, gapped, noisy, shifted
from services.tracking.tests.town import NINE, Drive, place, stop

NEXT, LATER = stop(1), stop(2)
STOPS = (NEXT, LATER)
SEEDS = range(20)
HALF_A_MINUTE = timedelta(seconds=30)


def followed(
    fixes: Iterable[Fix],
    stops: tuple[Stop, ...] = STOPS,
    presence: Presence | None = None,
) -> tuple[Presence | None, list[Proposal]]:
    """Where a vehicle is after some fixes, and what was proposed on the way."""
    samples: tuple[Sample, ...] = ()
    confirmed, proposals = presence is not None, []
    for fix in fixes:
        known, samples = samples, halt.extended(samples, fix)
        if samples is not known:
            presence, proposal = follow(presence, samples, Watch(stops, confirmed=confirmed))
            proposals += [proposal] if proposal else []
    return presence, proposals


def stood(seconds: float, off: float = 0.0) -> Halt:
    """A halt so long and so far off the next stop."""
    last = NINE + timedelta(seconds=seconds)
    return Halt(shifted(NEXT.location, off, 0), NINE, NINE, last, last - NINE, lead=20.0)


def arrived(halted: Halt, *, is_next: bool = True) -> bool:
    """Whether a halt is an arrival."""
    return evidence(halted, NEXT, is_next=is_next) >= ARRIVED_NATS


@pytest.mark.parametrize(
    ("seconds", "off", "is_next", "expected"),
    [
        (60, 0, True, False),  # a red light
        (90, 0, True, False),  # the red of the longest cycle
        (95, 0, True, True),
        (95, 60, True, False),  # farther off it must stand longer
        (105, 60, True, True),
        (115, 80, True, True),  # parked round the corner
        (600, INNER_METERS + 1, True, False),
        (115, 0, False, False),  # out of turn it must stand longer
        (130, 0, False, True),
        (600, OTHER_METERS + 1, False, False),
    ],
)
def test_how_long_how_near_and_whose_turn_make_an_arrival_together(
    seconds: float, off: float, is_next: bool, expected: bool
) -> None:
    assert arrived(stood(seconds, off), is_next=is_next) is expected


def test_the_arrival_is_the_moment_of_coming_to_stand_not_that_of_being_sure() -> None:
    drive = Drive()
    way = [*drive.to(place(1), 120)]
    there = drive.at

    _, (arrival,) = followed([*way, *drive.stand(200)])

    assert arrival.arrived
    assert abs(arrival.at - there) <= timedelta(seconds=2)


def test_who_parks_80_m_off_has_arrived_there() -> None:
    drive = Drive()
    fixes = [*drive.to(shifted(place(1), -80, 0), 120), *drive.stand(200)]

    presence, (arrival,) = followed(fixes)

    assert arrival.stop_id == "stp_1"
    assert presence is not None
    assert meters(presence.anchor, shifted(place(1), -80, 0)) < 5


def test_the_next_of_two_close_stops_is_meant() -> None:
    close = replace(LATER, location=shifted(NEXT.location, 40, 0))
    drive = Drive()
    fixes = [*drive.to(shifted(NEXT.location, 20, 0), 120), *drive.stand(200)]

    _, (arrival,) = followed(fixes, stops=(NEXT, close))

    assert arrival.stop_id == "stp_1"


def test_driving_off_is_a_departure_at_the_moment_of_driving_off() -> None:
    drive = Drive(where=place(1))
    stay = [*drive.stand(300)]
    gone = drive.at

    presence, proposals = followed([*stay, *drive.to(place(2), 120)])

    assert presence is None
    assert [one.arrived for one in proposals] == [True, False]
    assert abs(proposals[1].at - gone) <= timedelta(seconds=10)


def test_a_fix_too_inaccurate_to_tell_the_sides_apart_says_nothing() -> None:
    vague = [replace(fix, accuracy_meters=ACCURACY_METERS_MAX + 1) for fix in Drive().stand(600)]

    assert followed(vague) == (None, [])


def test_fixes_of_the_same_second_are_no_more_evidence_than_one() -> None:
    (fix,) = Drive(where=place(1)).stand(10)
    crowd = [replace(fix, sequence=n, at=fix.at + timedelta(milliseconds=n)) for n in range(500)]

    assert followed(crowd)[1] == []


def test_a_driver_who_parks_round_the_corner_moves_the_fence_there() -> None:
    (fix,) = Drive(where=shifted(place(1), 90, 0)).stand(10)

    assert settle(NEXT, NINE, fix).anchor == fix.point
    assert settle(NEXT, NINE, fix, stood(60, 50)).anchor == stood(60, 50).place
    assert settle(NEXT, NINE, None).anchor == NEXT.location


def test_a_buffer_that_comes_hours_later_says_what_it_would_have_said_live() -> None:
    drive = Drive()
    fixes = [*drive.to(place(1), 120), *drive.stand(180), *drive.to(place(2), 120)]

    assert followed(fixes) == followed(list(fixes))  # nothing but the fixes' own times counts
    assert [one.arrived for one in followed(fixes)[1]] == [True, False]


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_and_outliers_move_an_arrival_by_less_than_half_a_minute(seed: int) -> None:
    drive, dice = Drive(), random.Random(seed)
    way = [*drive.to(place(1), 120)]
    there = drive.at

    _, proposals = followed(noisy([*way, *drive.stand(240)], dice))

    (arrival,) = [one for one in proposals if one.arrived]
    assert abs(arrival.at - there) < HALF_A_MINUTE


@pytest.mark.parametrize("seed", SEEDS)
def test_minutes_of_silence_move_arrival_by_one_minute_and_departure_by_two_at_most(
    seed: int,
) -> None:
    drive, dice = Drive(), random.Random(seed)
    way = list(drive.to(place(1), 120))
    there = drive.at
    stay = list(drive.stand(400))
    gone = drive.at
    fixes = noisy(gapped([*way, *stay, *drive.to(place(2), 240)], dice), dice, outliers=0)

    _, proposals = followed(fixes)

    assert [one.arrived for one in proposals] == [True, False]
    assert abs(proposals[0].at - there) <= timedelta(minutes=1)
    assert abs(proposals[1].at - gone) <= timedelta(minutes=2)


@pytest.mark.parametrize("seed", SEEDS)
def test_outliers_of_one_in_twenty_never_fake_a_departure(seed: int) -> None:
    drive = Drive(where=place(1))

    _, proposals = followed(noisy(drive.stand(3_600), random.Random(seed)))

    assert [one.arrived for one in proposals] == [True]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_receiver_that_creeps_while_the_vehicle_stands_does_not_make_it_leave(seed: int) -> None:
    drive = Drive(where=place(1))
    parked = Presence("stp_1", place(1), NINE, settled=True)
    fixes = drifting(drive.stand(1_800), random.Random(seed), most=110)

    assert followed(fixes, presence=parked)[1] == []


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
def test_a_minute_and_a_half_at_a_light_in_front_of_a_stop_is_no_arrival(seed: int) -> None:
    drive, dice = Drive(where=shifted(place(1), -600, 20)), random.Random(seed)
    way = list(drive.to(shifted(place(1), 0, 20), 70))
    fixes = [*way, *drive.stand(90), *drive.to(shifted(place(1), 600, 20), 70)]

    assert followed(noisy(fixes, dice, outliers=0))[1] == []


def test_a_light_just_in_front_of_a_stop_does_not_date_the_arrival() -> None:
    drive = Drive(where=shifted(place(1), -600, 0))
    way = [*drive.to(shifted(place(1), -60, 0), 70), *drive.stand(60)]
    way += drive.to(place(1), 10)
    there = drive.at

    _, proposals = followed([*way, *drive.stand(200)])

    assert abs(proposals[-1].at - there) <= HALF_A_MINUTE
