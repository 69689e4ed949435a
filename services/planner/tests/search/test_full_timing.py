"""
The full kernel reads rules and costs off one timing that can be driven, and waits where that pays.

Method: what it says a plan costs is compared with the exact scheduler's words on the same
sequences, in towns where moments have prices; scenes where goods or clocks hold only when somebody
waits are given to it.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.shift import DutyClock, DutyLimit
from services.planner.domain.task import SlotCost, Task, TaskKind, Window
from services.planner.search.evaluate import holding, views_of
from services.planner.search.full.kernel import FullKernel
from services.planner.tests import fuzz
from services.planner.tests.problems import HOUR, MINUTE, at, city, lunch, on_plane, shift, task

CHUNKS = ((200, 0.0, 0.5), (200, 0.5, 1.0))
MICROS_PER_STOP = 3  # by which sums of rounded terms may differ
RICH_SHARE = 0.97  # of routes of random rich problems: some hold only with breaks elsewhere


def searched(instance: Instance) -> FullKernel:
    """A kernel after some chunks."""
    kernel = FullKernel(instance, 1)
    for chunk in CHUNKS:
        kernel.run(*chunk)
    return kernel


def is_exact(instance: Instance, kernel: FullKernel) -> bool:
    """Whether the plan of a kernel costs what the scheduler says, penalties apart."""
    pairs = zip(views_of(instance), kernel.best(), strict=True)
    routes = [holding(view, nodes) for view, nodes in pairs if nodes]
    assert all(route is not None for route in routes)
    served = {visit.task for route in routes if route for visit in route.served}
    left = set(range(len(instance.problem.tasks))) - served
    cost = sum(route.cost_micros for route in routes if route)
    cost += sum(instance.penalties[task] for task in left)
    return abs(kernel.score()[-1] - cost) <= MICROS_PER_STOP * len(served)


def priced_town(kind: str, *, breaks: bool) -> Instance:
    """A town whose tasks have prices of one kind."""
    problem, dice = city(3, 24, 3, breaks=breaks), random.Random(1)
    return on_plane(
        replace(problem, tasks=tuple(with_price(own, kind, dice) for own in problem.tasks))
    )


def with_price(own: Task, kind: str, dice: random.Random) -> Task:
    """A task for which it costs when its service starts."""
    hour = dice.choice([9, 11, 13])
    if kind == "slots":
        morning, noon = dice.choice([0, 3_000_000, 6_000_000]), dice.choice([0, 3_000_000])
        slots = (SlotCost(at(8), at(12) - 1, morning), SlotCost(at(12), at(18), noon))
        return replace(own, slot_costs=slots)
    if kind == "earliness":
        return replace(own, earliness_cost_micros_per_hour=dice.choice([0, 2_000_000]))
    whole, wanted = (at(8), at(17)), {"early": (at(hour), None), "late": (None, at(hour))}
    rates = {"early": (6_000_000, 0), "late": (0, 6_000_000)}
    windows: tuple[Window, ...] = (Window(*whole, *wanted[kind], *rates[kind]),)
    if kind == "late" and dice.random() < 0.3:
        windows = (Window(at(8), at(9)), Window(at(13), at(14)))
    return replace(own, options=tuple(replace(one, windows=windows) for one in own.options))


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("kind", ["early", "late", "slots", "earliness"])
def test_where_moments_cost_a_plan_costs_what_the_scheduler_says(kind: str, breaks: bool) -> None:
    made = priced_town(kind, breaks=breaks)

    assert is_exact(made, searched(made))


def test_random_rich_routes_cost_what_the_scheduler_says_but_for_a_few() -> None:
    same, count = 0, 0
    for seed in range(12):
        made = fuzz.instance(seed)
        views = views_of(made)
        for pooled in searched(made).take_pool():
            route = holding(views[pooled.shift], pooled.nodes)
            assert route is not None
            more = abs(pooled.cost_micros - route.cost_micros)
            count, same = count + 1, same + (more <= 1_000)
    assert same >= RICH_SHARE * count


def test_a_pickup_waits_where_its_goods_would_ride_too_long() -> None:
    first = task("first", 800, 0, windows=(Window(at(8), at(8.5)),))
    up = task("up", 1_600, 0, kind=TaskKind.PICKUP)
    noon = (Window(at(12), at(12.5)),)
    down = task("down", 2_400, 0, pickup_task_id="up", windows=noon, ride_limit_seconds=HOUR // 2)
    made = on_plane(Problem((first, up, down), (shift("s0"),)))
    kernel = FullKernel(made, 1)
    kernel.load((((0, 0), (1, 0), (2, 0)),))

    assert kernel.best() == (((0, 0), (1, 0), (2, 0)),)
    assert is_exact(made, kernel)


def test_a_break_is_held_before_it_must_be_where_a_clock_asks_for_it() -> None:
    clock = DutyLimit("driving", DutyClock.DRIVING, 20 * MINUTE, reset_seconds=HOUR // 2)
    held = shift("s0", breaks=(lunch(8, 16),), duty_limits=(clock,))
    made = on_plane(Problem((task("far", 8_000, 0),), (held,)))
    kernel = FullKernel(made, 1)
    kernel.load((((0, 0),),))

    assert kernel.best() == (((0, 0),),)
