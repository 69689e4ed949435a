"""
The smallest changes that would let a task in, each found by really inserting it.

For every rule that can be relaxed, every shift and every rank of its route: the smallest size at
which the sequence holds, by bisection over whole seconds or units. A sequence that holds with some
size holds with any greater one, and what is not better than the best size so far is tried once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, product

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.plan import Route
from services.planner.domain.reason import Reason
from services.planner.domain.relaxation import Edge, Relaxation, relaxed
from services.planner.search.evaluate import evaluate, holding
from services.planner.search.explain import Check, option_ranks
from services.planner.search.insert import Insertion, may_reload, members, proposals
from services.planner.search.knobs import Knob, knobs, share
from services.planner.search.line import Line
from services.planner.search.solution import Solution
from services.planner.search.view import ShiftView

RELAXATIONS_MAX = 6  # told per task; the contract says so
RELOAD_WAYS_MAX = 1_000  # ways to add a task with a reload to one route that are looked at
KEPT_LOOK_UPS = ("places", "territories_of_task", "base_shift_of", "_areas_at")


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A change, and the cheapest insertion that it allows."""

    relaxation: Relaxation
    insertion: Insertion


@dataclass(frozen=True, slots=True)
class Way:
    """One sequence with the task in it, and the first rule that it breaks."""

    nodes: tuple[Node, ...]
    reason: Reason | None


def relaxations(solution: Solution, task: int, check: Check) -> tuple[Relaxed, ...]:
    """The smallest changes that would serve a task, smallest first."""
    dear = too_dear(solution, task)
    if dear is not None:
        return dear
    found: dict[tuple[Reason, Edge | None], Relaxed] = {}
    for line in solution.lines:
        ways = tuple(ways_of(solution, line, task))
        for knob in knobs(solution.instance, line.view.rank, members(solution.instance, task)):
            kind = (knob.relaxation.reason, knob.relaxation.edge)
            better = within_line(solution, line, task, knob, ways, found.get(kind))
            if better is not None and is_verified(solution.instance, better, check):
                found[kind] = better
    problem = solution.instance.problem
    told = sorted(
        found.values(),
        key=lambda one: (
            share(problem, one.relaxation),
            one.insertion.delta_micros,
            one.relaxation.reason.value,
        ),
    )
    return tuple(told[:RELAXATIONS_MAX])


def too_dear(solution: Solution, task: int) -> tuple[Relaxed, ...] | None:
    """What must change when there is room: the penalty, or nothing; None when there is no room."""
    cheapest = proposals(solution, task, 1)
    if not cheapest:
        return None
    instance, insertion = solution.instance, cheapest[0]
    penalty = sum(instance.penalties[member] for member in members(instance, task))
    if insertion.delta_micros < penalty:
        return ()
    missing = insertion.delta_micros - penalty + 1
    shift_id = instance.problem.shifts[insertion.line].shift_id
    task_id = instance.problem.tasks[task].task_id
    return (Relaxed(Relaxation(Reason.TOO_DEAR, task_id, shift_id, amount=missing), insertion),)


def ways_of(solution: Solution, line: Line, task: int) -> Iterator[Way]:
    """Every sequence of a line with the task in it that does not hold, with the reason."""
    for nodes in sequences_with(solution.instance, line, task):
        reason = evaluate(line.view, nodes).reason
        if reason is not None:
            yield Way(nodes, reason)


def sequences_with(instance: Instance, line: Line, task: int) -> Iterator[tuple[Node, ...]]:
    """The nodes of a line with the task at every rank, with its pickup, or with a reload."""
    nodes, group, begin = line.nodes, members(instance, task), line.frozen_count()
    if len(group) > 1:
        yield from both_within(nodes, (group[0], 0), (task, 0), begin)
        return
    own = [(task, option) for option in option_ranks(instance, task)]
    for node, rank in product(own, range(begin, len(nodes) + 1)):
        yield (*nodes[:rank], node, *nodes[rank:])
    reloads = [(RELOAD, rank) for rank in range(len(line.view.shift.reloads))]
    if may_reload(line):
        ways = chain.from_iterable(
            chain(both_within(nodes, node, reload, begin), both_within(nodes, reload, node, begin))
            for node, reload in product(own, reloads)
        )
        yield from islice(ways, RELOAD_WAYS_MAX)


