"""
Tasks: one attempt or leg of a delivery. Pure.

A task is closed once. The same outcome told again changes nothing; another one told later does not
overwrite the first: tracking opens an incident for it, and a correction makes a task of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from meshkit.errors import NotReady
from services.dispatch.domain.values import Point


class TaskType(StrEnum):
    """What is done."""

    PICKUP = "PICKUP"
    DELIVERY = "DELIVERY"
    RETURN = "RETURN"
    PUDO_DROP = "PUDO_DROP"
    PRE_CALL = "PRE_CALL"


class TaskState(StrEnum):
    """OPEN -> CLOSED, and never back."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class TaskOutcome(StrEnum):
    """How it ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class FailureReason(StrEnum):
    """Why an attempt failed: vocabulary version 1, the same at tracking."""

    NOT_HOME = "NOT_HOME"
    REFUSED = "REFUSED"
    WRONG_ADDRESS = "WRONG_ADDRESS"
    NO_ACCESS = "NO_ACCESS"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    DAMAGED = "DAMAGED"
    MISSING_PARCEL = "MISSING_PARCEL"
    ID_CHECK_FAILED = "ID_CHECK_FAILED"
    LOCKER_FULL = "LOCKER_FULL"
    PUDO_CLOSED = "PUDO_CLOSED"
    WEATHER = "WEATHER"
    VEHICLE_BREAKDOWN = "VEHICLE_BREAKDOWN"
    OUT_OF_TIME = "OUT_OF_TIME"
    HOS_LIMIT = "HOS_LIMIT"
    ZONE_DENIED = "ZONE_DENIED"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fact that closes a task."""

    outcome: TaskOutcome
    at: datetime
    event_id: str = ""
    failure_reason: FailureReason | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt or leg. `route_id` names the published route that carries it, if one does."""

    task_id: str
    delivery_id: str
    type: TaskType
    create_time: datetime
    update_time: datetime
    revision: int = 1
    state: TaskState = TaskState.OPEN
    outcome: TaskOutcome | None = None
    failure_reason: FailureReason | None = None
    outcome_time: datetime | None = None
    attempt_number: int = 1
    route_id: str = ""
    stop_id: str = ""
    tender_id: str = ""
    outcome_event_id: str = ""
    corrects_task_id: str = ""
    excluded_driver_ids: tuple[str, ...] = ()
    location: Point | None = field(default=None, repr=False)  # of a pickup, where the goods are
    place_id: str = ""  # of a pickup, where that is a known place

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state is TaskState.OPEN

    @property
    def is_pickup(self) -> bool:
        """Whether it only takes goods on, for another task of the delivery."""
        return self.type is TaskType.PICKUP


def closed(task: Task, end: Outcome, now: datetime) -> Task | None:
    """The task as that outcome leaves it; None when it was closed before, by whatever."""
    if not task.is_open:
        return None
    return replace(
        task,
        state=TaskState.CLOSED,
        outcome=end.outcome,
        failure_reason=end.failure_reason,
        outcome_time=end.at,
        outcome_event_id=end.event_id,
        revision=task.revision + 1,
        update_time=now,
    )


def placed(task: Task, route_id: str, stop_id: str, now: datetime) -> Task:
    """The task on a route; on none with empty ids. Raises NotReady `TASK_CLOSED`."""
    require_open(task)
    return replace(
        task, route_id=route_id, stop_id=stop_id, revision=task.revision + 1, update_time=now
    )


def require_open(task: Task) -> None:
    """Raises NotReady `TASK_CLOSED` unless the task is still to be done."""
    if not task.is_open:
        raise NotReady("TASK_CLOSED", f"task {task.task_id!r} is closed", task_id=task.task_id)
