"""
The same request with the same seed gives the same routes, or the record says that time cut them.

Method: solves by a clock that a test makes: it runs on by chance at every look, or too fast. What
was planned is looked at in steps, phase by phase.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import SolveEnd
from services.planner.domain.problem import Balance, Objective, Problem
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import Costs
from services.planner.solver import partition, portfolio, rounds
from services.planner.solver.rounds import Effort, planned_steps, round_count
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests.problems import city, on_plane, shift, task

Seeds = Sequence[Sequence[Node]]
GIVEN = (tuple((rank, 0) for rank in range(6)), tuple((rank, 0) for rank in range(6, 12)), ())


@dataclass
class Jittery:
    """A clock that runs on by up to so many seconds whenever somebody looks."""

    dice: random.Random
    most: float
    second: float = 0.0

    def __call__(self) -> float:
        self.second += self.dice.uniform(0, self.most)
        return self.second


def solved(
    instance: Instance, settings: SearchSettings, seeds: Seeds = (), luck: int = 1, most: float = 0
) -> Outcome:
    """A solve by such a clock."""
    solve = Solve(instance, settings, lambda _: None)
    solve.now = Jittery(random.Random(luck), most)
    solve.begun = solve.now()
    return solve.run(seeds)


def row(tasks: int) -> Instance:
    """Short routes of deliveries that only their length costs: for the lean kernel alone."""
    van = Costs(kilometer_micros=400_000)
    shifts = tuple(shift(f"s{n}", costs=van, capacity=(8_000, 0, 0)) for n in range(9))
    spots = (task(f"t{n}", 150 * (n * 17 % tasks), 10 * (n % 7)) for n in range(tasks))
    return on_plane(Problem(tuple(spots), shifts))


def even(problem: Problem) -> Problem:
    return replace(problem, objective=Objective(balance=Balance.STOPS, balance_cost_percent_max=20))


def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "PART_TASKS", 15)
    monkeypatch.setattr(rounds, "PART_TASKS", 15)
    monkeypatch.setattr(portfolio, "WHOLE_TASKS_MAX", 50)


CASES: list[tuple[Callable[[], Instance], float, Seeds]] = [
    (lambda: row(40), 1.04, ()),  # hardly melted thrice, by what was asked for
    (lambda: on_plane(city(1, 30, 3)), 0.7, ()),
    (lambda: on_plane(even(city(1, 30, 3))), 0.7, ()),
    (lambda: on_plane(city(1, 16, 3)), 0.7, GIVEN),  # a live change in haste
    (lambda: on_plane(city(1, 16, 3)), 1.55, GIVEN),  # and one that hardly is none
    (lambda: on_plane(city(2, 60, 9, breaks=False)), 1.0, ()),  # in parts
]


@pytest.mark.parametrize(("made", "seconds", "seeds"), CASES)
def test_what_is_planned_is_run_whatever_the_clock_does_in_between(
    made: Callable[[], Instance], seconds: float, seeds: Seeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_parts(monkeypatch)
    settings = SearchSettings(seconds=seconds, processes=1)
    first, again = (
        solved(made(), replace(settings, patience=20), seeds, luck, most=0.004) for luck in (1, 2)
    )

    assert first.phases == again.phases
    assert first.plan == again.plan
    assert first.end is again.end is SolveEnd.LIMIT


@pytest.mark.parametrize(("made", "seconds", "seeds"), CASES)
def test_where_the_clock_cut_the_record_says_so(
    made: Callable[[], Instance], seconds: float, seeds: Seeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_parts(monkeypatch)
    outcome = solved(made(), SearchSettings(seconds=seconds, processes=1), seeds, most=0.3)

    assert outcome.end is SolveEnd.DEADLINE
    assert outcome.broken == ()


@pytest.mark.parametrize("limit", [1, 7, 90, 400])
@pytest.mark.parametrize(("made", "seconds", "seeds"), [*CASES[:2], *CASES[3:]])
def test_no_more_solutions_are_looked_through_than_were_allowed(
    made: Callable[[], Instance],
    seconds: float,
    seeds: Seeds,
    limit: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small_parts(monkeypatch)
    instance = made()
    settings = SearchSettings(seconds=seconds, processes=1, solution_limit=limit, patience=20)
    outcome = solved(instance, settings, seeds)
    parts = 4 if len(instance.problem.tasks) > 50 else 1  # of which each takes one step at least

    assert outcome.solution_count <= max(limit, parts)
    assert outcome.broken == ()


def test_of_a_large_problem_the_parts_share_the_limit() -> None:
    effort = Effort(600.0, 60_000.0, 2, 600.0, solution_limit=100_000)
    count = round_count(5_000, effort)

    assert 20 * count * planned_steps(5_000, count, effort, 600.0) <= 100_000
    assert round_count(5_000, replace(effort, solution_limit=40)) == 2
