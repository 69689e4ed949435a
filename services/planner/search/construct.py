"""
Construction and repair: a plan at once, and every task that still fits put where it fits.

Deterministic: ties fall to the lower rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.planner.domain.instance import Instance, Node, is_reload
from services.planner.search.evaluate import holding
from services.planner.search.insert import best, members, tier_of
from services.planner.search.solution import Line, Solution

GoOn = Callable[[], bool]  # whether time is left
EJECTIONS_MAX = 4  # tasks of lower tiers that may make room for one of a higher


def insertable(instance: Instance, tasks: Iterable[int]) -> list[int]:
    """Tasks in the order in which they are placed: high tiers first, then those hard to place."""
    problem = instance.problem
    with_delivery = problem.deliveries_of_pickup
    own = [task for task in tasks if not with_delivery[problem.tasks[task].task_id]]
    return sorted(own, key=lambda task: (-tier_of(instance, task), freedom(instance, task)))


def freedom(instance: Instance, task: int) -> tuple[int, int, int]:
    """How easily a task is placed: by the shifts it allows, then the width of its windows."""
    own = instance.problem.tasks[task]
    shifts = len(own.allowed_shift_ids) or len(instance.problem.shifts)
    narrow = 1 if own.skills.all_of or own.skills.one_of else 2
    widths = [w.last_second - w.first_second for option in own.options for w in option.windows]
    anytime = any(not option.windows for option in own.options)
    return shifts * narrow, 1 << 40 if anytime else sum(widths), task


def fill(solution: Solution, go_on: GoOn) -> int:
    """Inserts every task that is left out where it costs least; says how many found a place."""
    placed = 0
    for task in insertable(solution.instance, solution.left_out):
        if not go_on():
            break
        placed += place_best(solution, task)
    return placed


def place_best(solution: Solution, task: int) -> bool:
    """Inserts a task where it costs least, unless leaving it out costs less."""
    found = best(solution, task)
    if found is None:
        return False
    if not solution.is_worth(members(solution.instance, task), found.delta_micros):
        return False
    solution.put(solution.lines[found.line], found.nodes, found.route)
    return True


def make_room(solution: Solution, go_on: GoOn) -> int:
    """Serves tasks that found no place by leaving out tasks of lower tiers; says how many."""
    lowest = solution.tiers[-1] if solution.tiers else 0
    placed = 0
    for task in insertable(solution.instance, solution.left_out):
        if tier_of(solution.instance, task) > lowest and go_on():
            placed += eject_for(solution, task)
    return placed


def eject_for(solution: Solution, task: int) -> bool:
    """Takes the fewest, cheapest tasks of lower tiers out of one route so that a task fits."""
    for size in range(1, EJECTIONS_MAX + 1):
        for rank, line in enumerate(solution.lines):
            if try_without(solution, task, rank, weakest(solution, line, task, size)):
                return True
    return False


def weakest(solution: Solution, line: Line, task: int, size: int) -> frozenset[int]:
    """The tasks of a line that matter least: below a task's tier, lowest tier and penalty first."""
    instance = solution.instance
    tier = tier_of(instance, task)
    lower = [
        node[0]
        for node in line.nodes
        if not is_reload(node)
        and instance.problem.tasks[node[0]].priority < tier
        and not instance.problem.tasks[node[0]].pickup_task_id
        and not instance.problem.deliveries_of_pickup[instance.problem.tasks[node[0]].task_id]
        and instance.problem.tasks[node[0]].task_id not in line.view.pins
    ]
    lower.sort(key=lambda t: (instance.problem.tasks[t].priority, instance.penalties[t], t))
    return frozenset(lower[:size]) if len(lower) >= size else frozenset()


def try_without(solution: Solution, task: int, rank: int, ejected: frozenset[int]) -> bool:
    """Whether a task fits a line without some of its tasks; if so, it is put there."""
    if not ejected:
        return False
    line = solution.lines[rank]
    before, route = line.nodes, line.route
    kept = tidy(node for node in before if node[0] not in ejected)
    shorter = holding(line.view, kept) if kept else None
    if kept and shorter is None:
        return False
    solution.put(line, kept, shorter)
    found = best(solution, task, [rank])
    if found is None:
        solution.put(line, before, route)
        return False
    solution.put(line, found.nodes, found.route)
    return True


def tidy(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """A sequence without reloads that nothing follows, or that follow one another."""
    kept: list[Node] = []
    for node in nodes:
        if kept and is_reload(kept[-1]) and is_reload(node):
            kept.pop()
        kept.append(node)
    while kept and is_reload(kept[-1]):
        kept.pop()
    return tuple(kept)
