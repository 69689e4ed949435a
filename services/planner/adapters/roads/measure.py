"""
Measures a map: time and memory to compile and to load it, time for matrices and legs.

    python -m services.planner.adapters.roads.measure FILE.osm.pbf 100 500 1000

Places lie some meters beside roads of the profile, drawn with seed 4711. CPU seconds of this
process with compiled code warm: on a new machine, run it twice.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from services.planner.adapters.roads import maps
from services.planner.adapters.roads.engine import Engine
from services.planner.adapters.roads.networks import NETWORK_OF_PROFILE
from services.planner.adapters.roads.streets import DEGREE_UNITS
from services.planner.domain.travel import Point, Profile, TravelQuestion

SEED = 4711
LEGS = 100
BESIDE_DEGREES = 0.0002  # up to 22 m
RUSH_HOUR = datetime(2026, 11, 25, 7, tzinfo=UTC)
ROW = "{:<12}{:<14}{:>10}{:>14}  {}"
T = TypeVar("T")


def main() -> None:
    """Prints one row for each thing measured."""
    path, sizes = Path(sys.argv[1]), [int(size) for size in sys.argv[2:]] or [100, 500]
    print(ROW.format("profile", "what", "n", "CPU seconds", "note"))
    with TemporaryDirectory() as folder:
        report, seconds = _timed(lambda: maps.compile_map(path, Path(folder)))
        note = f"{report.compiled_bytes / 1e6:.1f} MB compiled, {_memory()}"
        print(ROW.format("all", "compile", report.ways, f"{seconds:.3f}", note))
        engine, seconds = _timed(lambda: Engine(maps.compiled(path, Path(folder))))
    print(ROW.format("all", "load", len(report.networks), f"{seconds:.3f}", _memory()))
    engine.warm()
    for row in _rows(engine, sizes):
        print(ROW.format(*row))


def _rows(engine: Engine, sizes: list[int]) -> Iterator[tuple[str, str, int, str, str]]:
    for profile in (Profile.VAN, Profile.TRUCK, Profile.CARGO_BIKE, Profile.FOOT):
        pair = TravelQuestion(_points(engine, profile, 2), profile, RUSH_HOUR)
        _, seconds = _timed(partial(engine.matrix, pair))
        yield (
            profile.name,
            "new hour",
            2,
            f"{seconds:.4f}",
            "customises the network; free roads already are",
        )
        for size in sizes:
            asked = TravelQuestion(_points(engine, profile, size), profile, RUSH_HOUR)
            found, seconds = _timed(partial(engine.matrix, asked))
            yield profile.name, "matrix", size, f"{seconds:.4f}", f"{len(found.notices)} notices"
            pairs = [(i % size, (i * 7 + 1) % size) for i in range(LEGS)]
            _, seconds = _timed(partial(engine.legs, asked, pairs))
            yield profile.name, "legs", LEGS, f"{seconds:.4f}", f"between {size} places"


def _points(engine: Engine, profile: Profile, count: int) -> tuple[Point, ...]:
    dice = random.Random(SEED)  # noqa: S311 - places of a measurement, not a secret
    graph = engine.networks[NETWORK_OF_PROFILE[profile.name].name].graph
    chosen = dice.choices(range(len(graph.point_lat)), k=count)
    return tuple(
        Point(
            graph.point_lat[each] / DEGREE_UNITS + dice.uniform(-BESIDE_DEGREES, BESIDE_DEGREES),
            graph.point_lng[each] / DEGREE_UNITS + dice.uniform(-BESIDE_DEGREES, BESIDE_DEGREES),
        )
        for each in chosen
    )


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    return work(), time.process_time() - started


def _memory() -> str:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return f"{peak / 1e6:.0f} MB at most so far"


if __name__ == "__main__":
    main()