def both_within(
    nodes: tuple[Node, ...], first: Node, second: Node, begin: int
) -> Iterator[tuple[Node, ...]]:
    """Two nodes at all pairs of ranks, the first before the second."""
    for rank in range(begin, len(nodes) + 1):
        for other in range(rank, len(nodes) + 1):
            yield (*nodes[:rank], first, *nodes[rank:other], second, *nodes[other:])


def within_line(
    solution: Solution,
    line: Line,
    task: int,
    knob: Knob,
    ways: Sequence[Way],
    best: Relaxed | None,
) -> Relaxed | None:
    """A knob turned as little as serves the task in a line; None where that is no better."""
    nodes = [way.nodes for way in ways if way.reason in knob.lifts and knob.is_for(way.nodes)]
    limit = min(knob.size_max, best.relaxation.size) if best and knob.size_max else knob.size_max
    turn = Turn(solution.instance, line, knob.relaxation)
    size = smallest(nodes, turn.holds, limit)
    if size is None:
        return None
    found = Relaxed(turn.relaxation(size), turn.cheapest(nodes, size, task))
    return found if best is None or rank_of(found) < rank_of(best) else None


def rank_of(found: Relaxed) -> tuple[int, int]:
    """Smaller is better."""
    return found.relaxation.size, found.insertion.delta_micros


class Turn:
    """One line under a relaxation of different sizes."""

    def __init__(self, instance: Instance, line: Line, relaxation: Relaxation) -> None:
        """Keeps the views that were made."""
        self._instance, self._line, self._knob = instance, line, relaxation
        self._views: dict[int, ShiftView] = {}

    def relaxation(self, size: int) -> Relaxation:
        """The relaxation by a size; 0 for what has none."""
        return self._knob.of_size(size) if size else self._knob

    def view(self, size: int) -> ShiftView:
        """The line's shift under it."""
        if size not in self._views:
            changed = relaxed_instance(self._instance, self.relaxation(size))
            self._views[size] = ShiftView(changed, self._line.view.rank)
        return self._views[size]

    def holds(self, nodes: tuple[Node, ...], size: int) -> bool:
        """Whether a sequence holds every rule under it."""
        return holding(self.view(size), nodes) is not None

    def cheapest(self, ways: Sequence[tuple[Node, ...]], size: int, task: int) -> Insertion:
        """The cheapest of the sequences that hold."""
        timed = ((nodes, holding(self.view(size), nodes)) for nodes in ways)
        held = [(nodes, route) for nodes, route in timed if route is not None]
        nodes, route = min(held, key=lambda one: one[1].cost_micros)
        return insertion_of(self._line, task, nodes, route)


def insertion_of(line: Line, task: int, nodes: tuple[Node, ...], route: Route) -> Insertion:
    """A sequence that holds, as an insertion of the task."""
    rank = next(rank for rank, node in enumerate(nodes) if node[0] == task)
    delta = route.cost_micros - line.cost_micros
    return Insertion(line.view.rank, rank, nodes[rank][1], nodes, route, delta)


def smallest(
    ways: Sequence[tuple[Node, ...]], holds: Callable[[tuple[Node, ...], int], bool], limit: int
) -> int | None:
    """
    The smallest size, at most `limit`, at which one of the sequences holds; None when none does.

    A limit of 0 stands for a change without a size: 0 when one holds.
    """
    found, top = None, limit
    for nodes in ways:
        if not holds(nodes, top):
            continue
        if top <= 1:
            return top
        found = bisected(nodes, holds, top)
        top = found - 1
    return found


def bisected(
    nodes: tuple[Node, ...], holds: Callable[[tuple[Node, ...], int], bool], high: int
) -> int:
    """The smallest size at which a sequence holds that holds with `high`."""
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if holds(nodes, middle):
            high = middle
        else:
            low = middle
    return high


def relaxed_instance(instance: Instance, relaxation: Relaxation) -> Instance:
    """The instance with one change; what no change can touch is not worked out again."""
    changed = replace(instance, problem=relaxed(instance.problem, relaxation))
    known = vars(instance)
    vars(changed).update({name: known[name] for name in KEPT_LOOK_UPS if name in known})
    return changed


def is_verified(instance: Instance, found: Relaxed, check: Check) -> bool:
    """Whether the rules, asked about the route under the change, name nothing hard."""
    changed = relaxed_instance(instance, found.relaxation)
    return not any(broken.hard for broken in check(changed, found.insertion.route))
