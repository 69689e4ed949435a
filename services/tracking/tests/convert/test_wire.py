"""
Moments, money, places and words between wire and domain.

Goal: nothing is lost or invented on the way, and every word of the domain is the contract's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money

from doorstep.dispatch.v1 import route_pb2
from doorstep.tracking.v1 import (
    custody_pb2,
    eta_pb2,
    event_pb2,
    incident_pb2,
    learning_pb2,
    metric_pb2,
    milestone_pb2,
    position_pb2,
    proof_pb2,
    risk_pb2,
    survey_pb2,
    timeline_pb2,
    tracking_event_pb2,
    tracking_link_pb2,
    tracking_pb2,
    vehicle_pb2,
    weather_pb2,
)
from services.tracking.convert.wire import (
    amount,
    duration,
    interval,
    is_moment,
    latlng,
    moment,
    moment_or_none,
    money,
    number,
    point,
    point_or_none,
    prefix,
    span,
    stamp,
    window,
    window_or_none,
    word,
)
from services.tracking.domain import (
    attempt_import,
    custody,
    event,
    fix,
    incident,
    link,
    metric,
    note,
    payment,
    playbook,
    progress,
    proof,
    words,
)
from services.tracking.domain.fact import Amount
from services.tracking.domain.geo import Point
from services.tracking.domain.route import Window
from services.tracking.tests.town import NINE, at

YEAR_1, YEAR_9999 = -62_135_596_800, 253_402_300_799
CENTURY = 100 * 366 * 86_400

# Every word of the domain that crosses the wire, and what the contract has besides.
ENUMS: list[tuple[Any, type[StrEnum], set[str]]] = [
    (tracking_event_pb2.EventSource, words.Source, set()),
    (tracking_event_pb2.TaskOutcome, words.Outcome, {"UNSPECIFIED"}),
    (tracking_event_pb2.FailureReason, words.FailureReason, set()),
    (tracking_event_pb2.Handover, words.Handover, set()),
    (tracking_event_pb2.ScanKind, words.ScanKind, set()),
    (tracking_event_pb2.PaymentMethod, words.PaymentMethod, set()),
    (tracking_event_pb2.TroubleKind, words.TroubleKind, set()),
    (tracking_event_pb2.Ignition, words.Ignition, set()),
    (tracking_event_pb2.ContactChannel, words.ContactChannel, set()),
    (tracking_event_pb2.ContactTopic, words.ContactTopic, set()),
    (survey_pb2.SurveyAnswer, words.Answer, set()),
    (milestone_pb2.TrackingState, words.TrackingState, set()),
    (proof_pb2.ProofKind, words.ProofKind, set()),
    (proof_pb2.ProofState, proof.ProofState, {"UNSPECIFIED"}),
    (vehicle_pb2.VehicleKind, words.VehicleKind, set()),
    (vehicle_pb2.Fuel, words.Fuel, set()),
    (incident_pb2.IncidentType, incident.IncidentType, set()),
    (incident_pb2.IncidentState, incident.IncidentState, set()),
    (incident_pb2.IncidentSeverity, incident.Severity, set()),
    (incident_pb2.IncidentResolution, incident.Resolution, set()),
    (custody_pb2.CustodyAct, custody.Act, set()),
    (custody_pb2.CustodyHolder, custody.Holder, set()),
    (custody_pb2.CustodyGapKind, custody.GapKind, {"UNSPECIFIED"}),
    (event_pb2.PaymentState, payment.PaymentState, set()),
    (timeline_pb2.PlanChangeCause, words.PlanCause, set()),
    (route_pb2.RevisionCause, words.PlanCause, set()),
    (metric_pb2.Metric, metric.Metric, {"UNSPECIFIED"}),
    (metric_pb2.Dimension, metric.Dimension, {"UNSPECIFIED"}),
    (metric_pb2.Granularity, metric.Granularity, {"UNSPECIFIED"}),
    (eta_pb2.EtaBasis, event.EtaBasis, {"UNSPECIFIED"}),
    (risk_pb2.RiskLevel, event.RiskLevel, set()),
    (event_pb2.EtaReason, event.EtaReason, set()),
    (incident_pb2.IncidentTeam, playbook.Team, set()),
    (incident_pb2.PlaybookStep, playbook.Step, {"UNSPECIFIED"}),
    (learning_pb2.AttemptFormat, attempt_import.AttemptFormat, {"UNSPECIFIED"}),
    (metric_pb2.WorkState, attempt_import.ImportState, {"UNSPECIFIED"}),
    (event_pb2.DistanceBasis, event.DistanceBasis, {"UNSPECIFIED"}),
    (tracking_pb2.RouteProgressState, progress.RunState, {"UNSPECIFIED"}),
    (tracking_pb2.StopState, progress.StopState, {"UNSPECIFIED"}),
    (tracking_link_pb2.LinkScope, link.LinkScope, {"UNSPECIFIED"}),
    (timeline_pb2.CommentAudience, note.Audience, {"UNSPECIFIED"}),
    (weather_pb2.WeatherCondition, note.Condition, set()),
    (position_pb2.PositionRejectReason, fix.RejectReason, {"UNSPECIFIED"}),
]


def named(enum: Any) -> set[str]:
    """The names of a contract's enum, without their prefix."""
    return {name.removeprefix(prefix(enum)) for name in enum.DESCRIPTOR.values_by_name}


