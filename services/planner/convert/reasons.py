"""Reasons and what is left out: domain to wire."""

from __future__ import annotations

from doorstep.planner.v1 import plan_pb2 as pb
from doorstep.planner.v1 import reason_pb2
from services.planner.domain.plan import Unassigned, WhyNot
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason

SHIFTS_NAMED_MAX = 100  # of one reason; the contract states it


def reason_to_proto(reason: Reason) -> reason_pb2.Reason.ValueType:
    """A reason; both lists have the same names."""
    return reason_pb2.Reason.Value(f"REASON_{reason.value}")


def unassigned_to_proto(problem: Problem, left: Unassigned) -> pb.UnassignedTask:
    """A task left out, with its reasons."""
    return pb.UnassignedTask(
        task_id=problem.tasks[left.task].task_id,
        penalty_micros=left.penalty_micros,
        reasons=map(why_not_to_proto, left.reasons),
    )


def why_not_to_proto(why: WhyNot) -> pb.UnassignedReason:
    """One reason for some shifts."""
    return pb.UnassignedReason(
        reason=reason_to_proto(why.reason),
        shift_ids=why.shift_ids[:SHIFTS_NAMED_MAX],
        message=why.message,
        shift_count=len(why.shift_ids),
    )
