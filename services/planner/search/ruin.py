"""
Ruin and recreate: takes strings of neighboring tasks out of routes and puts them back elsewhere.

Adjacent string removal after Christiaens and Vanden Berghe (2020), with annealing over the planned
number of rounds, so that a seed and a number of rounds give the same plan on any machine. Pins
stay.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

from services.planner.domain.instance import Instance, is_reload
from services.planner.search.construct import GoOn, insertable, place_best, tidy
from services.planner.search.evaluate import holding
from services.planner.search.insert import members
from services.planner.search.order import tasks_of
from services.planner.search.solution import Line, Solution

REMOVED_MEAN = 10  # tasks taken out in a round, on average
STRING_MAX = 10  # tasks taken out of one route
FIRST_TEMPERATURE_SHARE = (
    0.01  # of the cost of a mean route: worse by so much is taken half the time
)
LAST_TEMPERATURE_SHARE = 0.0001


class Ruin:
    """One run of ruin and recreate over a solution."""

    def __init__(self, solution: Solution, seed: int) -> None:
        """Knows which tasks lie near which."""
        self.solution = solution
        self.dice = random.Random(seed)  # noqa: S311 - a search, no secret
        self.near = solution.near
        self.movable = [
            task
            for task in insertable(solution.instance, range(len(solution.instance.problem.tasks)))
            if solution.instance.problem.tasks[task].task_id not in solution.lines[0].view.pins
        ]

    def run(self, rounds: int, go_on: GoOn) -> int:
        """Does the planned rounds, or as many as there is time for; leaves the best plan found."""
        if not self.movable:
            return 0
        best, best_score = self.solution.routes(), self.solution.score()
        used = sum(1 for line in self.solution.lines if line.nodes) or 1
        mean = self.solution.route_cost_micros() / used
        done = 0
        while done < rounds and go_on():
            heat = FIRST_TEMPERATURE_SHARE * (LAST_TEMPERATURE_SHARE / FIRST_TEMPERATURE_SHARE) ** (
                done / rounds
            )
            self.round(heat * mean)
            done += 1
            if self.solution.score() < best_score:
                best, best_score = self.solution.routes(), self.solution.score()
        self.solution.go_back(best)
        return done

    def round(self, temperature: float) -> None:
        """Takes tasks out, puts them back, and keeps the result if it is good enough."""
        before_score = self.solution.score()
        before = self.solution.routes()
        for rank, gone in self.strings():
            take_out(self.solution, self.solution.lines[rank], gone)
        for task in self.order():
            place_best(self.solution, task)
        if not self.accepts(before_score, temperature):
            self.solution.go_back(before)

    def accepts(self, before: tuple[tuple[int, ...], int], temperature: float) -> bool:
        """
        Better always, worse with a chance that falls with the temperature; no tier ever worse.
        """
        tiers, cost = self.solution.score()
        if tiers != before[0]:
            return tiers < before[0]
        limit = before[1] - temperature * math.log(self.dice.random() or 1e-12)
        return cost < limit

    def strings(self) -> Iterator[tuple[int, set[int]]]:
        """For some routes near a random task, a string of tasks around it to take out."""
        seed = self.dice.choice(self.movable)
        left = max(1, round(self.dice.expovariate(1 / REMOVED_MEAN)))
        owner, touched = self.solution.line_of, set[int]()
        for task in self.near[seed]:
            rank = owner.get(task)
            if rank is None or rank in touched or left <= 0:
                continue
            touched.add(rank)
            gone = self.string(self.solution.lines[rank], task, min(left, STRING_MAX))
            left -= len(gone)
            yield rank, gone

    def string(self, line: Line, task: int, most: int) -> set[int]:
        """Consecutive tasks of a route around one, pins left out."""
        order = tasks_of(line.nodes)
        length = min(len(order), self.dice.randint(1, most))
        at = order.index(task)
        first = self.dice.randint(max(0, at - length + 1), min(at, len(order) - length))
        tasks = self.solution.instance.problem.tasks
        chosen = order[first : first + length]
        return {one for one in chosen if tasks[one].task_id not in line.view.pins}

    def order(self) -> list[int]:
        """The tasks left out, in one of several orders; high tiers first."""
        instance = self.solution.instance
        tasks = insertable(instance, self.solution.left_out)
        self.dice.shuffle(tasks)
        start = instance.places.starts[0]
        keys: tuple[Callable[[int], int], ...] = (
            lambda _: 0,
            lambda task: -sum(instance.problem.tasks[task].loads[:1]),
            lambda task: -instance.travel_seconds(0, start, instance.places.options[task][0]),
            lambda task: instance.travel_seconds(0, start, instance.places.options[task][0]),
            lambda task: width(instance, task),
        )
        key = self.dice.choices(keys, weights=(4, 4, 2, 1, 2))[0]
        return sorted(tasks, key=lambda task: (-instance.problem.tasks[task].priority, key(task)))


def width(instance: Instance, task: int) -> int:
    """How wide the windows of a task are, in seconds."""
    windows = instance.problem.tasks[task].options[0].windows
    return sum(one.last_second - one.first_second for one in windows) if windows else 1 << 40


def take_out(solution: Solution, line: Line, gone: set[int]) -> None:
    """Removes tasks from a route, each with its pickup or delivery, if what is left holds."""
    instance = solution.instance
    with_partners = gone | {one for task in gone for one in members(instance, task)}
    tasks = instance.problem.tasks
    pickups = {tasks[task].task_id for task in with_partners} - {""}
    kept = tidy(
        node
        for node in line.nodes
        if is_reload(node)
        or (node[0] not in with_partners and tasks[node[0]].pickup_task_id not in pickups)
    )
    route = holding(line.view, kept) if kept else None
    if route is not None or not kept:
        solution.put(line, kept, route)
