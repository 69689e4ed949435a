"""
A stay: everything that one node means to one shift, as plain numbers.

Windows are inclusive pairs of seconds at which service may start. A curve is what a start then
costs, in micros times the seconds of an hour, so that rates per hour are whole slopes per second;
it leaves out what a visit costs whenever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from services.planner.domain.instance import Instance, Node
from services.planner.domain.money import SECONDS_PER_HOUR
from services.planner.domain.plan import CostKind
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task, TaskKind, Window
from services.planner.search.curve import FOREVER, Curve

Windows = tuple[tuple[int, int], ...]
ANYTIME: Windows = ((0, FOREVER),)
Cost = Callable[[int], int]  # of a start of service at a second, scaled as a curve is


@dataclass(frozen=True, slots=True)
class Stay:
    """One node for one shift."""

    place: int
    setup_seconds: int
    service_seconds: int
    windows: Windows
    holds_before: bool
    """Whether waiting happens before the way: the place may not be entered at all times."""
    costs: tuple[tuple[CostKind, int], ...]
    cost_micros: int
    kind: TaskKind
    waits_for_pickup: bool
    curve: Curve | None = None
    """None: when it starts costs nothing."""
    release_second: int = 0
    """When its goods are ready where they are loaded."""

    @property
    def is_plain(self) -> bool:
        """Whether it has one window, and when it starts costs nothing."""
        return self.curve is None and len(self.windows) == 1


def cut_to(windows: Windows, first: int, last: int) -> Windows:
    """The parts of windows within bounds, both inclusive."""
    cut = ((max(start, first), min(end, last)) for start, end in windows)
    return tuple((start, end) for start, end in cut if start <= end)


def without(windows: Windows, first: int, last: int) -> Windows:
    """The parts of windows outside bounds, both inclusive."""
    left = cut_to(windows, -FOREVER, first - 1)
    return tuple(sorted(left + cut_to(windows, last + 1, FOREVER)))


def curve_of(instance: Instance, shift: Shift, node: Node, windows: Windows) -> Curve | None:
    """What a start of service costs by its second, within windows; None where it never does."""
    task = instance.task(node)
    own = instance.option(node).windows
    parts = [*soft_costs(own), *earliness(task, own, shift), *slots(task), *churn(instance, task)]
    if not parts:
        return None
    edges = sorted({edge for found, _ in parts for edge in found})

    def cost(second: int) -> int:
        return sum(part(second) for _, part in parts)

    return [piece for window in windows for piece in pieces(window, edges, cost)]


def pieces(window: tuple[int, int], edges: list[int], cost: Cost) -> Curve:
    """A cost that is straight between edges, within a window."""
    first, last = window
    starts = [first, *(edge for edge in edges if first < edge <= last), last + 1]
    found: Curve = []
    for begin, after in pairwise(starts):
        value = cost(begin)
        slope = cost(begin + 1) - value if after - begin > 1 else 0
        found.append((begin, after - 1, value, slope))
    return found


Part = tuple[tuple[int, ...], Cost]


def soft_costs(windows: tuple[Window, ...]) -> Iterator[Part]:
    """Starts outside the preferred part of their window."""
    for window in windows:
        if window.early_cost_micros_per_hour and window.soft_first_second is not None:
            yield early(window, window.soft_first_second, window.early_cost_micros_per_hour)
        if window.late_cost_micros_per_hour and window.soft_last_second is not None:
            yield late(window, window.soft_last_second, window.late_cost_micros_per_hour)


def early(window: Window, preferred: int, rate: int) -> Part:
    """What it costs to start before a preferred second of a window."""
    return (
        window.first_second,
        preferred,
    ), lambda second: rate * max(0, preferred - second) if window.holds(second) else 0


def late(window: Window, preferred: int, rate: int) -> Part:
    """What it costs to start after a preferred second of a window."""
    return (
        window.first_second,
        preferred,
        window.last_second + 1,
    ), lambda second: rate * max(0, second - preferred) if window.holds(second) else 0


def earliness(task: Task, windows: tuple[Window, ...], shift: Shift) -> Iterator[Part]:
    """Every second after the first that was possible."""
    rate = task.earliness_cost_micros_per_hour
    if rate:
        first = windows[0].first_second if windows else shift.start_second
        yield (first,), lambda second: rate * max(0, second - first)


def slots(task: Task) -> Iterator[Part]:
    """What is lost on average by failing."""
    if task.slot_costs:
        edges = [slot.first_second for slot in task.slot_costs]
        edges += [slot.last_second + 1 for slot in task.slot_costs]
        yield tuple(edges), lambda second: task.slot_cost_micros(second) * SECONDS_PER_HOUR


def churn(instance: Instance, task: Task) -> Iterator[Part]:
    """Departing from the known plan's second."""
    terms = instance.problem.churn
    base = instance.base_shift_of.get(task.task_id)
    rate, free = terms.time_change_cost_micros_per_hour, terms.tolerance_seconds
    if base is not None and base[1] is not None and rate:
        known = base[1]
        yield (known - free, known + free), lambda second: rate * max(0, abs(second - known) - free)
