"""Redeliveries: events of a subscription being sent again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.route import Window

DAYS_MAX = 7


class WorkState(StrEnum):
    """Where long work stands."""

    UNSPECIFIED = "UNSPECIFIED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


OVER = frozenset({WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Order:
    """What to send again: the events of an interval, or those named."""

    span: Window | None = None
    event_ids: tuple[str, ...] = ()
    failed_only: bool = False


@dataclass(frozen=True, slots=True)
class Redelivery:
    """A redelivery as kept."""

    redelivery_id: str
    subscription_id: str
    order: Order
    create_time: datetime
    state: WorkState = WorkState.QUEUED
    total: int = 0
    delivered: int = 0
    failed: int = 0
    end_time: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in OVER
