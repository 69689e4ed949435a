"""
Ten thousand stops: how long they take in parts, and what that costs in quality.

    python -m tests.benchmarks.scale --tasks 10000 --seconds 540 --processes 2 --samples 2

Goal: ten thousand stops on two cores within ten minutes, construction included. Method: a plane of
towns made from a seed, half its stops with a window of two hours; it is planned in parts. Then
compact samples of about 1,000 stops, with the shifts that serve them, are planned by themselves for
60 s of processor time from nothing: how much dearer the large plan serves them is the loss against
the quality of 1,000 stops. The verifier is asked about every plan.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.planner.domain.instance import Instance, Node, TravelTable
from services.planner.domain.places import places_of
from services.planner.domain.plan import Plan
from services.planner.domain.problem import Problem
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.domain.shift import Costs, Shift, Vehicle
from services.planner.domain.task import Option, Task, TaskKind, Window
from services.planner.domain.travel import Point, Profile
from services.planner.solver import partition
from services.planner.solver.cut import Part, cut
from services.planner.solver.fleet import classes_of
from services.planner.solver.kernels import warm
from services.planner.solver.partition import Partition
from services.planner.solver.solve import Outcome, Solve
from tests.benchmarks.results import commit, machine, save

HOUR = 3_600
TOWN_TASKS = 100
WIDTH_METERS = 60_000
METERS_PER_SECOND = 12
METERS_PER_DEGREE = 100_000
CAPACITY, DAY_SECONDS = 40, 10 * HOUR
SAMPLE_TASKS = 1_000
ITEMS_MEAN = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """A compact part of the large plan, and the same planned by itself."""

    tasks: int
    micros: int
    alone_micros: int

    @property
    def loss_percent(self) -> float:
        """How much dearer it is within the large plan."""
        return 100 * (self.micros / self.alone_micros - 1)


def main() -> None:
    """Runs the benchmark and prints what it found."""
    asked = arguments()
    warm()
    instance = made(asked.seed, asked.tasks)
    begun = time.monotonic()
    settings = SearchSettings(
        seed=asked.seed, seconds=asked.seconds, pace=Pace.WALL, processes=asked.processes
    )
    outcome = Solve(instance, settings, said).run()
    wall = time.monotonic() - begun
    samples = [*sampled(instance, outcome.plan, asked.samples, asked.seed)]
    row = told(asked, outcome, wall, samples) | {"machine": machine(), "commit": commit()}
    print(json.dumps(row))
    if asked.json:
        save(Path(asked.json), [row])


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=540.0, help="on the clock")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", default="")
    return parser.parse_args()


def said(outcome: Outcome) -> None:
    """Prints a plan that is told of."""
    plan = outcome.plan
    rounds = sum(len(phase.chunks) for phase in outcome.phases)
    print(
        f"{plan.cost_micros:>14} micros  {len(plan.routes)} routes  "
        f"{len(plan.unassigned)} left out  {len(outcome.broken)} broken  {rounds} chunks",
        flush=True,
    )


def told(
    asked: argparse.Namespace, outcome: Outcome, wall: float, samples: list[Sample]
) -> dict[str, object]:
    """What is kept of a run."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = resource.getrusage(resource.RUSAGE_SELF)
    losses = [sample.loss_percent for sample in samples]
    return {
        "tasks": asked.tasks,
        "processes": asked.processes,
        "wall_seconds": round(wall, 1),
        "peak_megabytes": (own.ru_maxrss + children.ru_maxrss) // 1_024,
        "cost_micros": outcome.plan.cost_micros,
        "routes": len(outcome.plan.routes),
        "left_out": len(outcome.plan.unassigned),
        "verified": not outcome.broken,
        "loss_percent": [round(loss, 2) for loss in losses],
        "mean_loss_percent": round(sum(losses) / len(losses), 2) if losses else None,
    }


def made(seed: int, count: int) -> Instance:
    """Towns of a hundred stops each on a plane, one depot in its middle."""
    dice = random.Random(seed)
    towns = [(dice.random(), dice.random()) for _ in range(max(1, count // TOWN_TASKS))]
    tasks = tuple(task(dice, number, towns) for number in range(count))
    depot = spot(WIDTH_METERS / 2, WIDTH_METERS / 2)
    vehicle = Vehicle("v", Profile.VAN, (CAPACITY,))
    costs = Costs(fixed_micros=20_000_000, kilometer_micros=1_000_000)
    shifts = tuple(
        Shift(f"s{n}", vehicle, 0, DAY_SECONDS, depot, end_point=depot, costs=costs)
        for n in range(math.ceil(count * ITEMS_MEAN / CAPACITY * 1.3))
    )
    problem = Problem(tasks, shifts, ("item_count",))
    return Instance(problem, (table(places_of(problem).points),), (0,) * len(shifts))


def task(dice: random.Random, number: int, towns: list[tuple[float, float]]) -> Task:
    """A stop near a town: one to three items, three minutes, half of them within two hours."""
    x, y = (WIDTH_METERS * (middle + dice.gauss(0, 0.02)) for middle in dice.choice(towns))
    first = dice.randrange(1, 8) * HOUR
    windows = (Window(first, first + 2 * HOUR),) if dice.random() < 0.5 else ()
    option = Option(spot(x, y), windows=windows, service_seconds=180)
    return Task(f"t{number}", TaskKind.DELIVERY, (option,), (dice.randint(1, 2 * ITEMS_MEAN - 1),))


def spot(x: float, y: float) -> Point:
    """A point on the plane."""
    return Point(y / METERS_PER_DEGREE, x / METERS_PER_DEGREE)


def table(points: tuple[Point, ...]) -> TravelTable:
    """Straight lines at one speed, row by row: ten thousand points are 400 MB for each half."""
    x = np.array([point.longitude for point in points], np.float32) * METERS_PER_DEGREE
    y = np.array([point.latitude for point in points], np.float32) * METERS_PER_DEGREE
    meters = np.empty((len(points), len(points)), np.int32)
    for row in range(len(points)):
        meters[row] = np.rint(np.hypot(x - x[row], y - y[row]))
    seconds = -(-meters // METERS_PER_SECOND)
    return TravelTable(seconds.reshape(-1).data, meters.reshape(-1).data, len(points))


def sampled(instance: Instance, plan: Plan, count: int, seed: int) -> Iterator[Sample]:
    """Compact samples of the plan, each planned by itself."""
    sequences: list[tuple[Node, ...]] = [()] * len(instance.problem.shifts)
    costs = {route.shift: route.cost_micros for route in plan.routes}
    for route in plan.routes:
        sequences[route.shift] = route.sequence
    partition.PART_TASKS = SAMPLE_TASKS
    parts = Partition(instance, classes_of(instance), seed).parts(tuple(sequences), 1)
    for part in parts[:count]:
        inside = sum(costs.get(shift, 0) for shift in part.shifts)
        yield Sample(len(part.tasks), inside, alone(instance, part, seed))


def alone(instance: Instance, part: Part, seed: int) -> int:
    """What the tasks of a part cost when nothing else is planned with them."""
    settings = SearchSettings(seed=seed, seconds=60.0, pace=Pace.CPU)
    return Solve(cut(instance, part), settings, lambda _: None).run().plan.cost_micros


if __name__ == "__main__":
    main()
