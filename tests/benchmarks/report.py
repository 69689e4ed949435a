"""
Writes docs/benchmarks.md and its plot from the kept results, so that no figure is typed by hand.

    python -m tests.benchmarks.report [--results FOLDER]

FOLDER (tests/benchmarks/results) holds `plan.json`, and what else was measured: `served.json`,
`events.json`, `breaks.json`, `scale.json`, `ingest.json`, `eta.json`, `faults.json`; each a list of
rows that names its machine and commit.
"""

from __future__ import annotations

import argparse
import operator
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.faults_run import GROWTH_MEGABYTES_MAX
from tests.benchmarks.ingest import TARGETS
from tests.benchmarks.picture import plot
from tests.benchmarks.results import load
from tests.benchmarks.summary import Duel, Line, duels, lines, shown
from tests.run import ROOT

RESULTS = ROOT / "tests" / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks" / "gaps.svg"
# Percent over the best known value that we aim at, by class.
AIMS = {
    "vrptw-100": 0.2,
    "vrptw-200": 0.45,
    "vrptw-400": 0.6,
    "vrptw-600": 1.0,
    "vrptw-1000": 1.5,
}
OURS = "doorstep"
FAULTS_SHOWN = (
    *("seed", "faults", "positions", "sent", "told", "resumes", "lost", "doubled", "foreign"),
    *("refused", "gaps", "unseen", "repeated", "disordered", "drain_seconds"),
    "rss_growth_megabytes",
)
SIGNS = {operator.ge: "at least", operator.le: "at most", operator.lt: "under", operator.eq: "="}
HOW = """# Benchmarks

This page is written by `python -m tests.benchmarks.report` from `tests/benchmarks/results/`.

## How it is measured

- Budgets are seconds of **processor time** of one thread on one pinned core: seconds on the clock
  say little on a shared machine. 100 and 200 customers have 10 s, 400 have 30, 600 have 40, 1,000
  have 60; other sizes the budget of the next larger one (`--budget auto`).
- Every engine solves the same numbers in the same command: **doorstep** is the planner's solve from
  end to end (kernel, PyVRP where it pays, master, verifier) by processor time; **pyvrp** is PyVRP
  alone with its own defaults; **ortools** is OR-Tools routing with guided local search over
  registered matrices. A call of the planner goes by steps instead, so that a seed gives the same
  routes everywhere: **served** is what a caller gets who asks for as many seconds.
- Whatever an engine returns is timed by our exact scheduler and checked by all rules of the
  verifier; the cost that these find counts. `bad` counts plans that fail, are missing, or that the
  engine cannot model.
- A gap is percent over the best known value: of the `.sol` beside a file, or of the list in its
  folder. VRPTW follows the 12th DIMACS challenge: distances cut to tenths, distance alone counts.
  Where fewest vehicles come first (pickup and delivery), it is percent of vehicles plus percent of
  distance. No value below a best known one is claimed without an outside check.
- The primal integral is DIMACS's: the mean gap over the budget, never more than 10 %.
- The clock starts when the search does; reading files and loading machine code do not count.
- Parameters are tuned on instances whose name ends in an odd number, and frozen before the run.

## How to run

```
python -m tests.benchmarks.plan --engines doorstep,pyvrp,ortools --instances PATH... \\
    --budget auto --seeds 1,2,3 --json tests/benchmarks/results/plan.json [--jobs 2]
python -m tests.benchmarks.plan --engines served --instances PATH... --seeds 1 \\
    --json tests/benchmarks/results/served.json
python -m tests.benchmarks.events
python -m tests.benchmarks.breaks --json tests/benchmarks/results/breaks.json
python -m tests.benchmarks.ingest --minutes 10
python -m tests.benchmarks.eta --json tests/benchmarks/results/eta.json
python -m tests.benchmarks.faults --seeds 1-20
python -m tests.benchmarks.report
```

PATH is a file or a folder of Solomon, Gehring and Homberger, VRPLIB (`.vrp`, explicit matrices
too), Li and Lim or Loggi files. A run that was interrupted goes on where it stopped.
"""
Rows = Sequence[dict[str, Any]]


