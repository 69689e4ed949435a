"""
From what the planner times to routes, and from one revision of a route to the next. Pure.

What lies behind or under the vehicle is never changed: a new revision keeps those stops and legs as
they were and takes the rest from the planner. Where the planner need not be asked, because work
only goes away, `dropped` keeps the times as they were and joins the ways.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.dispatch.domain.planning import PlanShift, Problem, TimedRoute, TimedStop, UnderWay
from services.dispatch.domain.polyline import joined as joined_ways
from services.dispatch.domain.route import (
    Leg,
    RevisionCause,
    Route,
    RouteBreak,
    RouteState,
    Stop,
    StopState,
    StopTask,
    frozen_count,
)
from services.dispatch.domain.values import Point

NewName = Callable[[str], str]

STANDING = frozenset({StopState.ARRIVED, StopState.SERVICING})


@dataclass(frozen=True, slots=True)
class Carriage:
    """Who carries a route, and under which plan."""

    route_plan_id: str
    driver_id: str = ""
    carrier_id: str = ""
    tender_id: str = ""


def assembled(
    timed: TimedRoute, problem: Problem, carriage: Carriage, now: datetime, new_id: NewName
) -> Route:
    """The first revision of a route."""
    shift = problem.shift[timed.shift_id]
    tasks = {task.task_id: task.stop_task for task in problem.tasks}
    is_ours = not carriage.carrier_id
    return Route(
        route_id=new_id("rte"),
        route_plan_id=carriage.route_plan_id,
        revision=1,
        state=RouteState.PLANNED,
        shift_id=shift.shift_id if is_ours else "",
        driver_id=carriage.driver_id,
        vehicle_id=shift.vehicle_id if is_ours else "",
        carrier_id=carriage.carrier_id,
        tender_id=carriage.tender_id,
        vehicle=shift.vehicle,
        rate_card=shift.rate_card,
        start_place_id=shift.start_place_id,
        start_location=shift.start_location,
        end_place_id=shift.end_place_id,
        end_location=shift.end_location,
        start_time=timed.start_time,
        end_time=timed.end_time,
        stops=tuple(
            _stop(stop, rank, tasks, new_id("stp")) for rank, stop in enumerate(timed.stops)
        ),
        legs=timed.legs,
        breaks=timed.breaks,
        distance_meters=timed.distance_meters,
        driving_duration=timed.driving_duration,
        cost_micros=timed.cost_micros,
        energy_watt_hours=timed.energy_watt_hours,
        revise_time=now,
    )


def _stop(timed: TimedStop, rank: int, tasks: dict[str, StopTask], stop_id: str) -> Stop:
    return Stop(
        stop_id=stop_id,
        rank=rank,
        place_id=timed.place_id,
        location=timed.location,
        tasks=tuple(tasks[task_id] for task_id in timed.task_ids),
        arrival_time=timed.arrival_time,
        service_start_time=timed.service_start_time,
        departure_time=timed.departure_time,
        service_duration=timed.departure_time - timed.service_start_time,
        departure_load_grams=timed.departure_load_grams,
    )


def remaining_task_ids(route: Route, open_task_ids: Collection[str]) -> list[str]:
    """The open tasks at stops that the vehicle has not reached, in order."""
    ahead = route.stops[frozen_count(route) :]
    return [t.task_id for stop in ahead for t in stop.tasks if t.task_id in open_task_ids]


def has_left(route: Route, now: datetime) -> bool:
    """Whether the vehicle is on the road: by its state, by a stop it reached, or by the clock."""
    return route.state is RouteState.ACTIVE or frozen_count(route) > 0 or now > route.start_time


def under_way(
    route: Route, sequence: Sequence[str], onboard: Sequence[str], now: datetime
) -> UnderWay | None:
    """
    Where the rest of the route begins; None for a vehicle that has not left.

    On the way to a stop that stays the next one, the rest begins where the vehicle left, so that
    the way already driven counts. Otherwise it begins now: nothing new can begin in the past, nor
    in the middle of a break.
    """
    if not has_left(route, now):
        return None
    left_at, location = last_departure(route, now)
    ahead = route.stops[frozen_count(route) :]
    stays = bool(ahead and sequence) and sequence[0] in ahead[0].task_ids
    state_time = left_at if stays else _rested(route, max(left_at, now))
    return UnderWay(
        state_time=state_time,
        location=location,
        route_start_time=min(route.start_time, state_time),
        onboard_task_ids=tuple(onboard),
        taken_breaks=_taken_breaks(route, state_time),
    )


def last_departure(route: Route, now: datetime) -> tuple[datetime, Point]:
    """When and where the vehicle was last known to set out, or will when its stop is served."""
    frozen = frozen_count(route)
    if not frozen:
        return route.start_time, route.start_location
    last = route.stops[frozen - 1]
    if last.state in STANDING:
        return max(now, last.departure_time), last.location
    return min(last.departure_time, max(now, last.service_start_time)), last.location


def _rested(route: Route, moment: datetime) -> datetime:
    """The moment, or the end of the break that it falls into."""
    ends = (b.start_time + b.break_duration for b in route.breaks if b.start_time < moment)
    return max((moment, *ends))


def _taken_breaks(route: Route, until: datetime) -> tuple[int, ...]:
    return tuple(rank for rank, pause in enumerate(route.breaks) if pause.start_time < until)


def spliced(
    route: Route,
    timed: TimedRoute,
    problem: Problem,
    cause: RevisionCause,
    now: datetime,
    new_id: NewName,
) -> Route:
    """The next revision: what is behind stays, the rest is as the planner times it."""
    frozen = frozen_count(route)
    tasks = {task.task_id: task.stop_task for task in problem.tasks}
    names = _stop_names(route, frozen)
    ahead = tuple(
        _stop(stop, frozen + rank, tasks, names.get(stop.task_ids[0]) or new_id("stp"))
        for rank, stop in enumerate(timed.stops)
    )
    shift = problem.shift[timed.shift_id]
    late_breaks = tuple(replace(b, before_rank=b.before_rank + frozen) for b in timed.breaks)
    after = replace(
        route,
        start_time=route.start_time if shift.under_way else timed.start_time,
        end_time=timed.end_time,
        stops=_unique(route.stops[:frozen], ahead, new_id),
        legs=route.legs[:frozen] + timed.legs,
        breaks=_breaks_behind(route, frozen, shift) + late_breaks,
    )
    return _revised(after, cause, now)


def _breaks_behind(route: Route, frozen: int, shift: PlanShift) -> tuple[RouteBreak, ...]:
    """Breaks before stops that were reached, and one that was taken since."""
    taken = shift.under_way.taken_breaks if shift.under_way else ()
    known = enumerate(route.breaks)
    return tuple(b for rank, b in known if b.before_rank < frozen or rank in taken)


def _stop_names(route: Route, frozen: int) -> dict[str, str]:
    """The name of the stop ahead at which each task is done now."""
    return {t.task_id: stop.stop_id for stop in route.stops[frozen:] for t in stop.tasks}


def _unique(behind: Sequence[Stop], ahead: Sequence[Stop], new_id: NewName) -> tuple[Stop, ...]:
    """Stops with different names: where one was split in two, the second gets a new name."""
    seen = {stop.stop_id for stop in behind}
    fresh = []
    for stop in ahead:
        named = replace(stop, stop_id=new_id("stp")) if stop.stop_id in seen else stop
        seen.add(named.stop_id)
        fresh.append(named)
    return (*behind, *fresh)


def dropped(route: Route, task_ids: Collection[str], cause: RevisionCause, now: datetime) -> Route:
    """The next revision without some tasks ahead: times stay, ways past empty stops are joined."""
    frozen = frozen_count(route)
    stops, legs = list(route.stops[:frozen]), list(route.legs[:frozen])
    pending: Leg | None = None
    for stop, leg in zip(route.stops[frozen:], route.legs[frozen:], strict=False):
        pending = _joined(pending, leg)
        kept = tuple(task for task in stop.tasks if task.task_id not in task_ids)
        if kept:
            stops.append(replace(stop, tasks=kept, rank=len(stops)))
            legs.append(pending)
            pending = None
    legs.append(_joined(pending, route.legs[-1]))
    breaks = (replace(b, before_rank=_rank_after(stops, b.start_time)) for b in route.breaks)
    after = replace(route, stops=tuple(stops), legs=tuple(legs), breaks=tuple(breaks))
    return _revised(after, cause, now)


def _joined(first: Leg | None, second: Leg) -> Leg:
    if first is None:
        return second
    return replace(
        first,
        distance_meters=first.distance_meters + second.distance_meters,
        travel_duration=first.travel_duration + second.travel_duration,
        polyline=joined_ways(first.polyline, second.polyline),
        energy_watt_hours=first.energy_watt_hours + second.energy_watt_hours,
        straight_line=first.straight_line or second.straight_line,
        slice_travel_seconds=(),
    )


def _rank_after(stops: Sequence[Stop], moment: datetime) -> int:
    """The rank of the first stop that is served after a moment."""
    later = (rank for rank, stop in enumerate(stops) if stop.service_start_time >= moment)
    return next(later, len(stops))


def _revised(route: Route, cause: RevisionCause, now: datetime) -> Route:
    return replace(
        route,
        revision=route.revision + 1,
        cause=cause,
        revise_time=now,
        end_time=max(route.end_time, route.start_time),
        distance_meters=sum(leg.distance_meters for leg in route.legs),
        driving_duration=sum((leg.travel_duration for leg in route.legs), timedelta()),
        energy_watt_hours=sum(leg.energy_watt_hours for leg in route.legs),
    )


def shift_of_route(route: Route, shift: PlanShift, under: UnderWay | None) -> PlanShift:
    """The shift for re-timing a route: with the vehicle that drives it, from where it stands."""
    return replace(shift, vehicle_id=route.vehicle_id, vehicle=route.vehicle, under_way=under)
