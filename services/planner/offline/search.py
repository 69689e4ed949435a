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
class Options:
    """What the command was told beside the file."""

    seconds: float | None
    """None: as the problem says, else the default."""
    seed: int | None


def search(
    instance: Instance,
    settings: SearchSettings,
    say: Say,
    best_known: int | None = None,
    seeds: Sequences = (),
) -> Outcome:
    """Solves; every plan that passed the verifier is told."""
    warm()
    begun = time.monotonic()

    def tell(outcome: Outcome) -> None:
        if not outcome.broken:
            say(progress(outcome, time.monotonic() - begun, best_known))

    return Solve(instance, settings, tell).run(seeds)


def progress(outcome: Outcome, seconds: float, best_known: int | None) -> Event:
    """What is known of a search so far."""
    return {
        "event": "plan",
        "seconds": round(seconds, 1),
        "cost": outcome.plan.cost_micros,
        "routes": len(outcome.plan.routes),
        "unserved": len(outcome.plan.unassigned),
        "gap": gap(outcome.plan.cost_micros, best_known),
        "is_final": outcome.is_final,
    }


def gap(cost: int, best_known: int | None) -> float | None:
    """Percent over the best known value."""
    return None if not best_known else round(100 * (cost - best_known) / best_known, 2)