def page(results: dict[str, Rows]) -> str:
    """The whole page."""
    parts = [HOW]
    for name, section in SECTIONS.items():
        if results.get(name):
            parts.append("\n".join(section(results[name])) + "\n")
    return "\n".join(parts)


def plans(rows: Rows) -> Iterator[str]:
    """Gaps and duels on public instances."""
    yield "## Plans from nothing\n"
    yield from origin(rows)
    yield "![Mean gap by class and engine](benchmarks/gaps.svg)\n"
    yield from table(
        ("class", "engine", "rows", "mean %", "aim %", "worst %", "at 1 s", "at 10 s", "integral",
         "bad", "worst on"),
        map(gap_row, lines(rows)),
    )  # fmt: skip
    yield ""
    yield "Ours against PyVRP alone in the same processor time, by the mean cost of an instance:\n"
    yield from table(
        ("class", "better", "even", "worse", "better %", "better or even %", "cost %"),
        map(duel_row, duels(rows)),
    )


def gap_row(line: Line) -> tuple[str, ...]:
    """One engine on one class."""
    aim = AIMS.get(line.kind) if line.engine == OURS else None
    return (
        line.kind,
        line.engine,
        str(line.rows),
        shown(line.mean),
        shown(aim),
        shown(line.worst),
        shown(line.gap_1s),
        shown(line.gap_10s),
        shown(line.integral),
        str(line.unverified),
        line.worst_instance,
    )


def duel_row(duel: Duel) -> tuple[str, ...]:
    """Ours against the rival on one class."""
    counts = (duel.wins, duel.ties, duel.losses)
    rates = (f"{duel.better_percent:.0f}", f"{duel.no_worse_percent:.0f}")
    return (duel.kind, *map(str, counts), *rates, f"{duel.difference:+.2f}")


def served(rows: Rows) -> Iterator[str]:
    """What callers get."""
    yield "## At the pace of a call\n"
    yield from origin(rows)
    yield (
        "The planner as its rpcs run it: a number of steps is planned from the seconds asked for, "
        "for a machine half as quick as this one, and the clock only guards.\n"
    )
    yield from plain(rows, ("instance", "customers", "seed", "budget", "cpu_seconds", "gap"))


def events(rows: Rows) -> Iterator[str]:
    """Late deliveries."""
    yield "## Late deliveries\n"
    yield from origin(rows)
    more, stops, base, long = (rows[0][key] for key in ("more", "stops", "base", "long"))
    yield (
        f"{more} deliveries come into a standing plan of {stops} stops that was searched for "
        f"{base:g} s. Percent over a search of {long:g} s from the same plan; aims: a verified "
        "plan within 100 ms, 2 % after 0.3 s.\n"
    )
    told = ("town", "seed", "first_milliseconds", "first_over", "over_0.3", "over_1.0")
    yield from plain(rows, told)


def breaks(rows: Rows) -> Iterator[str]:
    """Drivers' breaks."""
    yield "## Breaks\n"
    yield from origin(rows)
    stops, seconds = rows[0]["stops"], rows[0]["budget"]
    yield (
        f"45 minutes for every driver, {stops} stops, {seconds:g} s: cost over "
        "the same day without breaks, in percent; the aim is 1.5.\n"
    )
    yield from plain(rows, ("seed", "cost_without", "cost_with", "over", "unserved", "verified"))


def scale(rows: Rows) -> Iterator[str]:
    """Large problems."""
    yield "## Large problems\n"
    yield from origin(rows)
    yield from plain(rows, tuple(name for name in rows[0] if name not in ("machine", "commit")))


