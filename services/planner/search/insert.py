"""
Insertion: where a task can be added to a route, and what that costs.

Candidates pass a bound in constant time, are ranked by an estimate of their cost, and are then
timed exactly. A delivery with a pickup is inserted together with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.planner.domain.instance import Instance, Node
from services.planner.domain.money import METERS_PER_KILOMETER, SECONDS_PER_HOUR
from services.planner.domain.plan import Route
from services.planner.search.evaluate import holding
from services.planner.search.late import open_at
from services.planner.search.profile import Slack
from services.planner.search.solution import Line, Solution
from services.planner.search.stay import Stay

EXACT_TRIES = 12  # candidates timed per task and pass before it counts as without room


def setup_of(stay: Stay, here: int) -> int:
    """Setup is spent when the vehicle comes from another place."""
    return stay.setup_seconds if stay.place != here else 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to add a task, and with a delivery its pickup, to a line; not timed yet."""

    estimate_micros: int
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


def candidates(solution: Solution, task: int, line: int) -> Iterator[Candidate]:
    """Every way to add a task to a line that passes the bounds."""
    own, problem = solution.lines[line], solution.instance.problem
    pickup = problem.tasks[task].pickup_task_id
    if pickup:
        yield from pair_candidates(own, (problem.rank_of_task[pickup], 0), (task, 0), line)
        return
    for option in range(len(problem.tasks[task].options)):
        node = (task, option)
        if own.view.refusal(node) is None:
            for rank, micros in ranks(own, node):
                yield Candidate(micros, line, (rank,), (node,))


def ranks(line: Line, node: Node) -> Iterator[tuple[int, int]]:
    """The ranks at which a node passes the bounds, each with an estimate of its cost."""
    view, slack, stay = line.view, line.slacks(), line.view.stay(node)
    place, opened = stay.place, stay.cost_micros + (0 if line.nodes else view.costs.fixed_micros)
    for rank in range(frozen_count(line), len(line.nodes) + 1):
        here, there = slack.places[rank], slack.places[rank + 1]
        ready = slack.departures[rank] + view.seconds(here, place) + setup_of(stay, here)
        start, missed = open_at(stay.windows, ready)
        if missed or start > slack.latest_starts[rank]:
            continue
        next_setup = slack.setups[rank] if there != place else 0
        after = start + stay.service_seconds + view.seconds(place, there) + next_setup
        if after <= slack.latest_starts[rank]:
            yield rank, opened + detour_micros(line, slack, rank, stay)


def detour_micros(line: Line, slack: Slack, rank: int, stay: Stay) -> int:
    """What the way and the service of an insertion cost, waiting left out."""
    view, place = line.view, stay.place
    here, there = slack.places[rank], slack.places[rank + 1]
    meters = view.meters(here, place) + view.meters(place, there) - view.meters(here, there)
    seconds = view.seconds(here, place) + view.seconds(place, there) - view.seconds(here, there)
    seconds += stay.service_seconds + setup_of(stay, here)
    if not line.nodes:
        seconds += view.shift.loading_seconds + view.shift.unloading_seconds
    time_micros = seconds * view.costs.hour_micros // SECONDS_PER_HOUR
    return time_micros + meters * view.costs.kilometer_micros // METERS_PER_KILOMETER


def frozen_count(line: Line) -> int:
    """How many visits of a line are its frozen head."""
    if not line.view.frozen:
        return 0
    frozen = {pin.task_id for pin in line.view.frozen}
    return sum(line.view.instance.task(node).task_id in frozen for node in line.nodes)


def pair_candidates(line: Line, pickup: Node, delivery: Node, number: int) -> Iterator[Candidate]:
    """Every way to add a pickup and, after it, its delivery."""
    view = line.view
    if view.refusal(pickup) is not None or view.refusal(delivery) is not None:
        return
    slack, stays = line.slacks(), (view.stay(pickup), view.stay(delivery))
    for first in range(frozen_count(line), len(line.nodes) + 1):
        for second in range(first, len(line.nodes) + 1):
            micros = detour_micros(line, slack, first, stays[0])
            micros += detour_micros(line, slack, second, stays[1])
            yield Candidate(micros, number, (first, second), (pickup, delivery))


def best(solution: Solution, task: int, lines: Sequence[int] | None = None) -> Insertion | None:
    """The cheapest insertion found among the most promising candidates of all lines."""
    if lines is None:
        near = solution.lines_near(task)
        found = best(solution, task, near)
        is_all = len(near) == len(solution.lines)
        return found if found or is_all else best(solution, task, range(len(solution.lines)))
    ranked = sorted(
        (one for line in lines for one in candidates(solution, task, line)),
        key=lambda one: (one.estimate_micros, one.line, one.ranks, one.group),
    )
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
    """The cheapest insertions, all candidates timed; at most one per shift and alternative."""
    by_line: dict[tuple[int, int], Insertion] = {}
    for line in range(len(solution.lines)):
        for candidate in candidates(solution, task, line):
            timed = exact(solution, candidate, task)
            if timed is None:
                continue
            key = (line, timed.option)
            if key not in by_line or timed.delta_micros < by_line[key].delta_micros:
                by_line[key] = timed
    ordered = sorted(by_line.values(), key=lambda one: (one.delta_micros, one.line, one.rank))
    return ordered[:count]


def members(instance: Instance, task: int) -> tuple[int, ...]:
    """The tasks that are served with a task: its pickup, if it has one."""
    pickup = instance.problem.tasks[task].pickup_task_id
    return (instance.problem.rank_of_task[pickup], task) if pickup else (task,)
