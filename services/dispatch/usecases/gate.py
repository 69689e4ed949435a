"""
The gate: what a plan or route must pass before it binds anybody.

Three things are asked, and none may be skipped: the planner's verifier, whether tasks, drivers and
vehicles are still free, and compliance. A violation of any keeps it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.fleet import DriverState, VehicleState
from services.dispatch.domain.planning import Crew, Problem, Proposal
from services.dispatch.domain.route import Route
from services.dispatch.domain.route_plan import (
    Clearance,
    PlanViolation,
    PlanViolationKind,
)
from services.dispatch.domain.task import Task

PLANNABLE = frozenset({DeliveryState.CREATED, DeliveryState.PLANNED, DeliveryState.ASSIGNED})


def named(
    violations: Iterable[PlanViolation], routes: Sequence[Route]
) -> tuple[PlanViolation, ...]:
    """The planner's violations with our names: it knows shifts, we know routes and stops."""
    by_shift = {route.shift_id: route for route in routes if route.shift_id}
    return tuple(_named(violation, by_shift.get(violation.route_id)) for violation in violations)


def _named(violation: PlanViolation, route: Route | None) -> PlanViolation:
    if route is None:
        return replace(violation, route_id="")
    stop = route.stop_of(violation.task_id) if violation.task_id else None
    return replace(violation, route_id=route.route_id, stop_id=stop.stop_id if stop else "")


def left_out(proposal: Proposal, problem: Problem) -> list[str]:
    """Tasks of the problem that are on no route of the answer."""
    served = {t for route in proposal.routes for stop in route.stops for t in stop.task_ids}
    return [task.task_id for task in problem.tasks if task.task_id not in served]


def taken_tasks(
    routes: Sequence[Route], tasks: Mapping[str, Task], deliveries: Mapping[str, Delivery]
) -> list[PlanViolation]:
    """Tasks of unpublished routes that are not free any more."""
    return [
        PlanViolation(
            PlanViolationKind.TASK_TAKEN,
            route_id=route.route_id,
            stop_id=stop.stop_id,
            task_id=task.task_id,
            detail=why,
        )
        for route in routes
        for stop in route.stops
        for task in stop.tasks
        if (why := _why_taken(tasks.get(task.task_id), deliveries.get(task.delivery_id)))
    ]


def _why_taken(task: Task | None, delivery: Delivery | None) -> str:
    if task is None or delivery is None:
        return "unknown"
    if not task.is_open:
        return "closed"
    if task.route_id or task.tender_id:
        return "on another route"
    return "" if delivery.state in PLANNABLE else delivery.state.lower()


def taken_crews(
    routes: Sequence[Route], crews: Mapping[str, Crew], busy_shift_ids: Iterable[str]
) -> list[PlanViolation]:
    """Routes whose driver or vehicle cannot be used, or whose shift has another binding route."""
    busy = frozenset(busy_shift_ids)
    found = []
    for route in routes:
        crew = crews.get(route.shift_id)
        if crew is not None and (why := _why_unfit(crew, busy)):
            kind = PlanViolationKind.RESOURCE_TAKEN
            found.append(PlanViolation(kind, route_id=route.route_id, detail=why))
    return found


def _why_unfit(crew: Crew, busy: frozenset[str]) -> str:
    if crew.driver.state is not DriverState.ACTIVE:
        return "the driver is inactive"
    if crew.vehicle.state is VehicleState.OUT_OF_SERVICE:
        return "the vehicle is out of service"
    return "the shift has a route" if crew.shift.shift_id in busy else ""


def together(clearance: Clearance, *others: Iterable[PlanViolation]) -> Clearance:
    """What compliance found, and all other violations before it."""
    before = tuple(violation for some in others for violation in some)
    return replace(clearance, violations=before + clearance.violations)


def decided(route: Route, clearance: Clearance) -> Route:
    """A route with the decisions it rests on."""
    return replace(
        route,
        decision_ids=clearance.decision_ids_by_route.get(route.route_id, ()),
        access_charge_micros=clearance.charge_micros_by_route.get(route.route_id, 0),
    )
