"""
A delivery as everybody sees it: one state, one promise, one last word. Pure.

`projections.deliveries` folds events into it; nobody sets it by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.fact import Amount
from services.tracking.domain.geo import Point
from services.tracking.domain.heard import Parcel, Requirement
from services.tracking.domain.route import Window
from services.tracking.domain.words import (
    FailureReason,
    Milestone,
    Outcome,
    TaskKind,
    TrackingState,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What tracking knows about one delivery."""

    delivery_id: str
    state: TrackingState = TrackingState.CREATED
    milestone: Milestone = Milestone.UNSPECIFIED
    created_at: datetime | None = None
    promise: Window | None = None
    promise_out: Window | None = None  # in force when it went out: what on time is measured by
    location: Point | None = None
    parcels: tuple[Parcel, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    priority: int = 0
    service_level: str = ""
    territory_id: str = ""
    depot_id: str = ""
    due: Amount | None = None  # to be collected at the door
    floor: int | None = None  # of the door; None: not known
    lift: bool = False
    building: str = ""  # kind of building; empty: not known
    segment: str = ""  # the caller's own grouping
    region: str = ""
    order_reference: str = ""  # deliveries that share it are attempts at one order

    task_id: str = ""  # of the present attempt
    task_kind: TaskKind = TaskKind.DELIVERY
    attempt_number: int = 1
    past_task_ids: tuple[str, ...] = ()
    route_id: str = ""
    stop_id: str = ""
    carrier_id: str = ""
    carrier_since: datetime | None = None  # what was told before is not the carrier's news
    planned_at: datetime | None = None  # arrival as the last revision has it
    left_route_id: str = ""  # the route that the present attempt was taken off

    outcome: Outcome | None = None  # of the last attempt that ended
    outcome_task_id: str = ""
    outcome_at: datetime | None = None
    reason: FailureReason = FailureReason.UNSPECIFIED
    cancelled: bool = False

    @property
    def mass_grams(self) -> int:
        """What it weighs."""
        return sum(parcel.mass_grams for parcel in self.parcels)

    @property
    def barcodes(self) -> tuple[str, ...]:
        """Those of its parcels, as far as dispatch told them."""
        return tuple(parcel.barcode for parcel in self.parcels if parcel.barcode)

    @property
    def closed(self) -> bool:
        """Whether the present attempt has an outcome."""
        return self.outcome is not None and self.outcome_task_id == self.task_id
