"""
The lean kernel on random problems: every best plan is checked by a few lines of plain Python that
share nothing with it, and by the exact scheduler.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.shift import BreakRule, Costs, Shift
from services.planner.domain.task import Option, Task, TaskKind, Window
from services.planner.search.evaluate import holding
from services.planner.search.kernel import Sequences
from services.planner.search.lean.arrays import NONE
from services.planner.search.lean.cross import partner
from services.planner.search.lean.kernel import SHORT_ROUTES, LeanKernel
from services.planner.search.lean.suits import suits
from services.planner.search.lean.trade import trade
from services.planner.search.view import ShiftView
from services.planner.tests.problems import HOUR, at, on_plane, shift, spot, task

COSTS = Costs(fixed_micros=2_000_000, kilometer_micros=400_000)
CHUNKS = ((300, 0.0, 0.3), (200, 0.3, 0.8), (300, 0.8, 1.0))


def town(seed: int, tasks: int = 60, shifts: int = 8) -> Instance:
    """Tasks of 1 to 40 kg, two of three with windows, some that nobody can reach in time."""
    dice = random.Random(seed)
    made = []
    for number in range(tasks):
        first = dice.uniform(7, 15)
        window = Window(at(first), at(first + dice.choice([0.2, 1, 3])))
        made.append(
            task(
                f"t{number}",
                dice.uniform(-9_000, 9_000),
                dice.uniform(-9_000, 9_000),
                windows=(window,) if dice.random() < 0.7 else (),
                loads=(dice.randint(1, 40) * 1_000, 5_000, 1),
                service=dice.choice([120, 600]),
            )
        )
    fleet = tuple(
        shift(f"s{number}", costs=COSTS, capacity=(200_000, 0, 0), loading_seconds=900)
        for number in range(shifts)
    )
    return on_plane(Problem(tuple(made), fleet))


def searched(instance: Instance, seed: int = 1) -> LeanKernel:
    """A kernel after some chunks."""
    kernel = LeanKernel(instance, seed)
    for chunk in CHUNKS:
        kernel.run(*chunk)
    return kernel


def cost_of(instance: Instance, sequences: Sequences) -> int:
    """Walks all routes by hand: fails where one does not hold, else gives cost and penalties."""
    served = [node[0] for nodes in sequences for node in nodes]
    assert len(served) == len(set(served))
    penalties = sum(
        penalty for rank, penalty in enumerate(instance.penalties) if rank not in set(served)
    )
    return penalties + sum(
        walked(instance, rank, [node[0] for node in nodes])
        for rank, nodes in enumerate(sequences)
        if nodes
    )


def walked(instance: Instance, rank: int, tasks: list[int]) -> int:
    """The cost of a route; fails where it does not hold."""
    own, here = instance.problem.shifts[rank], instance.places.starts[rank]
    depot, now, cost = here, own.start_second + own.loading_seconds, own.costs.fixed_micros
    for number in tasks:
        option = instance.problem.tasks[number].options[0]
        there = instance.places.options[number][0]
        cost += price(instance, rank, here, there)
        now += instance.travel_seconds(rank, here, there)
        now += option.setup_seconds if here != there else 0
        if option.windows:
            now = max(now, option.windows[0].first_second)
            assert now <= option.windows[0].last_second
        now, here = now + option.service_seconds, there
    assert now + instance.travel_seconds(rank, here, depot) <= own.end_second
    assert sum(instance.problem.tasks[number].loads[0] for number in tasks) <= 200_000
    return cost + price(instance, rank, here, depot)


def price(instance: Instance, rank: int, here: int, there: int) -> int:
    """What a way costs."""
    meters = instance.travel_meters(rank, here, there)
    return meters * instance.problem.shifts[rank].costs.kilometer_micros // 1_000


@pytest.mark.parametrize("seed", range(12))
def test_every_best_plan_holds_and_costs_what_the_kernel_says(seed: int) -> None:
    instance = town(seed, tasks=20 + 10 * seed, shifts=3 + seed)
    kernel = LeanKernel(instance, seed)
    for chunk in CHUNKS:
        kernel.run(*chunk)

        assert cost_of(instance, kernel.best()) == kernel.score()[0]

    views = [ShiftView(instance, rank) for rank in range(len(instance.problem.shifts))]
    assert all(
        holding(view, nodes) is not None
        for view, nodes in zip(views, kernel.best(), strict=True)
        if nodes
    )


def test_the_same_seed_and_chunks_give_the_same_plan() -> None:
    instance = town(5)

    assert searched(instance).best() == searched(instance).best()
    assert searched(instance, seed=2).best() != searched(instance).best()


def test_a_warm_start_never_worsens() -> None:
    instance = town(7)
    first = searched(instance)
    second = LeanKernel(instance, seed=9)
    second.load(first.best())
    loaded = second.score()
    second.run(50, 0.0, 0.0)

    assert loaded == first.score()
    assert second.score() <= loaded


def test_what_does_not_hold_of_a_given_plan_is_left_out() -> None:
    instance = town(3, tasks=40, shifts=2)
    everything = tuple((rank, 0) for rank in range(40))
    kernel = LeanKernel(instance, seed=1)
    kernel.load((everything, ()))

    assert 0 < len(kernel.best()[0]) < 40
    assert cost_of(instance, kernel.best()) == kernel.score()[0]


def test_a_single_task_has_no_other_to_be_put_beside() -> None:
    instance = town(1, tasks=1, shifts=2)
    kernel = LeanKernel(instance, seed=1)
    kernel.load((((0, 0),), ()))
    for chunk in CHUNKS:
        kernel.run(*chunk)
    model, state = kernel._model, kernel._state

    assert cost_of(instance, kernel.best()) == kernel.score()[0]
    # As plain Python, which refuses to read outside an array: machine code does not.
    assert partner.py_func(model, state, SHORT_ROUTES, 0) == NONE  # type: ignore[attr-defined]
    assert not trade.py_func(model, state, SHORT_ROUTES, 0)  # type: ignore[attr-defined]


def test_an_optional_task_is_served_only_where_it_is_cheaper_than_its_penalty() -> None:
    far, near = task("far", 20_000, 0, penalty_micros=1_000_000), task("near", 100, 0)
    instance = on_plane(Problem((far, near), (shift("s", costs=COSTS),)))
    kernel = searched(instance)

    assert kernel.best() == (((1, 0),),)
    assert kernel.score() == (1_000_000 + 2_000_000 + 2 * 100 * 400,)


def test_a_far_cluster_is_served_where_no_task_alone_pays_for_the_way() -> None:
    """Thirty tasks 10 km away at a unit each, the way there and back at 8: four pay for it."""
    unit = 1_000_000
    tasks = tuple(
        task(f"t{n}", 10_000 + 50 * (n % 6), 50 * (n // 6), penalty_micros=unit) for n in range(30)
    )
    own = shift("s0", costs=Costs(kilometer_micros=400_000))
    kernel = LeanKernel(on_plane(Problem(tasks, (own,))), 1)
    kernel.run(5_000, 0.0, 1.0)

    assert sum(len(nodes) for nodes in kernel.best()) == len(tasks)


def test_the_pool_holds_each_route_of_the_best_plan_once_and_is_then_empty() -> None:
    kernel = searched(town(4))
    pool = kernel.take_pool()
    routes = [route.nodes for route in pool]

    assert len(set(routes)) == len(routes)
    assert {nodes for nodes in kernel.best() if nodes} <= set(routes)
    assert kernel.take_pool() == []


def test_iterations_are_counted() -> None:
    kernel = LeanKernel(town(1), seed=1)
    kernel.run(100, 0.0, 1.0)

    assert kernel.iterations_done >= 100


def two_windows(own: Task) -> Task:
    """With a second window."""
    windows = (Window(at(9), at(10)), Window(at(11), at(12)))
    return replace(own, options=(replace(own.options[0], windows=windows),))


def two_options(own: Task) -> Task:
    """With an alternative."""
    return replace(own, options=(*own.options, Option(spot(1, 1), "other")))


TASKS_BEYOND = {
    "two windows": two_windows,
    "two options": two_options,
    "a pickup among deliveries": lambda own: replace(own, kind=TaskKind.PICKUP),
    "another tier": lambda own: replace(own, priority=3),
    "a release": lambda own: replace(own, release_second=at(9)),
    "a shift of its own": lambda own: replace(own, allowed_shift_ids=frozenset({"s1"})),
}
SHIFTS_BEYOND = {
    "a break": {"breaks": (BreakRule("b", at(11), at(12), HOUR),)},
    "time that costs": {"costs": Costs(hour_micros=1, kilometer_micros=1)},
    "another end": {"end_point": spot(5, 5)},
    "a limit of stops": {"stop_limit": 5},
}


@pytest.mark.parametrize("change", TASKS_BEYOND.values(), ids=TASKS_BEYOND.keys())
def test_a_task_that_asks_for_more_does_not_suit(change: object) -> None:
    instance = town(1, tasks=5)
    tasks = instance.problem.tasks
    other = replace(instance.problem, tasks=(change(tasks[0]), *tasks[1:]))  # type: ignore[operator]

    assert suits(instance)
    assert not suits(on_plane(other))


@pytest.mark.parametrize("more", SHIFTS_BEYOND.values(), ids=SHIFTS_BEYOND.keys())
def test_a_shift_that_asks_for_more_does_not_suit(more: dict[str, object]) -> None:
    tasks, plain = town(1, tasks=5).problem.tasks, {"costs": COSTS}
    fleet: tuple[Shift, ...] = tuple(shift(f"s{n}", **(plain | more)) for n in range(2))

    assert not suits(on_plane(Problem(tasks, fleet)))
    assert not suits(on_plane(Problem(tasks, (shift("s1", **plain), fleet[0]))))
