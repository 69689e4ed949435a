"""The planner, asked: implements `ports.Planner`."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from doorstep.planner.v1 import (
    insertion_pb2,
    optimization_pb2,
    plan_pb2,
    planner_service_pb2,
    planner_service_pb2_grpc,
    problem_pb2,
    reason_pb2,
)
from meshkit.errors import Exhausted, MeshError, TooLate, Unavailable
from services.dispatch.adapters.planner_problem import fixed_routes, problem_to_planner
from services.dispatch.domain.no_way import has_no_way, straightened
from services.dispatch.domain.planning import (
    Insertion,
    Insertions,
    Problem,
    Proposal,
    Sequences,
    TimedRoute,
    TimedStop,
    learned,
)
from services.dispatch.domain.route import Leg, RouteBreak
from services.dispatch.domain.route_plan import (
    DETAIL_CHARACTERS_MAX,
    PlanViolation,
    PlanViolationKind,
    UnassignedReason,
    UnassignedTask,
)
from services.dispatch.domain.values import Point
from services.dispatch.ports import Estimator, Forecaster

Answer = TypeVar("Answer")

MARGIN = timedelta(seconds=15)  # beside the search: travel times, access rules, verifier, geometry
PROPOSALS_MAX = 100  # the planner's most
AWAY = (Unavailable, Exhausted, TooLate)
RETRY_AFTER = timedelta(seconds=1)

R = UnassignedReason
REASONS = {
    reason_pb2.REASON_CAPACITY: R.CAPACITY,
    reason_pb2.REASON_WINDOW: R.WINDOW,
    reason_pb2.REASON_SKILL: R.SKILL,
    reason_pb2.REASON_EXCLUDED: R.SKILL,
    reason_pb2.REASON_SHIFT: R.SHIFT,
    reason_pb2.REASON_NO_ROOM: R.SHIFT,
    reason_pb2.REASON_BREAK: R.BREAK,
    reason_pb2.REASON_DUTY: R.HOURS,
    reason_pb2.REASON_ZONE: R.ZONE,
    reason_pb2.REASON_ACCESS_UNKNOWN: R.ACCESS_UNKNOWN,
    reason_pb2.REASON_REACHABLE: R.UNREACHABLE,
    reason_pb2.REASON_TERRITORY: R.TERRITORY,
    reason_pb2.REASON_CHARGE: R.ENERGY,
    reason_pb2.REASON_TOO_DEAR: R.COST,
    reason_pb2.REASON_TIME: R.SEARCH,
}


class MeshPlanner:
    """Asks over the mesh, by whoever calls dispatch or as dispatch itself."""

    def __init__(
        self,
        stub: planner_service_pb2_grpc.PlannerServiceAsyncStub,
        forecaster: Forecaster,
        estimator: Estimator | None = None,
    ) -> None:
        self._stub = stub
        self._forecaster = forecaster
        self._estimator = estimator

    async def optimize(self, problem: Problem, search: timedelta, seed: int) -> Proposal:
        """The best routes that the planner finds in that time."""
        options = optimization_pb2.SearchOptions(seed=seed)
        options.search_duration.FromTimedelta(search)
        request = planner_service_pb2.OptimizeRoutesRequest(
            problem=await self._told(problem), options=options
        )
        seconds = (search + MARGIN).total_seconds()
        answer = await _reached(self._stub.OptimizeRoutes(request, timeout=seconds))
        return proposal_from_planner(answer.plan, problem)

    async def evaluate(self, problem: Problem, sequences: Sequences) -> Proposal:
        """
        The times of given sequences, on roads that are open to the vehicle.

        The check of legs and stops is left out: the gate asks compliance itself, and keeps the
        decisions.
        """
        request = planner_service_pb2.EvaluateRoutesRequest(
            problem=await self._told(problem),
            routes=fixed_routes(sequences),
            omit_access=True,
        )
        answer = await _reached(self._stub.EvaluateRoutes(request))
        return proposal_from_planner(answer.plan, problem)

    async def insert(
        self, problem: Problem, sequences: Sequences, task_ids: Sequence[str]
    ) -> Mapping[str, Insertions]:
        """Where each task could go, each by itself."""
        request = planner_service_pb2.ProposeInsertionsRequest(
            problem=await self._told(problem),
            routes=fixed_routes(sequences),
            task_ids=task_ids,
            proposal_count=min(len(problem.shifts), PROPOSALS_MAX),
            omit_polylines=True,
            omit_access=True,
        )
        answer = await _reached(self._stub.ProposeInsertions(request))
        return {found.task_id: _insertions(found) for found in answer.task_insertions}

    async def _told(self, problem: Problem) -> problem_pb2.Problem:
        """The problem, with what is foreseen of its vehicles and was learned of its stops."""
        vehicles = (shift.vehicle for shift in problem.shifts)
        outlooks = await self._forecaster.foresee(vehicles)
        return problem_to_planner(learned(problem, await self._times(problem)), outlooks)

    async def _times(self, problem: Problem) -> Mapping[str, timedelta]:
        """Of stops whose time nobody said."""
        assumed = {t.stop_task.delivery_id for t in problem.tasks if t.service_assumed}
        if self._estimator is None or not assumed:
            return {}
        return await self._estimator.service_times(assumed)


async def _reached(call: Awaitable[Answer]) -> Answer:
    """The answer; what keeps the planner from answering at all is said in our own words."""
    try:
        return await call
    except AWAY as error:
        raise _unavailable(error) from error


def _unavailable(error: MeshError) -> Unavailable:
    return Unavailable(
        "PLANNER_UNAVAILABLE",
        f"the planner could not be asked: {error.reason}",
        retry_after=error.retry_after or RETRY_AFTER,
        cause=error.reason,
    )


def _insertions(found: insertion_pb2.TaskInsertions) -> Insertions:
    return Insertions(
        tuple(map(_insertion, found.insertions)), _unassigned(found.unassigned, found.task_id)
    )


def _insertion(one: insertion_pb2.Insertion) -> Insertion:
    order = (task.task_id for stop in one.route.stops for task in stop.tasks)
    return Insertion(one.shift_id, tuple(order), one.delta_cost_micros)


def proposal_from_planner(plan: plan_pb2.Plan, problem: Problem) -> Proposal:
    """The planner's plan in our words."""
    return Proposal(
        routes=tuple(_route(route, problem) for route in plan.routes),
        unassigned=tuple(_unassigned(task, task.task_id) for task in plan.unassigned),
        violations=tuple(_violation(v) for v in plan.violations if v.hard),
        access_checked=plan.access_checked,
        engine_version=plan.record.engine_version,
        map_version=plan.record.map_id,
        seed=plan.record.seed,
    )


