"""One search in this process, told as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.planner.domain.instance import Instance, Node
from services.planner.domain.settings import SearchSettings
from services.planner.solver.kernels import warm
from services.planner.solver.solve import Outcome, Solve

Event = Mapping[str, Any]
Say = Callable[[Event], None]
Sequences = tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """How people state a cost, and in percent how far it is over the best that is known."""

    figure: Callable[[int], str]
    gap: Callable[[int], float | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was told beside the file."""

    seconds: float | None
    """None: as the problem says, else the default."""
    seed: int | None


def search(
    instance: Instance,
    settings: SearchSettings,
    say: Say,
    words: Words,
    seeds: Sequences = (),
) -> Outcome:
    """Solves; every plan that passed the verifier is told."""
    warm()
    begun = time.monotonic()

    def tell(outcome: Outcome) -> None:
        if not outcome.broken:
            say(progress(outcome, time.monotonic() - begun, words))

    return Solve(instance, settings, tell).run(seeds)


def progress(outcome: Outcome, seconds: float, words: Words) -> Event:
    """What is known of a search so far."""
    cost = outcome.plan.cost_micros
    return {
        "event": "plan",
        "seconds": round(seconds, 1),
        "cost": cost,
        "figure": words.figure(cost),
        "routes": len(outcome.plan.routes),
        "unserved": len(outcome.plan.unassigned),
        "gap": words.gap(cost),
        "is_final": outcome.is_final,
    }
