"""
What a driver's break costs: the same day with and without it, at equal processor time.

    python -m tests.benchmarks.breaks [--stops 300] [--seconds 10] [--seeds 1,2,3] [--json OUT]

45 minutes, starting between 11 and 13, for every shift, on the streets of the built-in city. Only
the way costs, so that `over` says what fitting the breaks in costs; the aim is 1.5 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from services.planner.domain.instance import Instance
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.domain.shift import BreakRule
from services.planner.solver.kernels import warm
from services.planner.solver.solve import Outcome, Solve
from tests.benchmarks.results import commit, machine, save
from tests.benchmarks.town import MINUTE, at, on_roads, town

BREAK = BreakRule("rest", at(11), at(13), 45 * MINUTE)
STOPS_PER_SHIFT = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """What one plan costs."""

    micros: int
    routes: int
    unserved: int
    verified: bool


def planned(instance: Instance, seconds: float, seed: int) -> Cost:
    """The plan after so much processor time."""
    settings = SearchSettings(seed=seed, seconds=seconds, pace=Pace.CPU)
    found: Outcome = Solve(instance, settings, lambda _: None).run()
    plan = found.plan
    return Cost(plan.cost_micros, len(plan.routes), len(plan.unassigned), not found.broken)


def compared(stops: int, seconds: float, seed: int) -> dict[str, Any]:
    """One day with and without breaks."""
    shifts = -(-stops // STOPS_PER_SHIFT) + 2
    free, held = on_roads(town(seed, stops, shifts), town(seed, stops, shifts, (BREAK,)))
    without, with_breaks = planned(free, seconds, seed), planned(held, seconds, seed)
    return {
        "stops": stops,
        "shifts": shifts,
        "seed": seed,
        "budget": seconds,
        "cost_without": without.micros,
        "cost_with": with_breaks.micros,
        "over": percent(with_breaks.micros, without.micros),
        "unserved": without.unserved + with_breaks.unserved,
        "verified": without.verified and with_breaks.verified,
    }


def percent(cost: int, base: int) -> float:
    """By how much it is dearer."""
    return round(100 * (cost - base) / base, 3)


def main(arguments: Sequence[str]) -> int:
    """Measures, prints, and writes."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.breaks")
    parser.add_argument("--stops", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    about, rows = {"machine": machine(), "commit": commit()}, []
    warm()
    for seed in map(int, options.seeds.split(",")):
        rows.append(compared(options.stops, options.seconds, seed) | about)
        print(told(rows[-1]), flush=True)
    print(f"mean {fmean(row['over'] for row in rows):+.2f} %")
    if options.json:
        save(options.json, rows)
    return 0


def told(row: dict[str, Any]) -> str:
    """One row for people."""
    verdict = "verified" if row["verified"] else "NOT VERIFIED"
    return (
        f"seed {row['seed']}: {row['cost_without'] / 1e6:.1f} without, "
        f"{row['cost_with'] / 1e6:.1f} with breaks: {row['over']:+.2f} %, "
        f"{row['unserved']} unserved, {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
