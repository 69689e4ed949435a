"""
The smallest changes that would let a task in, each found by really inserting it.

For every rule that can be relaxed, every shift and every rank of its route: the smallest size at
which the sequence holds, by bisection over whole seconds or units. A sequence that holds with some
size holds with any greater one, and what is not better than the best size so far is tried once.
Where no single change is enough, a shift is first given what it lacks as a whole, such as skills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Route
from services.planner.domain.reason import Reason
from services.planner.domain.relaxation import Edge, Relaxation, all_relaxed
from services.planner.search.evaluate import holding
from services.planner.search.explain import Check, alone_nodes, fewest_broken, option_ranks
from services.planner.search.insert import Insertion, members, proposals
from services.planner.search.knobs import Knob, knobs, share
from services.planner.search.line import Line
from services.planner.search.solution import Solution
from services.planner.search.view import ShiftView
from services.planner.search.ways import Way, sequences_with, ways_of

RELAXATIONS_MAX = 6  # told per task; the contract says so
KEPT_LOOK_UPS = ("places", "territories_of_task", "base_shift_of", "_areas_at")


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A change, and the cheapest insertion that it allows."""

    relaxation: Relaxation
    insertion: Insertion
    also: tuple[Relaxation, ...] = ()
    """Further changes without which it does not help."""

    @property
    def changes(self) -> tuple[Relaxation, ...]:
        """All changes, in the order in which they are made."""
        return (*self.also, self.relaxation)


Found = dict[tuple[Reason, Edge | None], Relaxed]  # the smallest by rule and end


GoOn = Callable[[], bool]


def always() -> bool:
    """Without an end."""
    return True


def relaxations(
    solution: Solution, task: int, check: Check, go_on: GoOn = always
) -> tuple[Relaxed, ...]:
    """
    The smallest changes that would serve a task, smallest first.

    Shifts are looked through one after the other, as long as `go_on` says so.
    """
    dear = too_dear(solution, task)
    if dear is not None:
        return dear
    found: Found = {}
    for line in while_going(solution.lines, go_on):
        single_changes(line, task, check, found)
    if not found:
        for line in while_going(solution.lines, go_on):
            joint_changes(line, task, check, found)
    problem = solution.instance.problem

    def size(one: Relaxed) -> tuple[int, int, str]:
        shares = sum(share(problem, change) for change in one.changes)
        return shares, one.insertion.delta_micros, one.relaxation.reason.value

    return tuple(sorted(found.values(), key=size)[:RELAXATIONS_MAX])


def while_going(lines: Iterable[Line], go_on: GoOn) -> Iterator[Line]:
    """Lines, until time is up."""
    return takewhile(lambda _: go_on(), lines)


def too_dear(solution: Solution, task: int) -> tuple[Relaxed, ...] | None:
    """What must change when there is room: the penalty, or nothing; None when there is no room."""
    cheapest = proposals(solution, task, 1)
    if not cheapest:
        return None
    instance, insertion = solution.instance, cheapest[0]
    group = members(instance, task)
    if solution.is_worth(group, insertion.delta_micros):
        return ()
    missing = insertion.delta_micros - solution.worth_micros(group) + 1
    shift_id = instance.problem.shifts[insertion.line].shift_id
    task_id = instance.problem.tasks[task].task_id
    return (Relaxed(Relaxation(Reason.TOO_DEAR, task_id, shift_id, amount=missing), insertion),)


def single_changes(
    line: Line, task: int, check: Check, found: Found, also: tuple[Relaxation, ...] = ()
) -> None:
    """Turns every knob for one line, and keeps what is smaller than what was found before."""
    instance = line.view.instance
    ways = tuple(ways_of(line, task))
    for knob in knobs(instance, line.view.rank, members(instance, task)):
        kind = (knob.relaxation.reason, knob.relaxation.edge)
        better = within_line(line, task, knob, ways, found.get(kind))
        if better is not None and is_verified(instance, better, check):
            found[kind] = replace(better, also=also)


def joint_changes(line: Line, task: int, check: Check, found: Found) -> None:
    """Gives one shift all that it lacks as a whole, then turns the knobs; no more than needed."""
    wholes = lacking(line, task, check)
    if not wholes:
        return
    changed, own = changed_line(line, wholes), Found()
    held = [way.nodes for way in ways_of(changed, task) if way.reason is None]
    if held:
        *also, last = wholes
        own[last.reason, None] = Relaxed(last, cheapest_of(changed, held, task), tuple(also))
    else:
        single_changes(changed, task, check, own, wholes)
    for kind, one in own.items():
        better, known = pruned(line, task, one), found.get(kind)
        if known is not None and joint_rank_of(known) <= joint_rank_of(better):
            continue
        if is_verified(line.view.instance, better, check):
            found[kind] = better


