"""
PyVRP as an engine: it searches what we mean, to the micro.

Method: random problems of everything that PyVRP models; what it says a plan costs is held against
the exact scheduler, and the rules are asked about every plan. Then each thing that it does not
model, by name.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace

import pytest

from services.planner.domain.energy import Battery
from services.planner.domain.instance import RELOAD, Instance
from services.planner.domain.phases import Chunk, Phase
from services.planner.domain.problem import FreezeLevel, Pin, Problem
from services.planner.domain.shift import (
    BreakRule,
    Costs,
    DutyClock,
    DutyLimit,
    Reload,
    Shift,
    ShiftSkill,
    StartState,
    Vehicle,
)
from services.planner.domain.task import Option, SkillNeed, Task, TaskKind, Window
from services.planner.domain.travel import Profile
from services.planner.search.kernel import Sequences
from services.planner.solver.assembly import Assembly
from services.planner.solver.pace import ReplayPacer
from services.planner.solver.pyvrp_engine import (
    Listener,
    PyvrpEngine,
    Stop,
    gaps,
    models,
    searched,
    solution_of,
)
from services.planner.tests.problems import DEPOT, HOUR, at, on_plane, shift, spot, task

STEPS = Phase("pyvrp", (Chunk(150, 0, 0),))


def rich(seed: int) -> Instance:
    """Two kinds of vehicles, windows, skills, alternatives, pairs, reloads, releases, prizes."""
    dice = random.Random(seed)
    tasks = [single(dice, number) for number in range(10)]
    tasks.append(task("up", *place(dice), kind=TaskKind.PICKUP, loads=(9_000, 9_000, 1)))
    tasks.append(task("down", *place(dice), pickup_task_id="up", loads=(9_000, 9_000, 1)))
    van = shift("s0", capacity=(40_000, 0, 5), costs=Costs(9_000_000, 25_000_000, 400_000))
    stop_micros = dice.choice([0, 150_000])
    bike = Shift(
        "s1",
        Vehicle("bike", Profile.CARGO_BIKE, (20_000, 0, 3), travel_percent=140),
        at(8),
        at(13),
        DEPOT,
        end_point=None if stop_micros else DEPOT,
        skills=(ShiftSkill("stairs"),),
        costs=Costs(0, 18_000_000, 50_000, 7_000_000, 2 * HOUR, stop_micros=stop_micros),
        loading_seconds=300,
        unloading_seconds=120,
        reloads=() if stop_micros else (Reload("r", spot(400, 300), service_seconds=240),),
        reload_limit=0 if stop_micros else 2,
        duty_limits=(DutyLimit("work", DutyClock.WORK, 4 * HOUR),),
    )
    return on_plane(Problem(tuple(tasks), (van, replace(van, shift_id="s2"), bike)))


def single(dice: random.Random, number: int) -> Task:
    """A delivery or pickup with some of what PyVRP models."""
    made = task(
        f"t{number}",
        *place(dice),
        kind=dice.choice([TaskKind.DELIVERY, TaskKind.DELIVERY, TaskKind.PICKUP]),
        loads=(dice.choice([2_000, 8_000]), 500, 1),
        windows=dice.choice([(), (Window(at(9), at(11)),), (Window(at(8.5), at(16)),)]),
        skills=SkillNeed(all_of=frozenset({"stairs"} if dice.random() < 0.2 else ())),
        penalty_micros=dice.choice([0, 0, 2_500_000]),
    )
    if made.kind is TaskKind.DELIVERY and dice.random() < 0.3:
        made = replace(made, release_second=at(9.5))
    if dice.random() < 0.3:
        other = replace(made.options[0], point=spot(*place(dice)), alternative_id="locker")
        made = replace(made, options=(*made.options, replace(other, extra_cost_micros=90_000)))
    slower = ((Profile.CARGO_BIKE, 260),)
    options = tuple(replace(one, profile_service_seconds=slower) for one in made.options)
    return replace(made, options=options)


def place(dice: random.Random) -> tuple[float, float]:
    return dice.uniform(-4_000, 4_000), dice.uniform(-4_000, 4_000)


@pytest.mark.parametrize("seed", range(10))
def test_what_pyvrp_says_a_plan_costs_is_what_it_costs(seed: int) -> None:
    instance = rich(seed)
    assembly = Assembly(instance)
    engine = PyvrpEngine(instance, assembly.views, seed)
    nothing: Sequences = ((), (), ())
    model = engine._model(nothing)
    stop = Stop(ReplayPacer(STEPS), Listener(lambda _: True))
    best = searched(model, solution_of(model, nothing), seed, stop)
    found = engine.sequences(model, best)
    plan = assembly.plan(assembly.held(found))
    costs = best.distance_cost() + best.duration_cost() + best.fixed_vehicle_cost()
    routes = sum(route.cost_micros for route in plan.routes)

    assert list(gaps(instance, assembly.views)) == []
    assert assembly.held(found) == found
    assert abs(costs / model.scale - routes) <= 4 * len(plan.routes)  # each term is rounded once
    assert [one for one in assembly.verified(plan) if one.hard] == []
    assert any(found)


@pytest.mark.parametrize("seed", range(4))
def test_it_goes_on_from_a_plan_and_never_answers_with_a_worse_one(seed: int) -> None:
    instance = rich(seed)
    assembly = Assembly(instance)
    engine = PyvrpEngine(instance, assembly.views, seed)
    first = engine.run(((), (), ()), ReplayPacer(STEPS), lambda _: True)
    second = engine.run(first, ReplayPacer(STEPS), lambda _: True)

    before, after = (assembly.score(assembly.plan(one)) for one in (first, second))
    assert after <= before
    assert engine.run(first, ReplayPacer(STEPS), lambda _: True) == second


def test_it_reloads_where_that_is_the_only_way() -> None:
    tasks = tuple(task(f"t{n}", 1_000 + 100 * n, 0, loads=(5_000, 1, 1)) for n in range(4))
    home = Reload("home", DEPOT, service_seconds=60)
    small = shift("s0", capacity=(10_000, 0, 0), reloads=(home,), reload_limit=3)
    instance = on_plane(Problem(tasks, (small,)))
    assembly = Assembly(instance)
    engine = PyvrpEngine(instance, assembly.views, 1)
    (nodes,) = engine.run(((),), ReplayPacer(STEPS), lambda _: True)

    assert nodes.count((RELOAD, 0)) == 1
    assert len(nodes) == 5
    assert assembly.route(0, nodes) is not None


@pytest.mark.parametrize(
    ("what", "tasks", "more"),
    [
        ("breaks", {}, {"breaks": (BreakRule("b", at(11), at(12), 1_800),)}),
        ("a limit of stops", {}, {"stop_limit": 3}),
        ("a shift under way", {}, {"start_state": StartState(at(9), DEPOT)}),
        ("a limit of driving", {}, {"duty_limits": (DutyLimit("d", DutyClock.DRIVING, 900),)}),
        ("costs of a moment", {"earliness_cost_micros_per_hour": 5}, {}),
        (
            "windows that differ by shift, or several",
            {"windows": (Window(at(9), at(10)), Window(at(12), at(13)))},
            {},
        ),
    ],
)
def test_what_it_does_not_model_is_named(
    what: str, tasks: dict[str, object], more: dict[str, object]
) -> None:
    instance = on_plane(Problem((task("t", 900, 0, **tasks),), (shift("s0", **more),)))

    assert list(gaps(instance, Assembly(instance).views)) == [what]


def test_a_battery_and_a_frozen_head_are_named() -> None:
    vehicle = Vehicle("v", Profile.E_VAN, (0, 0, 0), battery=Battery(30_000, 6_000, 1_000, 2_000))
    pins = (Pin("t", "s0", FreezeLevel.SEQUENCE, 0),)
    own = task("t", 900, 0)
    with_battery = on_plane(Problem((own,), (shift("s0", vehicle=vehicle),)))
    with_head = on_plane(Problem((own,), (shift("s0"),), pins=pins))

    assert not models(with_battery, Assembly(with_battery).views)
    assert not models(with_head, Assembly(with_head).views)


def test_an_option_without_a_place_of_its_own_is_a_place_that_is_shared() -> None:
    here = Option(spot(700, 0), service_seconds=60, setup_seconds=240)
    tasks = tuple(Task(f"t{n}", TaskKind.DELIVERY, (here,), (1, 1, 1)) for n in range(3))
    instance = on_plane(Problem(tasks, (shift("s0"),)))
    assembly = Assembly(instance)
    engine = PyvrpEngine(instance, assembly.views, 1)
    model = engine._model(((),))

    assert sorted(set(model.data.duration_matrix(0)[0][1:3])) == [0]  # set up once
    assert "highspy" not in sys.modules
