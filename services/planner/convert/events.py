"""What happened, as changes of our feed: domain to drafts."""

from __future__ import annotations

from doorstep.planner.v1 import event_pb2 as pb
from meshkit.feed import Draft
from services.planner.convert.plan import record_to_proto
from services.planner.ports import PlanComputed


def computed_draft(computed: PlanComputed) -> Draft:
    """A plan that was computed."""
    event = pb.PlanComputed(
        optimization_id=computed.optimization_id,
        record=record_to_proto(computed.record),
        cost_micros=computed.cost_micros,
        task_count=computed.task_count,
        unassigned_count=computed.unassigned_count,
        route_count=computed.route_count,
        access_checked=computed.access_checked,
    )
    return Draft("plan_computed", computed.optimization_id, computed.at, event.SerializeToString())
