"""Solves a file of a public benchmark."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from services.planner.domain.settings import DEFAULT_SEED, SearchSettings
from services.planner.formats.build import Reading, locations_of
from services.planner.formats.goal import Goal, amount, figure, goal
from services.planner.formats.read import read
from services.planner.offline.document import Document, Figures, Locate, Position, document
from services.planner.offline.search import Options, Say, Words, search

DEFAULT_SECONDS = 10.0


def solve_benchmark(file: Path, options: Options, say: Say) -> Document:
    """The plan of a file that carries its own ways."""
    reading = read(file)
    aim = goal(reading, file)
    figures = Figures(partial(figure, reading), partial(amount, reading))
    words = Words(figures.whole, partial(gap, aim))
    settings = SearchSettings(
        seed=options.seed or DEFAULT_SEED, seconds=options.seconds or DEFAULT_SECONDS
    )
    say(about(reading, settings, aim))
    outcome = search(reading.instance, settings, say, words)
    made = document(reading.instance, outcome.plan, locating(reading), figures)
    return {
        "name": reading.name,
        "class": reading.kind,
        "units_per_unit_of_file": reading.sheet.scale.factor,
        "best_known": figures.whole(aim.cost) if aim else None,
        "gap": words.gap(outcome.plan.cost_micros),
        "verified": not outcome.broken,
        "on_globe": reading.sheet.on_globe,
    } | made


def gap(aim: Goal | None, cost: int) -> float | None:
    """Percent over the best known value."""
    return None if aim is None else round(aim.gap(cost), 2)


def about(reading: Reading, settings: SearchSettings, aim: Goal | None) -> Document:
    """What is about to be solved."""
    problem = reading.instance.problem
    return {
        "event": "read",
        "name": reading.name,
        "class": reading.kind,
        "tasks": len(problem.tasks),
        "shifts": len(problem.shifts),
        "best_known": figure(reading, aim.cost) if aim else None,
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
