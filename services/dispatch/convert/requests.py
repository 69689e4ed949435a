"""Requests of the contract in words of the use-cases. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from doorstep.dispatch.v1 import (
    decline_reason_pb2,
    delivery_pb2,
    dispatch_service_pb2,
    place_pb2,
    quote_pb2,
    route_pb2,
    route_plan_pb2,
    shift_pb2,
    task_pb2,
    tender_pb2,
    tender_service_pb2,
)
from meshkit.errors import Violation
from services.dispatch.convert import leaves
from services.dispatch.convert.codec import invalid
from services.dispatch.domain.carrier import Price, QuoteState
from services.dispatch.domain.delivery import DeliveryState
from services.dispatch.domain.events import DeclineReason
from services.dispatch.domain.fleet import PlaceKind, ShiftState
from services.dispatch.domain.route import RevisionCause, RouteState
from services.dispatch.domain.route_plan import RoutePlanState
from services.dispatch.domain.task import TaskState
from services.dispatch.domain.tender import TenderDeclineReason, TenderState, TenderStrategy
from services.dispatch.domain.values import Window
from services.dispatch.ports import DeliveryFilter, RouteFilter, ShiftFilter, TaskFilter
from services.dispatch.usecases import scene
from services.dispatch.usecases.plans import Wanted

SEARCH_DEFAULT = timedelta(seconds=10)


def member(kind: Any, enum: Any, number: int) -> Any:
    """The domain's member for a number of the contract's enum; None for UNSPECIFIED."""
    if number == 0:
        return None
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")
    return kind[enum.Name(number).removeprefix(prefix)]


def members(kind: Any, enum: Any, numbers: Any) -> tuple[Any, ...]:
    """Several of them."""
    return tuple(member(kind, enum, number) for number in numbers)


def moment_or(message: Any, name: str, default: datetime) -> datetime:
    """A timestamp of a request, or the default when it is unset."""
    if not message.HasField(name):
        return default
    found: datetime = getattr(message, name).ToDatetime(tzinfo=UTC)
    return found


def window(message: Any, name: str) -> Window | None:
    """An interval of a request; None when it is unset. Raises Invalid when it is none."""
    if not message.HasField(name):
        return None
    try:
        return leaves.window(getattr(message, name))
    except ValueError as fault:
        raise invalid([Violation(name, str(fault))]) from fault


def delivery_filter(request: Any, carrier_id: str) -> DeliveryFilter:
    """Of ListDeliveries."""
    return DeliveryFilter(
        states=members(DeliveryState, delivery_pb2.DeliveryState, request.states),
        promise_start=window(request, "promise_start_interval"),
        origin_place_id=request.origin_place_id,
        delivery_ids=list(request.delivery_ids),
        carrier_id=carrier_id,
    )


def task_filter(request: Any, carrier_id: str) -> TaskFilter:
    """Of ListTasks."""
    return TaskFilter(
        delivery_ids=list(request.delivery_ids),
        route_id=request.route_id,
        state=member(TaskState, task_pb2.TaskState, request.state),
        carrier_id=carrier_id,
    )


def shift_filter(request: Any, driver_id: str) -> ShiftFilter:
    """Of ListShifts."""
    return ShiftFilter(
        start=window(request, "interval"),
        driver_id=driver_id or request.driver_id,
        states=members(ShiftState, shift_pb2.ShiftState, request.states),
    )


def place_kinds(request: Any) -> list[str]:
    """Of ListPlaces."""
    return [kind.value for kind in members(PlaceKind, place_pb2.PlaceKind, request.kinds)]


def route_filter(request: Any, driver_id: str, carrier_id: str) -> RouteFilter:
    """Of ListRoutes."""
    return RouteFilter(
        route_plan_id=request.route_plan_id,
        states=members(RouteState, route_pb2.RouteState, request.states),
        shift_id=request.shift_id,
        carrier_id=carrier_id or request.carrier_id,
        driver_id=driver_id,
    )


def plan_states(request: Any) -> tuple[RoutePlanState, ...]:
    """Of ListRoutePlans."""
    return members(RoutePlanState, route_plan_pb2.RoutePlanState, request.states)


def wanted(request: dispatch_service_pb2.DraftRoutePlanRequest) -> Wanted:
    """Of DraftRoutePlan."""
    interval = window(request, "interval")
    assert interval is not None  # noqa: S101 - the contract requires it
    return Wanted(
        interval=interval,
        shift_ids=list(request.shift_ids),
        task_ids=list(request.task_ids),
        depot_place_id=request.depot_place_id,
    )


def search(request: dispatch_service_pb2.DraftRoutePlanRequest) -> timedelta:
    """How long the planner searches."""
    if not request.HasField("search_duration"):
        return SEARCH_DEFAULT
    return leaves.span(request.search_duration)


def sequences(request: dispatch_service_pb2.CreateRoutePlanRequest) -> dict[str, list[str]]:
    """Of CreateRoutePlan; no shift and no task twice."""
    by_shift = {route.shift_id: list(route.task_ids) for route in request.routes}
    tasks = [task_id for some in by_shift.values() for task_id in some]
    if len(by_shift) < len(request.routes) or len(set(tasks)) < len(tasks):
        raise invalid([Violation("routes", "a shift or a task stands twice", "REPEATED")])
    return by_shift


def change(request: dispatch_service_pb2.ReassignStopsRequest) -> scene.Change:
    """Of ReassignStops."""
    bases = tuple(scene.Base(b.route_id, b.base_revision) for b in request.routes)
    if len({base.route_id for base in bases}) < len(bases):
        raise invalid([Violation("routes", "a route stands twice", "REPEATED")])
    cause = member(RevisionCause, route_pb2.RevisionCause, request.cause)
    return scene.Change(
        bases=bases,
        moves=tuple(map(_move, request.moves)),
        cause=cause or RevisionCause.DISPATCHER,
        allow_partial=request.allow_partial,
    )


def _move(move: dispatch_service_pb2.TaskMove) -> scene.TaskMove:
    match move.WhichOneof("destination"):
        case "exact":
            return scene.TaskMove(move.task_id, route_id=move.exact.route_id, rank=move.exact.rank)
        case "cheapest":
            on = tuple(move.cheapest.route_ids)
            return scene.TaskMove(move.task_id, route_ids=on, cheapest=True)
        case _:
            return scene.TaskMove(move.task_id)


def reorder(request: dispatch_service_pb2.ResequenceRouteRequest) -> scene.Change:
    """Of ResequenceRoute: each task to its rank."""
    moves = (
        scene.TaskMove(task_id, route_id=request.route_id, rank=rank)
        for rank, task_id in enumerate(request.task_ids)
    )
    base = scene.Base(request.route_id, request.base_revision)
    return scene.Change((base,), tuple(moves), RevisionCause.DISPATCHER)


def decline_reason(number: int) -> DeclineReason:
    """Of DeclineAssignment."""
    found: DeclineReason = member(DeclineReason, decline_reason_pb2.DeclineReason, number)
    return found


def price(request: tender_service_pb2.SubmitQuoteRequest) -> Price:
    """Of SubmitQuote."""
    try:
        amount = leaves.money(request.price)
    except ValueError as fault:
        raise invalid([Violation("price", str(fault))]) from fault
    if amount.micros < 0:
        raise invalid([Violation("price", "a price is not negative")])
    has_pickup = request.HasField("pickup_time")
    return Price(
        price=amount,
        expire_time=leaves.moment(request.expire_time),
        pickup_time=leaves.moment(request.pickup_time) if has_pickup else None,
        note=request.note,
    )


def strategy(request: tender_service_pb2.CreateTenderRequest) -> TenderStrategy:
    """Of CreateTender; one after the other, when it does not say."""
    found = member(TenderStrategy, tender_pb2.TenderStrategy, request.strategy)
    return found or TenderStrategy.SEQUENTIAL


def tender_decline_reason(number: int) -> TenderDeclineReason:
    """Of DeclineTender."""
    found: TenderDeclineReason = member(TenderDeclineReason, tender_pb2.TenderDeclineReason, number)
    return found


def tender_states(request: Any) -> tuple[TenderState, ...]:
    """Of ListTenders."""
    return members(TenderState, tender_pb2.TenderState, request.states)


def quote_state(request: Any) -> QuoteState | None:
    """Of ListQuotes."""
    found: QuoteState | None = member(QuoteState, quote_pb2.QuoteState, request.state)
    return found
