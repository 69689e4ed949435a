"""Access areas and explanations: domain -> wire, and the requests for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import decision_pb2
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.findings import (
    decision_to_proto,
    verdict_from_proto,
    verdict_to_proto,
)
from services.compliance.convert.geometry import polygon_to_proto
from services.compliance.convert.moments import (
    enum_to_proto,
    interval_from_proto,
    interval_to_proto,
    open_interval_from_proto,
)
from services.compliance.convert.rules import unit_to_proto
from services.compliance.convert.vehicle import vehicle_from_proto
from services.compliance.domain.areas import AccessArea
from services.compliance.domain.explanation import RuleExplanation, summary
from services.compliance.domain.rule import Charge, Rule
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Span
from services.compliance.ports import DecisionFilter
from services.compliance.usecases.checks import Areas
from services.compliance.usecases.decisions import Explained

INTERVAL_MAX = timedelta(days=8)
TRUTH = "TRUTH_"


def areas_question(
    request: pb.ListAccessAreasRequest,
) -> tuple[Vehicle, tuple[datetime, datetime]]:
    """The vehicle and the interval; raises Invalid."""
    faults = Faults()
    vehicle = faults.take("vehicle", vehicle_from_proto, request.vehicle)
    interval = faults.take("interval", interval_from_proto, request.interval, INTERVAL_MAX)
    return accepted(faults, vehicle), accepted(faults, interval)


def areas_to_proto(found: Areas) -> pb.ListAccessAreasResponse:
    """The areas."""
    return pb.ListAccessAreasResponse(
        areas=[_area(area) for area in found.areas], rules_version=found.rules_version
    )


def _area(area: AccessArea) -> pb.AccessArea:
    rule_set = area.rule_set
    closed = bool(rule_set.closure_id)
    return pb.AccessArea(
        zone_id="" if closed else rule_set.zone.zone_id,
        closure_id=rule_set.closure_id,
        title=rule_set.zone.title,
        areas=[polygon_to_proto(part) for part in rule_set.zone.area],
        rule_set_id=rule_set.rule_set_id,
        version=rule_set.version,
        spans=[_span(span, closed=closed) for span in area.spans],
    )


def _span(span: Span, *, closed: bool) -> pb.AccessSpan:
    outcome = span.outcome
    return pb.AccessSpan(
        interval=interval_to_proto(span.start, span.end),
        verdict=verdict_to_proto(outcome.verdict),
        rule_ids=() if closed else outcome.rule_ids,
        charges=[
            _charge(rule, rule.effect)
            for rule in outcome.charges
            if isinstance(rule.effect, Charge)
        ],
        missing_attributes=outcome.missing,
        permit_schemes=outcome.permit_schemes,
    )


def _charge(rule: Rule, charge: Charge) -> pb.SpanCharge:
    return pb.SpanCharge(
        rule_id=rule.rule_id,
        amount_micros=charge.amount_micros,
        currency_code=charge.currency_code,
        unit=unit_to_proto(charge.unit),
    )


def decision_filter(request: pb.ListDecisionsRequest) -> DecisionFilter:
    """Which decisions are asked for; raises Invalid."""
    faults = Faults()
    read: Callable[[], tuple[datetime | None, datetime | None]] = partial(
        open_interval_from_proto, request.decide_interval
    )
    interval = faults.take("decide_interval", read)
    if request.touching_rule_set_id and request.touching_closure_id:
        faults.add("touching_closure_id", "one change at a time: leave one of the two empty")
    start, end = accepted(faults, interval)
    return DecisionFilter(
        request.route_plan_id,
        request.route_id,
        request.vehicle_id,
        request.zone_id,
        tuple(verdict_from_proto(number) for number in request.verdicts),
        start,
        end,
    )


def explained_to_proto(explained: Explained) -> pb.ExplainDecisionResponse:
    """Why a decision was what it was."""
    return pb.ExplainDecisionResponse(
        decision=decision_to_proto(explained.decision),
        rules=[_rule(rule) for rule in explained.rules],
        reproduced_verdict=verdict_to_proto(explained.reproduced),
        reproduced=explained.alike,
        text=summary(explained.decision),
    )


def _rule(rule: RuleExplanation) -> decision_pb2.RuleExplanation:
    return decision_pb2.RuleExplanation(
        zone_id=rule.zone_id,
        rule_id=rule.rule_id,
        subject_id=rule.subject_id,
        truth=enum_to_proto(decision_pb2.Truth, TRUTH, rule.truth),
        conditions=[
            decision_pb2.ConditionExplanation(
                attribute=condition.attribute,
                expected=condition.expected,
                actual=condition.actual,
                truth=enum_to_proto(decision_pb2.Truth, TRUTH, condition.truth),
            )
            for condition in rule.conditions
        ],
        text=rule.text,
    )
