"""Solves a file of a public benchmark."""

from __future__ import annotations

from pathlib import Path

from services.planner.domain.settings import DEFAULT_SEED, SearchSettings
from services.planner.formats.build import Reading, locations_of
from services.planner.formats.read import read
from services.planner.formats.solutions import best_known
from services.planner.offline.document import Document, Locate, Position, document
from services.planner.offline.search import Options, Say, gap, search

DEFAULT_SECONDS = 10.0


def solve_benchmark(file: Path, options: Options, say: Say) -> Document:
    """The plan of a file that carries its own ways."""
    reading = read(file)
    best = best_known(reading, file)
    known = best.cost_micros if best else None
    settings = SearchSettings(
        seed=options.seed or DEFAULT_SEED, seconds=options.seconds or DEFAULT_SECONDS
    )
    say(about(reading, settings, known))
    outcome = search(reading.instance, settings, say, known)
    made = document(reading.instance, outcome.plan, locating(reading))
    return {
        "name": reading.name,
        "class": reading.kind,
        "units_per_unit_of_file": reading.sheet.scale.factor,
        "best_known": known,
        "gap": gap(outcome.plan.cost_micros, known),
        "verified": not outcome.broken,
        "on_globe": reading.sheet.on_globe,
    } | made


def about(reading: Reading, settings: SearchSettings, best: int | None) -> Document:
    """What is about to be solved."""
    problem = reading.instance.problem
    return {
        "event": "read",
        "name": reading.name,
        "class": reading.kind,
        "tasks": len(problem.tasks),
        "shifts": len(problem.shifts),
        "best_known": best,
        "seconds": settings.seconds,
        "seed": settings.seed,
    }


def locating(reading: Reading) -> Locate:
    """Where the places of a file lie, in the file's own coordinates."""
    positions = reading.sheet.positions
    locations = locations_of(reading.instance.problem, reading.instance.places)

    def locate(place: int) -> Position:
        x, y = positions[locations[place]]
        return float(x), float(y)

    return locate
