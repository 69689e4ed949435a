"""
A course: one sequence of a shift as plain numbers, ready to be timed.

Also what every way of timing it shares: bounds, and the route that a choice of moments makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.planner.domain.instance import Node, is_reload
from services.planner.domain.plan import Break, Route, Visit
from services.planner.search.stay import Stay, Windows, cut_to
from services.planner.search.view import ShiftView

BreakTimes = tuple[int, int, int, int]  # rank among the shift's breaks, first, last, length


@dataclass(frozen=True, slots=True)
class Course:
    """A sequence: leg k leads to stay k, the last leg to the end."""

    view: ShiftView
    nodes: Sequence[Node]
    stays: Sequence[Stay]
    travels: Sequence[int]
    """At the wheel, per leg."""
    setups: Sequence[int]
    """Before each stay, where the vehicle comes from another place."""
    leave_second: int
    """The earliest departure from the start."""
    over_second: int
    """The latest end of the last leg."""
    breaks: Sequence[BreakTimes]

    @property
    def loading_seconds(self) -> int:
        """Before the first leg."""
        return self.view.shift.loading_left_seconds

    @property
    def unloading_seconds(self) -> int:
        """After the last leg."""
        return self.view.shift.unloading_seconds


@dataclass(frozen=True, slots=True)
class Held:
    """One break held at a moment; driving before it in its leg stops at a most."""

    rule: int
    start_second: int
    length_seconds: int
    leg: int
    driven_max: int


def course_of(view: ShiftView, nodes: Sequence[Node]) -> Course:
    """Compiles a sequence."""
    stays = [view.stay(node) for node in nodes]
    leave = view.ready_second + view.shift.loading_left_seconds
    if view.has_releases:
        leave, stays = released(nodes, stays, leave)
    here, travels, setups = view.start_place, [], []
    for stay in stays:
        there = stay.place
        travels.append(view.seconds(here, there))
        setups.append(stay.setup_seconds if there != here else 0)
        here = there
    travels.append(view.seconds(here, view.end_of(here)))
    over = view.shift.end_second - view.shift.unloading_seconds
    breaks = view.breaks if stays else ()
    return Course(view, nodes, stays, travels, setups, leave, over, breaks)


def released(nodes: Sequence[Node], stays: Sequence[Stay], leave: int) -> tuple[int, list[Stay]]:
    """The earliest departure, and the stays, when every load waits for its goods."""
    ready, found = 0, list(stays)
    for rank in range(len(nodes) - 1, -1, -1):
        ready = max(ready, stays[rank].release_second)
        if is_reload(nodes[rank]):
            own = stays[rank]
            windows = cut_to(own.windows, ready - own.service_seconds, 1 << 60)
            found[rank], ready = replace(own, windows=windows), 0
    return max(leave, ready), found


def latest_starts(course: Course) -> list[int] | None:
    """
    The latest start of each service from which the rest can hold; None where nothing can.

    Breaks, which only delay, are left out.
    """
    limit, travels, found = course.over_second, course.travels, list[int]()
    for rank in range(len(course.stays) - 1, -1, -1):
        stay = course.stays[rank]
        start = last_open(stay.windows, limit - travels[rank + 1] - stay.service_seconds)
        if start is None:
            return None
        found.append(start)
        limit = start - course.setups[rank]
    if course.leave_second + travels[0] > limit:
        return None
    found.reverse()
    return found


def last_open(windows: Windows, second: int) -> int | None:
    """The latest start at or before a moment; None where there is none."""
    for first, last in reversed(windows):
        if first <= second:
            return min(last, second)
    return None


def route_of(course: Course, start: int, begun: Sequence[int], held: Sequence[Held]) -> Route:
    """The route with all times: when loading begins, each service starts, and breaks are held."""
    visits, now = list[Visit](), start + course.loading_seconds
    for leg, (node, stay, begin) in enumerate(zip(course.nodes, course.stays, begun, strict=False)):
        ready = begin - course.setups[leg]
        pauses = [one for one in held if one.leg == leg] if held else ()
        arrival = ready if stay.holds_before else arrival_second(now, course.travels[leg], pauses)
        now = begin + stay.service_seconds
        visits.append(Visit(node[0], node[1], arrival, ready, begin, now))
    leg = len(visits)
    pauses = [one for one in held if one.leg == leg]
    arrival = arrival_second(now, course.travels[leg], pauses)
    over = begun[leg] if leg < len(begun) else arrival
    breaks = tuple(Break(one.rule, one.start_second, one.leg) for one in held)
    end = over + course.unloading_seconds
    return Route(course.view.rank, start, end, arrival, tuple(visits), breaks)


def arrival_second(depart: int, travel: int, pauses: Sequence[Held]) -> int:
    """When a leg's driving is over: as early as the breaks in it allow."""
    now, driven = depart, 0
    for pause in pauses:
        most = max(driven, min(travel, pause.driven_max, driven + pause.start_second - now))
        if most >= travel:
            return now + travel - driven
        driven, now = most, pause.start_second + pause.length_seconds
    return now + travel - driven
