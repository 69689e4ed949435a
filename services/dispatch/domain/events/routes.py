"""What dispatch tells of plans and routes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.dispatch.domain.route import Route
from services.dispatch.domain.route_plan import RoutePlan


class DeclineReason(StrEnum):
    """Why a driver declines."""

    HOURS = "HOURS"
    VEHICLE = "VEHICLE"
    SKILL = "SKILL"
    SAFETY = "SAFETY"
    GOODS = "GOODS"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class RoutePlanDrafted:
    """A plan was drafted."""

    route_plan: RoutePlan


@dataclass(frozen=True, slots=True)
class RoutePlanChecked:
    """A plan was checked."""

    route_plan: RoutePlan


@dataclass(frozen=True, slots=True)
class RoutePlanPublished:
    """A plan binds."""

    route_plan: RoutePlan


@dataclass(frozen=True, slots=True)
class RoutePlanCompleted:
    """Every route of a plan has ended."""

    route_plan_id: str


@dataclass(frozen=True, slots=True)
class RoutePublished:
    """A route binds."""

    route: Route


@dataclass(frozen=True, slots=True)
class RouteRevised:
    """A route that binds changed."""

    route: Route
    base_revision: int
    added_task_ids: tuple[str, ...]
    removed_task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevisionAcknowledged:
    """A driver acknowledged a revision."""

    route_id: str
    revision: int
    driver_id: str
    acknowledge_time: datetime


@dataclass(frozen=True, slots=True)
class RevisionUnacknowledged:
    """A revision was not acknowledged in time."""

    route_id: str
    revision: int
    driver_id: str
    revise_time: datetime


@dataclass(frozen=True, slots=True)
class AssignmentDeclined:
    """A driver declined work."""

    route_id: str
    revision: int
    driver_id: str
    task_ids: tuple[str, ...]
    reason: DeclineReason


@dataclass(frozen=True, slots=True)
class RouteWithdrawn:
    """A route was taken back."""

    route_id: str
    revision: int
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteClosed:
    """A route has ended."""

    route_id: str
    revision: int
