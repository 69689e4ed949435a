"""
Insertion: where a task can be added to a route, and what that costs.

Candidates pass a bound, all routes at once (see `field`), are ranked by an estimate of their cost,
and the best are timed exactly. A delivery with a pickup is inserted together with it, at the more
promising ranks of both; what fits only with another reload is tried in a bounded number of ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np

from services.planner.domain.instance import RELOAD, Instance, Node, is_reload
from services.planner.domain.plan import Route
from services.planner.search.evaluate import holding
from services.planner.search.field import Offers
from services.planner.search.line import Line
from services.planner.search.solution import Solution

EXACT_TRIES = 12  # candidates timed per task and pass once one holds; until then all are
RELOAD_TRIES_MAX = 300  # ways to add a task with a reload that are timed
PAIR_RANKS_MAX = 30  # of a pickup and of a delivery in one route that are combined


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to add a task, and with a delivery its pickup, to a line; not timed yet."""

    estimate_micros: int
    least_micros: int
    """It costs no less than this, as far as ways keep the triangle."""
    line: int
    ranks: tuple[int, ...]
    """Among the line's present nodes, one for each node of the group, not falling."""
    group: tuple[Node, ...]

    def within(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The line's nodes with the group among them."""
        whole, begun = list[Node](), 0
        for rank, node in zip(self.ranks, self.group, strict=True):
            whole += (*nodes[begun:rank], node)
            begun = rank
        return (*whole, *nodes[begun:])


@dataclass(frozen=True, slots=True)
class Insertion:
    """One way to add a task to a line that holds."""

    line: int
    rank: int
    option: int
    nodes: tuple[Node, ...]
    route: Route
    delta_micros: int


def candidates(
    solution: Solution, task: int, lines: Sequence[int] | None = None
) -> Iterator[Candidate]:
    """Every way to add a task to some lines, or to all, that passes the bounds."""
    problem = solution.instance.problem
    pickup = problem.tasks[task].pickup_task_id
    if pickup:
        yield from pair_candidates(solution, (problem.rank_of_task[pickup], 0), (task, 0), lines)
        return
    for option in range(len(problem.tasks[task].options)):
        node = (task, option)
        for line, rank, estimate, least in rows(solution.field.offers(node), lines):
            yield Candidate(estimate, least, line, (rank,), (node,))


def rows(offers: Offers, lines: Sequence[int] | None) -> Iterator[tuple[int, int, int, int]]:
    """Offers one by one: line, rank, estimate and least cost."""
    columns = (offers.lines, offers.ranks, offers.estimate_micros, offers.least_micros)
    if lines is not None:
        kept = np.isin(offers.lines, np.asarray(lines, np.int64))
        columns = tuple(column[kept] for column in columns)  # type: ignore[assignment]
    return zip(*(column.tolist() for column in columns), strict=True)


def pair_candidates(
    solution: Solution, pickup: Node, delivery: Node, lines: Sequence[int] | None
) -> Iterator[Candidate]:
    """The more promising ways to add a pickup and, after it, its delivery."""
    first, second = solution.field.offers(pickup), solution.field.offers(delivery)
    ups, downs = by_line(rows(first, lines)), by_line(rows(second, lines))
    for line in ups.keys() & downs.keys():
        for up in ups[line]:
            for down in downs[line]:
                if up[0] <= down[0]:
                    estimate, least = up[1] + down[1], max(up[2], down[2])
                    yield Candidate(estimate, least, line, (up[0], down[0]), (pickup, delivery))


def by_line(
    found: Iterator[tuple[int, int, int, int]],
) -> dict[int, list[tuple[int, int, int]]]:
    """Rank, estimate and least cost of the cheapest offers of each line."""
    lines: dict[int, list[tuple[int, int, int]]] = {}
    for line, rank, estimate, least in found:
        lines.setdefault(line, []).append((rank, estimate, least))
    return {
        line: nsmallest(PAIR_RANKS_MAX, own, key=lambda one: one[1]) for line, own in lines.items()
    }


def best(solution: Solution, task: int, lines: Sequence[int] | None = None) -> Insertion | None:
    """The cheapest insertion found among the most promising candidates of all lines."""
    ranked = sorted(
        candidates(solution, task, lines),
        key=lambda one: (one.estimate_micros, one.line, one.ranks, one.group),
    )
    found = cheapest(solution, task, ranked)
    if found is None and solution.instance.problem.has_reloads:
        return cheapest(solution, task, reload_candidates(solution, task, lines))
    return found


def cheapest(solution: Solution, task: int, ranked: Iterable[Candidate]) -> Insertion | None:
    """The cheapest of candidates in the order of their estimates; after one holds, only a few."""
    found = None
    for tries, candidate in enumerate(ranked):
        if found is not None and (
            candidate.estimate_micros >= found.delta_micros or tries >= EXACT_TRIES
        ):
            break
        timed = exact(solution, candidate, task)
        if timed is not None and (found is None or timed.delta_micros < found.delta_micros):
            found = timed
    return found


def reload_candidates(
    solution: Solution, task: int, lines: Sequence[int] | None
) -> Iterator[Candidate]:
    """The more promising ways to add a task together with a reload that makes room for it."""
    problem, tries = solution.instance.problem, 0
    if problem.tasks[task].pickup_task_id:
        return
    options = range(len(problem.tasks[task].options))
    nodes = [(task, option) for option in options]
    found = [
        (estimate, line, rank, node)
        for node in nodes
        for line, rank, estimate, _ in rows(solution.field.timely(node), lines)
        if may_reload(solution.lines[line])
    ]
    for estimate, line, rank, node in sorted(found):
        own = solution.lines[line]
        for reload in range(len(own.view.shift.reloads)):
            for other in range(own.frozen_count(), len(own.nodes) + 1):
                for candidate in orders(estimate, line, (rank, node), (other, (RELOAD, reload))):
                    tries += 1
                    if tries > RELOAD_TRIES_MAX:
                        return
                    yield candidate


def orders(
    estimate: int, line: int, one: tuple[int, Node], other: tuple[int, Node]
) -> Iterator[Candidate]:
    """A node and a reload at their ranks, in both orders where the ranks are the same."""
    for first, second in ((one, other), (other, one)):
        if first[0] <= second[0]:
            group = (first[1], second[1])
            yield Candidate(estimate, estimate, line, (first[0], second[0]), group)


def may_reload(line: Line) -> bool:
    """Whether a route may reload once more."""
    return sum(map(is_reload, line.nodes)) < line.view.shift.reload_limit * bool(
        line.view.shift.reloads
    )


def exact(solution: Solution, candidate: Candidate, task: int) -> Insertion | None:
    """A candidate, timed; None when it does not hold."""
    line = solution.lines[candidate.line]
    nodes = candidate.within(line.nodes)
    route = holding(line.view, nodes)
    if route is None:
        return None
    rank, node = next((rank, node) for rank, node in enumerate(nodes) if node[0] == task)
    delta = route.cost_micros - line.cost_micros
    return Insertion(candidate.line, rank, node[1], nodes, route, delta)


def proposals(solution: Solution, task: int, count: int) -> list[Insertion]:
    """The cheapest insertions, at most one per shift and alternative: by bounds, then exactly."""
    ranked = sorted(
        candidates(solution, task),
        key=lambda one: (one.least_micros, one.estimate_micros, one.line, one.ranks, one.group),
    )
    found: dict[tuple[int, int], Insertion] = {}
    limit = None
    for candidate in ranked:
        if limit is not None and candidate.least_micros > limit:
            break
        key = (candidate.line, candidate.group[-1][1])  # a line, and the option of the task
        known = found.get(key)
        if known is not None and candidate.least_micros >= known.delta_micros:
            continue
        timed = exact(solution, candidate, task)
        if timed is not None and (known is None or timed.delta_micros < known.delta_micros):
            found[key] = timed
            deltas = sorted(one.delta_micros for one in found.values())
            limit = deltas[count - 1] if len(deltas) >= count else None
    if not found and solution.instance.problem.has_reloads:
        reloaded = cheapest(solution, task, reload_candidates(solution, task, None))
        return [reloaded] if reloaded is not None else []
    ordered = sorted(found.values(), key=lambda one: (one.delta_micros, one.line, one.rank))
    return ordered[:count]


def members(instance: Instance, task: int) -> tuple[int, ...]:
    """The tasks that are served with a task: its pickup, if it has one."""
    pickup = instance.problem.tasks[task].pickup_task_id
    return (instance.problem.rank_of_task[pickup], task) if pickup else (task,)


def tier_of(instance: Instance, task: int) -> int:
    """The highest priority of what is served with a task: a pair counts as its more urgent half."""
    return max(instance.problem.tasks[one].priority for one in members(instance, task))
