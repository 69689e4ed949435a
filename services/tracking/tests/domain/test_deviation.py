"""
What a vehicle does against its plan, found through noise, and not found on a day as planned.

Method: vans drive the street of `town`, seen by receivers with sigma 15 m, one fix in twenty more
than 100 m off and silences of a minute; a tick follows every minute.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.fix import Fix
from services.tracking.domain.incident import Alarm, AllClear, IncidentType
from services.tracking.domain.observing import observe
from services.tracking.domain.route import Route, Window
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.ticking import tick
from services.tracking.domain.words import Source
from services.tracking.tests.domain.noise import gapped, noisy, shifted
from services.tracking.tests.town import (
    NINE,
    Drive,
    at,
    delivered,
    place,
    route,
    run,
    stop,
    task,
)

DEVIATIONS = {
    IncidentType.OFF_ROUTE,
    IncidentType.DETOUR,
    IncidentType.LONG_DWELL,
    IncidentType.EARLY_DEPARTURE,
    IncidentType.STALLED,
}
LIMITS = Thresholds()
SEEDS = range(10)


def under_way(of: Route | None = None) -> tuple[Run, Drive]:
    """A van that has just left the depot."""
    one = run(of)
    one.start(NINE)
    return one, Drive()


def received(fixes: Iterable[Fix], seed: int) -> Iterable[Fix]:
    """The fixes as a bad receiver has them."""
    dice = random.Random(seed)
    return noisy(gapped(fixes, dice, share=0.02), dice)


def taken(one: Run, fixes: Iterable[Fix]) -> None:
    """Takes in fixes, with a tick every minute."""
    for number, fix in enumerate(fixes):
        observe(one, fix)
        if number % 6 == 5:
            tick(one, fix.at, LIMITS)


def raised(one: Run) -> list[IncidentType]:
    """Which deviations were found, in order."""
    return [a.type for a in one.alarms if isinstance(a, Alarm) and a.type in DEVIATIONS]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_whole_day_as_planned_deviates_from_nothing(seed: int) -> None:
    one, drive = under_way(route(12))
    dice = random.Random(seed)
    for number in range(1, 13):
        taken(one, received([*drive.to(place(number), 120)], seed * 100 + number))
        taken(one, received([*drive.stand(dice.choice([60, 180, 400]))], seed * 200 + number))
        one.close(delivered(number, (drive.at - NINE).total_seconds() / 60))
        taken(one, received([*drive.stand(20)], seed))

    assert raised(one) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("every", [1, 3])  # fixes every 10 s and every 30 s
def test_a_van_in_another_street_is_off_its_way_once_and_back_once(seed: int, every: int) -> None:
    one, drive = under_way()
    away = [
        *drive.to(shifted(place(1), -800, 0), 40),
        *drive.to(shifted(place(1), -800, 700), 60),
        *drive.stand(180),
        *drive.to(shifted(place(1), -800, 0), 60),
        *drive.to(shifted(place(1), -200, 0), 60),
    ]
    taken(one, received(away, seed) if every == 1 else list(noisy(away, random.Random(seed)))[::3])
    tick(one, drive.at, LIMITS)
    taken(one, noisy(drive.to(shifted(place(1), -150, 0), 120), random.Random(seed)))
    tick(one, drive.at, LIMITS)

    assert raised(one).count(IncidentType.OFF_ROUTE) == 1
    over = [a for a in one.alarms if isinstance(a, AllClear) and a.key.startswith("OFF_ROUTE")]
    assert len(over) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_van_that_drives_the_other_way_makes_a_detour(seed: int) -> None:
    one, drive = under_way()

    taken(one, received(drive.to(shifted(place(0), -2_500, 0), 300), seed))
    tick(one, drive.at, LIMITS)

    assert IncidentType.DETOUR in raised(one)


@pytest.mark.parametrize(("minutes", "expected"), [(15, 0), (40, 1)])
def test_a_stay_far_beyond_its_service_is_long(minutes: int, expected: int) -> None:
    one, drive = under_way()
    taken(one, received(drive.to(place(1), 120), 1))
    one.arrive("stp_1", drive.at, Source.DRIVER)

    taken(one, received(drive.stand(60 * minutes), 1))

    assert raised(one).count(IncidentType.LONG_DWELL) == expected


def test_who_waits_for_a_window_to_open_is_not_slow() -> None:
    due = stop(1, task(1, windows=(Window(at(60), at(120)),)))
    one, drive = under_way(route(1, stops=(due,)))
    taken(one, drive.to(place(1), 120))
    one.arrive("stp_1", drive.at, Source.DRIVER)

    taken(one, drive.stand(60 * 70))

    assert raised(one) == []


def test_a_stop_left_with_work_undone_was_left_early_until_the_word_comes() -> None:
    one, drive = under_way()
    taken(one, received(drive.to(place(1), 120), 1))
    one.arrive("stp_1", drive.at, Source.DRIVER)
    taken(one, [*drive.stand(120), *drive.to(place(2), 600)])
    assert raised(one) == [IncidentType.EARLY_DEPARTURE]

    one.close(delivered(1, 4))
    tick(one, drive.at, LIMITS)

    keys = [a.key for a in one.alarms if isinstance(a, AllClear)]
    assert "EARLY_DEPARTURE.rte_1.stp_1" in keys


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (lambda one: None, 1),
        (lambda one: one.close(delivered(1, 4)), 0),
    ],
)
def test_leaving_before_the_window_opens_without_a_delivery_is_early(
    word: Callable[[Run], None], expected: int
) -> None:
    due = stop(1, task(1, windows=(Window(at(60), at(120)),)))
    one, drive = under_way(replace(route(2), stops=(due, stop(2))))
    taken(one, drive.to(place(1), 120))
    one.arrive("stp_1", drive.at, Source.DRIVER)
    taken(one, drive.stand(120))
    word(one)

    taken(one, drive.to(place(2), 600))

    assert raised(one).count(IncidentType.EARLY_DEPARTURE) == expected


def test_an_outcome_that_comes_from_a_buffer_is_waited_for() -> None:
    one, drive = under_way()
    taken(one, drive.to(place(1), 120))
    one.arrive("stp_1", drive.at, Source.DRIVER)
    one.depart("stp_1", drive.at + timedelta(seconds=60), Source.DRIVER)

    taken(one, drive.to(place(2), 240))

    assert raised(one) == []
