"""Problems, given routes and settings: wire to domain, all faults at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from doorstep.planner.v1 import optimization_pb2
from doorstep.planner.v1 import problem_pb2 as pb
from meshkit.errors import Violation
from meshkit.validate import violations
from services.planner.convert.faults import Faults
from services.planner.convert.moments import up
from services.planner.convert.places import dimensions, point
from services.planner.convert.shifts import named_shift, shift
from services.planner.convert.tasks import named_task, task
from services.planner.domain.contradictions import Fault, contradictions, route_faults
from services.planner.domain.problem import (
    Balance,
    Churn,
    FixedReload,
    FixedRoute,
    FixedVisit,
    FreezeLevel,
    Objective,
    Pin,
    Problem,
    Territory,
)
from services.planner.domain.settings import SearchSettings

ITEM = re.compile(r"problem\.(\w+\[(\d+)\])")
NAMES = {
    "task_id", "shift_id", "territory_id", "alternative_id", "break_id", "limit_id", "reload_id",
    "pickup_task_id", "territory_ids",
}  # fmt: skip
LEVEL_PREFIX, BALANCE_PREFIX = "FREEZE_LEVEL_", "BALANCE_MEASURE_"


def problem_from_proto(message: pb.Problem, seed_routes: Iterable[pb.FixedRoute] = ()) -> Problem:
    """
    A problem; raises Invalid with every fault, those of routes to start from included.

    What cannot be read is noted and stands in for itself, so that the rest is told beside it.
    """
    faults = Faults()
    faults.take_broken(violations(message, "problem."))
    faults.take_broken(item_violations(message.tasks))
    found = as_read(message, faults)
    spoiled = items_of(faults.fields)
    for fault in contradictions(found):
        if is_sure(fault, found, spoiled):
            faults.add(f"problem.{fault.path}", fault.message)
    seeds = fixed_routes(seed_routes)
    if seeds != found.churn.base_routes:  # whose faults are told already
        for fault in route_faults("options.seed_routes", seeds, found, known=False):
            faults.add(fault.path, fault.message)
    faults.refuse()
    return found


def as_read(message: pb.Problem, faults: Faults) -> Problem:
    """A problem as far as it can be read."""
    names = dimensions(loads_of(message))
    tasks = [
        faults.readable(task, own, names, f"problem.tasks[{n}]", faults) or named_task(own)
        for n, own in enumerate(message.tasks)
    ]
    shifts = [
        faults.readable(shift, own, names, f"problem.shifts[{n}]", faults) or named_shift(own)
        for n, own in enumerate(message.shifts)
    ]
    territories = [
        faults.take(f"problem.territories[{n}].ring", territory, own)
        or Territory(own.territory_id, ())
        for n, own in enumerate(message.territories)
    ]
    pairs = faults.each("problem.incompatible_goods", goods_pair, message.incompatible_goods)
    return Problem(
        tasks=tuple(tasks),
        shifts=tuple(shifts),
        dimensions=names,
        territories=tuple(territories),
        incompatible_goods=frozenset(pairs or ()),
        pins=faults.readable(pins, message) or (),
        churn=churn(message.churn),
        objective=faults.readable(objective, message.objective) or Objective(),
        unsearched=tuple(unsearched(message)),
    )


def items_of(paths: Iterable[str]) -> frozenset[str]:
    """The items of a problem's lists in which something is wrong, such as `tasks[3]`."""
    found = (ITEM.match(path) for path in paths)
    return frozenset(item[1] for item in found if item)


def is_sure(fault: Fault, problem: Problem, spoiled: frozenset[str]) -> bool:
    """Whether a contradiction holds whatever stands in for what could not be read."""
    item = ITEM.match(f"problem.{fault.path}")
    if item is None or not spoiled:
        return True
    *_, name = fault.path.split(".")
    if item[1] in spoiled:
        return name in NAMES
    if name != "load":
        return True
    pickup = problem.tasks[int(item[2])].pickup_task_id
    return f"tasks[{problem.rank_of_task[pickup]}]" not in spoiled


