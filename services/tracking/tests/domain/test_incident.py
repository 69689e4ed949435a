"""
Incidents from open to their end.

Goal: one thing that goes wrong is one incident, however often it is reported; what has ended stays
ended.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.tracking.domain.incident import (
    CRITICAL_TYPES,
    NOTICE_TYPES,
    OF_FAILURE,
    OF_TROUBLE,
    About,
    Alarm,
    Incident,
    IncidentState,
    IncidentType,
    Resolution,
    Severity,
    acknowledged,
    counted,
    ended,
    opened,
)
from services.tracking.domain.words import FailureReason, TroubleKind
from services.tracking.tests.town import at

T = IncidentType
STALLED = Alarm(T.STALLED, About(route_id="rte_1", vehicle_id="van-1"), "no progress", at(3))


def reported(alarms: list[Alarm]) -> dict[str, Incident]:
    """Incidents by key, as the store keeps them: an alarm under the key of an open one counts."""
    kept: dict[str, Incident] = {}
    for number, alarm in enumerate(alarms, 1):
        known = kept.get(alarm.key)
        fresh = known is None or known.ended
        kept[alarm.key] = opened(alarm, f"inc_{number}", at(5)) if fresh else counted(known)  # type: ignore[arg-type]
    return kept


def test_the_same_trouble_reported_five_times_is_one_incident_seen_five_times() -> None:
    (one,) = reported(
        [STALLED, replace(STALLED, event_time=at(9), summary="still"), *[STALLED] * 3]
    ).values()

    assert one.occurrence_count == 5
    assert one.revision == 1, "nobody is told of a count: what a watcher has read still holds"
    assert (one.event_time, one.summary) == (at(3), "no progress"), "the first report stays"


@pytest.mark.parametrize(
    ("about", "subject"),
    [
        (About("del_1", "tsk_1", "stp_1", "rte_1", "van-1", "drv-1", "car-1"), "tsk_1"),
        (About("del_1", "", "stp_1", "rte_1", "van-1", "drv-1", "car-1"), "del_1"),
        (About("", "", "stp_1", "rte_1", "van-1", "drv-1", "car-1"), "stp_1"),
        (About("", "", "", "rte_1", "van-1", "drv-1", "car-1"), "rte_1"),
        (About("", "", "", "", "van-1", "drv-1", "car-1"), "van-1"),
        (About("", "", "", "", "", "drv-1", "car-1"), "drv-1"),
        (About("", "", "", "", "", "", "car-1"), "car-1"),
        (About(), "general"),
    ],
)
def test_an_alarm_without_a_key_is_counted_by_its_type_and_most_specific_subject(
    about: About, subject: str
) -> None:
    assert Alarm(T.DELAY, about, "", at(0)).key == f"DELAY.{subject}"


@pytest.mark.parametrize(
    "other",
    [
        replace(STALLED, type=T.SIGNAL_LOST),
        replace(STALLED, about=About(route_id="rte_2")),
        replace(STALLED, dedupe_key="mine"),
    ],
)
def test_another_type_subject_or_key_is_another_incident(other: Alarm) -> None:
    assert len(reported([STALLED, other])) == 2


def test_a_callers_key_goes_before_our_own() -> None:
    assert replace(STALLED, dedupe_key="mine").key == "mine"


def test_an_incident_is_acknowledged_and_ended_with_who_and_when() -> None:
    one = opened(STALLED, "inc_1", at(5))
    taken = acknowledged(one, "dispatcher-1", at(6))
    over = ended(taken, "dispatcher-1", at(9), Resolution.REASSIGNED, "the other van")

    assert (one.state, one.revision, one.open_time) == (IncidentState.OPEN, 1, at(5))
    assert (taken.state, taken.acknowledge_time, taken.acknowledged_by) == (
        IncidentState.ACKNOWLEDGED,
        at(6),
        "dispatcher-1",
    )
    assert (over.state, over.end_time, over.resolution_note) == (
        IncidentState.RESOLVED,
        at(9),
        "the other van",
    )
    assert [one.ended, taken.ended, over.ended] == [False, False, True]
    assert [one.revision, taken.revision, over.revision] == [1, 2, 3]


@pytest.mark.parametrize("resolution", list(Resolution))
def test_only_a_false_alarm_is_dismissed(resolution: Resolution) -> None:
    over = ended(opened(STALLED, "inc_1", at(5)), "system", at(9), resolution)

    dismissed = resolution is Resolution.FALSE_ALARM
    assert over.state is (IncidentState.DISMISSED if dismissed else IncidentState.RESOLVED)


def test_an_ended_incident_is_not_opened_again_by_the_same_alarm() -> None:
    first = opened(STALLED, "inc_1", at(5))
    over = ended(first, "system", at(9), Resolution.RECOVERED)
    again = opened(replace(STALLED, previous_incident_id="inc_1"), "inc_2", at(20))

    assert over.ended
    assert (again.incident_id, again.previous_incident_id) == ("inc_2", "inc_1")
    assert again.occurrence_count == 1


@pytest.mark.parametrize(
    ("kind", "said", "severity"),
    [
        (T.ACCIDENT, Severity.UNSPECIFIED, Severity.CRITICAL),
        (T.VEHICLE_BREAKDOWN, Severity.UNSPECIFIED, Severity.CRITICAL),
        (T.ATTEMPT_FAILED, Severity.UNSPECIFIED, Severity.NOTICE),
        (T.STALLED, Severity.UNSPECIFIED, Severity.WARNING),
        (T.STALLED, Severity.NOTICE, Severity.NOTICE),  # who reports it knows better
    ],
)
def test_an_incident_matters_as_much_as_its_type_unless_the_reporter_says_otherwise(
    kind: IncidentType, said: Severity, severity: Severity
) -> None:
    assert opened(replace(STALLED, type=kind, severity=said), "inc_1", at(5)).severity is severity


def test_no_type_is_both_critical_and_a_notice() -> None:
    assert not CRITICAL_TYPES & NOTICE_TYPES


def test_every_reason_and_every_trouble_has_a_type_or_the_general_one() -> None:
    assert set(OF_FAILURE) <= set(FailureReason) - {FailureReason.UNSPECIFIED}
    assert set(TroubleKind) - set(OF_TROUBLE) == {
        TroubleKind.UNSPECIFIED,
        TroubleKind.OTHER,
        TroubleKind.OVER,
    }
