"""
What fixes must not do: start, complete, idle or freeze anything that did not happen.

Method: outliers, jams, lights and wrong clocks on the street of `town`, from seeds that the tests
name; then the events and the progress of the route are read.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.event import IdlingEnded, OutcomeRecorded, StopArrived, StopDeparted
from services.tracking.domain.fix import Fix, TimeQuality, judged_time
from services.tracking.domain.observing import EARLY_START, HOME_DWELL, IDLE_SECONDS_MIN, observe
from services.tracking.domain.progress import StopState
from services.tracking.domain.run import Run
from services.tracking.domain.words import Ignition, Source
from services.tracking.tests.domain.noise import gapped, noisy, shifted
from services.tracking.tests.town import DEPOT, NINE, Drive, at, delivered, place, route, run


def taken(run: Run, fixes: Iterable[Fix]) -> None:
    """Takes in fixes."""
    for fix in fixes:
        observe(run, fix)


def under_way(count: int = 3) -> Run:
    """A route that left the depot at nine."""
    one = run(route(count))
    one.start(NINE)
    one.events.clear()
    return one


def completed(run: Run) -> list[object]:
    """What was said to be done."""
    kinds = (StopArrived, StopDeparted, OutcomeRecorded)
    return [event for event in run.events if isinstance(event, kinds)]


def idlings(run: Run) -> list[IdlingEnded]:
    """Engines that ran at standstill."""
    return [event for event in run.events if isinstance(event, IdlingEnded)]


# The start and the end.


def test_a_single_outlier_in_the_yard_starts_nothing() -> None:
    one = run()
    (stray,) = Drive(at(1), shifted(DEPOT, 500, 0)).stand(10)

    taken(one, [*Drive().stand(60), stray, *Drive(at(2)).stand(60)])

    assert one.progress.started_at is None


def test_a_trip_hours_before_the_route_is_another_trip() -> None:
    one, drive = run(), Drive(NINE - EARLY_START - timedelta(minutes=30))

    taken(one, [*drive.stand(60), *drive.to(place(1), 600)])

    assert one.progress.started_at is None


@pytest.mark.parametrize("seed", range(10))
def test_a_whole_round_is_seen_through_noise_and_gaps(seed: int) -> None:
    dice, one, drive = random.Random(seed), run(route(1)), Drive()
    there = [*drive.stand(60), *drive.to(place(1), 120), *drive.stand(180)]
    taken(one, gapped(noisy(there, dice, outliers=0), dice))
    one.close(delivered(1, 6))
    back = [*drive.to(DEPOT, 120), *drive.stand(round(3 * HOME_DWELL.total_seconds()))]
    taken(one, gapped(noisy(back, dice, outliers=0), dice))

    assert one.progress.started_at is not None
    assert one.progress.ended_at is not None
    assert abs(one.progress.started_at - at(1)) <= timedelta(minutes=2)
    assert abs(one.progress.ended_at - at(8)) <= timedelta(minutes=2)
    assert [type(event) for event in completed(one)] == [StopArrived, OutcomeRecorded, StopDeparted]


# Stops.


def test_twenty_minutes_at_a_stop_are_proposed_and_never_more_than_proposed() -> None:
    one, drive = under_way(), Drive()

    taken(one, [*drive.to(place(1), 120), *drive.stand(1_200)])

    proposed = one.progress.visit("stp_1").proposed_at
    assert proposed is not None
    assert abs(proposed - at(2)) <= timedelta(seconds=2)
    assert one.progress.at_stop == ""
    assert completed(one) == []


def test_a_vehicle_stands_at_one_stop_only() -> None:
    neighbour = replace(route().stops[1], location=shifted(place(1), 40, 0))
    one, drive = run(route(2, stops=(route().stops[0], neighbour))), Drive()
    one.start(NINE)
    taken(one, [*drive.to(shifted(place(1), 30, 0), 120), *drive.stand(300)])
    assert one.progress.visit("stp_1").proposed_at is not None, "it is next, though farther"

    one.arrive("stp_2", drive.at, Source.DRIVER)

    assert one.progress.visit("stp_1").state is StopState.PENDING


@pytest.mark.parametrize("seed", range(10))
def test_jams_and_lights_along_the_street_complete_no_stop(seed: int) -> None:
    dice, one, drive = random.Random(seed), under_way(), Drive()
    fixes: list[Fix] = []
    while drive.at < at(25):
        fixes += drive.to(shifted(drive.where, dice.uniform(20, 200), 0), dice.choice([10, 20, 40]))
        fixes += drive.stand(dice.choice([0, 10, 40, 90]))

    taken(one, noisy(fixes, dice))

    assert completed(one) == []
    assert len(one.open_tasks) == 3


# Idling.


@pytest.mark.parametrize("ignition", [Ignition.OFF, Ignition.UNSPECIFIED])
def test_a_vehicle_whose_engine_is_off_or_not_read_does_not_idle(ignition: Ignition) -> None:
    one, drive = under_way(), Drive()

    taken(one, [*drive.stand(900, ignition=ignition), *drive.to(place(1), 60)])

    assert idlings(one) == []


@pytest.mark.parametrize(("seconds", "told"), [(IDLE_SECONDS_MIN - 10, 0), (IDLE_SECONDS_MIN, 1)])
def test_idling_shorter_than_the_threshold_is_not_told(seconds: int, told: int) -> None:
    one, drive = under_way(), Drive()

    taken(one, drive.stand(seconds, ignition=Ignition.ON))
    taken(one, drive.stand(10, ignition=Ignition.OFF))

    assert len(idlings(one)) == told


def test_a_machine_aboard_that_needed_the_engine_once_excuses_the_whole_time() -> None:
    one, drive = under_way(), Drive()
    for needed in (False, True, False):
        taken(one, drive.stand(100, ignition=Ignition.ON, auxiliary_needed=needed))
    taken(one, drive.stand(10, ignition=Ignition.OFF))

    assert [event.auxiliary_needed for event in idlings(one)] == [True]


# Time.


@pytest.mark.parametrize("ahead", [timedelta(minutes=3), timedelta(days=1), timedelta(days=3_650)])
def test_a_future_dated_fix_never_freezes_the_latest_one(ahead: timedelta) -> None:
    one, fixes = under_way(), list(Drive().to(place(1), 120))
    fixes[5] = replace(fixes[5], at=fixes[5].at + ahead)

    taken(one, filter(trusted, fixes))

    assert one.progress.fix == fixes[-1]


def test_a_clock_two_minutes_fast_holds_the_latest_fix_for_two_minutes_at_most() -> None:
    one, drive = under_way(), Drive()
    fixes = list(drive.to(place(1), 120))
    fast = replace(fixes[0], at=fixes[0].at + timedelta(minutes=2))

    taken(one, [fast, *fixes[1:], *drive.stand(20)])

    assert one.progress.fix is not None
    assert one.progress.fix.at == drive.at


def test_a_fix_from_a_buffer_is_taken_in_once() -> None:
    one, fixes = under_way(), list(Drive().to(place(1), 120))
    taken(one, fixes)

    observe(one, replace(fixes[3], sequence=99))

    assert one.progress.sequence == 99
    assert one.progress.fix == fixes[-1]


def trusted(fix: Fix) -> bool:
    """Whether the store, which got it live, hands a fix on: those of a suspect time it does not."""
    received = NINE + timedelta(seconds=10 * fix.sequence)
    return judged_time(fix.at, received)[1] is not TimeQuality.SUSPECT
