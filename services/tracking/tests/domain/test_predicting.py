"""
What is foreseen: promises, attempts and batteries in danger, with when, and over once they are not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from services.tracking.domain.eta import Outlook
from services.tracking.domain.fact import Telemetry
from services.tracking.domain.incident import Alarm, AllClear, IncidentType
from services.tracking.domain.playbook import PLAYBOOKS
from services.tracking.domain.route import Leg, Window
from services.tracking.domain.run import Run
from services.tracking.domain.service_time import Service
from services.tracking.domain.thresholds import Thresholds
from services.tracking.domain.ticking import tick
from services.tracking.tests.town import (
    LEG_METERS,
    LEG_SECONDS,
    NINE,
    at,
    leg,
    route,
    run,
    stop,
    task,
)

HUNGRY = Leg(LEG_METERS, LEG_SECONDS, watt_hours=5_000)


def raised(one: Run, now: datetime, outlook: Outlook | None = None) -> list[Alarm]:
    """What a tick foresees."""
    one.alarms = []
    tick(one, now, Thresholds(), outlook)
    return [alarm for alarm in one.alarms if isinstance(alarm, Alarm)]


def failing(chance: float | None) -> Outlook:
    """The second stop fails so often."""
    return Outlook(services={"stp_2": Service(180, 0.3, failure=chance)})


@pytest.mark.parametrize(
    ("chance", "kinds"),
    [(None, []), (0.2, []), (0.49, []), (0.5, [IncidentType.FAILURE_RISK])],
)
def test_an_attempt_that_mostly_fails_is_foreseen_with_its_hour(
    chance: float | None, kinds: list[IncidentType]
) -> None:
    alarms = raised(run(), NINE, failing(chance))

    assert [one.type for one in alarms] == kinds
    assert [one.about.delivery_id for one in alarms] == ["del_2"] * len(kinds)
    assert all(one.expect_time is not None and one.expect_time > at(5) for one in alarms)


def test_what_is_likely_no_more_ends_by_itself() -> None:
    one = run()
    raised(one, NINE, failing(0.9))
    raised(one, at(1), failing(0.1))

    assert [over.key for over in one.alarms if isinstance(over, AllClear)] == ["FAILURE_RISK.tsk_2"]


def test_a_promise_in_danger_is_foreseen_before_it_is_missed() -> None:
    tight = route(stops=(stop(1), stop(2), stop(3, task(3, promise=Window(at(0), at(10))))))
    (alarm,) = raised(run(tight), NINE)

    assert (alarm.type, alarm.expect_time) == (IncidentType.LATE_RISK, at(10))


@pytest.mark.parametrize(("charge", "low"), [(0.6, False), (0.5, False), (0.45, True), (0.1, True)])
def test_a_battery_that_will_not_bring_the_vehicle_home_is_foreseen(
    charge: float, low: bool
) -> None:
    one = run(route(legs=(HUNGRY, HUNGRY, HUNGRY, HUNGRY)))  # 20 of 50 kWh, and a tenth in reserve
    one.start(NINE, Telemetry(charge_ratio=charge))

    alarms = raised(one, at(0.5))

    assert [alarm.type for alarm in alarms] == [IncidentType.CHARGE_LOW] * low


def test_a_battery_that_nobody_read_or_that_is_none_alarms_nobody() -> None:
    unread = run(route(legs=(HUNGRY,) * 4))
    unread.start(NINE)
    diesel = route(legs=(HUNGRY,) * 4)
    diesel = replace(diesel, vehicle=replace(diesel.vehicle, battery_watt_hours=0))
    fuelled = run(diesel)
    fuelled.start(NINE, Telemetry(charge_ratio=0.01))

    assert raised(unread, at(0.5)) == raised(fuelled, at(0.5)) == []


def test_the_plans_own_energy_is_unknown_where_no_leg_says_it() -> None:
    one = run(route(legs=(leg(0, 1), leg(1, 2), leg(2, 3), leg(3, 0))))
    one.start(NINE, Telemetry(charge_ratio=0.01))

    assert raised(one, at(0.5)) == []


def test_whatever_is_foreseen_has_something_that_may_help() -> None:
    for kind in (IncidentType.LATE_RISK, IncidentType.FAILURE_RISK, IncidentType.CHARGE_LOW):
        assert PLAYBOOKS[kind][1]
