"""
Problems on the streets of the built-in city: doors at random, vans from one depot, real road times.

Nothing comes from outside the project, so these measurements can be repeated anywhere.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from services.planner.adapters.no_compliance import NoCompliance
from services.planner.adapters.roads import RoadTravelTimes
from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.shift import BreakRule, Costs, Shift, Vehicle
from services.planner.domain.task import Option, Task, TaskKind, Window
from services.planner.domain.travel import Point, Profile
from services.planner.usecases.world import prepare
from tests.run import ROOT

CITY = ROOT / "clients" / "day" / "city" / "helsinki.osm.pbf"
STATE = ROOT / ".doorstep"
SOUTH, WEST, NORTH, EAST = 60.165, 24.936, 60.178, 24.952  # the built-in city, its edge left out
DEPOT = Point(60.1661, 24.9412)
MIDNIGHT = 1_780_009_200  # a Friday's, in Helsinki
HOUR, MINUTE = 3_600, 60
FIRST_HOURS = (8, 10, 12, 14)  # of windows of two hours
SERVICE_MINUTES = (2, 3, 5)
KILOGRAMS = (1, 2, 5, 10, 20)
CAPACITY_GRAMS = 300_000
COSTS = Costs(kilometer_micros=400_000)  # the way alone, as in the public benchmarks


def at(hours: float) -> int:
    """A moment of the day."""
    return MIDNIGHT + round(hours * HOUR)


def town(seed: int, tasks: int, shifts: int, breaks: tuple[BreakRule, ...] = ()) -> Problem:
    """A day: half the doors have a window of two hours; shifts last from 8 to 17."""
    dice = random.Random(seed)
    made = tuple(door(dice, number) for number in range(tasks))
    return Problem(made, tuple(van(number, breaks) for number in range(shifts)))


def door(dice: random.Random, number: int) -> Task:
    """One delivery."""
    spot = Point(dice.uniform(SOUTH, NORTH), dice.uniform(WEST, EAST))
    first = dice.choice(FIRST_HOURS)
    windows = (Window(at(first), at(first + 2) - 1),) if dice.random() < 0.5 else ()
    minutes, kilograms = dice.choice(SERVICE_MINUTES), dice.choice(KILOGRAMS)
    option = Option(spot, windows=windows, service_seconds=minutes * MINUTE)
    loads = (kilograms * 1_000, kilograms * 5_000, 1)
    return Task(f"t{number}", TaskKind.DELIVERY, (option,), loads)


def van(number: int, breaks: tuple[BreakRule, ...]) -> Shift:
    """One van with its driver."""
    vehicle = Vehicle(f"v{number}", Profile.VAN, (CAPACITY_GRAMS, 0, 0))
    return Shift(
        f"s{number}",
        vehicle,
        at(8),
        at(17),
        DEPOT,
        "depot",
        DEPOT,
        "depot",
        breaks=breaks,
        costs=COSTS,
    )


def on_roads(*problems: Problem, state: Path = STATE) -> list[Instance]:
    """Instances with the times and lengths of the city's streets."""
    return asyncio.run(_asked(problems, state))


async def _asked(problems: tuple[Problem, ...], state: Path) -> list[Instance]:
    roads = RoadTravelTimes(CITY, state / "maps", state / "numba")
    async with roads as travel:
        access = NoCompliance()
        made = [await prepare(travel, access, problem, omit_access=True) for problem in problems]
    return [prepared.instance for prepared in made]
