"""
Route plans: the routes of one planning, from draft to completion. Pure.

DRAFT -> CHECKED -> PUBLISHED -> ACTIVE -> COMPLETED; a plan that fails its check is a draft again,
and a published one may be superseded. Nothing is published while a violation stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from meshkit.errors import Conflict, NotReady
from services.dispatch.domain.route import Route, RouteState
from services.dispatch.domain.values import Window

DETAIL_CHARACTERS_MAX = 500


class RoutePlanState(StrEnum):
    """Where a plan stands."""

    DRAFT = "DRAFT"
    CHECKED = "CHECKED"
    PUBLISHED = "PUBLISHED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    SUPERSEDED = "SUPERSEDED"


UNPUBLISHED = frozenset({RoutePlanState.DRAFT, RoutePlanState.CHECKED})


class UnassignedReason(StrEnum):
    """Why a task is on no route."""

    CAPACITY = "CAPACITY"
    WINDOW = "WINDOW"
    SKILL = "SKILL"
    SHIFT = "SHIFT"
    BREAK = "BREAK"
    ZONE = "ZONE"
    ACCESS_UNKNOWN = "ACCESS_UNKNOWN"
    UNREACHABLE = "UNREACHABLE"
    TERRITORY = "TERRITORY"
    ENERGY = "ENERGY"
    HOURS = "HOURS"
    COST = "COST"
    REMOVED = "REMOVED"
    PLACE = "PLACE"
    SEARCH = "SEARCH"


@dataclass(frozen=True, slots=True)
class UnassignedTask:
    """A task that is on no route, and why."""

    task_id: str
    delivery_id: str = ""
    reason: UnassignedReason | None = None
    detail: str = ""


class PlanViolationKind(StrEnum):
    """The kinds of thing that keep a plan from being published."""

    VERIFIER = "VERIFIER"
    ACCESS_DENIED = "ACCESS_DENIED"
    PERMIT_NEEDED = "PERMIT_NEEDED"
    ACCESS_UNKNOWN = "ACCESS_UNKNOWN"
    TASK_TAKEN = "TASK_TAKEN"
    RESOURCE_TAKEN = "RESOURCE_TAKEN"
    HOURS = "HOURS"


@dataclass(frozen=True, slots=True)
class PlanViolation:
    """Something that keeps a plan from being published."""

    kind: PlanViolationKind
    rule_id: str = ""
    route_id: str = ""
    stop_id: str = ""
    task_id: str = ""
    decision_id: str = ""
    excess: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """The routes of one planning, named; the routes themselves stand by themselves."""

    route_plan_id: str
    interval: Window
    route_ids: tuple[str, ...]
    create_time: datetime
    revision: int = 1
    state: RoutePlanState = RoutePlanState.DRAFT
    unassigned_tasks: tuple[UnassignedTask, ...] = ()
    violations: tuple[PlanViolation, ...] = ()
    access_checked: bool = False
    decision_ids: tuple[str, ...] = ()
    access_charge_micros: int = 0
    cost_micros: int = 0
    distance_meters: int = 0
    route_duration: timedelta = timedelta()
    engine_version: str = ""
    seed: int = 0
    map_version: str = ""
    superseded_by_id: str = ""
    check_time: datetime | None = None
    publish_time: datetime | None = None
    tender_id: str = ""

    @property
    def is_published(self) -> bool:
        """Whether it binds."""
        return self.state in (RoutePlanState.PUBLISHED, RoutePlanState.ACTIVE)


@dataclass(frozen=True, slots=True)
class Clearance:
    """What the gate found: violations, and the decisions of compliance it rests on."""

    violations: tuple[PlanViolation, ...]
    decision_ids_by_route: dict[str, tuple[str, ...]]
    charge_micros_by_route: dict[str, int]

    @property
    def decision_ids(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(d for ids in self.decision_ids_by_route.values() for d in ids)


def require_revision(plan: RoutePlan, etag: str) -> None:
    """Raises Conflict `ETAG_STALE` unless the caller saw this revision."""
    if etag != str(plan.revision):
        raise Conflict(
            "ETAG_STALE",
            f"plan {plan.route_plan_id!r} is at {plan.revision}, not {etag!r}",
            route_plan_id=plan.route_plan_id,
        )


def checked(plan: RoutePlan, clearance: Clearance, now: datetime) -> RoutePlan:
    """The plan after a check; a published one keeps its state."""
    state = plan.state
    if state in UNPUBLISHED:
        state = RoutePlanState.DRAFT if clearance.violations else RoutePlanState.CHECKED
    return replace(
        plan,
        state=state,
        revision=plan.revision + 1,
        violations=clearance.violations,
        decision_ids=clearance.decision_ids,
        access_checked=True,
        access_charge_micros=sum(clearance.charge_micros_by_route.values()),
        check_time=now,
    )


def require_publishable(plan: RoutePlan) -> None:
    """Raises NotReady unless the plan has passed its last check."""
    if plan.violations:
        raise violated(plan.violations)
    if plan.state is not RoutePlanState.CHECKED:
        raise NotReady(
            "PLAN_NOT_CHECKED",
            f"plan {plan.route_plan_id!r} is {plan.state}",
            route_plan_id=plan.route_plan_id,
            state=plan.state.value,
        )


def published(plan: RoutePlan, clearance: Clearance, now: datetime) -> RoutePlan:
    """The plan as it binds. Raises NotReady `PLAN_NOT_CHECKED` or `PLAN_VIOLATED`."""
    require_publishable(plan)
    if clearance.violations:
        raise violated(clearance.violations)
    fresh = checked(plan, clearance, now)
    return replace(fresh, state=RoutePlanState.PUBLISHED, publish_time=now)


def violated(violations: Iterable[PlanViolation]) -> NotReady:
    """The error that names the first violation."""
    found = list(violations)
    first = found[0]
    named = {
        "kind": first.kind.value,
        "rule_id": first.rule_id,
        "route_id": first.route_id,
        "stop_id": first.stop_id,
        "task_id": first.task_id,
        "decision_id": first.decision_id,
    }
    about = {name: value for name, value in named.items() if value}
    message = f"{len(found)} violations, first {first.kind}: {first.detail or first.rule_id}"
    error = NotReady("PLAN_VIOLATED", message)
    error.metadata.update(about)
    return error


def after_routes(plan: RoutePlan, routes: Iterable[Route]) -> RoutePlan | None:
    """The plan as its routes leave it: ACTIVE with the first start, COMPLETED with the last end."""
    states = {route.state for route in routes}
    if not plan.is_published or not states:
        return None
    if states <= {RouteState.COMPLETED, RouteState.WITHDRAWN}:
        return replace(plan, state=RoutePlanState.COMPLETED, revision=plan.revision + 1)
    if RouteState.ACTIVE in states and plan.state is RoutePlanState.PUBLISHED:
        return replace(plan, state=RoutePlanState.ACTIVE, revision=plan.revision + 1)
    return None
