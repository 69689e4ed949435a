"""What checks answer: domain -> wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import decision_pb2
from services.compliance.convert.moments import (
    day_to_proto,
    enum_from_proto,
    enum_to_proto,
    interval_to_proto,
    moment_to_proto,
)
from services.compliance.convert.presences import presence_to_proto
from services.compliance.convert.rules import unit_to_proto
from services.compliance.convert.vehicle import vehicle_to_proto
from services.compliance.domain.charges import ChargeDue, ChargeTotal
from services.compliance.domain.finding import Answer, Decision, Finding
from services.compliance.domain.verdict import Verdict, worst
from services.compliance.usecases.checks import Answers

VERDICT, CAVEAT = "VERDICT_", "CAVEAT_"


def answers_to_proto(request: pb.CheckAccessRequest, answers: Answers) -> pb.CheckAccessResponse:
    """The answers under the names of their queries."""
    pairs = zip(request.queries, answers.answers, strict=True)
    return pb.CheckAccessResponse(
        answers=[_answer(query.query_id, answer) for query, answer in pairs],
        rules_version=answers.rules_version,
    )


def _answer(query_id: str, answer: Answer) -> pb.AccessAnswer:
    message = pb.AccessAnswer(
        query_id=query_id,
        verdict=verdict_to_proto(answer.verdict),
        findings=[finding_to_proto(finding) for finding in answer.findings],
        totals=totals_to_proto(answer.totals),
    )
    if answer.next_allowed is not None:
        message.next_allowed_time.CopyFrom(moment_to_proto(answer.next_allowed))
    return message


def decisions_to_proto(
    decisions: Sequence[Decision], totals: Sequence[ChargeTotal], *, stored: bool
) -> pb.EvaluateRoutesResponse:
    """The answer for all routes; what is not stored has no id."""
    messages = [decision_to_proto(decision) for decision in decisions]
    if not stored:
        for message in messages:
            message.decision_id = ""
    return pb.EvaluateRoutesResponse(
        decisions=messages,
        verdict=verdict_to_proto(worst(decision.verdict for decision in decisions)),
        totals=totals_to_proto(totals),
        rules_version=max((d.rules_version for d in decisions), default=0),
    )


def decision_to_proto(decision: Decision) -> decision_pb2.Decision:
    """A decision with its inputs."""
    return decision_pb2.Decision(
        decision_id=decision.decision_id,
        route_plan_id=decision.route_plan_id,
        route_id=decision.route.route_id,
        vehicle=vehicle_to_proto(decision.route.vehicle),
        presences=[presence_to_proto(presence) for presence in decision.route.presences],
        verdict=verdict_to_proto(decision.verdict),
        findings=[finding_to_proto(finding) for finding in decision.findings],
        totals=totals_to_proto(decision.totals),
        rules_version=decision.rules_version,
        as_of_time=moment_to_proto(decision.as_of),
        decide_time=moment_to_proto(decision.decided),
    )


def finding_to_proto(finding: Finding) -> decision_pb2.Finding:
    """A finding."""
    message = decision_pb2.Finding(
        zone_id=finding.zone_id,
        closure_id=finding.closure_id,
        subject_id=finding.subject_id,
        inside_interval=interval_to_proto(finding.entry, finding.exit),
        verdict=verdict_to_proto(finding.verdict),
        rule_ids=finding.rule_ids,
        missing_attributes=finding.missing,
        permit_schemes=finding.permit_schemes,
        charges=[_charge(charge) for charge in finding.charges],
        rule_set_id=finding.rule_set_id,
        version=finding.version,
    )
    for caveat in finding.caveats:
        message.caveats.append(enum_to_proto(decision_pb2.Caveat, CAVEAT, caveat))
    if finding.next_allowed is not None:
        message.next_allowed_time.CopyFrom(moment_to_proto(finding.next_allowed))
    return message


def totals_to_proto(totals: Sequence[ChargeTotal]) -> list[decision_pb2.ChargeTotal]:
    """Sums per currency."""
    return [
        decision_pb2.ChargeTotal(
            currency_code=total.currency_code, amount_micros=total.amount_micros
        )
        for total in totals
    ]


def verdict_to_proto(verdict: Verdict) -> Any:
    """A verdict."""
    return enum_to_proto(decision_pb2.Verdict, VERDICT, verdict)


def verdict_from_proto(number: int) -> Verdict:
    """A verdict; an unspecified one is UNKNOWN."""
    found = enum_from_proto(Verdict, decision_pb2.Verdict, VERDICT, number)
    return Verdict.UNKNOWN if found is None else found


def _charge(charge: ChargeDue) -> decision_pb2.ChargeDue:
    return decision_pb2.ChargeDue(
        zone_id=charge.zone_id,
        rule_id=charge.rule_id,
        amount_micros=charge.amount_micros,
        currency_code=charge.currency_code,
        unit=unit_to_proto(charge.unit),
        charge_date=day_to_proto(charge.day),
        due_time=moment_to_proto(charge.at),
    )