def _unassigned(task: plan_pb2.UnassignedTask, task_id: str) -> UnassignedTask:
    if not task.reasons:
        return UnassignedTask(task_id)
    first = task.reasons[0]
    return UnassignedTask(
        task_id,
        reason=REASONS.get(first.reason),
        detail=first.message[:DETAIL_CHARACTERS_MAX],
    )


def _violation(violation: plan_pb2.Violation) -> PlanViolation:
    """`route_id` holds the shift's name until the routes have names."""
    excess = violation.excess_amount or violation.excess_duration.seconds
    rule = reason_pb2.Reason.Name(violation.reason).removeprefix("REASON_").lower()
    return PlanViolation(
        kind=PlanViolationKind.VERIFIER,
        rule_id=f"{rule}.{violation.subject}" if violation.subject else rule,
        route_id=violation.shift_id,
        task_id=violation.task_id,
        excess=excess,
        detail=violation.message[:DETAIL_CHARACTERS_MAX],
    )


def _route(route: plan_pb2.Route, problem: Problem) -> TimedRoute:
    first, shift = route.legs[0], problem.shift[route.shift_id]
    lasted = _moment(route.end_time) - _moment(route.start_time)
    timed = TimedRoute(
        shift_id=route.shift_id,
        start_time=_moment(first.start_time) + first.delay_duration.ToTimedelta(),
        end_time=_moment(route.end_time),
        stops=tuple(map(_stop, route.stops)),
        legs=tuple(map(_leg, route.legs)),
        breaks=tuple(_break(pause, shift.breaks) for pause in route.breaks),
        distance_meters=route.metrics.distance_meters,
        driving_duration=route.metrics.travel_duration.ToTimedelta(),
        cost_micros=route.cost_micros + shift.paid_micros(lasted),  # by the rate card
        energy_watt_hours=route.metrics.energy_watt_hours,
    )
    return straightened(timed, problem) if has_no_way(timed) else timed


def _stop(stop: plan_pb2.Stop) -> TimedStop:
    return TimedStop(
        task_ids=tuple(task.task_id for task in stop.tasks),
        location=Point(stop.location.latitude, stop.location.longitude),
        place_id=stop.place_id,
        arrival_time=_moment(stop.arrival_time),
        service_start_time=_moment(stop.service_start_time),
        departure_time=_moment(stop.departure_time),
        departure_load_grams=stop.departure_load.mass_grams,
    )


def _leg(leg: plan_pb2.Leg) -> Leg:
    return Leg(
        distance_meters=leg.distance_meters,
        travel_duration=leg.travel_duration.ToTimedelta(),
        departure_time=_moment(leg.start_time) + leg.delay_duration.ToTimedelta(),
        polyline=leg.polyline,
        energy_watt_hours=leg.energy_watt_hours,
        load_grams=leg.load.mass_grams,
        straight_line=leg.basis == plan_pb2.TRAVEL_BASIS_STRAIGHT_LINE,
    )


def _break(pause: plan_pb2.RouteBreak, windows: Any) -> RouteBreak:
    rank = int(pause.break_id.rpartition("-")[2])
    return RouteBreak(
        start_time=_moment(pause.start_time),
        break_duration=pause.break_duration.ToTimedelta(),
        before_rank=pause.leg_rank,
        start_window=windows[rank].start_window,
    )


def _moment(timestamp: Any) -> datetime:
    found: datetime = timestamp.ToDatetime(tzinfo=UTC)
    return found
