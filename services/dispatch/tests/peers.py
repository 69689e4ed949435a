"""
Stand-ins for the two services that dispatch asks, with behaviour of their own.

`StraightPlanner` drives straight lines at 10 m/s and really keeps windows, capacity, skills and the
end of the shift, so that a plan it gives is one. `Streets` forbids and charges what a test says.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from meshkit.errors import Unavailable
from services.dispatch.domain.fleet import FuelType
from services.dispatch.domain.planning import (
    Insertion,
    Insertions,
    PlanShift,
    PlanTask,
    Problem,
    Proposal,
    Sequences,
    TimedRoute,
    TimedStop,
)
from services.dispatch.domain.polyline import encode
from services.dispatch.domain.route import Leg, Route
from services.dispatch.domain.route_plan import (
    Clearance,
    PlanViolation,
    PlanViolationKind,
    UnassignedReason,
    UnassignedTask,
)
from services.dispatch.domain.values import Point

METERS_PER_DEGREE = 111_195
METERS_PER_SECOND = 10


def meters(a: Point, b: Point) -> int:
    """Straight, near enough for a city."""
    east = (a.longitude - b.longitude) * math.cos(math.radians(a.latitude))
    return round(math.hypot(a.latitude - b.latitude, east) * METERS_PER_DEGREE)


def leg(a: Point, b: Point, at: datetime) -> Leg:
    """The straight way from one place to another."""
    long = meters(a, b)
    ends = [(round(p.latitude * 1e5), round(p.longitude * 1e5)) for p in (a, b)]
    return Leg(long, timedelta(seconds=-(-long // METERS_PER_SECOND)), at, polyline=encode(ends))


@dataclass
class StraightPlanner:
    """Implements `ports.Planner`."""

    down: bool = False
    asked: list[Problem] = field(default_factory=list)

    async def optimize(self, problem: Problem, search: timedelta, seed: int) -> Proposal:
        """Each task to the first shift that can take it, at the end of its route."""
        self._answer(problem)
        sequences: dict[str, list[str]] = {shift.shift_id: [] for shift in problem.shifts}
        unassigned = []
        for task in problem.tasks:
            if (reason := self._place(problem, sequences, task.task_id)) is not None:
                unassigned.append(UnassignedTask(task.task_id, reason=reason, detail="no room"))
        proposal = self._timed(problem, sequences)
        return Proposal(proposal.routes, tuple(unassigned), (), True, "straight-1", "flat", 7)

    def _place(
        self, problem: Problem, sequences: dict[str, list[str]], task_id: str
    ) -> UnassignedReason | None:
        reason = UnassignedReason.SEARCH
        for shift_id, sequence in sequences.items():
            tried = self._timed(problem, {shift_id: [*sequence, task_id]})
            if not tried.violations:
                sequence.append(task_id)
                return None
            reason = UnassignedReason(tried.violations[0].rule_id.upper())
        return reason

    async def evaluate(self, problem: Problem, sequences: Sequences) -> Proposal:
        """The times of given sequences."""
        self._answer(problem)
        return self._timed(problem, sequences)

    async def insert(
        self, problem: Problem, sequences: Sequences, task_ids: Sequence[str]
    ) -> dict[str, Insertions]:
        """For each task the rank of each route that adds the least way."""
        self._answer(problem)
        return {task_id: self._insertions(problem, sequences, task_id) for task_id in task_ids}

    def _insertions(self, problem: Problem, sequences: Sequences, task_id: str) -> Insertions:
        best: dict[str, Insertion] = {}
        for tried in self._tried(problem, sequences, task_id):
            known = best.get(tried.shift_id)
            if known is None or tried.delta_cost_micros < known.delta_cost_micros:
                best[tried.shift_id] = tried
        why = UnassignedTask(task_id, reason=UnassignedReason.WINDOW, detail="too late")
        return Insertions(tuple(best.values()), why)

    def _tried(self, problem: Problem, sequences: Sequences, task_id: str) -> Iterator[Insertion]:
        """Every rank of every route, with the pickup first where there is one."""
        task = problem.task[task_id]
        pickup = task.pickup_task_id
        for shift in problem.shifts:
            if task.allowed_shift_ids and shift.shift_id not in task.allowed_shift_ids:
                continue
            old = list(sequences.get(shift.shift_id, ()))
            base = self._timed(problem, {shift.shift_id: old})
            cost = sum(route.cost_micros for route in base.routes)
            for rank in range(len(old) + 1):
                order = [*old[:rank], task_id, *old[rank:]]
                order = [pickup, *order] if pickup else order
                timed = self._timed(problem, {shift.shift_id: order})
                if len(timed.violations) <= len(base.violations):
                    delta = timed.routes[0].cost_micros - cost
                    yield Insertion(shift.shift_id, tuple(order), delta)

    def _answer(self, problem: Problem) -> None:
        if self.down:
            raise Unavailable("PLANNER_UNAVAILABLE", "the planner is away")
        self.asked.append(problem)

    def _timed(self, problem: Problem, sequences: Sequences) -> Proposal:
        routes, violations = [], []
        for shift_id, task_ids in sequences.items():
            if task_ids:
                tasks = [problem.task[task_id] for task_id in task_ids]
                route, broken = drive(problem.shift[shift_id], tasks)
                routes.append(route)
                violations += broken
        return Proposal(tuple(routes), (), tuple(violations), False, "straight-1", "flat", 7)


def drive(shift: PlanShift, tasks: list[PlanTask]) -> tuple[TimedRoute, list[PlanViolation]]:
    """A route in the order given, with what it breaks."""
    state = shift.under_way
    here = state.location if state else shift.start_location
    now = state.state_time if state else shift.interval.start_time + shift.loading_duration
    left, began = sum(t.stop_task.mass_grams for t in tasks if is_aboard(t)), now
    legs, stops, broken = [], [], list(unfit(shift, tasks, peak(tasks, left)))
    for task in tasks:
        legs.append(leg(here, task.location, now))
        arrival = now + legs[-1].travel_duration
        start, late = service(task, arrival)
        if late:
            broken.append(fault("window", shift, task.task_id, late))
        now = start + task.stop_task.service_duration
        left += task.stop_task.mass_grams * (1 if task.is_pickup else -1)
        where = (task.location, task.place_id)
        stops.append(TimedStop((task.task_id,), *where, arrival, start, now, left))
        here = task.location
    legs.append(leg(here, shift.end_location, now))
    end = now + legs[-1].travel_duration
    if end > shift.interval.end_time:
        over = (end - shift.interval.end_time).seconds
        broken.append(fault("shift", shift, tasks[-1].task_id, over))
    long = sum(one.distance_meters for one in legs)
    driving = sum((one.travel_duration for one in legs), timedelta())
    route = TimedRoute(
        shift.shift_id, began, end, tuple(stops), tuple(legs), (), long, driving, 1000 * long, 0
    )
    return route, broken


def service(task: PlanTask, arrival: datetime) -> tuple[datetime, int]:
    """When service starts, and by how many seconds that is too late."""
    windows = task.stop_task.windows
    for window in windows:
        if arrival < window.end_time:
            return max(arrival, window.start_time), 0
    if not windows:
        return arrival, 0
    return arrival, int((arrival - windows[-1].end_time).total_seconds()) + 1


def unfit(shift: PlanShift, tasks: list[PlanTask], mass: int) -> Iterator[PlanViolation]:
    """Too heavy, or without the skills."""
    if mass > shift.vehicle.capacity_mass_grams:
        over = mass - shift.vehicle.capacity_mass_grams
        yield fault("capacity", shift, tasks[-1].task_id, over)
    for task in tasks:
        excluded = shift.shift_id in task.excluded_shift_ids
        if excluded or not set(task.stop_task.required_skills) <= shift.skills:
            yield fault("skill", shift, task.task_id, 1)
        state = shift.under_way
        if state and is_aboard(task) and task.task_id not in state.onboard_task_ids:
            yield fault("lock", shift, task.task_id, 1)
        if task.pickup_task_id and task.pickup_task_id not in [one.task_id for one in tasks]:
            yield fault("pairing", shift, task.task_id, 1)


def peak(tasks: list[PlanTask], mass: int) -> int:
    """The most on board along the way."""
    highest = mass
    for task in tasks:
        mass += task.stop_task.mass_grams * (1 if task.is_pickup else -1)
        highest = max(highest, mass)
    return highest


def is_aboard(task: PlanTask) -> bool:
    """Whether the goods are on board from the start."""
    return not task.is_pickup and not task.pickup_task_id


def fault(rule: str, shift: PlanShift, task_id: str, excess: int) -> PlanViolation:
    return PlanViolation(
        PlanViolationKind.VERIFIER,
        rule,
        route_id=shift.shift_id,
        task_id=task_id,
        excess=excess,
        detail=rule,
    )


@dataclass
class Streets:
    """Implements `ports.Compliance`: diesel may be forbidden, and everything may cost."""

    down: bool = False
    forbidden: set[FuelType] = field(default_factory=set)
    kind: PlanViolationKind = PlanViolationKind.ACCESS_DENIED
    charge_micros: int = 0
    asked: list[tuple[str, bool]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None  # what happens while it thinks

    async def clear(self, route_plan_id: str, routes: Sequence[Route], kept: bool) -> Clearance:
        """One decision for each route."""
        if self.down:
            raise Unavailable("COMPLIANCE_UNAVAILABLE", "compliance is away")
        if self.meanwhile is not None:
            await self.meanwhile()
        self.asked += [(route.route_id, kept) for route in routes]
        return Clearance(
            tuple(
                PlanViolation(self.kind, "demo.1", route.route_id, detail="demo zone")
                for route in routes
                if route.vehicle.fuel_type in self.forbidden
            ),
            {route.route_id: (f"dec_{len(self.asked)}",) for route in routes},
            {route.route_id: self.charge_micros for route in routes},
        )
