"""
Vehicles that stand where they should not.

Goal: found through the noise of a bad receiver, and only those. Method: a van halts half way to its
first stop, or creeps, or rests as planned; receivers are as bad as `noise` says.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.incident import Alarm, IncidentType
from services.tracking.domain.observing import observe
from services.tracking.domain.route import Pause
from services.tracking.domain.run import Run
from services.tracking.domain.ticking import tick
from services.tracking.domain.words import Source
from services.tracking.tests.domain.noise import gapped, noisy
from services.tracking.tests.domain.test_ticking import (
    HALFWAY,
    LIMITS,
    SECOND,
    cleared,
    raised,
    taken,
    under_way,
)
from services.tracking.tests.town import at, place


def test_a_vehicle_that_stands_for_the_threshold_away_from_any_stop_is_stalled() -> None:
    one, drive = under_way()
    for fix in [*drive.to(HALFWAY, 60), *drive.stand(LIMITS.stalled_after.seconds)]:
        observe(one, fix)
    still = one.progress.moved_at
    assert still is not None
    until = still + LIMITS.stalled_after

    one.progress = replace(one.progress, fix=replace(fix, at=until - SECOND))
    tick(one, until - SECOND, LIMITS)
    assert raised(one) == []

    one.progress = replace(one.progress, fix=replace(fix, at=until))
    tick(one, until, LIMITS)
    assert raised(one) == [IncidentType.STALLED]


@pytest.mark.parametrize("seed", range(10))
def test_noise_and_gaps_of_a_standing_receiver_do_not_hide_a_stall(seed: int) -> None:
    dice, (one, drive) = random.Random(seed), under_way()
    fixes = [*drive.to(HALFWAY, 60), *drive.stand(900)]

    taken(one, noisy(gapped(fixes, dice), dice, outliers=0))

    assert raised(one) == [IncidentType.STALLED]


@pytest.mark.parametrize("seed", range(10))
def test_outliers_of_one_in_twenty_do_not_hide_a_stall_of_twenty_minutes(seed: int) -> None:
    one, drive = under_way()
    fixes = [*drive.to(HALFWAY, 60), *drive.stand(1_200)]

    taken(one, noisy(fixes, random.Random(seed)))

    assert IncidentType.STALLED in raised(one)


@pytest.mark.parametrize("seed", range(5))
def test_a_jam_that_creeps_on_is_no_stall(seed: int) -> None:
    dice, (one, drive) = random.Random(seed), under_way()
    fixes: list[Fix] = []
    while drive.at < at(20):
        ahead = Point(drive.where.latitude + 0.0009, drive.where.longitude)  # 100 m
        fixes += [*drive.to(ahead, 20), *drive.stand(120)]

    taken(one, noisy(fixes, dice, outliers=0))

    assert IncidentType.STALLED not in raised(one)


def test_a_planned_break_on_the_way_is_no_stall_until_it_is_over() -> None:
    one, drive = under_way(pauses=(Pause(0, at(1), 600),))
    taken(one, drive.to(HALFWAY, 60))
    taken(one, drive.stand(600 + 8 * 60 - 20))
    assert raised(one) == []

    taken(one, drive.stand(60))

    assert IncidentType.STALLED in raised(one)


def test_a_vehicle_that_waits_where_a_fence_saw_it_arrive_is_not_stalled() -> None:
    one, drive = under_way()

    taken(one, [*drive.to(place(1), 120), *drive.stand(900)])

    assert IncidentType.STALLED not in raised(one)


def test_a_vehicle_that_moves_on_is_all_clear_once() -> None:
    one, drive = under_way()
    taken(one, [*drive.to(HALFWAY, 60), *drive.stand(600)])
    one.alarms.clear()

    taken(one, drive.to(place(1), 60))

    assert cleared(one) == ["STALLED.rte_1"]


def last(run: Run) -> datetime:
    """When the vehicle last moved on."""
    assert run.progress.moved_at is not None
    return run.progress.moved_at


def test_the_stall_began_when_the_vehicle_stopped() -> None:
    one, drive = under_way()
    taken(one, [*drive.to(HALFWAY, 60), *drive.stand(600)])

    (alarm,) = (alarm for alarm in one.alarms if isinstance(alarm, Alarm))
    assert alarm.event_time == last(one)
    assert abs(alarm.event_time - at(1)) <= timedelta(seconds=20)


def test_a_confirmed_stop_keeps_its_driver_from_being_stalled_through_outliers() -> None:
    one, drive = under_way()
    taken(one, drive.to(place(1), 120))
    one.arrive("stp_1", drive.at, Source.DRIVER)

    taken(one, noisy(drive.stand(900), random.Random(4711)))

    assert IncidentType.STALLED not in raised(one)