def changed_line(line: Line, changes: Iterable[Relaxation]) -> Line:
    """A line under several changes, made in their order."""
    instance = relaxed_instance(line.view.instance, *changes)
    return Line(ShiftView(instance, line.view.rank), line.nodes, line.route)


def pruned(line: Line, task: int, found: Relaxed) -> Relaxed:
    """Without the further changes that turn out not to be needed."""
    for change in found.also:
        also = tuple(one for one in found.also if one is not change)
        changed = changed_line(line, (*also, found.relaxation))
        ways = sequences_with(changed.view.instance, changed, task)
        held = [nodes for nodes, _ in held_of(changed, ways)]
        if held:
            found = Relaxed(found.relaxation, cheapest_of(changed, held, task), also)
    return found


def joint_rank_of(found: Relaxed) -> tuple[int, int, int]:
    """Fewer and smaller is better."""
    return len(found.also), *rank_of(found)


def lacking(line: Line, task: int, check: Check) -> tuple[Relaxation, ...]:
    """What a shift would have to be given as a whole: only where the task alone breaks the rule."""
    instance = line.view.instance
    ways = [alone_nodes(instance, task, option) for option in option_ranks(instance, task)]
    broken = {one.reason for one in fewest_broken(line.view, ways, check)}
    found: dict[tuple[Reason, str], Relaxation] = {}
    for knob in knobs(instance, line.view.rank, members(instance, task)):
        change = knob.relaxation
        if not knob.size_max and change.reason in broken:
            found.setdefault((change.reason, change.task_id), change)
    return tuple(found.values())


def within_line(
    line: Line, task: int, knob: Knob, ways: Sequence[Way], best: Relaxed | None
) -> Relaxed | None:
    """A knob turned as little as serves the task in a line; None where that is no better."""
    nodes = [way.nodes for way in ways if way.reason in knob.lifts and knob.is_for(way.nodes)]
    limit = min(knob.size_max, best.relaxation.size) if best and knob.size_max else knob.size_max
    turn = Turn(line, knob.relaxation)
    size = smallest(nodes, turn.holds, limit)
    if size is None:
        return None
    found = Relaxed(turn.relaxation(size), cheapest_of(turn.line(size), nodes, task))
    return found if best is None or rank_of(found) < rank_of(best) else None


def rank_of(found: Relaxed) -> tuple[int, int]:
    """Smaller is better."""
    return found.relaxation.size, found.insertion.delta_micros


class Turn:
    """One line under a relaxation of different sizes."""

    def __init__(self, line: Line, relaxation: Relaxation) -> None:
        """Keeps the lines that were made."""
        self._line, self._knob = line, relaxation
        self._lines: dict[int, Line] = {}

    def relaxation(self, size: int) -> Relaxation:
        """The relaxation by a size; 0 for what has none."""
        return self._knob.of_size(size) if size else self._knob

    def line(self, size: int) -> Line:
        """The line under it."""
        if size not in self._lines:
            own = self._line
            changed = relaxed_instance(own.view.instance, self.relaxation(size))
            self._lines[size] = Line(ShiftView(changed, own.view.rank), own.nodes, own.route)
        return self._lines[size]

    def holds(self, nodes: tuple[Node, ...], size: int) -> bool:
        """Whether a sequence holds every rule under it."""
        return holding(self.line(size).view, nodes) is not None


def cheapest_of(line: Line, ways: Iterable[tuple[Node, ...]], task: int) -> Insertion:
    """The cheapest of the sequences that hold; one does."""
    held = list(held_of(line, ways))
    nodes, route = min(held, key=lambda one: one[1].cost_micros)
    rank = next(rank for rank, node in enumerate(nodes) if node[0] == task)
    delta = route.cost_micros - line.cost_micros
    return Insertion(line.view.rank, rank, nodes[rank][1], nodes, route, delta)


def held_of(
    line: Line, ways: Iterable[tuple[Node, ...]]
) -> Iterator[tuple[tuple[Node, ...], Route]]:
    """The sequences that hold, timed."""
    for nodes in ways:
        route = holding(line.view, nodes)
        if route is not None:
            yield nodes, route


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


def relaxed_instance(instance: Instance, *changes: Relaxation) -> Instance:
    """The instance with some changes; what no change can touch is not worked out again."""
    changed = replace(instance, problem=all_relaxed(instance.problem, changes))
    known = vars(instance)
    vars(changed).update({name: known[name] for name in KEPT_LOOK_UPS if name in known})
    return changed


def is_verified(instance: Instance, found: Relaxed, check: Check) -> bool:
    """Whether the rules, asked about the route under all changes, name nothing hard."""
    changed = relaxed_instance(instance, *found.changes)
    return not any(broken.hard for broken in check(changed, found.insertion.route))
