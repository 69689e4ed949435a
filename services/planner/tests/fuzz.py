"""Random problems that use every rule at once, and random sequences to hold against them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from services.planner.domain.access import AccessArea, AccessSpan, Verdict
from services.planner.domain.energy import Battery
from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.problem import (
    Balance,
    Churn,
    FixedRoute,
    FixedVisit,
    FreezeLevel,
    Objective,
    Pin,
    Problem,
    Territory,
)
from services.planner.domain.shift import (
    BreakRule,
    Costs,
    DutyClock,
    DutyLimit,
    Reload,
    Shift,
    ShiftSkill,
    ShiftTerritory,
    StartState,
    Unloading,
    Vehicle,
)
from services.planner.domain.task import Option, SkillNeed, SlotCost, Task, TaskKind, Window
from services.planner.domain.travel import BlockedArea, Profile
from services.planner.tests.problems import DEPOT, HOUR, MINUTE, at, on_plane, spot

WORDS = ("fridge", "lift", "hazmat")
OTHER_DEPOT = spot(-1_500, 700)
SQUARE = tuple(spot(x, y) for x, y in ((500, 500), (3_000, 500), (3_000, 3_000), (500, 3_000)))


def instance(seed: int) -> Instance:
    """A problem of twelve tasks over three shifts, with a bit of every rule."""
    made, dice = simple(seed), random.Random(f"more of {seed}")
    problem = made.problem
    more = replace(
        problem,
        tasks=tuple(choosier(dice, own) for own in problem.tasks),
        shifts=tuple(later(dice, own) for own in problem.shifts),
        incompatible_goods=problem.incompatible_goods | {frozenset({"food", "bleach"})},
        churn=replace(problem.churn, base_routes=(*problem.churn.base_routes, *known(dice))),
        objective=objective(dice),
    )
    return replace(made, problem=more)


def simple(seed: int) -> Instance:
    """The same without what compares whole plans, early costs, and shifts that tasks name."""
    dice = random.Random(seed)
    tasks = [task(dice, number) for number in range(9)]
    tasks += pair(dice, 9)
    tasks.append(task(dice, 11, kind=TaskKind.PICKUP))
    shifts = tuple(shift(dice, number) for number in range(3))
    shifts = (*shifts[:2], under_way(dice, shifts[2]))
    problem = Problem(
        tasks=tuple(tasks),
        shifts=shifts,
        territories=(Territory("east", SQUARE),),
        incompatible_goods=frozenset({frozenset({"food", "paint"})}),
        pins=tuple(pins(dice)),
        churn=churn(dice),
    )
    areas = tuple(zone(dice) if dice.random() < 0.4 else () for _ in shifts)
    return on_plane(problem, areas_of_shift=areas)


def sequence(dice: random.Random, made: Instance, shift_rank: int) -> tuple[Node, ...]:
    """Some tasks in a random order, pairs mostly in theirs; now and then a reload among them."""
    count = dice.choice([1, 1, 2, 3, 4, 5])
    ranks = dice.sample(range(len(made.problem.tasks)), count)
    if dice.random() < 0.7:
        ranks = [rank for rank in ranks if rank not in (9, 10)]
        if dice.random() < 0.4:
            at_rank = dice.randint(0, len(ranks))
            ranks = [*ranks[:at_rank], 9, *ranks[at_rank:], 10]
    ranks = ranks or [0]
    tasks, reloads = made.problem.tasks, made.problem.shifts[shift_rank].reloads
    nodes: list[Node] = [(rank, dice.randrange(len(tasks[rank].options))) for rank in ranks]
    if reloads and dice.random() < 0.4:
        nodes.insert(dice.randint(0, len(nodes)), (RELOAD, dice.randrange(len(reloads))))
    return tuple(nodes)


def task(dice: random.Random, number: int, **more: object) -> Task:
    """A task with some of what tasks can have."""
    options = [option(dice)]
    if number < 9 and dice.random() < 0.3:
        options.append(replace(option(dice), alternative_id="locker", extra_cost_micros=500_000))
    kind = more.get("kind", TaskKind.SERVICE if dice.random() < 0.1 else TaskKind.DELIVERY)
    from_depot = kind is TaskKind.DELIVERY and "pickup_task_id" not in more
    settings: dict[str, object] = {
        "options": tuple(options),
        "kind": kind,
        "priority": dice.choice([0, 0, 0, 1, 3]),
        "penalty_micros": dice.choice([0, 0, 30_000_000]),
        "slot_costs": slots(dice),
        "release_second": dice.choice([None, None, at(8.5), at(10)]) if from_depot else None,
        "excluded_vehicle_ids": frozenset({"v1"} if dice.random() < 0.1 else ()),
        "loads": (dice.choice([500, 5_000, 40_000]), 10, 1),
        "skills": skills(dice),
        "excluded_shift_ids": frozenset({"s0"} if dice.random() < 0.1 else ()),
        "preferred_shift_ids": frozenset({"s1"} if dice.random() < 0.2 else ()),
        "preference_cost_micros": 300_000,
        "goods_class": dice.choice(["", "", "food", "paint"]),
        "earliness_cost_micros_per_hour": dice.choice([0, 0, 1_000_000]),
    }
    return Task(f"t{number}", **(settings | more))  # type: ignore[arg-type]


def pair(dice: random.Random, number: int) -> list[Task]:
    """A pickup and its delivery."""
    up = task(dice, number, kind=TaskKind.PICKUP, options=(option(dice),))
    limit = dice.choice([None, 30 * MINUTE])
    more = {
        "kind": TaskKind.DELIVERY,
        "loads": up.loads,
        "pickup_task_id": up.task_id,
        "ride_limit_seconds": limit,
    }
    return [up, task(dice, number + 1, options=(option(dice),), **more)]


def option(dice: random.Random) -> Option:
    """A place, often with windows; now and then the depot or a place that others have too."""
    x, y = dice.choice(
        [(0, 0), (1_000, 1_000), *((dice.uniform(-5e3, 5e3),) * 2 for _ in range(4))]
    )
    return Option(
        spot(x, y if dice.random() < 0.5 else -y),
        windows=windows(dice),
        service_seconds=dice.choice([0, 120, 600]),
        setup_seconds=dice.choice([0, 90]),
        profile_service_seconds=((Profile.CARGO_BIKE, 60),),
        profile_setup_seconds=((Profile.E_VAN, 30),),
    )


def windows(dice: random.Random) -> tuple[Window, ...]:
    """None, one with a preferred part, or two."""
    first = dice.choice([8, 9, 11, 13])
    if dice.random() < 0.4:
        return ()
    if dice.random() < 0.5:
        soft = at(first + 1)
        return (Window(at(first), at(first + 3), soft_last_second=soft,
                       late_cost_micros_per_hour=2_000_000),)  # fmt: skip
    return (Window(at(first), at(first + 0.5)), Window(at(first + 2), at(first + 4)))


def slots(dice: random.Random) -> tuple[SlotCost, ...]:
    """Mostly none; else nobody opens before ten, and some not before one."""
    if dice.random() < 0.7:
        return ()
    return (
        SlotCost(at(8), at(10) - 1, 4_000_000),
        SlotCost(at(10), at(13) - 1, dice.choice([0, 1_000_000])),
    )


def skills(dice: random.Random) -> SkillNeed:
    """Mostly none."""
    if dice.random() < 0.6:
        return SkillNeed()
    word = frozenset({dice.choice(WORDS)})
    return dice.choice([SkillNeed(all_of=word), SkillNeed(one_of=word), SkillNeed(none_of=word)])


def shift(dice: random.Random, number: int) -> Shift:
    """A shift with some of what shifts can have."""
    profile = dice.choice([Profile.VAN, Profile.E_VAN, Profile.CARGO_BIKE])
    battery = Battery(30_000, 6_000, 1_000, 2_000) if dice.random() < 0.4 else None
    capacity = (dice.choice([0, 30_000, 90_000]), 0, dice.choice([0, 4]))
    vehicle = Vehicle(f"v{number}", profile, capacity, battery=battery,
                      travel_percent=dice.choice([100, 130]))  # fmt: skip
    return Shift(
        f"s{number}",
        vehicle,
        at(8),
        at(dice.choice([12, 15, 17])),
        dice.choice([DEPOT, DEPOT, OTHER_DEPOT]),
        end_point=dice.choice([DEPOT, DEPOT, OTHER_DEPOT, None]),
        skills=tuple(ShiftSkill(word, dice.choice([None, at(10), at(20)])) for word in WORDS[:2]),
        breaks=breaks(dice),
        duty_limits=duty(dice),
        costs=Costs(5_000_000, 25_000_000, 400_000, 9_000_000, 4 * HOUR, 100_000, 300_000),
        territories=dice.choice([(), (), (ShiftTerritory("east", dice.random() < 0.5, 700_000),)]),
        stop_limit=dice.choice([0, 0, 3]),
        distance_limit_meters=dice.choice([0, 0, 15_000]),
        loading_seconds=dice.choice([0, 600]),
        unloading_seconds=dice.choice([0, 300]),
        unloading=dice.choice(list(Unloading)),
        reloads=reloads(dice),
        reload_limit=dice.choice([0, 1, 2]),
    )


def reloads(dice: random.Random) -> tuple[Reload, ...]:
    """None, the depot, or also a dock that opens twice a day."""
    depot = Reload("depot", DEPOT, service_seconds=300)
    hours = (Window(at(9), at(9.5)), Window(at(10), at(14)))
    dock = Reload("dock", spot(800, 800), windows=hours, service_seconds=120)
    return dice.choice([(), (), (depot,), (depot, dock)])


def choosier(dice: random.Random, own: Task) -> Task:
    """A task that may allow two of the shifts only, smell of bleach, or cost more when early."""
    shifts = dice.choice([(), (), (), (), ("s0", "s1"), ("s1", "s2")])
    options = tuple(
        replace(option, windows=tuple(earlier(dice, window) for window in option.windows))
        for option in own.options
    )
    goods = own.goods_class or dice.choice(["", "", "bleach"])
    return replace(own, allowed_shift_ids=frozenset(shifts), options=options, goods_class=goods)


def earlier(dice: random.Random, own: Window) -> Window:
    """A window, sometimes with a part before which service costs."""
    if dice.random() < 0.6 or own.last_second - own.first_second < HOUR:
        return own
    soft = own.first_second + HOUR // 2
    return replace(own, soft_first_second=soft, early_cost_micros_per_hour=4_000_000)


def later(dice: random.Random, own: Shift) -> Shift:
    """A shift whose driver sometimes cannot begin at once."""
    return replace(own, earliest_start_second=dice.choice([None, None, None, at(8.75)]))


def known(dice: random.Random) -> tuple[FixedRoute, ...]:
    """Sometimes a known plan for the other two shifts."""
    second = FixedRoute("s1", (FixedVisit("t5", "", at(9.5)), FixedVisit("t6", "", at(11))))
    third = FixedRoute("s2", (FixedVisit("t9"), FixedVisit("t10")))
    return dice.choice([(), (second,), (second, third)])


def objective(dice: random.Random) -> Objective:
    """Mostly cost alone; else balance under a ceiling, or few shifts first."""
    if dice.random() < 0.2:
        return Objective(fewest_shifts=True)
    if dice.random() < 0.6:
        return Objective()
    return Objective(
        balance=dice.choice(list(Balance)), balance_cost_percent_max=dice.choice([0, 10, 40])
    )


def under_way(dice: random.Random, own: Shift) -> Shift:
    """Sometimes a shift that left an hour ago with some goods on board."""
    if dice.random() < 0.5:
        return own
    taken = frozenset({"first"} if dice.random() < 0.3 else ())
    onboard = frozenset(dice.sample([f"t{number}" for number in range(9)], 2))
    load = dice.choice([(), (2_000, 5, 1)])
    state = StartState(at(9), spot(300, 400), onboard, taken, None, at(8), load)
    return replace(own, start_state=state)


def breaks(dice: random.Random) -> tuple[BreakRule, ...]:
    """None, one or two."""
    first = BreakRule("first", at(9.5), at(10.5), 15 * MINUTE)
    second = BreakRule("second", at(11.5), at(12.5), 30 * MINUTE)
    return dice.choice([(), (second,), (first, second)])


def duty(dice: random.Random) -> tuple[DutyLimit, ...]:
    """None, or a limit on each clock."""
    if dice.random() < 0.5:
        return ()
    split = dice.choice([(), (15 * MINUTE, 30 * MINUTE)])
    return (
        DutyLimit("unbroken", DutyClock.DRIVING, 40 * MINUTE, 5 * MINUTE, 30 * MINUTE, split),
        DutyLimit("work", DutyClock.WORK, 4 * HOUR),
        DutyLimit("span", DutyClock.SPAN, 6 * HOUR),
    )


def pins(dice: random.Random) -> list[Pin]:
    """Mostly none."""
    found = []
    if dice.random() < 0.2:
        found.append(Pin("t0", "s0"))
    if dice.random() < 0.3:
        found.append(Pin("t1", "s1", FreezeLevel.SEQUENCE, 0))
        found.append(Pin("t2", "s1", FreezeLevel.SEQUENCE, 1))
    elif dice.random() < 0.2:
        found.append(Pin("t1", "s1", FreezeLevel.TIME, 0, at(9.25)))
    return found


def churn(dice: random.Random) -> Churn:
    """A known plan for two tasks."""
    visits = (FixedVisit("t3", "", at(10)), FixedVisit("t4"))
    rate = dice.choice([0, 3_000_000])
    return Churn((FixedRoute("s0", visits),), 1_000_000, rate, 10 * MINUTE, 2_000_000)


def zone(dice: random.Random) -> tuple[AccessArea, ...]:
    """A square that is closed for some time, or all day."""
    first, last = dice.choice([(7, 18), (9, 11), (8, 10), (14, 18)])
    verdict = dice.choice([Verdict.DENY, Verdict.UNKNOWN, Verdict.ALLOW_WITH_CHARGE])
    part = BlockedArea("square", (SQUARE,))
    return (AccessArea("square", (part,), (AccessSpan(at(first), at(last), verdict),)),)


def small(seed: int, ranks: Sequence[int]) -> Instance:
    """A simple one with some of the tasks, and the first and the last shift."""
    made = simple(seed)
    problem = made.problem
    tasks = tuple(problem.tasks[rank] for rank in ranks)
    names = frozenset(task.task_id for task in tasks)
    shifts = tuple(carrying(own, names) for own in (problem.shifts[0], problem.shifts[2]))
    kept = {own.shift_id for own in shifts}
    pins = tuple(pin for pin in problem.pins if pin.task_id in names and pin.shift_id in kept)
    visits = tuple(v for v in problem.churn.base_routes[0].visits if v.task_id in names)
    base = replace(problem.churn, base_routes=(FixedRoute("s0", visits),))
    own = replace(problem, tasks=tasks, shifts=shifts, pins=pins, churn=base)
    areas = (made.areas_of_shift[0], made.areas_of_shift[2])
    return on_plane(own, areas_of_shift=areas)


def carrying(own: Shift, names: frozenset[str]) -> Shift:
    """A shift that has only certain tasks on board."""
    if own.start_state is None:
        return own
    onboard = own.start_state.onboard_task_ids & names
    return replace(own, start_state=replace(own.start_state, onboard_task_ids=onboard))
