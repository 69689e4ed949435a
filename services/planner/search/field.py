"""
All places in all routes where a task could go, as arrays: what passes the bounds, and what it adds.

A row is a route, a column a position in it. Bounds are those of `profile`, with the windows of the
task itself: who fails them fails for certain. Rows are renewed when their route has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance, Node, is_reload
from services.planner.domain.money import METERS_PER_KILOMETER, SECONDS_PER_HOUR
from services.planner.domain.places import NOWHERE
from services.planner.domain.shift import PERCENT
from services.planner.domain.task import TaskKind
from services.planner.domain.travel import UNREACHABLE, Profile
from services.planner.search.line import Line
from services.planner.search.order import loads_along
from services.planner.search.view import ShiftView

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
NEVER = -(1 << 40)  # the latest start at a position that is none
WIDTH_MIN = 8  # columns at first
AMPLE = 1 << 50  # room where there is no limit


@dataclass(frozen=True, slots=True)
class Offers:
    """Positions that pass the bounds, with what the task adds there."""

    lines: Numbers
    ranks: Numbers
    estimate_micros: Numbers
    """What the way and the work of an insertion cost, waiting left out."""
    least_micros: Numbers
    """The same, less the waiting that the route could use up for it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Routes that travel alike, and how long and far their ways are."""

    rows: Numbers
    profile: Profile
    percent: int
    seconds_table: NDArray[np.int32]
    meters_table: NDArray[np.int32]

    def seconds(self, here: Numbers | int, there: Numbers | int) -> Numbers:
        """Time at the wheel; nothing within a place, nor where a route ends anywhere."""
        found = self.seconds_table[here, there].astype(np.int64)
        if self.percent != PERCENT:
            found = np.where(found >= UNREACHABLE, found, -(-found * self.percent // PERCENT))
        return self._between(here, there, found)

    def meters(self, here: Numbers | int, there: Numbers | int) -> Numbers:
        """Length of the way; nothing within a place, nor where a route ends anywhere."""
        return self._between(here, there, self.meters_table[here, there].astype(np.int64))

    def _between(self, here: Numbers | int, there: Numbers | int, found: Numbers) -> Numbers:
        is_none = np.equal(here, there) | np.equal(there, NOWHERE)
        return np.where(is_none, 0, found)


class Field:
    """The positions of a solution."""

    def __init__(self, instance: Instance, lines: Sequence[Line]) -> None:
        """Reads what does not change with the routes."""
        self.instance, self.lines = instance, lines
        self.paces = paces_of(instance, lines)
        rates = [line.view.costs for line in self.lines]
        self.hour = np.array([one.hour_micros for one in rates], np.int64)
        self.kilometer = np.array([one.kilometer_micros for one in rates], np.int64)
        self._seen = [-1] * len(self.lines)
        self._allowed: dict[Node, tuple[Flags, Numbers]] = {}
        self._make(WIDTH_MIN)

    def _make(self, width: int) -> None:
        shape = (len(self.lines), width)
        self.here, self.there = np.zeros(shape, np.int64), np.full(shape, NOWHERE, np.int64)
        self.leave, self.latest = np.zeros(shape, np.int64), np.full(shape, NEVER, np.int64)
        self.setup = np.zeros(shape, np.int64)
        rooms = (len(self.instance.problem.dimensions), *shape)
        self.room_before, self.room_after = np.zeros(rooms, np.int64), np.zeros(rooms, np.int64)
        self.room_here = np.zeros(rooms, np.int64)
        self.idle, self.opening = (np.zeros(len(self.lines), np.int64) for _ in range(2))
        self.opening_seconds = np.zeros(len(self.lines), np.int64)

    def renew(self) -> None:
        """Reads the routes that have changed."""
        longest = max((len(line.nodes) for line in self.lines), default=0)
        if longest >= self.here.shape[1]:
            self._seen = [-1] * len(self.lines)
            self._make(2 * (longest + 1))
        for row, line in enumerate(self.lines):
            if self._seen[row] != line.version:
                self._seen[row] = line.version
                self._read(row, line)

    def _read(self, row: int, line: Line) -> None:
        slack, view, count = line.slacks(), line.view, len(line.nodes) + 1
        self.here[row, :count] = slack.places[:-1]
        self.there[row, :count] = slack.places[1:]
        if view.end_place == NOWHERE:
            self.there[row, count - 1] = NOWHERE
        self.leave[row, :count] = slack.departures
        self.latest[row, :count] = slack.latest_starts
        self.latest[row, count:] = NEVER
        self.latest[row, : line.frozen_count()] = NEVER
        self.setup[row, :count] = slack.setups
        for dimension, here, before, after in rooms_of(line):
            self.room_here[dimension, row, :count] = here
            self.room_before[dimension, row, :count] = before
            self.room_after[dimension, row, :count] = after
        shift, is_empty = view.shift, not line.nodes
        self.opening[row] = view.costs.fixed_micros if is_empty else 0
        both = shift.loading_left_seconds + shift.unloading_seconds
        self.opening_seconds[row] = both if is_empty else 0
        self.idle[row] = 0 if line.route is None else idle_seconds(line)

    def offers(self, node: Node) -> Offers:
        """Where a node could go."""
        return self._offers(node, self._has_room)

    def timely(self, node: Node) -> Offers:
        """Where a node could go in time, whether or not there is room for its goods."""
        return self._offers(node, lambda _, rows: np.True_)

    def _offers(self, node: Node, has_room: Callable[[Node, Numbers], Flags | np.bool_]) -> Offers:
        self.renew()
        allowed, extra = self.allowed(node)
        parts = []
        for pace in self.paces:
            rows = pace.rows[allowed[pace.rows]]
            parts.append(self._offers_at(pace, rows, node, has_room(node, rows), extra))
        return Offers(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def allowed(self, node: Node) -> tuple[Flags, Numbers]:
        """Which routes may serve a node at all, and what its visit costs there whenever it is."""
        found = self._allowed.get(node)
        if found is None:
            if node[0] in self.lines[0].view.naming:
                found = self._told([line.view for line in self.lines], node)
            else:
                found = self._told_by_class(node)
            self._allowed[node] = found
        return found

    def _told_by_class(self, node: Node) -> tuple[Flags, Numbers]:
        ranks = np.array([line.view.class_rank for line in self.lines], np.int64)
        first = {line.view.class_rank: line.view for line in reversed(self.lines)}
        may, extra = self._told([first[rank] for rank in sorted(first)], node)
        return may[ranks], extra[ranks]

    def _told(self, views: Sequence[ShiftView], node: Node) -> tuple[Flags, Numbers]:
        may = [view.refusal(node) is None for view in views]
        costs = [
            view.stay(node).cost_micros if own else 0 for view, own in zip(views, may, strict=True)
        ]
        return np.array(may, np.bool_), np.array(costs, np.int64)

    def _offers_at(
        self, pace: Pace, rows: Numbers, node: Node, has_room: Flags | np.bool_, extra: Numbers
    ) -> tuple[Numbers, ...]:
        place, option = self.instance.place(node), self.instance.option(node)
        here, there = self.here[rows], self.there[rows]
        setup, service = option.setup_for(pace.profile), option.service_for(pace.profile)
        toward, onward = pace.seconds(here, place), pace.seconds(place, there)
        set_up = np.where(here == place, 0, setup)
        windows = [(one.first_second, one.last_second) for one in option.windows]
        start = opened(self.leave[rows] + toward + set_up, windows)
        then = start + service + onward + np.where(there == place, 0, self.setup[rows])
        row, rank = np.nonzero((then <= self.latest[rows]) & has_room)
        longer = toward + onward + set_up + service - pace.seconds(here, there)
        farther = pace.meters(here, place) + pace.meters(place, there) - pace.meters(here, there)
        return self._priced(rows[row], rank, longer[row, rank], farther[row, rank], extra)

    def _has_room(self, node: Node, rows: Numbers) -> Flags:
        task = self.instance.task(node)
        has_room = np.ones((len(rows), self.here.shape[1]), np.bool_)
        is_aboard = task.task_id in self.instance.problem.onboard_shift_of
        if task.kind is TaskKind.SERVICE or task.pickup_task_id or is_aboard:
            return has_room
        room = self.room_after if task.kind is TaskKind.PICKUP else self.room_before
        if self.instance.problem.deliveries_of_pickup[task.task_id]:
            room = self.room_here  # its delivery may follow at once
        for dimension, load in enumerate(task.loads):
            if load:
                has_room &= room[dimension, rows] >= load
        carrier = self.instance.problem.onboard_shift_of.get(task.task_id)
        if carrier is not None:  # what is on board already takes no more room
            has_room[rows == self.instance.problem.rank_of_shift[carrier]] = True
        return has_room

    def _priced(
        self, line: Numbers, rank: Numbers, longer: Numbers, farther: Numbers, extra: Numbers
    ) -> tuple[Numbers, ...]:
        longer = longer + self.opening_seconds[line]
        spared = np.maximum(0, longer - self.idle[line])
        fixed = farther * self.kilometer[line] // METERS_PER_KILOMETER
        fixed += self.opening[line] + extra[line]
        hour = self.hour[line]
        estimate = fixed + longer * hour // SECONDS_PER_HOUR
        return line, rank, estimate, fixed + spared * hour // SECONDS_PER_HOUR


def rooms_of(line: Line) -> Iterator[tuple[int, list[int], list[int], list[int]]]:
    """
    What more a route can carry per dimension and position: there, up to it, and after it.

    Within the trip between two reloads; a pickup is taken as carried to the end of its trip.
    """
    view, limits = line.view, dict(line.view.limited)
    loads = loads_along(view, line.nodes) if limits else []
    ends = [rank for rank, node in enumerate(line.nodes) if is_reload(node)]
    trips = list(pairwise([0, *(rank + 1 for rank in ends), len(line.nodes) + 1]))
    for dimension in range(len(view.onboard_load)):
        limit = limits.get(dimension)
        if limit is None:
            plenty = [AMPLE] * (len(line.nodes) + 1)
            yield dimension, plenty, plenty, plenty
            continue
        room = [limit - load[dimension] for load in loads]
        before, after = list[int](), list[int]()
        for first, last in trips:
            before += accumulate(room[first:last], min)
            after += reversed(list(accumulate(reversed(room[first:last]), min)))
        yield dimension, room, before, after


def opened(ready: Numbers, windows: Sequence[tuple[int, int]]) -> Numbers:
    """The earliest start at or after each moment; far beyond any where no window is left."""
    if not windows:
        return ready
    start = np.full_like(ready, UNREACHABLE << 8)
    for first, last in reversed(windows):
        start = np.where(ready <= last, np.maximum(ready, first), start)
    return start


def idle_seconds(line: Line) -> int:
    """How long a route waits: what is left of its time beside driving, work and breaks."""
    route, view = line.route, line.view
    if route is None:
        return 0
    worked = sum(visit.end_second - visit.ready_second for visit in route.visits)
    rested = sum(view.shift.breaks[one.rule].length_seconds for one in route.breaks)
    busy = worked + rested + view.shift.loading_left_seconds + view.shift.unloading_seconds
    places = line.slacks().places
    driven = sum(map(view.seconds, places, places[1:]))
    return max(0, route.end_second - route.start_second - busy - driven)


def paces_of(instance: Instance, lines: Sequence[Line]) -> tuple[Pace, ...]:
    """The routes by how they travel."""
    groups: dict[tuple[int, int, Profile], list[int]] = {}
    for row, line in enumerate(lines):
        vehicle = line.view.shift.vehicle
        table = instance.table_of_shift[line.view.rank]
        groups.setdefault((table, vehicle.travel_percent, vehicle.profile), []).append(row)
    return tuple(
        Pace(
            np.array(rows, np.int64),
            profile,
            percent,
            square(instance.tables[table].seconds),
            square(instance.tables[table].meters),
        )
        for (table, percent, profile), rows in groups.items()
    )


def square(cells: Sequence[int]) -> NDArray[np.int32]:
    """A table by rows and columns; a view where its cells allow that."""
    flat = np.asarray(cells, np.int32)
    size = round(len(flat) ** 0.5)
    return flat.reshape(size, size)