def ingest(rows: Rows) -> Iterator[str]:
    """Positions taken in and watched."""
    yield "## Positions\n"
    yield from origin(rows)
    row = rows[0]
    yield (
        f"{row['devices']} devices send batches of {row['batch']} over four streams to one process "
        "of tracking on the embedded PostgreSQL; one watcher reads all of it. Latencies at 5,000 "
        "positions a second, rates and processor time at saturation: `ack` is the way to the "
        "answer (service and PostgreSQL), `cpu` is everybody (devices and watcher too). The limit "
        "is the sum of three rungs, each alone: a message parsed, a batch streamed, a row stored; "
        "`efficiency` is the limit over `ack`.\n"
    )
    aims = {name: f"{SIGNS[holds]} {bound:g}" for name, (holds, bound) in TARGETS.items()}
    beside = ("machine", "commit", "devices", "batch", "note")
    for row in rows:
        yield f"{row.get('note') or 'Nothing else ran'} ({row['commit']}):\n"
        names = [name for name in row if name not in beside]
        yield from table(
            ("figure", "value", "aim"),
            ((name.replace("_", " "), told(row[name]), aims.get(name, "")) for name in names),
        )
        yield ""


def eta(rows: Rows) -> Iterator[str]:
    """Expected arrivals."""
    yield "## Expected arrivals\n"
    yield from origin(rows)
    days = rows[0]["details"]
    yield (
        f"A day of {days['routes']} routes after ten days of history ({days['history_stops']:,} "
        "stops); the law of service times stands in the benchmark alone. Mean absolute error of "
        "the medians, every ten minutes for every stop ahead, against the same code with one "
        "service time for all stops, the mean of the same history (aim: a ratio of at most 0.85); "
        "share of arrivals from p10 to p90 (aim: 75 to 85 % over all seeds), below p90, and inside "
        "the interval that people were told last.\n"
    )
    names = [name for name in rows[0] if name not in ("machine", "commit", "details")]
    yield from plain(rows, tuple(names))


def faults(rows: Rows) -> Iterator[str]:
    """Positions while everything fails."""
    yield "## Positions under faults\n"
    yield from origin(rows)
    kinds = sum((Counter(row["details"]["faults"]) for row in rows), Counter[str]())
    done = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    yield (
        f"Two processes of tracking on one PostgreSQL, {rows[0]['seconds']:g} s under load for "
        f"each seed. In all: {done}. Beside them {rows[0]['stuck']} watchers that never read. "
        "`positions` were captured, and sent so often; `told` is what nine watchers saw over so "
        "many resumes, some from older cursors. Lost: acknowledged and not listed. Doubled: "
        "listed, stored or accepted twice. Gaps: of numbers and cursors. Unseen, repeated, "
        "disordered: between two cursors of a watcher. `rss growth` is the most by which a process "
        f"outgrew its start; its limit is {GROWTH_MEGABYTES_MAX} MB, the sum of what watchers, the "
        "newest chunks, queues and connections may hold (`faults_run.py`).\n"
    )
    yield from plain(rows, FAULTS_SHOWN)


SECTIONS: dict[str, Callable[[Rows], Iterator[str]]] = {
    "plan": plans,
    "served": served,
    "events": events,
    "breaks": breaks,
    "scale": scale,
    "ingest": ingest,
    "eta": eta,
    "faults": faults,
}


def origin(rows: Rows) -> Iterator[str]:
    """On which machines, of which commits."""
    machines = ", ".join(sorted({row["machine"] for row in rows}))
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    yield f"Machine: {machines}. Commit: {commits}.\n"


def plain(rows: Rows, names: Sequence[str]) -> Iterator[str]:
    """Some fields of rows as they are."""
    values = (tuple(told(row.get(name)) for name in names) for row in rows)
    yield from table([name.replace("_", " ") for name in names], values)


def told(value: Any) -> str:
    """One figure."""
    return shown(value) if isinstance(value, float) else str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """In Markdown."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def kept(folder: Path) -> dict[str, Rows]:
    """Everything that was measured."""
    return {name: load(folder / f"{name}.json") for name in SECTIONS}


def main(arguments: Sequence[str]) -> int:
    """Writes the page and the plot."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.report")
    parser.add_argument("--results", type=Path, default=RESULTS)
    results = kept(parser.parse_args(arguments).results)
    PAGE.write_text(page(results), encoding="utf-8")
    if results["plan"]:
        PLOT.parent.mkdir(exist_ok=True)
        plot(lines(results["plan"]), AIMS, PLOT)
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
