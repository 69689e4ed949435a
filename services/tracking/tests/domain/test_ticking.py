"""
What a tick finds out, and what it keeps to itself.

Goal: people hear of what changed enough, once; a vehicle that stands where it should not is found
through the noise of its receiver, and one that stands where it should is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.tracking.domain.event import EtaChanged, RiskChanged, RiskLevel
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.heard import StopNear
from services.tracking.domain.incident import Alarm, AllClear, IncidentType
from services.tracking.domain.legs import settle
from services.tracking.domain.observing import observe
from services.tracking.domain.route import Window
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.ticking import tick
from services.tracking.tests.town import (
    DEPOT,
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

LIMITS = Thresholds()
HALFWAY = Point(place(1).latitude - 0.005, DEPOT.longitude)
SECOND = timedelta(seconds=1)


def told(run: Run, kind: type) -> list[object]:
    """Events of a kind."""
    return [event for event in run.events if isinstance(event, kind)]


def raised(run: Run) -> list[IncidentType]:
    """Kinds of the alarms that were raised."""
    return [one.type for one in run.alarms if isinstance(one, Alarm)]


def cleared(run: Run) -> list[str]:
    """Keys of the alarms that are over."""
    return [one.key for one in run.alarms if isinstance(one, AllClear)]


def under_way(**changes: object) -> tuple[Run, Drive]:
    """A route that left the depot at nine, and its vehicle."""
    one = run(route(**changes))  # type: ignore[arg-type]
    one.start(NINE)
    return one, Drive()


def taken(run: Run, fixes: Iterable[Fix]) -> None:
    """Takes in fixes, and ticks with every second one."""
    for fix in fixes:
        observe(run, fix)
        if fix.sequence % 2 == 0:
            tick(run, fix.at, LIMITS)


# Expectations.


def test_the_first_expectation_of_every_stop_is_told_and_an_unchanged_one_is_not() -> None:
    one = run()
    tick(one, NINE - timedelta(minutes=30), LIMITS)
    assert [(e.previous, e.eta.stop_id) for e in told(one, EtaChanged)] == [  # type: ignore[attr-defined]
        (None, "stp_1"),
        (None, "stp_2"),
        (None, "stp_3"),
    ]
    one.events.clear()

    for minutes in range(-29, 1):
        tick(one, at(minutes), LIMITS)

    assert told(one, EtaChanged) == []


@pytest.mark.parametrize(("late", "news"), [(2.9, 0), (3.0, 3)])
def test_an_expectation_that_moved_by_the_threshold_is_told_again(late: float, news: int) -> None:
    one = run()
    tick(one, at(-5), LIMITS)
    one.events.clear()

    tick(one, at(late), LIMITS)

    assert len(told(one, EtaChanged)) == news


def test_far_away_stops_need_a_greater_change_than_near_ones() -> None:
    far = replace(stop(3), arrival=at(200), tasks=(task(3),))
    legs = (*route().legs[:2], replace(route().legs[2], seconds=3 * 3_600), route().legs[3])
    one = run(route(stops=(stop(1), stop(2), far), legs=legs))
    tick(one, at(-5), LIMITS)
    one.events.clear()

    tick(one, at(5), LIMITS)

    assert [e.eta.stop_id for e in told(one, EtaChanged)] == ["stp_1", "stp_2"]  # type: ignore[attr-defined]


def test_nothing_is_told_twice_within_the_pause_however_much_it_moved() -> None:
    one = run()
    tick(one, NINE, LIMITS)
    one.events.clear()
    limits = replace(LIMITS, eta_pause=timedelta(minutes=30))

    tick(one, at(29), limits)
    assert told(one, EtaChanged) == []

    tick(one, at(30), limits)
    assert len(told(one, EtaChanged)) == 3


def test_a_fix_every_ten_seconds_is_no_storm_of_news() -> None:
    one, drive = under_way()
    taken(one, [*drive.to(place(1), 120), *drive.stand(60)])

    assert len(told(one, EtaChanged)) <= 2 * 3


# Nearness.


def test_a_stop_is_near_once_and_only_after_the_start() -> None:
    one = run()
    tick(one, at(-1), LIMITS)
    assert told(one, StopNear) == []

    one.start(NINE)
    for minutes in range(3):
        tick(one, at(minutes), LIMITS)

    near = [event.stop_id for event in told(one, StopNear)]  # type: ignore[attr-defined]
    assert near == ["stp_1", "stp_2"], "the third is more than ten minutes away"


def test_a_stop_behind_others_and_beyond_the_time_is_not_near() -> None:
    one, _ = under_way()

    tick(one, at(1), replace(LIMITS, near_time=timedelta(minutes=5)))

    assert [event.stop_id for event in told(one, StopNear)] == ["stp_1"]  # type: ignore[attr-defined]


def test_a_task_that_joins_a_near_stop_is_told_too() -> None:
    one, _ = under_way()
    tick(one, NINE, LIMITS)
    one.events.clear()
    one.revise(route(revision=2, stops=(stop(1, task(1), task(9)), stop(2), stop(3))))

    tick(one, NINE + SECOND, LIMITS)

    (near,) = told(one, StopNear)
    assert [charge.task_id for charge in near.tasks] == ["tsk_9"]  # type: ignore[attr-defined]


# Risks.


def test_a_risk_is_told_when_its_level_changes_and_becomes_an_incident_from_high() -> None:
    promise = Window(at(-60), at(20))
    one, _ = under_way(count=1, stops=(stop(1, task(1, promise=promise)),))
    tick(one, NINE, LIMITS)
    assert told(one, RiskChanged) == []
    assert raised(one) == []

    for minutes in (25, 26):
        tick(one, at(minutes), LIMITS)

    (change,) = told(one, RiskChanged)
    assert (change.previous, change.risk.level) == (RiskLevel.LOW, RiskLevel.CERTAIN)  # type: ignore[attr-defined]
    assert raised(one) == [IncidentType.LATE_RISK]


def test_an_expectation_that_trembles_at_the_end_of_a_promise_opens_one_incident() -> None:
    promise = Window(at(-60), at(20))
    one, _ = under_way(count=1, stops=(stop(1, task(1, promise=promise)),))
    trembling = next(at(n / 10) for n in range(300) if _chance(at(n / 10), promise) >= 0.5)

    for n in range(60):
        tick(one, trembling + (n % 2 * 20 - 10) * SECOND, LIMITS)

    assert raised(one) == [IncidentType.LATE_RISK]
    assert cleared(one) == []


def _chance(now: datetime, promise: Window) -> float:
    one, _ = under_way(count=1, stops=(stop(1, task(1, promise=promise)),))
    return tick(one, now, LIMITS)[1][0].probability


def test_a_late_task_that_was_delivered_after_all_is_all_clear() -> None:
    promise = Window(at(-60), at(4))
    one, _ = under_way(count=1, stops=(stop(1, task(1, promise=promise)),))
    tick(one, at(10), LIMITS)
    one.close(delivered(1, 20))

    tick(one, at(20), LIMITS)

    assert cleared(one) == ["LATE_RISK.tsk_1"]


# Silence and late departures.


@pytest.mark.parametrize(("silent", "alarms"), [(9.9, []), (10, [IncidentType.SIGNAL_LOST])])
def test_a_vehicle_under_way_is_lost_after_the_threshold(
    silent: float, alarms: list[IncidentType]
) -> None:
    one, drive = under_way()
    for fix in drive.to(place(1), 120):
        observe(one, fix)

    tick(one, drive.at + timedelta(minutes=silent), LIMITS)

    assert raised(one) == alarms


def test_a_route_without_any_device_is_not_called_silent() -> None:
    one, _ = under_way()

    tick(one, at(59), LIMITS)

    assert IncidentType.SIGNAL_LOST not in raised(one)


def test_a_carriers_departure_is_its_own_affair() -> None:
    one = run(route(carrier_id="car-1"))

    tick(one, at(60), LIMITS)

    assert IncidentType.LATE_DEPARTURE not in raised(one)


def test_leaving_at_last_is_all_clear() -> None:
    one = run()
    tick(one, at(20), LIMITS)
    one.start(at(21))

    tick(one, at(21), LIMITS)

    assert cleared(one) == ["LATE_DEPARTURE.rte_1"]


def test_a_route_that_is_over_expects_nothing_and_clears_what_it_had_raised() -> None:
    one, drive = under_way(count=1)
    taken(one, [*drive.to(HALFWAY, 60), *drive.stand(600)])
    one.close(delivered(1, 12))
    one.end(at(13))
    one.alarms.clear()

    assert tick(one, at(13), LIMITS) == ((), ())
    assert cleared(one) == ["STALLED.rte_1"]


def test_a_carriers_route_that_completes_between_ticks_leaves_no_alarm_behind() -> None:
    promise = Window(at(-60), at(4))
    hired = route(1, carrier_id="car-1", stops=(stop(1, task(1, promise=promise)),))
    one = run(hired)
    one.start(NINE)
    tick(one, at(10), LIMITS)
    one.close(delivered(1, 20))
    one.end(at(21))
    one.alarms.clear()

    settle(one, tracked=False)

    assert cleared(one) == ["LATE_RISK.tsk_1"]
    assert one.progress.alarms == ()


def test_a_route_that_was_taken_back_leaves_no_alarm_behind() -> None:
    one = run()
    tick(one, at(20), LIMITS)
    assert "LATE_DEPARTURE.rte_1" in one.progress.alarms

    one.withdraw(at(21))

    assert cleared(one) == ["LATE_DEPARTURE.rte_1"]
    assert one.progress.alarms == ()


def test_a_missed_tick_is_made_up_for_by_the_next_one() -> None:
    often, (seldom, drive) = under_way()[0], under_way()
    fixes = [*drive.to(HALFWAY, 60), *drive.stand(900)]
    taken(often, fixes)

    for fix in fixes:
        observe(seldom, fix)
    tick(seldom, drive.at, LIMITS)

    assert seldom.progress.alarms == often.progress.alarms
    assert raised(seldom) == raised(often)
