"""
Tiny problems on a grid of seconds, and every route that a sequence can have on it.

A day lasts a quarter of a minute, ways a few seconds, and money is whole per second, so that all
moments can be tried one by one and no rounding blurs a comparison. The rules alone say what is
lawful and what it costs; nothing of the search is used. No vehicle has a battery: times are not
chosen by energy (see `search/evaluate.py`).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from services.planner.domain.instance import RELOAD, Instance, Node, TravelTable
from services.planner.domain.places import places_of
from services.planner.domain.plan import Break, Route, Visit, total
from services.planner.domain.problem import Churn, FixedRoute, FixedVisit, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.shift import (
    BreakRule,
    Costs,
    DutyClock,
    DutyLimit,
    Reload,
    Shift,
    StartState,
    Vehicle,
)
from services.planner.domain.task import Option, SlotCost, Task, TaskKind, Window
from services.planner.domain.travel import Profile
from services.planner.rules import cost
from services.planner.rules.verify import route_violations
from services.planner.rules.walk import Walk
from services.planner.tests.problems import DEPOT, spot

LAST = 14  # seconds that a day lasts
RATE = 3_600  # micros per hour: one micro a second


def instance(seed: int, tasks: int = 3, shifts: int = 1) -> Instance:
    """A problem of a few tasks with a bit of everything that concerns time."""
    dice = random.Random(seed)
    made = [task(dice, number) for number in range(tasks)]
    if tasks > 1 and dice.random() < 0.4:
        limit = dice.choice([1, 2, 4, None])
        made[0] = replace(made[0], kind=TaskKind.PICKUP, release_second=None)
        made[1] = replace(made[1], kind=TaskKind.DELIVERY, pickup_task_id="t0",
                          ride_limit_seconds=limit, release_second=None)  # fmt: skip
    problem = Problem(
        tuple(made),
        tuple(shift(dice, number) for number in range(shifts)),
        dimensions=("items",),
        churn=churn(dice),
    )
    return Instance(problem, (table(dice, len(places_of(problem).points)),), (0,) * shifts)


def table(dice: random.Random, size: int) -> TravelTable:
    """Ways of one to three seconds."""
    cells = np.array([dice.randint(1, 3) for _ in range(size * size)], np.int32)
    return TravelTable(cells.data, (cells * 1_000).data, size)


def task(dice: random.Random, number: int) -> Task:
    """A delivery with some of what makes its time matter."""
    options = (option(dice, number),)
    return Task(
        f"t{number}",
        TaskKind.DELIVERY,
        options,
        loads=(1,),
        earliness_cost_micros_per_hour=RATE * dice.choice([0, 0, 0, 1, 5]),
        release_second=dice.choice([None, None, None, 2, 4]),
        slot_costs=slots(dice),
    )


def option(dice: random.Random, number: int) -> Option:
    """A place of its own or shared, with windows."""
    return Option(
        spot(100 * dice.choice([number + 1, number + 1, 1]), 0),
        windows=windows(dice),
        service_seconds=dice.choice([0, 1, 2]),
        setup_seconds=dice.choice([0, 0, 1]),
    )


def windows(dice: random.Random) -> tuple[Window, ...]:
    """None, one, or two; some with a part that is preferred."""
    if dice.random() < 0.35:
        return ()
    edges = sorted(dice.sample(range(LAST), 4))
    parts = [window(dice, edges[0], edges[1]), window(dice, edges[2], edges[3])]
    return dice.choice([tuple(parts), (window(dice, edges[0], edges[3]),), (parts[1],)])


def window(dice: random.Random, first: int, last: int) -> Window:
    """A window, half of the time with costs inside."""
    if dice.random() < 0.5:
        return Window(first, last)
    one, other = sorted((dice.randint(first, last), dice.randint(first, last)))
    rates = (RATE * dice.choice([0, 1, 5]), RATE * dice.choice([0, 2, 4]))
    return Window(first, last, one, other, *rates)


def slots(dice: random.Random) -> tuple[SlotCost, ...]:
    """Mostly none."""
    if dice.random() < 0.75:
        return ()
    edge = dice.randint(2, 9)
    return (SlotCost(0, edge, dice.choice([0, 6])), SlotCost(edge + 2, LAST, dice.choice([0, 9])))


def shift(dice: random.Random, number: int) -> Shift:
    """A shift with breaks, clocks, overtime and reloads."""
    after = dice.choice([None, None, 4, 6])
    costs = Costs(
        hour_micros=RATE * dice.choice([0, 1, 3]),
        kilometer_micros=1,
        overtime_hour_micros=RATE * dice.choice([2, 7]) if after else 0,
        overtime_after_seconds=after,
    )
    reloads = (Reload("dock", DEPOT, windows=windows(dice), service_seconds=dice.choice([0, 1])),)
    own = Shift(
        f"s{number}",
        Vehicle(f"v{number}", Profile.VAN, (dice.choice([0, 2, 3]),)),
        0,
        dice.choice([LAST, LAST, LAST - 3]),
        DEPOT,
        end_point=dice.choice([DEPOT, DEPOT, None]),
        breaks=breaks(dice),
        duty_limits=duty(dice),
        costs=costs,
        loading_seconds=dice.choice([0, 0, 1]),
        unloading_seconds=dice.choice([0, 0, 1]),
        reloads=reloads,
        reload_limit=1,
    )
    if dice.random() < 0.15:
        state = StartState(2, DEPOT, frozenset({"t0", "t1", "t2"}), route_start_second=1)
        return replace(own, start_state=state)
    return own


def breaks(dice: random.Random) -> tuple[BreakRule, ...]:
    """None, one or two."""
    edges = sorted(dice.sample(range(1, LAST - 1), 4))
    first = BreakRule("b0", edges[0], edges[1], dice.choice([1, 2]))
    second = BreakRule("b1", edges[2], edges[3], dice.choice([1, 2]))
    return dice.choice([(), (first,), (second,), (first, second)])


def duty(dice: random.Random) -> tuple[DutyLimit, ...]:
    """None, or a limit on a clock or two."""
    found = []
    for clock in DutyClock:
        if dice.random() < 0.3:
            most = dice.randint(3, 6) if clock is DutyClock.DRIVING else dice.randint(4, 9)
            reset, split = dice.choice([(None, ()), (1, ()), (2, ()), (None, (1, 2))])
            found.append(DutyLimit(clock.value, clock, most, dice.choice([0, 1]), reset, split))
    return tuple(found)


def churn(dice: random.Random) -> Churn:
    """A known plan for one task, half of the time."""
    if dice.random() < 0.6:
        return Churn()
    visits = (FixedVisit("t2", "", dice.randint(2, LAST - 2)),)
    return Churn((FixedRoute("s0", visits),), 3, RATE * dice.choice([1, 4]), dice.choice([0, 1]))


def cheapest(made: Instance, shift_rank: int, nodes: Sequence[Node]) -> int | None:
    """What the cheapest lawful route of a sequence costs; None where no route is lawful."""
    costs = (lawful_cost(made, route) for route in routes(made, shift_rank, nodes))
    return min((micros for micros in costs if micros is not None), default=None)


def lawful_cost(made: Instance, route: Route) -> int | None:
    """What a route costs; None where it breaks a rule."""
    if any(one.hard and one.reason is not Reason.COST for one in route_violations(made, route)):
        return None
    return total(tuple(cost.terms(Walk(made, route)).items()))


def routes(made: Instance, shift_rank: int, nodes: Sequence[Node]) -> Iterator[Route]:
    """Every route of a sequence that does not leave its windows or its shift."""
    own = made.problem.shifts[shift_rank]
    starts = [own.ready_second] if own.is_under_way else range(own.ready_second, own.end_second)
    for start in starts:
        depart = start + own.loading_left_seconds
        here = made.places.starts[shift_rank]
        for visits, held, end, arrival in further(made, shift_rank, nodes, here, depart, ((), ())):
            yield Route(shift_rank, start, end, arrival, visits, held)


State = tuple[tuple[Visit, ...], tuple[Break, ...]]


def further(
    made: Instance, shift_rank: int, nodes: Sequence[Node], here: int, depart: int, state: State
) -> Iterator[tuple[tuple[Visit, ...], tuple[Break, ...], int, int]]:
    """Every way to go on from a departure."""
    own, (visits, held) = made.problem.shifts[shift_rank], state
    if len(visits) == len(nodes):
        there = made.end_place(shift_rank, here)
        travel = made.travel_seconds(shift_rank, here, there)
        for more, arrival, ready in legs(made, shift_rank, (depart, travel), state, None):
            yield visits, (*held, *more), ready + own.unloading_seconds, arrival
        return
    node = nodes[len(visits)]
    there = made.place_on(shift_rank, node)
    setup, service, opened = demands(made, own, node, here != there)
    travel = made.travel_seconds(shift_rank, here, there)
    for more, arrival, ready in legs(made, shift_rank, (depart, travel), state, setup):
        begin = ready + setup
        if not opened or any(one.holds(begin) for one in opened):
            visit = Visit(*node, arrival, ready, begin, begin + service)
            yield from further(made, shift_rank, nodes, there, visit.end_second,
                               ((*visits, visit), (*held, *more)))  # fmt: skip


def demands(
    made: Instance, own: Shift, node: Node, moves: bool
) -> tuple[int, int, tuple[Window, ...]]:
    """Setup, service and windows of a node."""
    if node[0] == RELOAD:
        reload = own.reloads[node[1]]
        return 0, reload.service_seconds, reload.windows
    option = made.option(node)
    setup = option.setup_for(own.vehicle.profile) if moves else 0
    return setup, option.service_for(own.vehicle.profile), option.windows


def legs(
    made: Instance, shift_rank: int, way: tuple[int, int], state: State, setup: int | None
) -> Iterator[tuple[tuple[Break, ...], int, int]]:
    """Breaks, arrival and readiness of every way to drive a leg."""
    own, (depart, travel), (visits, held) = made.problem.shifts[shift_rank], way, state
    left = own.breaks[len(held) :]
    for count in range(len(left) + 1):
        moments = [range(rule.first_second, rule.last_second + 1) for rule in left[:count]]
        for starts in itertools.product(*moments):
            more = tuple(
                Break(len(held) + rank, start, len(visits)) for rank, start in enumerate(starts)
            )
            rested = sum(rule.length_seconds for rule in left[:count])
            over = [one + rule.length_seconds for one, rule in zip(starts, left, strict=False)]
            last = own.end_second - (setup or 0)
            for ready in range(max([depart + travel + rested, *over]), last + 1):
                for arrival in arrivals(own, depart + travel, ready, count):
                    yield more, arrival, ready


def arrivals(own: Shift, first: int, ready: int, breaks: int) -> Iterable[int]:
    """Where the way may end: it matters only to a driving clock in a leg with breaks."""
    if not breaks:
        return (first,)
    counts = any(limit.clock is DutyClock.DRIVING for limit in own.duty_limits)
    return range(first, ready + 1) if counts else (ready,)
