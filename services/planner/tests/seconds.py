"""
The cheapest times of a sequence by a table over all seconds: an independent way to fix times.

A state is the moment, the start, how many breaks are taken, and when the pickups that still ride
ended; every second and every choice is tried. No duty clocks: `grid` asks the rules about those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.money import METERS_PER_KILOMETER, SECONDS_PER_HOUR, priced
from services.planner.domain.problem import Problem
from services.planner.domain.shift import Shift
from services.planner.domain.task import Option, Task, Window
from services.planner.tests import grid

DAY = 40  # seconds
Rides = tuple[tuple[int, int], ...]  # pickups still riding, and when they ended
State = tuple[int, int, int, Rides]  # moment, start, breaks taken, rides


def instance(seed: int) -> Instance:
    """A problem of seven tasks over a longer day, without clocks."""
    made = grid.instance(seed, tasks=7)
    tasks = tuple(wider(task) for task in made.problem.tasks)
    shift = made.problem.shifts[0]
    breaks = tuple(
        replace(
            own,
            first_second=2 * own.first_second,
            last_second=2 * own.last_second,
            length_seconds=own.length_seconds + 1,
        )
        for own in shift.breaks
    )
    vehicle = replace(shift.vehicle, capacity=(0,))
    shift = replace(shift, end_second=DAY, breaks=breaks, vehicle=vehicle)
    shift = replace(shift, duty_limits=(), start_state=None)
    return replace(made, problem=replace(made.problem, tasks=tasks, shifts=(shift,)))


def wider(task: Task) -> Task:
    """The same task with windows of thrice the length."""

    def stretched(window: Window) -> Window:
        first, last = window.soft_first_second, window.soft_last_second
        return replace(
            window,
            first_second=3 * window.first_second,
            last_second=3 * window.last_second,
            soft_first_second=None if first is None else 3 * first,
            soft_last_second=None if last is None else 3 * last,
        )

    options = tuple(
        replace(own, windows=tuple(map(stretched, own.windows))) for own in task.options
    )
    return replace(task, options=options)


def cheapest(made: Instance, nodes: Sequence[Node]) -> int | None:
    """What the cheapest times cost; None where no times hold."""
    problem, own = made.problem, made.problem.shifts[0]
    if not is_in_order(problem, nodes) or sum(node[0] == RELOAD for node in nodes) > 1:
        return None
    release = releases(problem, nodes)
    states: dict[State, int] = {
        (start + own.loading_seconds, start, 0, ()): 0
        for start in range(own.start_second, DAY)
        if start + own.loading_seconds >= release[0]
    }
    here, trip = made.places.starts[0], 0
    for node in nodes:
        there = made.place_on(0, node)
        trip += node[0] == RELOAD
        ready = arrived(own, made.travel_seconds(0, here, there), states)
        states = served(made, node, here != there, release[trip], ready)
        here = there
    end = made.end_place(0, here)
    ends = arrived(own, made.travel_seconds(0, here, end), states)
    costs = [
        micros + paid(own, now + own.unloading_seconds - start)
        for (now, start, taken, _), micros in ends.items()
        if is_over(own, now + own.unloading_seconds, taken)
    ]
    return min(costs) + fixed(made, nodes) if costs else None


def is_in_order(problem: Problem, nodes: Sequence[Node]) -> bool:
    """Whether the pair, if there is one, is whole and in its order."""
    ranks = [node[0] for node in nodes]
    if not problem.tasks[1].pickup_task_id:
        return True
    return (0 in ranks) == (1 in ranks) and (0 not in ranks or ranks.index(0) < ranks.index(1))


def releases(problem: Problem, nodes: Sequence[Node]) -> list[int]:
    """When the goods of each trip are ready."""
    found = [0]
    for rank, _ in nodes:
        if rank == RELOAD:
            found.append(0)
        else:
            found[-1] = max(found[-1], problem.tasks[rank].release_second or 0)
    return found


def arrived(own: Shift, travel: int, states: dict[State, int]) -> dict[State, int]:
    """Every moment at which a leg can be over, with every choice of breaks in it."""
    found: dict[State, int] = {}
    for (now, start, taken, rides), micros in states.items():
        for count in range(len(own.breaks) - taken + 1):
            for over in overs(own, now, travel, taken, count):
                for ready in range(over, DAY + 1):
                    keep(found, (ready, start, taken + count, rides), micros)
    return found


def overs(own: Shift, now: int, travel: int, taken: int, count: int) -> Iterator[int]:
    """The earliest ends of a leg that holds some breaks, by where each begins."""
    rules = own.breaks[taken : taken + count]
    for begins in product(*(range(rule.first_second, rule.last_second + 1) for rule in rules)):
        free = now
        for begin, rule in zip(begins, rules, strict=True):
            if begin < free:
                break
            free = begin + rule.length_seconds
        else:
            rested = sum(rule.length_seconds for rule in rules)
            yield max(free, now + travel + rested)


def served(
    made: Instance, node: Node, moves: bool, release: int, states: dict[State, int]
) -> dict[State, int]:
    """Every departure from a visit."""
    own, found = made.problem.shifts[0], dict[State, int]()
    setup, service, windows = grid.demands(made, own, node, moves)
    for (ready, start, taken, rides), micros in states.items():
        begin = ready + setup
        over = begin + service
        if windows and not any(one.holds(begin) for one in windows):
            continue
        if node[0] == RELOAD:
            if over >= release:
                keep(found, (over, start, taken, rides), micros)
            continue
        task, option = made.problem.tasks[node[0]], made.option(node)
        limit = task.ride_limit_seconds
        if limit is not None and begin - dict(rides)[0] > limit:
            continue
        riding = ((0, over),) if node[0] == 0 and made.problem.tasks[1].pickup_task_id else rides
        cost = micros + timed(made, task, option, begin)
        keep(found, (over, start, taken, riding), cost)
    return found


def keep(found: dict[State, int], state: State, micros: int) -> None:
    """Keeps the lesser of two costs."""
    if state not in found or micros < found[state]:
        found[state] = micros


def timed(made: Instance, task: Task, option: Option, begin: int) -> int:
    """What a start of service costs."""
    window = next((one for one in option.windows if one.holds(begin)), Window(0, DAY))
    early = max(0, (window.soft_first_second or 0) - begin)
    last = window.soft_last_second
    micros = early * window.early_cost_micros_per_hour
    micros += max(0, begin - last) * window.late_cost_micros_per_hour if last is not None else 0
    first = option.windows[0].first_second if option.windows else 0
    micros += max(0, begin - first) * task.earliness_cost_micros_per_hour
    base = made.base_shift_of.get(task.task_id)
    if base is not None and base[1] is not None:
        churn = made.problem.churn
        moved = max(0, abs(begin - base[1]) - churn.tolerance_seconds)
        micros += moved * churn.time_change_cost_micros_per_hour
    return micros // SECONDS_PER_HOUR + task.slot_cost_micros(begin)


def paid(own: Shift, lasted: int) -> int:
    """What the time of a route costs."""
    rates = own.costs.effective
    over = max(0, lasted - (rates.overtime_after_seconds or DAY))
    return (lasted * rates.hour_micros + over * rates.overtime_hour_micros) // SECONDS_PER_HOUR


def is_over(own: Shift, end: int, taken: int) -> bool:
    """Whether a route ends within its shift, and while the breaks left out may still start."""
    return end <= own.end_second and all(end <= rule.last_second for rule in own.breaks[taken:])


def fixed(made: Instance, nodes: Sequence[Node]) -> int:
    """What a route costs whatever its times."""
    own = made.problem.shifts[0]
    places = [made.places.starts[0], *(made.place_on(0, node) for node in nodes)]
    places.append(made.end_place(0, places[-1]))
    meters = sum(map(lambda a, b: made.travel_meters(0, a, b), places, places[1:]))
    rates = own.costs.effective
    return rates.fixed_micros + priced(rates.kilometer_micros, meters, METERS_PER_KILOMETER)
