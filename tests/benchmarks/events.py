"""
Late deliveries: ten more into a plan of 400 stops that stands.

    python -m tests.benchmarks.events [--stops 400] [--more 10] [--seeds 1,2,3] [--base 30]
        [--long 60] [--json OUT]

On the streets of the built-in city. Told are: after how many milliseconds the first verified plan
with all of them is there, what it costs, and what it costs after 0.3 and 1 second of processor
time, against a search of `--long` seconds that starts from the same plan. The aims are 100 ms and,
after 0.3 s, 2 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from services.planner.domain.instance import Instance, Node
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.search.kernel import Sequences
from services.planner.solver.kernels import warm
from services.planner.solver.solve import Outcome, Solve
from tests.benchmarks.breaks import STOPS_PER_SHIFT, percent
from tests.benchmarks.results import commit, machine, save
from tests.benchmarks.town import on_roads, town
from tests.benchmarks.trace import Trace

WARM_SECONDS = (0.3, 1.0)
MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Heard:
    """What a warm search told."""

    cost: int
    first_milliseconds: float | None
    """Until the first verified plan that serves everybody."""
    first_cost: int | None
    unserved: int
    verified: bool
    cpu_seconds: float


def searched(instance: Instance, seconds: float, seed: int, seeds: Sequences = ()) -> Heard:
    """Searches for so much processor time from a plan that stands."""
    trace, first = Trace(), list[tuple[float, int]]()

    def tell(outcome: Outcome) -> None:
        if not outcome.broken and not outcome.plan.unassigned and not first:
            first.append((trace.seconds * MILLISECONDS, outcome.plan.cost_micros))

    settings = SearchSettings(seed=seed, seconds=seconds, pace=Pace.CPU)
    trace.start()
    last = Solve(instance, settings, tell).run(seeds)
    spent = trace.seconds
    moment, cost = first[0] if first else (None, None)
    plan = last.plan
    return Heard(
        plan.cost_micros, moment, cost, len(plan.unassigned), not last.broken, round(spent, 2)
    )


def standing(instance: Instance, seconds: float, seed: int) -> Sequences:
    """The plan before anything happens."""
    settings = SearchSettings(seed=seed, seconds=seconds, pace=Pace.CPU)
    last = Solve(instance, settings, lambda _: None).run()
    found: list[tuple[Node, ...]] = [()] * len(instance.problem.shifts)
    for route in last.plan.routes:
        found[route.shift] = route.sequence
    return tuple(found)


def measured(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One day into which deliveries come late."""
    stops, more = options.stops, options.more
    shifts = -(-stops // STOPS_PER_SHIFT) + 2
    later = town(seed, stops + more, shifts)
    before = replace(later, tasks=later.tasks[:stops])
    old, new = on_roads(before, later)
    plan = standing(old, options.base, seed)
    aim = searched(new, options.long, seed, plan)
    row: dict[str, Any] = {"stops": stops, "more": more, "seed": seed, "cost_long": aim.cost}
    for seconds in WARM_SECONDS:
        heard = searched(new, seconds, seed, plan)
        row |= {
            f"cost_{seconds}": heard.cost,
            f"over_{seconds}": percent(heard.cost, aim.cost),
            f"cpu_{seconds}": heard.cpu_seconds,
        }
        if seconds == WARM_SECONDS[0]:
            row |= {
                "first_milliseconds": heard.first_milliseconds,
                "first_over": percent(heard.first_cost or 0, aim.cost),
                "unserved": heard.unserved,
                "verified": heard.verified,
            }
    return row


def main(arguments: Sequence[str]) -> int:
    """Measures, prints, and writes."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.events")
    parser.add_argument("--stops", type=int, default=400)
    parser.add_argument("--more", type=int, default=10)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--base", type=float, default=30.0, help="seconds for the standing plan")
    parser.add_argument("--long", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    about, rows = {"machine": machine(), "commit": commit()}, []
    warm()
    for seed in map(int, options.seeds.split(",")):
        rows.append(measured(options, seed) | about)
        print(told(rows[-1]), flush=True)
    print(f"mean after 0.3 s {fmean(row['over_0.3'] for row in rows):+.2f} %")
    if options.json:
        save(options.json, rows)
    return 0


def told(row: dict[str, Any]) -> str:
    """One row for people."""
    first = row["first_milliseconds"]
    began = "no plan" if first is None else f"{first:.0f} ms {row['first_over']:+.2f} %"
    verdict = "verified" if row["verified"] else "NOT VERIFIED"
    return (
        f"seed {row['seed']}: first {began}, 0.3 s {row['over_0.3']:+.2f} %, "
        f"1 s {row['over_1.0']:+.2f} %, {row['unserved']} unserved, {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
