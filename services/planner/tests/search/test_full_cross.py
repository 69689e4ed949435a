"""Tails that change places in the full kernel: sums stay right, and plans get better by it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.shift import Costs, Reload
from services.planner.domain.task import Task, TaskKind, Window
from services.planner.rules import verify
from services.planner.search.full.arrays import NONE
from services.planner.search.full.cross import cross, partner
from services.planner.search.full.kernel import FullKernel
from services.planner.search.kernel import Sequences
from services.planner.tests.problems import DEPOT, at, lunch, on_plane, shift, spot, task
from services.planner.tests.search.test_full import pair, plan_of, searched

TRIES = 400
CHEAP, DEAR = Costs(1_000_000, 0, 300_000), Costs(4_000_000, 0, 700_000)
TIMED = Costs(2_000_000, 20_000_000, 400_000)
ELSEWHERE = spot(4_000, 4_000)


def tasks(seed: int, count: int = 40, pickups: bool = False) -> list[Task]:
    """Tasks around the depot, half of them with a window; some fetch instead of bring."""
    dice, made = random.Random(seed), list[Task]()
    for number in range(count):
        first = dice.choice([8, 10, 12])
        windows = (Window(at(first), at(first + 3)),) if dice.random() < 0.5 else ()
        kind = TaskKind.PICKUP if pickups and dice.random() < 0.3 else TaskKind.DELIVERY
        x, y = dice.uniform(-8e3, 8e3), dice.uniform(-8e3, 8e3)
        loads = (dice.choice([500, 900]), 0, 1)
        made.append(task(f"t{number}", x, y, windows=windows, kind=kind, loads=loads))
    return made


def plain() -> Instance:
    """Two depots and two rates: tails change shifts of other classes."""
    small = [shift(f"s{n}", capacity=(6_000, 0, 0), costs=CHEAP) for n in range(4)]
    large = [replace(shift(f"l{n}", capacity=(9_000, 0, 0), costs=DEAR), start_point=ELSEWHERE,
                     end_point=ELSEWHERE) for n in range(4)]  # fmt: skip
    return on_plane(Problem(tuple(tasks(1)), (*small, *large)))


def both_ways() -> Instance:
    """Goods that are brought, and goods that are fetched."""
    fleet = tuple(shift(f"s{n}", capacity=(7_000, 0, 0), costs=TIMED) for n in range(6))
    return on_plane(Problem(tuple(tasks(2, pickups=True)), fleet))


def pairs() -> Instance:
    """Goods that ride along."""
    made = [own for number in range(12) for own in pair(number)]
    fleet = tuple(shift(f"s{n}", capacity=(3_000, 0, 0), costs=CHEAP) for n in range(4))
    return on_plane(Problem(tuple(made), fleet))


def reloads() -> Instance:
    """Vans that come back for more."""
    home = (Reload("home", DEPOT, "", (), 300),)
    fleet = tuple(
        replace(shift(f"s{n}", capacity=(5_000, 0, 0), costs=TIMED), reloads=home, reload_limit=2)
        for n in range(3)
    )
    return on_plane(Problem(tuple(tasks(3)), fleet))


def breaks() -> Instance:
    """Drivers who rest."""
    fleet = tuple(shift(f"s{n}", breaks=(lunch(),), costs=CHEAP) for n in range(5))
    return on_plane(Problem(tuple(tasks(4)), fleet))


@pytest.mark.parametrize("make", [plain, both_ways, pairs, reloads, breaks])
def test_after_tails_changed_places_the_score_is_what_the_scheduler_says(
    make: Callable[[], Instance],
) -> None:
    made = make()
    kernel = searched(made)
    plan = plan_of(made, kernel.best())
    left = sum(task.penalty_micros for task in plan.unassigned)

    assert not [broken for broken in verify.verify(made, plan) if broken.hard]
    assert kernel.score() == (sum(route.cost_micros for route in plan.routes) + left,)


def crossed(instance: Instance, given: Sequences) -> tuple[int, int, FullKernel]:
    """A plan's cost before and after some exchanges that gain, and nothing else."""
    kernel = FullKernel(instance, 1)
    kernel.load(given)
    before, state = kernel._search.number("micros"), kernel._search.record[0]
    for _ in range(TRIES):
        cross(kernel._model[0], state, 1e-6)
    return before, kernel._search.number("micros"), kernel


def test_a_single_task_has_no_other_to_be_put_beside() -> None:
    made = on_plane(Problem(tuple(tasks(1, count=1)), (shift("s0", costs=CHEAP),)))
    kernel = FullKernel(made, 1)
    kernel.load((((0, 0),),))
    outside = np.zeros(1, np.int64)  # what a read outside the array would find: the task itself
    kernel._model["beside_at"] = outside.ctypes.data
    found = {partner(kernel._model[0], kernel._search.record[0], 0) for _ in range(TRIES)}
    kernel.run(TRIES, 0.0, 1.0)

    assert found == {NONE}
    assert kernel.best() == (((0, 0),),)


def test_two_routes_that_cross_are_untangled() -> None:
    places = [(-2_000, 1_000), (-4_000, 1_000), (2_000, -1_000), (4_000, -1_000)]
    own = tuple(task(f"t{n}", x, y) for n, (x, y) in enumerate(places))
    fleet = tuple(shift(f"s{n}", costs=CHEAP) for n in range(2))
    made = on_plane(Problem(own, fleet))
    tangled, straight = (((0, 0), (3, 0)), ((2, 0), (1, 0))), (((0, 0), (1, 0)), ((2, 0), (3, 0)))
    _, after, _ = crossed(made, tangled)
    least, _, _ = crossed(made, straight)

    assert after <= least


def test_a_whole_route_moves_to_the_cheaper_vehicle() -> None:
    fleet = (shift("dear", costs=DEAR), shift("cheap", costs=CHEAP))
    made = on_plane(Problem(tuple(tasks(5, count=5)), fleet))
    given: Sequences = (tuple((rank, 0) for rank in range(5)), ())
    before, after, kernel = crossed(made, given)

    assert after < before
    assert kernel._search["routes"]["size"].tolist() == [0, 5]
