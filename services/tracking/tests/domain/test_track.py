"""
How far a vehicle has come.

Method: fixes along a straight street whose length is known, instruments that are read at written
moments, and receivers that stand.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.fix import Fix
from services.tracking.domain.track import (
    MARKS_MAX,
    Track,
    charge_between,
    extend,
    meters_between,
    odometer_between,
    pruned,
    read,
)
from services.tracking.tests.domain.noise import drifting
from services.tracking.tests.town import LEG_METERS, NINE, Drive, at, place


def extended(fixes: Iterable[Fix]) -> Track:
    """The track of some fixes."""
    track = Track()
    for fix in fixes:
        track = extend(track, fix)
    return track


def gauged(*readings: tuple[float, int | None, float | None]) -> Track:
    """A track on which instruments were read: minutes, odometer, charge."""
    track = Track()
    for minutes, odometer, charge in readings:
        track = read(track, at(minutes), odometer, charge)
    return track


# Fixes.


def test_a_straight_street_is_as_long_as_it_is() -> None:
    track = extended(Drive().to(place(2), 240))

    assert meters_between(track, NINE, at(4)) == pytest.approx(2 * LEG_METERS, rel=0.05)
    assert meters_between(track, at(1), at(3)) == pytest.approx(LEG_METERS, rel=0.01)


def test_a_vehicle_that_stands_comes_nowhere() -> None:
    drive = Drive()
    start = next(drive.to(place(1), 10))
    track = extended([start, *drive.stand(3_600)])

    assert meters_between(track, start.at, drive.at) == 0


@pytest.mark.parametrize("seed", range(10))
def test_a_standing_receiver_that_creeps_within_its_accuracy_comes_nowhere(seed: int) -> None:
    fixes = drifting(Drive().stand(1_800), random.Random(seed), most=8)
    track = extended(replace(fix, accuracy_meters=16) for fix in fixes)

    assert meters_between(track, NINE, at(30)) == 0


def test_slow_steps_below_the_noise_add_up_all_the_same() -> None:
    track = extended(Drive().to(place(1), 1_200))  # 9 m a fix

    assert meters_between(track, NINE, at(20)) == pytest.approx(LEG_METERS, rel=0.03)


def test_a_fix_from_before_the_last_one_adds_nothing() -> None:
    fixes = list(Drive().to(place(1), 120))

    assert extended([*fixes, fixes[3], fixes[0]]) == extended(fixes)


@pytest.mark.parametrize(
    ("start", "end"),
    [(-20, -10), (30, 40)],
)
def test_a_span_that_no_fix_touches_has_no_length(start: float, end: float) -> None:
    track = extended(Drive().to(place(1), 120))

    assert meters_between(track, at(start), at(end)) is None


def test_a_track_without_fixes_has_no_length() -> None:
    assert meters_between(Track(), NINE, at(1)) is None


def test_a_long_track_is_thinned_and_keeps_its_length() -> None:
    drive = Drive()
    track = extended(drive.to(place(60), 8_000))

    assert len(track.marks) <= MARKS_MAX
    assert meters_between(track, NINE, drive.at) == pytest.approx(60 * LEG_METERS, rel=0.01)


def test_what_lies_before_a_leg_is_forgotten_but_for_its_edge() -> None:
    fixes = list(Drive().to(place(2), 240))
    whole = extended(fixes)

    kept = pruned(whole, at(2))

    assert len(kept.marks) < len(whole.marks)
    assert meters_between(kept, at(2), at(4)) == meters_between(whole, at(2), at(4))
    assert extend(kept, replace(fixes[-1], at=at(5))).counted == kept.counted


# Instruments.


def test_an_odometer_read_at_both_ends_says_how_far() -> None:
    track = gauged((0, 50_000, None), (20, 56_200, None))

    assert odometer_between(track, at(0), at(20)) == 6_200


def test_readings_near_the_ends_are_read_between_the_moments() -> None:
    track = gauged(
        (0.5, 50_000, None), (1.5, 51_000, None), (2.5, 52_000, None), (3.5, 53_000, None)
    )

    assert odometer_between(track, at(1), at(3)) == 2_000


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([], "never"),
        ([(10, 50_000, None)], "once, in between"),
        ([(5.1, 50_000, None), (14.9, 54_000, None)], "in the middle only"),
        ([(0, 50_000, None), (1, 50_200, None)], "at the start only"),
        ([(19, 50_000, None), (20, 50_200, None)], "at the end only"),
        ([(-60, 50_000, None), (60, 60_000, None)], "long before and long after"),
        (
            [(-20, 50_000, None), (20, 56_000, None)],
            "at the end, and on arrival at the stop before",
        ),
        ([(0, None, 0.8), (20, None, 0.7)], "only the battery was read"),
    ],
)
def test_an_odometer_that_was_not_read_near_both_ends_says_nothing(
    readings: list[tuple[float, int | None, float | None]], why: str
) -> None:
    assert odometer_between(gauged(*readings), at(0), at(20)) is None, why


def test_an_odometer_that_runs_backwards_says_nothing() -> None:
    assert odometer_between(gauged((0, 50_000, None), (20, 49_000, None)), at(0), at(20)) is None


def test_a_battery_read_at_both_ends_says_what_was_used() -> None:
    track = gauged((0, None, 0.80), (20, None, 0.72))

    assert charge_between(track, at(0), at(20)) == pytest.approx(0.08)


def test_a_battery_that_was_charged_on_the_way_was_used_negatively() -> None:
    track = gauged((0, None, 0.30), (20, None, 0.80))

    assert charge_between(track, at(0), at(20)) == pytest.approx(-0.5)


def test_a_reading_of_one_instrument_does_not_push_out_another() -> None:
    seconds = [0, 10, 20]
    track = gauged(*((s / 60, None, 0.8) for s in seconds), (22 / 60, 50_000, None))
    track = read(track, NINE + timedelta(seconds=30), None, 0.79)
    track = read(track, at(20), 56_000, None)

    assert odometer_between(track, NINE + timedelta(seconds=22), at(20)) == 6_000


def test_readings_that_come_late_are_put_in_order() -> None:
    track = gauged((20, 56_200, None), (0, 50_000, None))

    assert [gauge.odometer_meters for gauge in track.gauges] == [50_000, 56_200]
    assert odometer_between(track, at(0), at(20)) == 6_200


def test_a_reading_of_nothing_is_none() -> None:
    assert gauged((0, None, None)) == Track()
