"""Audits, to the wire."""

from __future__ import annotations

from doorstep.tracking.v1 import audit_pb2 as pb
from doorstep.tracking.v1 import timeline_pb2
from services.tracking.convert.custody import chain_to_proto
from services.tracking.convert.facts_out import fact_to_proto
from services.tracking.convert.incidents import incident_to_proto
from services.tracking.convert.proofs import proof_to_proto
from services.tracking.convert.views import comment_to_proto
from services.tracking.convert.wire import number, stamp
from services.tracking.domain.audit import Audit, Decision, Line, Revision


def audit_to_proto(audit: Audit) -> pb.Audit:
    """All that is kept about a delivery."""
    return pb.Audit(
        delivery_id=audit.delivery_id,
        trace_id=audit.trace_id,
        revisions=[_revision(one) for one in audit.revisions],
        decisions=[_decision(one) for one in audit.decisions],
        entries=[_line(one) for one in audit.lines],
        facts=[
            pb.AuditFact(event=fact_to_proto(one.fact), status=one.status) for one in audit.reports
        ],
        proofs=[proof_to_proto(one) for one in audit.proofs],
        parcels=[chain_to_proto(one) for one in audit.chains],
        incidents=[incident_to_proto(one) for one in audit.incidents],
        comments=[comment_to_proto(one) for one in audit.comments],
        view_time=stamp(audit.at),
        omitted_entry_count=audit.left_out,
    )


def _revision(one: Revision) -> pb.AuditRevision:
    return pb.AuditRevision(
        route_plan_id=one.plan_id,
        route_id=one.crew.route_id,
        route_revision=one.crew.revision,
        cause=number(timeline_pb2.PlanChangeCause, one.cause),
        event_time=stamp(one.at),
        shift_id=one.crew.shift_id,
        driver_id=one.crew.driver_id,
        vehicle_id=one.crew.vehicle_id,
        carrier_id=one.crew.carrier_id,
        planned_arrival_time=stamp(one.arrival),
        removed=one.removed,
        decision_ids=one.decision_ids,
        trace_id=one.trace_id,
    )


def _decision(one: Decision) -> pb.AuditDecision:
    return pb.AuditDecision(
        decision_id=one.decision_id,
        route_id=one.route_id,
        verdict=one.verdict,
        event_time=stamp(one.at),
    )


def _line(one: Line) -> pb.AuditEntry:
    return pb.AuditEntry(
        type=one.type,
        summary=one.summary,
        event_time=stamp(one.at),
        record_time=stamp(one.recorded_at),
        actor=one.actor,
        task_id=one.task_id,
        route_id=one.route_id,
        trace_id=one.trace_id,
    )