@pytest.mark.parametrize(
    ("enum", "kind", "besides"), ENUMS, ids=lambda one: getattr(one, "__name__", "")
)
def test_the_domain_has_the_contracts_words_and_no_other(
    enum: Any, kind: type[StrEnum], besides: set[str]
) -> None:
    assert {one.value for one in kind} == named(enum) - besides
    assert all(one.value == one.name for one in kind)


def test_every_milestone_of_the_domain_is_the_contracts() -> None:
    assert {one.value for one in words.Milestone} <= named(milestone_pb2.Milestone)


@pytest.mark.parametrize("reason", list(words.FailureReason))
def test_a_word_goes_to_its_number_and_back(reason: words.FailureReason) -> None:
    value = number(tracking_event_pb2.FailureReason, reason)

    assert word(tracking_event_pb2.FailureReason, value, words.FailureReason) is reason


@pytest.mark.parametrize("value", [99, -1, 2**31 - 1])
def test_a_number_that_this_release_does_not_know_is_unspecified(value: int) -> None:
    known = word(tracking_event_pb2.FailureReason, value, words.FailureReason)

    assert known is words.FailureReason.UNSPECIFIED


# Moments and spans.


@pytest.mark.parametrize(
    "when",
    [
        NINE,
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2038, 1, 20, tzinfo=UTC),
    ],
)
def test_a_moment_goes_there_and_back(when: datetime) -> None:
    assert moment(stamp(when)) == when


def test_nanoseconds_are_cut_and_not_rounded() -> None:
    assert moment(Timestamp(seconds=0, nanos=1_999)).microsecond == 1


@pytest.mark.parametrize(
    ("seconds", "nanos", "one"),
    [
        (0, 0, True),
        (0, 10**9 - 1, True),
        (0, 10**9, False),
        (0, -1, False),
        (YEAR_9999 + 1, 0, False),
        (YEAR_1 - 1, 0, False),
        (2**62, 0, False),
        # A century from the ends of the calendar every sum that the domain makes stays inside it.
        (YEAR_9999 - CENTURY, 0, True),
        (YEAR_1 + CENTURY, 0, True),
        (YEAR_9999, 0, False),
        (YEAR_1, 0, False),
    ],
)
def test_a_moment_lies_so_far_inside_the_calendar_that_it_can_be_reckoned_with(
    seconds: int, nanos: int, one: bool
) -> None:
    assert is_moment(Timestamp(seconds=seconds, nanos=nanos)) is one


def test_what_is_not_set_is_none_and_stays_unset() -> None:
    empty = position_pb2.RecordedPosition()

    assert moment_or_none(empty, "record_time") is None
    assert point_or_none(empty.position, "location") is None
    assert (stamp(None), duration(None), interval(None), latlng(None), money(None)) == (None,) * 5


@pytest.mark.parametrize("length", [timedelta(), timedelta(hours=30), timedelta(microseconds=-1)])
def test_a_span_goes_there_and_back(length: timedelta) -> None:
    assert span(duration(length)) == length


def test_a_bare_number_is_a_span_of_seconds() -> None:
    assert duration(90) == Duration(seconds=90)


def test_a_window_goes_there_and_back() -> None:
    promise = Window(at(0), at(120))

    assert window(interval(promise) or Interval()) == promise


@pytest.mark.parametrize("bound", ["start_time", "end_time"])
def test_an_interval_with_an_open_end_is_no_window(bound: str) -> None:
    risk = risk_pb2.Risk()
    getattr(risk.promise_window, bound).CopyFrom(stamp(NINE))

    assert window_or_none(risk, "promise_window") is None
    assert window_or_none(risk_pb2.Risk(), "promise_window") is None


def test_an_interval_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after"):
        window(Interval(start_time=stamp(at(1)), end_time=stamp(at(0))))


# Places and money.


def test_a_place_goes_there_and_back() -> None:
    assert point(latlng(Point(60.17, -24.94))) == Point(60.17, -24.94)


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="a point"):
        point(LatLng(latitude=91))


@pytest.mark.parametrize(
    ("units", "nanos", "micros"),
    [
        (12, 0, 12_000_000),
        (0, 10_000, 10),
        (12, 500_000_000, 12_500_000),
        (-1, -750_000_000, -1_750_000),
        (0, -10_000, -10),
        (0, 0, 0),
    ],
)
def test_money_goes_there_and_back_to_the_millionth(units: int, nanos: int, micros: int) -> None:
    wire = Money(currency_code="EUR", units=units, nanos=nanos)

    assert amount(wire) == Amount("EUR", micros)
    assert money(Amount("EUR", micros)) == wire
