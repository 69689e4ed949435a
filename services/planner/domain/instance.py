"""
An instance: a problem with its travel times and access areas, ready for rules and search.

Pure. A node is one option of one task, named by the pair (task, option), or one reload of the shift
that drives the route, named by (RELOAD, rank among its reloads); places are ranks in
`Places.points`. Travel tables are flat and row-major, one cell per pair of places, so that they can
lie in a memory-mapped file and be read by several processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from services.planner.domain.access import AccessArea, AccessSpan, Verdict
from services.planner.domain.geometry import inside, ranks_inside
from services.planner.domain.places import NOWHERE, Places, places_of
from services.planner.domain.problem import Problem
from services.planner.domain.shift import PERCENT, Shift
from services.planner.domain.task import Option, Task
from services.planner.domain.travel import UNREACHABLE

Node = tuple[int, int]  # task and option, or RELOAD and the rank among the shift's reloads
RELOAD = -1


def is_reload(node: Node) -> bool:
    """Whether a node of a route is a reload, and no task."""
    return node[0] == RELOAD


@dataclass(frozen=True, slots=True)
class TravelTable:
    """Seconds and meters from every place to every other."""

    seconds: Sequence[int]
    meters: Sequence[int]
    size: int
    file: str = ""
    """Where it lies, for other processes to read; empty: in the memory of this one alone."""

    def seconds_between(self, here: int, there: int, percent: int = PERCENT) -> int:
        """At a vehicle's own pace, rounded up; UNREACHABLE where there is no way."""
        seconds = int(self.seconds[here * self.size + there])
        return seconds if seconds >= UNREACHABLE else -(-seconds * percent // PERCENT)

    def meters_between(self, here: int, there: int) -> int:
        """Along the way of those seconds."""
        return int(self.meters[here * self.size + there])


@dataclass(frozen=True)  # without slots: the look-ups are made once and kept
class Instance:
    """A problem with all that is asked of the world for it."""

    problem: Problem
    tables: tuple[TravelTable, ...]
    table_of_shift: tuple[int, ...]
    areas_of_shift: tuple[tuple[AccessArea, ...], ...] = ()
    """Per shift, where its vehicle may not simply be; empty when access was not asked."""

    @cached_property
    def places(self) -> Places:
        """Every different position once."""
        return places_of(self.problem)

    def table(self, shift: int) -> TravelTable:
        """The travel table of a shift's vehicle."""
        return self.tables[self.table_of_shift[shift]]

    def task(self, node: Node) -> Task:
        """The task of a node."""
        return self.problem.tasks[node[0]]

    def option(self, node: Node) -> Option:
        """The place, windows and durations of a node."""
        return self.problem.tasks[node[0]].options[node[1]]

    def place(self, node: Node) -> int:
        """The rank of a task's place; of a reload see `place_on`."""
        return self.places.options[node[0]][node[1]]

    def place_on(self, shift: int, node: Node) -> int:
        """The rank of the place of a task or reload on a route of a shift."""
        return self.places.reloads[shift][node[1]] if is_reload(node) else self.place(node)

    def end_place(self, shift: int, last: int) -> int:
        """Where a route ends that was last at `last`."""
        end = self.places.ends[shift]
        return last if end == NOWHERE else end

    def travel_seconds(self, shift: int, here: int, there: int) -> int:
        """Time at the wheel of a shift's vehicle; 0 within one place."""
        if here == there:
            return 0
        percent = self.problem.shifts[shift].vehicle.travel_percent
        return self.table(shift).seconds_between(here, there, percent)

    def travel_meters(self, shift: int, here: int, there: int) -> int:
        """Length of a shift's way."""
        return 0 if here == there else self.table(shift).meters_between(here, there)

    @cached_property
    def _areas_at(self) -> dict[tuple[int, int], tuple[AccessArea, ...]]:
        return {}

    def areas_at(self, shift: int, place: int) -> tuple[AccessArea, ...]:
        """The areas of a shift's vehicle in which a place lies."""
        if not self.areas_of_shift or not self.areas_of_shift[shift]:
            return ()
        key = (shift, place)
        if key not in self._areas_at:
            point = self.places.points[place]
            self._areas_at[key] = tuple(
                area
                for area in self.areas_of_shift[shift]
                if any(inside(point, part.rings) for part in area.parts)
            )
        return self._areas_at[key]

    def closing_area(self, shift: int, place: int) -> AccessArea | None:
        """The area in which a place lies that is closed to a shift's vehicle all the time."""
        own = self.problem.shifts[shift]
        areas = self.areas_at(shift, place)
        return next((one for one in areas if one.closes(own.start_second, own.end_second)), None)

    def closing_verdict(self, shift: int, place: int) -> Verdict | None:
        """Why a shift's vehicle may not be at a place at any time; None when it may at some."""
        own, area = self.problem.shifts[shift], self.closing_area(shift, place)
        if area is None:
            return None
        return area.forbidden(own.start_second, own.end_second)[0].verdict

    def forbidden_spans(self, shift: int, place: int) -> tuple[AccessSpan, ...]:
        """
        When a shift's vehicle should not be at a place, within its interval, by their starts.

        Longer than its stay may not be by the time that crossing the area may take: whoever arrives
        when it opens was inside before.
        """
        own = self.problem.shifts[shift]
        spans = [
            AccessSpan(
                span.start_second - area.crossing_seconds,
                span.end_second + area.crossing_seconds,
                span.verdict,
            )
            for area in self.areas_at(shift, place)
            for span in area.forbidden(own.start_second, own.end_second)
        ]
        return tuple(sorted(spans, key=lambda span: (span.start_second, span.end_second)))

    @cached_property
    def penalties(self) -> tuple[int, ...]:
        """What leaving out each task costs: its own penalty, or the default."""
        default = default_penalty_micros(self.problem.shifts)
        return tuple(task.penalty_micros or default for task in self.problem.tasks)

    @cached_property
    def base_shift_of(self) -> dict[str, tuple[str, int | None]]:
        """For each task of the known plan, its shift and its start of service."""
        return {
            visit.task_id: (route.shift_id, visit.service_start_second)
            for route in self.problem.churn.base_routes
            for visit in route.visits
        }

    @cached_property
    def territories_of_task(self) -> tuple[frozenset[str], ...]:
        """The territories each task belongs to: those it names and those its place lies in."""
        found = [set(task.territory_ids) for task in self.problem.tasks]
        points = [task.options[0].point for task in self.problem.tasks]
        for area in self.problem.territories:
            for rank in ranks_inside(points, area.ring) if area.ring else ():
                found[rank].add(area.territory_id)
        return tuple(map(frozenset, found))


def default_penalty_micros(shifts: Sequence[Shift]) -> int:
    """Ten times the dearest shift used to the full: higher than any sensible detour."""
    return 10 * max((full_cost_micros(shift) for shift in shifts), default=1)


def full_cost_micros(shift: Shift) -> int:
    """A shift used from start to end with 300 km: more than a day of deliveries drives."""
    costs = shift.costs.effective
    hours = -(-(shift.end_second - shift.start_second) // 3_600)
    moving = costs.hour_micros * hours + costs.kilometer_micros * 300
    return max(1, costs.fixed_micros + moving + costs.overtime_hour_micros * hours)
