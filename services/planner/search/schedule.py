"""
The single-route scheduler: fixes the times of one sequence at the least cost.

The law. Whoever waits may leave later, so what matters up to a departure is only its moment, how
many breaks were taken, and what it has cost: a label is a curve, the least cost by departure, one
per number of breaks. A curve above another everywhere is dominated, and `curve.lower` keeps what is
not. Paid time is a difference of end and start, so it starts as a falling curve at the start and
is settled at the end: the least cost is then also the least duration, and the start is as late as
useful. Legs move a curve, waiting takes its running minimum, windows cut it, soft costs add to it;
a break in a leg keeps departures before its window's end, and completes no earlier than its
window's start plus its length, since driving fills the time until it opens.

What couples moments that are not neighbors (rides, duty clocks, overtime beside soft costs) is
relaxed first. Where the relaxed answer breaks it, `coupled` solves the sequence with it, exactly.
Costs are exact up to the rounding of each term to whole micros. Energy is no part of them: see
`evaluate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.planner.domain.instance import Node
from services.planner.domain.plan import Route
from services.planner.search.coupled import coupled
from services.planner.search.course import Course, course_of, latest_starts, route_of
from services.planner.search.curve import FOREVER
from services.planner.search.duty import keeps_limits
from services.planner.search.late import least_late
from services.planner.search.sweep import Price, price_of, swept
from services.planner.search.view import ShiftView


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a sequence."""

    route: Route
    late_seconds: int
    """By how much windows and breaks are missed, added up."""


def schedule(view: ShiftView, nodes: Sequence[Node]) -> Timing:
    """Times a sequence: at the least cost, or where it cannot hold, with the least lateness."""
    course = course_of(view, nodes)
    found = exact(course) or relaxed(course)
    return Timing(found, 0) if found is not None else Timing(*least_late(course))


def holding_times(view: ShiftView, nodes: Sequence[Node]) -> Route | None:
    """The cheapest times at which a sequence keeps windows, breaks, rides and clocks."""
    return exact(course_of(view, nodes))


def exact(course: Course) -> Route | None:
    """The cheapest route that keeps windows, breaks, rides and clocks; None where none does."""
    latest = latest_starts(course)
    if latest is None:
        return None
    price = price_of(course.view)
    route = loosest(course, latest, price)
    return None if route is None else settled(course, latest, price, route)


def relaxed(course: Course) -> Route | None:
    """The cheapest route that keeps windows and breaks, though not its shift's end or clocks."""
    endless = replace(course, over_second=FOREVER >> 1)
    latest = latest_starts(endless)
    return None if latest is None else loosest(endless, latest, price_of(course.view))


def loosest(course: Course, latest: Sequence[int], price: Price) -> Route | None:
    """The cheapest route that keeps windows and breaks."""
    if all(stay.is_plain for stay in course.stays):
        route = plain(course)
        if route is None or not course.breaks or route.end_second <= course.breaks[0][2]:
            return route
    return swept(course, latest, price)


def settled(course: Course, latest: Sequence[int], price: Price, route: Route) -> Route | None:
    """The route itself where it keeps what was relaxed, else the cheapest that does."""
    view = course.view
    if not keeps(view, route):
        return coupled(course, latest, price)
    if not price.has_overtime or all(stay.curve is None for stay in course.stays):
        return route
    if price.overtime_seconds(route) <= 0:
        return route
    longer = swept(course, latest, price.with_overtime())
    if longer is not None and price.overtime_seconds(longer) >= 0 and keeps(view, longer):
        return longer
    return coupled(course, latest, price)


def keeps(view: ShiftView, route: Route) -> bool:
    """Whether a route keeps what couples moments that are not neighbors."""
    return keeps_limits(view, route) and keeps_rides(view, route)


def plain(course: Course) -> Route | None:
    """
    One window each, no break, no soft cost: end as early as can be, then start as late.

    The end is max(a, start + b) up to a latest start, so this is also the least duration.
    """
    now, stays, travels, setups = course.leave_second, course.stays, course.travels, course.setups
    for rank, stay in enumerate(stays):
        first, last = stay.windows[0]
        now += travels[rank] + setups[rank]
        if now < first:
            now = first
        elif now > last:
            return None
        now += stay.service_seconds
    over = now + travels[-1]
    if over > course.over_second:
        return None
    start = course.leave_second - course.loading_seconds
    if not course.view.shift.is_under_way:
        start = max(start, latest_start(course, over))
    return route_of(course, start, earliest(course, start), ())


def latest_start(course: Course, over: int) -> int:
    """The latest start of loading from which the last leg can be over by a moment."""
    limit = over
    for rank in range(len(course.stays) - 1, -1, -1):
        stay = course.stays[rank]
        begin = min(stay.windows[0][1], limit - course.travels[rank + 1] - stay.service_seconds)
        limit = begin - course.setups[rank]
    return limit - course.travels[0] - course.loading_seconds


def earliest(course: Course, start: int) -> list[int]:
    """The earliest service starts, single windows, from a start of loading."""
    now, begun = start + course.loading_seconds, list[int]()
    for rank, stay in enumerate(course.stays):
        now += course.travels[rank] + course.setups[rank]
        first = stay.windows[0][0]
        if now < first:
            now = first
        begun.append(now)
        now += stay.service_seconds
    return begun


def keeps_rides(view: ShiftView, route: Route) -> bool:
    """Whether no goods ride too long."""
    if not view.has_rides:
        return True
    tasks, ended = view.instance.problem.tasks, dict[str, int]()
    for visit in route.served:
        task = tasks[visit.task]
        ended[task.task_id] = visit.end_second
        if task.ride_limit_seconds is not None and task.pickup_task_id in ended:
            ride = visit.start_second - ended[task.pickup_task_id]
            if ride > task.ride_limit_seconds:
                return False
    return True
