"""
Stays: what each node means to each class of shifts, as rows of numbers.

Tasks that state nothing special are read once for all classes, and moved about as columns; only
those with skills, zones, or durations by profile are looked at class by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance, Node
from services.planner.domain.money import SECONDS_PER_HOUR
from services.planner.domain.shift import Shift
from services.planner.domain.task import SkillNeed, Task, TaskKind
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.curve import Curve
from services.planner.search.full.arrays import STAY, Price
from services.planner.search.rules.churn import churn_prices, moving_micros
from services.planner.search.rules.earliness import earliness_prices
from services.planner.search.rules.exclusions import Names, may_serve
from services.planner.search.rules.failure import slot_prices
from services.planner.search.rules.preferences import disliked_micros
from services.planner.search.rules.skills import skill_span
from services.planner.search.rules.soft_windows import soft_prices
from services.planner.search.rules.territory import territory_micros
from services.planner.search.rules.zones import has_zones, open_windows
from services.planner.search.stay import ANYTIME, Windows, curve_of, cut_to

Rows = NDArray[np.void]
ANY_SKILLS = SkillNeed()


@dataclass(slots=True)
class Lists:
    """Windows and prices of all stays in a row."""

    window_first: list[int] = field(default_factory=list)
    window_last: list[int] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    curves: Curve = field(default_factory=list)

    def add_windows(self, row: np.void, windows: Windows) -> None:
        """Points a stay at its windows; more than one are listed."""
        row["windows"], row["windows_from"] = len(windows), len(self.window_first)
        if not windows:
            row["allowed"] = 0
            return
        row["first"], row["last"] = windows[0][0], windows[-1][1]
        if len(windows) > 1:
            self.window_first += [first for first, _ in windows]
            self.window_last += [last for _, last in windows]

    def add_prices(self, row: np.void, prices: list[Price], curve: Curve) -> None:
        """Points a stay at what its moments cost, one by one and as straight pieces."""
        row["prices"], row["prices_from"] = len(prices), len(self.prices)
        row["curves"], row["curves_from"] = len(curve), len(self.curves)
        ends = [value + min(0, slope) * (last - first) for first, last, value, slope in curve]
        row["least_micros"] = min(ends, default=0) // SECONDS_PER_HOUR
        self.prices += prices
        self.curves += curve


class Stays:
    """Makes the rows of an instance."""

    def __init__(self, instance: Instance, nodes: Sequence[Node], names: Names) -> None:
        """Reads every node once."""
        self.instance, self.nodes, self.names, self.lists = instance, nodes, names, Lists()
        self.task_of = np.array([task for task, _ in nodes], np.int64)
        self.pins = {
            pin.task_id: pin.service_start_second
            for pin in instance.problem.pins
            if pin.service_start_second is not None
        }
        self.plain = np.zeros(len(nodes), STAY)
        for rank, node in enumerate(nodes):
            self.read(self.plain[rank], node)
        self.loads = np.array([task.loads for task in instance.problem.tasks], np.int64)
        self.moves = np.array(
            [task.kind is not TaskKind.SERVICE for task in instance.problem.tasks], np.bool_
        )
        self.special = [rank for rank, node in enumerate(nodes) if self.is_special(node)]

    def windows_of(self, node: Node) -> Windows:
        """The task's own windows, or the moment at which it is pinned."""
        own = self.instance.option(node).windows
        windows: Windows = tuple((w.first_second, w.last_second) for w in own) or ANYTIME
        pinned = self.pins.get(self.instance.task(node).task_id) if self.pins else None
        return windows if pinned is None else cut_to(windows, pinned, pinned)

    def read(self, row: np.void, node: Node) -> None:
        """What a node means to a class for which it is nothing special."""
        option = self.instance.option(node)
        row["allowed"], row["place"] = 1, self.instance.place(node)
        row["setup"], row["service"] = option.setup_seconds, option.service_seconds
        row["micros"] = option.extra_cost_micros
        self.lists.add_windows(row, self.windows_of(node))

    def is_special(self, node: Node) -> bool:
        """Whether a node means something else to different classes."""
        option, task = self.instance.option(node), self.instance.task(node)
        by_profile = option.profile_service_seconds or option.profile_setup_seconds
        return bool(by_profile) or task.skills != ANY_SKILLS or has_prices(self.instance, task)

    def row_of(self, rank: int, seconds: NDArray[np.int32]) -> Rows:
        """The nodes for one class, that of a shift; ways are at its own pace."""
        row, shift = self.plain.copy(), self.instance.problem.shifts[rank]
        places, tasks = row["place"], self.instance.problem.tasks
        row["micros"] += disliked_micros(self.instance, self.names, shift)[self.task_of]
        row["micros"] += moving_micros(self.instance, self.names, shift)[self.task_of]
        row["allowed"] &= may_serve(self.names, shift, tasks)[self.task_of]
        row["allowed"] &= self.fits(shift)[self.task_of]
        row["allowed"] &= is_reachable(self.instance, rank, places, seconds)
        for node in self.looked_at(rank, shift):
            self.look_at(row[node], rank, shift, self.nodes[node])
        return row

    def fits(self, shift: Shift) -> NDArray[np.bool_]:
        """Per task, whether its goods fit into the empty vehicle."""
        capacity = np.array(shift.vehicle.capacity, np.int64)
        return ~(self.moves & ((self.loads > capacity) & (capacity > 0)).any(axis=1))

    def looked_at(self, rank: int, shift: Shift) -> Sequence[int]:
        """The nodes to look at one by one for a class."""
        if shift.territories:
            return range(len(self.nodes))
        if self.instance.areas_of_shift and self.instance.areas_of_shift[rank]:
            return sorted({*self.special, *self.in_zones(rank)})
        return self.special

    def in_zones(self, rank: int) -> list[int]:
        """The nodes in areas of a shift's vehicle."""
        return [
            node
            for node, place in enumerate(self.plain["place"].tolist())
            if has_zones(self.instance, rank, place)
        ]

    def look_at(self, row: np.void, rank: int, shift: Shift, node: Node) -> None:
        """What a special node means to a class."""
        option, task = self.instance.option(node), self.instance.task(node)
        profile = shift.vehicle.profile
        row["setup"], row["service"] = option.setup_for(profile), option.service_for(profile)
        windows = self.windows_of(node)
        if task.skills != ANY_SKILLS:
            windows = cut_to(windows, *skill_span(shift, task.skills))
        place = int(row["place"])
        if has_zones(self.instance, rank, place):
            setup, service = int(row["setup"]), int(row["service"])
            row["holds_before"] = bool(self.instance.forbidden_spans(rank, place))
            windows = open_windows(self.instance, rank, place, windows, setup, service)
        self.lists.add_windows(row, windows)
        micros = territory_micros(self.instance, shift, node[0])
        row["micros"] += micros or 0
        row["allowed"] &= micros is not None
        prices, curve = prices_of(self.instance, shift, node), None
        if prices:
            curve = curve_of(self.instance, shift, node, windows)
        self.lists.add_prices(row, prices, curve or [])

    def reload_row(self, rank: int) -> Rows:
        """The reloads of a shift."""
        shift, places = self.instance.problem.shifts[rank], self.instance.places.reloads[rank]
        row = np.zeros(len(shift.reloads), STAY)
        for own, reload, place in zip(row, shift.reloads, places, strict=True):
            own["allowed"], own["place"], own["service"] = 1, place, reload.service_seconds
            windows = tuple((w.first_second, w.last_second) for w in reload.windows) or ANYTIME
            if has_zones(self.instance, rank, place):
                windows = open_windows(
                    self.instance, rank, place, windows, 0, reload.service_seconds
                )
            self.lists.add_windows(own, windows)
        return row


def prices_of(instance: Instance, shift: Shift, node: Node) -> list[Price]:
    """Soft windows, goods that wait, slots in which service fails, and a known plan."""
    return [
        *soft_prices(instance, node),
        *earliness_prices(instance, shift, node),
        *slot_prices(instance, node),
        *churn_prices(instance, node),
    ]


def has_prices(instance: Instance, task: Task) -> bool:
    """Whether it costs when a task's service starts."""
    if task.earliness_cost_micros_per_hour or task.slot_costs:
        return True
    base = instance.base_shift_of.get(task.task_id)
    has_moment = base is not None and base[1] is not None
    if has_moment and instance.problem.churn.time_change_cost_micros_per_hour:
        return True
    return any(
        window.early_cost_micros_per_hour or window.late_cost_micros_per_hour
        for option in task.options
        for window in option.windows
    )


def is_reachable(
    instance: Instance, rank: int, places: NDArray[np.int64], seconds: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Per place, whether a way leads there from the start, and on to the end where there is one."""
    there = seconds[instance.places.starts[rank], places] < UNREACHABLE
    end = instance.places.ends[rank]
    return there & (seconds[places, end] < UNREACHABLE)  # -1, nowhere, has empty ways
