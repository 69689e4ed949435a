"""
The full kernel on random problems that use every rule at once.

What it holds is scheduled exactly and given to the verifier, which shares nothing with it; what it
says about costs is compared with the scheduler's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route, Unassigned
from services.planner.domain.problem import FreezeLevel, Pin, Problem
from services.planner.domain.shift import Costs, Reload, Shift
from services.planner.domain.task import Task, TaskKind, Window
from services.planner.rules import verify
from services.planner.search.evaluate import holding, views_of
from services.planner.search.full.kernel import FullKernel
from services.planner.search.kernel import Sequences
from services.planner.tests import fuzz
from services.planner.tests.problems import DEPOT, HOUR, at, lunch, on_plane, shift, task

CHUNKS = ((150, 0.0, 0.5), (150, 0.5, 1.0))
# Times of the least cost may take some watt hours more, as waiting takes energy.
ENERGY_SLACK_MICROS = 3_000
PLACE = Path(__file__).parents[2]


def searched(instance: Instance, seed: int = 1) -> FullKernel:
    """A kernel after some chunks."""
    kernel = FullKernel(instance, seed)
    for chunk in CHUNKS:
        kernel.run(*chunk)
    return kernel


def timed(instance: Instance, sequences: Sequences) -> tuple[Route, ...]:
    """All routes with their exact times; fails where one does not hold."""
    routes = []
    for view, nodes in zip(views_of(instance), sequences, strict=True):
        if nodes:
            route = holding(view, nodes)
            assert route is not None, (view.rank, nodes)
            routes.append(route)
    return tuple(routes)


def plan_of(instance: Instance, sequences: Sequences) -> Plan:
    """The plan of some sequences."""
    routes = timed(instance, sequences)
    served = {visit.task for route in routes for visit in route.served}
    tasks, base = instance.problem.tasks, instance.base_shift_of
    left = sorted(set(range(len(tasks))) - served)
    dropped = sum(tasks[rank].task_id in base for rank in left)
    unassigned = tuple(Unassigned(rank, instance.penalties[rank]) for rank in left)
    drop = dropped * instance.problem.churn.drop_cost_micros
    return Plan(routes, unassigned, churn_drop_micros=drop)


def town(tasks: list[Task], **more: object) -> Instance:
    """Tasks for two shifts."""
    return on_plane(Problem(tuple(tasks), (shift("s0", **more), shift("s1", **more))))


def line(count: int, **more: object) -> list[Task]:
    """Tasks on a line east of the depot, half a kilometer apart."""
    return [task(f"t{number}", 500 * number + 500, 0, **more) for number in range(count)]


def served(instance: Instance, seed: int = 1) -> int:
    """How many tasks a plan that verifies serves."""
    plan = plan_of(instance, searched(instance, seed).best())

    assert not [broken for broken in verify.verify(instance, plan) if broken.hard]
    return sum(len(route.served) for route in plan.routes)


@pytest.mark.parametrize("seed", range(40))
def test_what_the_kernel_holds_the_scheduler_and_the_verifier_hold(seed: int) -> None:
    made = fuzz.instance(seed)
    kernel = searched(made, seed)
    plan = plan_of(made, kernel.best())
    broken = [one for one in verify.verify(made, plan) if one.hard]

    # A frozen head that does not hold is left out in part, which only reasons can tell.
    assert {one.subject for one in broken} <= {"dropped"}
    for pooled in kernel.take_pool():
        assert holding(views_of(made)[pooled.shift], pooled.nodes) is not None


@pytest.mark.parametrize("seed", [1, 8, 12, 19, 23, 25, 33])
def test_no_route_is_priced_below_what_the_scheduler_finds(seed: int) -> None:
    made = fuzz.instance(seed)
    views = views_of(made)

    for pooled in searched(made, seed).take_pool():
        route = holding(views[pooled.shift], pooled.nodes)
        assert route is not None
        assert pooled.cost_micros >= route.cost_micros - ENERGY_SLACK_MICROS


def test_the_score_is_what_the_scheduler_says_where_times_are_simple() -> None:
    costs = Costs(fixed_micros=3_000_000, hour_micros=20_000_000, kilometer_micros=500_000)
    made = town(line(12, windows=(Window(at(9), at(12)),)), costs=costs)
    kernel = searched(made)
    plan = plan_of(made, kernel.best())

    assert kernel.score() == (sum(route.cost_micros for route in plan.routes),)


def test_breaks_are_priced_as_the_scheduler_prices_them() -> None:
    made = town(line(40, service=600), breaks=(lunch(),))
    kernel = searched(made)
    plan = plan_of(made, kernel.best())

    assert all(route.breaks for route in plan.routes if route.end_second > at(13))
    assert kernel.score() == (sum(route.cost_micros for route in plan.routes),)


def test_the_same_seed_and_chunks_give_the_same_routes() -> None:
    made = fuzz.instance(3)

    assert searched(made, 7).best() == searched(made, 7).best()


def test_a_given_plan_is_kept_as_far_as_it_holds() -> None:
    made = town(line(6))
    kernel = FullKernel(made, 1)
    given: Sequences = (((0, 0), (1, 0), (2, 0)), ((5, 0), (4, 0), (3, 0)))
    kernel.load(given)

    assert kernel.best() == given
    kernel.load((((0, 0), (1, 0), (2, 0)), ((0, 0), (4, 0), (3, 0))))
    assert sorted(node[0] for nodes in kernel.best() for node in nodes) == list(range(6))


def test_a_warm_start_is_never_worse_than_what_it_started_from() -> None:
    made = fuzz.instance(11)
    kernel = searched(made)
    again = FullKernel(made, 5)
    again.load(kernel.best())
    again.run(200, 0.7, 1.0)

    assert again.score() <= kernel.score()


def test_a_frozen_head_stays_first() -> None:
    pins = tuple(Pin(f"t{n}", "s1", FreezeLevel.SEQUENCE, rank) for rank, n in enumerate((5, 0)))
    made = on_plane(Problem(tuple(line(8)), (shift("s0"), shift("s1")), pins=pins))
    best = searched(made).best()

    assert [node[0] for node in best[1][:2]] == [5, 0]


def with_reloads(own: Shift) -> Shift:
    """A shift that may come back twice."""
    return replace(own, reloads=(Reload("home", DEPOT, "", (), 300),), reload_limit=2)


def pair(number: int, ride: int | None = None) -> list[Task]:
    """A pickup, and its delivery 3 km on."""
    up = task(f"u{number}", 500 * number, 2_000, kind=TaskKind.PICKUP)
    down = task(f"d{number}", 500 * number, 5_000, pickup_task_id=f"u{number}",
                ride_limit_seconds=ride)  # fmt: skip
    return [up, down]


TWO_WINDOWS = (Window(at(6), at(7)), Window(at(9), at(10)))
OFF_AND_ON: list[tuple[str, Callable[[], Instance], int]] = [
    ("capacity holds four of six", lambda: town(line(6), capacity=(2_000, 0, 0)), 4),
    ("no capacity holds all", lambda: town(line(6), capacity=(0, 0, 0)), 6),
    (
        "a window that is over is missed",
        lambda: town([*line(3, windows=(Window(at(6), at(7)),)), task("x", 100, 0)]),
        1,
    ),
    ("stop limits", lambda: town(line(6), stop_limit=2), 4),
    ("distance limits", lambda: town(line(6), distance_limit_meters=2_000), 2),
    ("a second window is used", lambda: town(line(2, windows=TWO_WINDOWS)), 2),
    ("pairs ride in time", lambda: town(pair(1) + pair(2, ride=HOUR)), 4),
    ("pairs that cannot", lambda: town(pair(1) + pair(2, ride=60)), 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "count"), [row[1:] for row in OFF_AND_ON], ids=[row[0] for row in OFF_AND_ON]
)
def test_each_rule_leaves_out_as_much_as_it_must(made: Callable[[], Instance], count: int) -> None:
    assert served(made()) == count


def test_a_reload_brings_what_does_not_fit_at_once() -> None:
    fleet = (with_reloads(shift("s0", capacity=(2_000, 0, 0))),)

    assert served(on_plane(Problem(tuple(line(6)), fleet))) == 6


def test_goods_that_are_released_late_are_delivered_after() -> None:
    made = town([*line(4)[:3], replace(line(4)[3], release_second=at(12))])
    plan = plan_of(made, searched(made).best())
    late = [route for route in plan.routes if 3 in {visit.task for visit in route.served}]

    assert late[0].visits[0].start_second > at(12)


def test_a_high_tier_is_served_before_many_of_a_low_one() -> None:
    tasks = [*line(5), task("vip", 0, 9_000, priority=5)]
    tight = shift("s0", capacity=(1_000, 0, 0))
    made = on_plane(Problem(tuple(tasks), (tight,)))

    assert searched(made).best() == (((5, 0),),)


def test_a_task_that_costs_more_than_it_is_worth_is_left_out() -> None:
    made = town([*line(2, penalty_micros=10**9), task("far", 0, 90_000, penalty_micros=1)])
    best = searched(made).best()

    assert sorted(node[0] for nodes in best for node in nodes) == [0, 1]


def test_every_rule_has_a_compiled_twin_of_its_name() -> None:
    helpers = {"__init__", "timeline", "verify", "walk"}
    rules = {path.stem for path in (PLACE / "rules").glob("*.py")} - helpers
    twins = {path.stem for path in (PLACE / "search" / "rules").glob("*.py")} - {"__init__"}

    assert rules == twins
