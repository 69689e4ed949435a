"""
Late deliveries: ten more into a plan of 400 stops that stands.

    python -m tests.benchmarks.events [--towns hours,region,weight] [--stops 400] [--more 10]
        [--seeds 1,2,3] [--base 120] [--long 60] [--json OUT]

Told are: after how many milliseconds the first verified plan with all of them is there, what it
costs, and what it costs after 0.3 and 1 second of processor time, against a search of `--long`
seconds that starts from the same plan. The aims are 100 ms and, after 0.3 s, 2 %. The plan that
stands was searched for `--base` seconds, longer than that: else the long search would be ahead by
what it mends of the plan, and not by what it makes of the new deliveries. Rows that the file holds
already are not measured again.

What fills a van decides how much must move, so there are several towns, and each says how full its
vans are: `hours` and `weight` lie on the streets of the built-in city, with vans that run out of
time and vans that run out of payload; `region` is a plane of small towns an hour apart. A town can
also be the path of a problem file, whose last customers then come late.
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
from services.planner.domain.plan import Plan
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.formats.read import read
from services.planner.rules.walk import Walk
from services.planner.search.kernel import Sequences
from services.planner.solver.cut import Part, cut
from services.planner.solver.kernels import warm
from services.planner.solver.solve import Outcome, Solve
from tests.benchmarks.breaks import STOPS_PER_SHIFT, percent
from tests.benchmarks.results import commit, load, machine, save
from tests.benchmarks.scale import made
from tests.benchmarks.town import on_roads, town
from tests.benchmarks.trace import Trace

RESULTS = Path("tests/benchmarks/results/events.json")
WARM_SECONDS = (0.3, 1.0)
PAYLOAD_GRAMS = 1_000_000  # of a van of 3.5 t: it runs out of time long before
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


def hours(seed: int, stops: int) -> Instance:
    """A city whose vans are bound by the length of their day."""
    problem = town(seed, stops, shift_count(stops))
    shifts = tuple(
        replace(own, vehicle=replace(own.vehicle, capacity=(PAYLOAD_GRAMS, 0, 0)))
        for own in problem.shifts
    )
    return on_roads(replace(problem, shifts=shifts))[0]


def weight(seed: int, stops: int) -> Instance:
    """A city whose vans are bound by what they carry, and leave full."""
    return on_roads(town(seed, stops, shift_count(stops)))[0]


def shift_count(stops: int) -> int:
    """More than are needed."""
    return -(-stops // STOPS_PER_SHIFT) + 2


TOWNS = {"hours": hours, "region": made, "weight": weight}


def day(name: str, seed: int, stops: int) -> Instance:
    """A town by its name, or what a file says."""
    return TOWNS[name](seed, stops) if name in TOWNS else read(Path(name)).instance


def before(later: Instance, more: int) -> Instance:
    """A day without its last tasks."""
    tasks, shifts = len(later.problem.tasks) - more, len(later.problem.shifts)
    return cut(later, Part(tuple(range(tasks)), tuple(range(shifts))))


def standing(instance: Instance, seconds: float, seed: int) -> Plan:
    """The plan before anything happens."""
    settings = SearchSettings(seed=seed, seconds=seconds, pace=Pace.CPU)
    return Solve(instance, settings, lambda _: None).run().plan


def sequences_of(instance: Instance, plan: Plan) -> Sequences:
    """Its routes by shift."""
    found: list[tuple[Node, ...]] = [()] * len(instance.problem.shifts)
    for route in plan.routes:
        found[route.shift] = route.sequence
    return tuple(found)


def filled(instance: Instance, plan: Plan) -> dict[str, int]:
    """How full the vans that are used are, and how much of their day they are out, in percent."""
    load, room, spent, paid = 0, 0, 0, 0
    for route in plan.routes:
        shift = instance.problem.shifts[route.shift]
        load += max(loads[0] for loads in Walk(instance, route).loads)
        room += shift.vehicle.capacity[0]
        spent += route.end_second - route.start_second
        paid += shift.end_second - shift.start_second
    return {"load_percent": round(100 * load / room), "time_percent": round(100 * spent / paid)}


def measured(options: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """One day into which deliveries come late."""
    new = day(name, seed, options.stops + options.more)
    old = before(new, options.more)
    first = standing(old, options.base, seed)
    plan = sequences_of(old, first)
    aim = searched(new, options.long, seed, plan)
    row: dict[str, Any] = {
        "town": town_of(name),
        **way_of(options),
        "seed": seed,
        "routes": len(first.routes),
        "cost_before": first.cost_micros,
        "cost_long": aim.cost,
    } | filled(old, first)
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
    parser.add_argument("--towns", default=",".join(TOWNS), help="names, or paths of files")
    parser.add_argument("--stops", type=int, default=400)
    parser.add_argument("--more", type=int, default=10)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--base", type=float, default=120.0, help="seconds for the standing plan")
    parser.add_argument("--long", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    about, rows = {"machine": machine(), "commit": commit()}, load(options.json)
    warm()
    for name in options.towns.split(","):
        own = []
        for seed in map(int, options.seeds.split(",")):
            row = known(rows, options, name, seed) or measured(options, name, seed) | about
            print(told(row), flush=True)
            own.append(row["over_0.3"])
            rows = [*(one for one in rows if one is not row), row]
            save(options.json, rows)
        print(f"{name}: mean after 0.3 s {fmean(own):+.2f} %, worst {max(own):+.2f} %", flush=True)
    return 0


def known(
    rows: Sequence[dict[str, Any]], options: argparse.Namespace, name: str, seed: int
) -> dict[str, Any] | None:
    """The row of a day that was measured before in the same way."""
    same = {"town": town_of(name), "seed": seed, **way_of(options)}
    return next((row for row in rows if same.items() <= row.items()), None)


def way_of(options: argparse.Namespace) -> dict[str, Any]:
    """How a day is measured."""
    return {key: getattr(options, key) for key in ("stops", "more", "base", "long")}


def town_of(name: str) -> str:
    """A town as its rows name it."""
    return name if name in TOWNS else Path(name).stem


def told(row: dict[str, Any]) -> str:
    """One row for people."""
    first = row["first_milliseconds"]
    began = "no plan" if first is None else f"{first:.0f} ms {row['first_over']:+.2f} %"
    verdict = "verified" if row["verified"] else "NOT VERIFIED"
    return (
        f"{row['town']} {row['seed']}: {row['routes']} vans, {row['load_percent']} % full, "
        f"{row['time_percent']} % of their day; first {began}, 0.3 s {row['over_0.3']:+.2f} %, "
        f"1 s {row['over_1.0']:+.2f} %, {row['unserved']} unserved, {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
