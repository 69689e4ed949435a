"""
What tracking tells of an attempt, in our words: also what a newer tracking tells.
"""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.dispatch.v1 import task_pb2
from doorstep.tracking.v1 import event_pb2, tracking_event_pb2
from services.dispatch.convert.tracking import outcome_from_tracking
from services.dispatch.domain.task import FailureReason, Outcome, TaskOutcome
from services.dispatch.tests.convert.samples import of
from services.dispatch.tests.domain.samples import at
from services.dispatch.usecases.fold import OutcomeTold

UNKNOWN = 99
F = FailureReason


def told(outcome: int | str, reason: int | str) -> Any:
    """An event of tracking; a number stands for a member that has no name here."""
    return of(
        event_pb2.TaskOutcomeRecorded,
        task_id="t",
        delivery_id="d",
        reported_event_id="evt",
        outcome_time=at(5),
        outcome=outcome if isinstance(outcome, int) else f"TASK_OUTCOME_{outcome}",
        failure_reason=reason if isinstance(reason, int) else f"FAILURE_REASON_{reason}",
    )


@pytest.mark.parametrize(
    ("outcome", "why", "end", "reason"),
    [
        ("SUCCEEDED", 0, TaskOutcome.SUCCEEDED, None),
        ("SUCCEEDED", "REFUSED", TaskOutcome.SUCCEEDED, None),  # success needs no reason
        ("FAILED", "NOT_HOME", TaskOutcome.FAILED, F.NOT_HOME),
        ("FAILED", 0, TaskOutcome.FAILED, F.OTHER),
        ("FAILED", UNKNOWN, TaskOutcome.FAILED, F.OTHER),
    ],
)
def test_an_end_is_taken_with_a_reason_if_it_failed(
    outcome: str, why: int | str, end: TaskOutcome, reason: FailureReason | None
) -> None:
    assert outcome_from_tracking(told(outcome, why)) == OutcomeTold(
        "t", "d", Outcome(end, at(5), "evt", reason)
    )


@pytest.mark.parametrize("outcome", [0, UNKNOWN])
def test_an_end_that_this_release_does_not_know_is_passed_over(outcome: int) -> None:
    assert outcome_from_tracking(told(outcome, "OTHER")) is None


@pytest.mark.parametrize("reason", FailureReason)
def test_every_reason_means_the_same_at_tracking(reason: FailureReason) -> None:
    found = outcome_from_tracking(told("FAILED", reason.value))

    assert found is not None
    assert found.outcome.failure_reason is reason


def test_both_contracts_count_alike() -> None:
    ours, theirs = numbers(task_pb2.TaskOutcome), numbers(tracking_event_pb2.TaskOutcome)

    assert numbers(task_pb2.FailureReason) == numbers(tracking_event_pb2.FailureReason)
    assert ours == theirs | {"TASK_OUTCOME_CANCELLED": 3}, "we call off, tracking reports"


def numbers(enum: Any) -> dict[str, int]:
    return dict(enum.items())
