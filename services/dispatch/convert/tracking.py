"""What tracking's feed tells, in words of the use-cases. Pure."""

from __future__ import annotations

from typing import Any

from doorstep.tracking.v1 import event_pb2, tracking_event_pb2
from services.dispatch.convert import leaves
from services.dispatch.convert.requests import member
from services.dispatch.domain.task import FailureReason, Outcome, TaskOutcome
from services.dispatch.usecases.fold import OutcomeTold


def outcome_from_tracking(told: event_pb2.TaskOutcomeRecorded) -> OutcomeTold | None:
    """An attempt's end; None for one whose outcome this release does not know."""
    outcome = _known(TaskOutcome, tracking_event_pb2.TaskOutcome, told.outcome)
    if outcome is None:
        return None
    reason = _known(FailureReason, tracking_event_pb2.FailureReason, told.failure_reason)
    if outcome is TaskOutcome.FAILED and reason is None:
        reason = FailureReason.OTHER
    end = Outcome(
        outcome=outcome,
        at=leaves.moment(told.outcome_time),
        event_id=told.reported_event_id,
        failure_reason=reason if outcome is TaskOutcome.FAILED else None,
    )
    return OutcomeTold(told.task_id, told.delivery_id, end)


def _known(kind: type[Any], enum: Any, number: int) -> Any:
    """The member, None for UNSPECIFIED and for what a newer tracking sends."""
    try:
        return member(kind, enum, number)
    except (KeyError, ValueError):
        return None
