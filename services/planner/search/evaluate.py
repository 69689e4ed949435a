"""Whether a sequence holds every rule, and what it costs: the one question that the search asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Route
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Unloading
from services.planner.domain.task import TaskKind
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.costs import Way, charge_along, loads_along, way_of, with_costs
from services.planner.search.duty import keeps_limits
from services.planner.search.schedule import Timing, schedule
from services.planner.search.view import ShiftView


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
    """All shifts of an instance, compiled."""
    return tuple(ShiftView(instance, rank) for rank in range(len(instance.problem.shifts)))


def evaluate(view: ShiftView, nodes: Sequence[Node]) -> Evaluated:
    """Times and prices a sequence, whether or not it holds."""
    way, loads = way_of(view, nodes), loads_along(view, nodes)
    timing = schedule(view, nodes)
    levels = charge_along(view, timing.route, loads) if view.shift.vehicle.battery else None
    route = with_costs(view, timing.route, way, levels[-1] if levels else None)
    order = order_faults(view, nodes, loads)
    reason = next(order, None) or next(time_faults(view, way, timing, levels), None)
    return Evaluated(route, reason)


def holding(view: ShiftView, nodes: Sequence[Node]) -> Route | None:
    """
    The timed route when a sequence holds every rule; cheaper than `evaluate` when it does not.
    """
    way, loads = way_of(view, nodes), loads_along(view, nodes)
    if next(order_faults(view, nodes, loads), None) is not None:
        return None
    timing = schedule(view, nodes)
    levels = charge_along(view, timing.route, loads) if view.shift.vehicle.battery else None
    if next(time_faults(view, way, timing, levels), None) is not None:
        return None
    return with_costs(view, timing.route, way, levels[-1] if levels else None)


def order_faults(
    view: ShiftView, nodes: Sequence[Node], loads: Sequence[Sequence[int]]
) -> Iterator[Reason]:
    """Rules that a sequence breaks whatever its times."""
    for node in nodes:
        refusal = view.refusal(node)
        if refusal is not None:
            yield refusal
    if view.frozen and not keeps_head(view, nodes):
        yield Reason.LOCK
    if any(load[dimension] > limit for load in loads for dimension, limit in view.limited):
        yield Reason.CAPACITY
    if view.instance.problem.has_pairs and not keeps_pairs(view, nodes):
        yield Reason.PAIRING
    if view.instance.problem.incompatible_goods and not keeps_goods(view, nodes):
        yield Reason.GOODS
    if view.shift.unloading is not Unloading.ANY and not keeps_door(view, nodes):
        yield Reason.UNLOADING


def time_faults(
    view: ShiftView, way: Way, timing: Timing, levels: Sequence[int] | None
) -> Iterator[Reason]:
    """Rules that a timed route breaks."""
    if way.seconds >= UNREACHABLE:
        yield Reason.REACHABLE
    if timing.late_seconds:
        yield Reason.WINDOW if late_visits(view, timing.route) else Reason.BREAK
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


def late_visits(view: ShiftView, route: Route) -> bool:
    """Whether it is a window that is missed, and not only a break."""
    return any(
        not any(
            first <= visit.start_second <= last
            for first, last in view.stay((visit.task, visit.option)).windows
        )
        for visit in route.visits
    )


def keeps_charge(view: ShiftView, levels: Sequence[int]) -> bool:
    """Whether the battery stays above its reserve, and ends with what must be left."""
    battery = view.shift.vehicle.battery
    if battery is None:
        return True
    return min(levels) >= battery.reserve_watt_hours and levels[-1] >= battery.end_watt_hours


def keeps_head(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether the frozen tasks that are served come first, in their order."""
    served = {view.instance.task(node).task_id for node in nodes}
    head = [pin.task_id for pin in view.frozen if pin.task_id in served]
    return head == [view.instance.task(node).task_id for node in nodes[: len(head)]]


def keeps_pairs(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether every delivery with a pickup comes after it, and no such pickup is alone."""
    problem, picked, open_pickups = view.instance.problem, set[str](), set[str]()
    for node in nodes:
        task = problem.tasks[node[0]]
        if problem.deliveries_of_pickup[task.task_id]:
            open_pickups.add(task.task_id)
        picked.add(task.task_id)
        if task.pickup_task_id and task.pickup_task_id not in picked:
            return False
        open_pickups.discard(task.pickup_task_id)
    return not open_pickups


def keeps_rides(view: ShiftView, route: Route) -> bool:
    """Whether no goods ride too long."""
    tasks, ended = view.instance.problem.tasks, dict[str, int]()
    for visit in route.visits:
        task = tasks[visit.task]
        ended[task.task_id] = visit.end_second
        if task.ride_limit_seconds is not None and task.pickup_task_id in ended:
            ride = visit.start_second - ended[task.pickup_task_id]
            if ride > task.ride_limit_seconds:
                return False
    return True


def keeps_goods(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether classes that may not be together are never on board together."""
    problem = view.instance.problem
    aboard = {rank: problem.tasks[rank].goods_class for rank in view.onboard}
    for node in nodes:
        task = problem.tasks[node[0]]
        if task.kind is TaskKind.DELIVERY and not task.pickup_task_id:
            aboard[node[0]] = task.goods_class
    if clash(problem.incompatible_goods, aboard):
        return False
    for node in nodes:
        task = problem.tasks[node[0]]
        if task.kind is TaskKind.PICKUP:
            aboard[node[0]] = task.goods_class
            if clash(problem.incompatible_goods, aboard):
                return False
        else:
            own = task.pickup_task_id
            aboard.pop(problem.rank_of_task[own] if own else node[0], None)
    return True


def clash(forbidden: frozenset[frozenset[str]], aboard: dict[int, str]) -> bool:
    """Whether two classes on board may not be together."""
    classes = {name for name in aboard.values() if name}
    return any(pair <= classes for pair in forbidden if len(pair) > 1)


def keeps_door(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether picked-up goods leave in the order that the shift demands."""
    problem, stack = view.instance.problem, list[str]()
    at_door = -1 if view.shift.unloading is Unloading.LIFO else 0
    for node in nodes:
        task = problem.tasks[node[0]]
        if problem.deliveries_of_pickup[task.task_id]:
            stack.append(task.task_id)
        if task.pickup_task_id in stack:
            if stack[at_door] != task.pickup_task_id:
                return False
            stack.pop(at_door)
    return True
