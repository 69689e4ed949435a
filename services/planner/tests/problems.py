"""Problems for tests: small ones by hand, random ones by a seed, on a plane instead of a map."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

from services.planner.domain.instance import Instance, TravelTable
from services.planner.domain.places import places_of
from services.planner.domain.problem import Problem
from services.planner.domain.shift import BreakRule, Costs, Shift, Vehicle
from services.planner.domain.task import Option, Task, TaskKind, Window
from services.planner.domain.travel import Point, Profile

DAY = 1_780_000_000 // 86_400 * 86_400  # a midnight, UTC
HOUR, MINUTE = 3_600, 60
METERS_PER_DEGREE = 100_000  # our plane: one degree is 100 km either way
METERS_PER_SECOND = 8


def at(hours: float) -> int:
    """A moment of the day, in seconds."""
    return DAY + round(hours * HOUR)


def spot(x_meters: float, y_meters: float) -> Point:
    """A point on the plane, near 24 degrees east, 60 degrees north."""
    return Point(60 + y_meters / METERS_PER_DEGREE, 24 + x_meters / METERS_PER_DEGREE)


DEPOT = spot(0, 0)


def plane_table(points: Sequence[Point], factor: float = 1.0) -> TravelTable:
    """Straight lines at one speed."""
    x = np.array([p.longitude for p in points]) * METERS_PER_DEGREE
    y = np.array([p.latitude for p in points]) * METERS_PER_DEGREE
    meters = np.rint(np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])).astype(np.int32)
    seconds = np.ceil(meters * factor / METERS_PER_SECOND).astype(np.int32)
    return TravelTable(
        np.ascontiguousarray(seconds).reshape(-1).data,
        np.ascontiguousarray(meters).reshape(-1).data,
        len(points),
    )


def on_plane(problem: Problem, **more: object) -> Instance:
    """An instance of a problem with straight lines for roads."""
    table = plane_table(places_of(problem).points)
    return Instance(problem, (table,), (0,) * len(problem.shifts), **more)  # type: ignore[arg-type]


def task(task_id: str, x: float, y: float, **more: object) -> Task:
    """A delivery at a spot: 3 minutes, 1 kg, 1,000 cm3, one item, at any time."""
    windows = more.pop("windows", ())
    service, setup = more.pop("service", 180), more.pop("setup", 60)
    option = Option(spot(x, y), windows=windows, service_seconds=service, setup_seconds=setup)  # type: ignore[arg-type]
    settings: dict[str, object] = {
        "kind": TaskKind.DELIVERY,
        "options": (option,),
        "loads": (1_000, 1_000, 1),
    }
    return Task(task_id, **(settings | more))  # type: ignore[arg-type]


def shift(shift_id: str, **more: object) -> Shift:
    """A van from 8 to 17 from and to the depot, without a break, with room for 500 kg."""
    capacity = more.pop("capacity", (500_000, 0, 0))
    vehicle = more.pop("vehicle", None) or Vehicle(f"v-{shift_id}", Profile.VAN, capacity)  # type: ignore[arg-type]
    settings: dict[str, object] = {
        "vehicle": vehicle,
        "start_second": at(8),
        "end_second": at(17),
        "start_point": DEPOT,
        "end_point": DEPOT,
        "costs": Costs(hour_micros=25_000_000, kilometer_micros=400_000),
    }
    return Shift(shift_id, **(settings | more))  # type: ignore[arg-type]


def lunch(first: float = 11.5, last: float = 13.0, minutes: int = 30) -> BreakRule:
    """A break between two hours of the day."""
    return BreakRule("lunch", at(first), at(last), minutes * MINUTE)


def city(seed: int, tasks: int, shifts: int, *, breaks: bool = True) -> Problem:
    """A city 8 km across: half the tasks with a window of two hours, shifts from 8 to 17."""
    dice = random.Random(seed)
    made = []
    for number in range(tasks):
        angle, radius = dice.uniform(0, 2 * math.pi), 4_000 * math.sqrt(dice.random())
        first = dice.choice([8, 10, 12, 14])
        windows = (Window(at(first), at(first + 2) - 1),) if dice.random() < 0.5 else ()
        kilograms = dice.choice([1, 2, 5, 10, 20])
        made.append(
            task(
                f"t{number}",
                radius * math.cos(angle),
                radius * math.sin(angle),
                windows=windows,
                loads=(kilograms * 1_000, kilograms * 5_000, 1),
                service=dice.choice([120, 180, 300]),
            )
        )
    held = (lunch(),) if breaks else ()
    fleet = tuple(shift(f"s{number}", breaks=held, loading_seconds=600) for number in range(shifts))
    return Problem(tuple(made), fleet)