def loads_of(message: pb.Problem) -> Iterator[Any]:
    """Everything that can name a dimension."""
    yield from (own.load for own in message.tasks)
    for shift_message in message.shifts:
        yield shift_message.vehicle.capacity
        yield shift_message.start_state.onboard_load


def item_violations(tasks: Iterable[Any]) -> Iterator[Violation]:
    """
    What breaks the contract in each task, which is left to us: a tenth of a second per 5,000.
    """
    for number, own in enumerate(tasks):
        yield from violations(own, f"problem.tasks[{number}].")


def digest_of(message: pb.Problem) -> str:
    """The SHA-256 of a problem, in hexadecimal."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()


def territory(message: Any) -> Territory:
    """A territory; raises ValueError for a ring without an inside."""
    ring = tuple(map(point, message.ring))
    if ring and len(set(ring)) < 3:
        raise ValueError("a ring needs at least 3 different points")
    return Territory(message.territory_id, ring)


def goods_pair(message: pb.GoodsPair) -> frozenset[str]:
    """Two classes of goods that may not be together; raises ValueError where they are one."""
    if message.goods_class == message.other_goods_class:
        raise ValueError("both classes are one: name two")
    return frozenset((message.goods_class, message.other_goods_class))


def pins(message: pb.Problem) -> tuple[Pin, ...]:
    """What is decided about tasks."""
    return tuple(map(pin, message.pins))


def pin(message: pb.Pin) -> Pin:
    """What is decided about a task."""
    is_timed = message.HasField("service_start_time")
    return Pin(
        task_id=message.task_id,
        shift_id=message.shift_id,
        level=FreezeLevel[pb.FreezeLevel.Name(message.level).removeprefix(LEVEL_PREFIX)],
        rank=message.rank,
        service_start_second=up(message.service_start_time) if is_timed else None,
    )


def objective(message: pb.Objective) -> Objective:
    """How plans are weighed beside their costs."""
    balance = pb.BalanceMeasure.Name(message.balance).removeprefix(BALANCE_PREFIX)
    return Objective(
        carbon_cost_micros_per_kilogram=message.carbon_cost_micros_per_kilogram,
        balance=None if balance == "UNSPECIFIED" else Balance[balance],
        balance_cost_percent_max=message.balance_cost_percent_max,
        fewest_shifts=message.fewest_shifts,
    )


def churn(message: pb.ChurnPolicy) -> Churn:
    """What departing from a known plan costs."""
    return Churn(
        base_routes=fixed_routes(message.base_routes),
        shift_change_cost_micros=message.shift_change_cost_micros,
        time_change_cost_micros_per_hour=message.time_change_cost_micros_per_hour,
        tolerance_seconds=up(message.tolerance_duration),
        drop_cost_micros=message.drop_cost_micros,
    )


def fixed_routes(messages: Iterable[pb.FixedRoute]) -> tuple[FixedRoute, ...]:
    """Given routes."""
    return tuple(
        FixedRoute(
            route.shift_id,
            tuple(map(fixed_visit, route.visits)),
            tuple(FixedReload(own.reload_id, own.visit_rank) for own in route.reloads),
        )
        for route in messages
    )


def fixed_visit(message: pb.FixedVisit) -> FixedVisit:
    """One task in a given order."""
    is_timed = message.HasField("service_start_time")
    second = up(message.service_start_time) if is_timed else None
    return FixedVisit(message.task_id, message.alternative_id, second)


def unsearched(message: pb.Problem) -> Iterator[str]:
    """What is stated and not followed by the search."""
    if message.stations:
        yield "stations"
    if message.objective.carbon_cost_micros_per_kilogram:
        yield "objective.carbon_cost_micros_per_kilogram"


def settings_from_proto(
    message: optimization_pb2.SearchOptions, seed: int, seconds_max: float
) -> SearchSettings:
    """How to search; never longer than there is time for."""
    seconds = seconds_max
    if message.HasField("search_duration"):
        asked = message.search_duration
        seconds = min(seconds_max, asked.seconds + asked.nanos / 1e9)
    return SearchSettings(message.seed or seed, message.solution_limit, seconds)
