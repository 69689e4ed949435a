"""
Whether a sequence holds every rule, and what it costs: the one question that the search asks.

Times are fixed first, at the least cost without energy; only then is the battery asked whether it
lasts. Waiting draws on it and energy has a price, so for vehicles with a battery other times of the
same sequence may hold where these do not, or cost less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.plan import Route
from services.planner.domain.reason import Reason
from services.planner.domain.task import Loads
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.costs import Way, charge_along, way_of, with_costs
from services.planner.search.duty import keeps_limits
from services.planner.search.order import loads_along, order_faults
from services.planner.search.schedule import Timing, holding_times, keeps_rides, schedule
from services.planner.search.view import Classes, ShiftView


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A timed route with its cost, and the first hard rule that it breaks."""

    route: Route
    reason: Reason | None

    @property
    def holds(self) -> bool:
        """Whether no hard rule is broken."""
        return self.reason is None


def views_of(instance: Instance) -> tuple[ShiftView, ...]:
    """All shifts of an instance, compiled; equal ones share what they find out."""
    classes = Classes(instance)
    ranks = range(len(instance.problem.shifts))
    return tuple(ShiftView(instance, rank, classes) for rank in ranks)


def evaluate(view: ShiftView, nodes: Sequence[Node]) -> Evaluated:
    """Times and prices a sequence, whether or not it holds."""
    loads = carried(view, nodes)
    order = next(order_faults(view, nodes, loads), None)
    way, timing = way_of(view, nodes), schedule(view, nodes)
    levels = levels_of(view, timing.route, loads)
    route = with_costs(view, timing.route, way, levels[-1] if levels else None)
    return Evaluated(route, order or next(time_faults(view, way, timing, levels), None))


def holding(view: ShiftView, nodes: Sequence[Node]) -> Route | None:
    """
    The timed route when a sequence holds every rule; cheaper than `evaluate` when it does not.
    """
    loads = carried(view, nodes)
    if next(order_faults(view, nodes, loads), None) is not None:
        return None
    found = holding_times(view, nodes)
    if found is None:
        return None
    way, levels = way_of(view, nodes), levels_of(view, found, loads)
    if next(time_faults(view, way, Timing(found, 0), levels), None) is not None:
        return None
    return with_costs(view, found, way, levels[-1] if levels else None)


def carried(view: ShiftView, nodes: Sequence[Node]) -> Sequence[Loads] | None:
    """What is on board along a sequence; None where nothing asks."""
    asks = view.limited or view.shift.vehicle.battery
    return loads_along(view, nodes) if asks else None


def levels_of(view: ShiftView, route: Route, loads: Sequence[Loads] | None) -> Sequence[int] | None:
    """What the battery holds along a route; None without one."""
    if loads is None or view.shift.vehicle.battery is None:
        return None
    return charge_along(view, route, loads)


def time_faults(
    view: ShiftView, way: Way, timing: Timing, levels: Sequence[int] | None
) -> Iterator[Reason]:
    """Rules that a timed route breaks."""
    if way.seconds >= UNREACHABLE:
        yield Reason.REACHABLE
    if timing.late_seconds:
        yield late_reason(view, timing.route)
    if timing.route.end_second > view.shift.end_second:
        yield Reason.SHIFT
    if not keeps_limits(view, timing.route):
        yield Reason.DUTY
    if not keeps_rides(view, timing.route):
        yield Reason.PAIRING
    if view.shift.distance_limit_meters and way.meters > view.shift.distance_limit_meters:
        yield Reason.DISTANCE
    if view.shift.stop_limit and way.stops > view.shift.stop_limit:
        yield Reason.STOP_LIMIT
    if levels is not None and not keeps_charge(view, levels):
        yield Reason.CHARGE


def late_reason(view: ShiftView, route: Route) -> Reason:
    """Which rule a late route breaks: a window, that of a reload, or only a break."""
    for visit in route.visits:
        windows = view.stay(visit.node).windows
        if not any(first <= visit.start_second <= last for first, last in windows):
            return Reason.RELOAD if visit.task == RELOAD else Reason.WINDOW
    return Reason.BREAK


def keeps_charge(view: ShiftView, levels: Sequence[int]) -> bool:
    """Whether the battery stays above its reserve, and ends with what must be left."""
    battery = view.shift.vehicle.battery
    if battery is None:
        return True
    return min(levels) >= battery.reserve_watt_hours and levels[-1] >= battery.end_watt_hours
