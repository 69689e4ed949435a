"""
Compares planners on public instances at equal processor time.

    python -m tests.benchmarks.plan --engines doorstep,pyvrp,ortools --instances PATH...
        --budget auto|SECONDS --seeds 1,2,3 --json OUT [--jobs N]

Each row is a process of its own, pinned to one core. Best known values come from the `.sol` beside
a file, or from a list in its folder. The rows of OUT are kept and not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from services.planner.formats.build import Reading
from services.planner.formats.lines import BadFile
from services.planner.formats.read import read
from tests.benchmarks.engines import NAMES
from tests.benchmarks.instances import budget, files
from tests.benchmarks.results import BadResults, Key, Row, commit, key, load, machine, save
from tests.benchmarks.row import unsolved
from tests.benchmarks.summary import duels, lines, shown
from tests.run import ROOT

AUTO = "auto"
SLACK = 30  # times the budget, and a minute: then the process has hung


@dataclass(frozen=True, slots=True)
class Job:
    """One row to find out."""

    file: Path
    reading: Reading
    engine: str
    seed: int
    seconds: float

    @property
    def key(self) -> Key:
        """What makes its row the same as another."""
        return self.reading.kind, self.reading.name, self.engine, self.seed, self.seconds


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.plan", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--engines", default=",".join(NAMES[:3]), help="of " + ",".join(NAMES))
    parser.add_argument("--instances", nargs="+", type=Path, required=True, metavar="PATH")
    parser.add_argument("--budget", default=AUTO, help="auto, or seconds of processor time")
    parser.add_argument("--seeds", default="1,2,3", help="whole numbers, with commas")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", help="where rows go")
    parser.add_argument("--jobs", type=int, default=1, help="rows side by side, a core each")
    found = parser.parse_args(arguments)
    found.engines = found.engines.split(",")
    if unknown := set(found.engines) - set(NAMES):
        parser.error(f"unknown engine {', '.join(unknown)}; there are {', '.join(NAMES)}")
    try:
        found.seeds = [int(seed) for seed in found.seeds.split(",")]
        found.budget = None if found.budget == AUTO else float(found.budget)
    except ValueError as error:
        parser.error(f"numbers are expected: {error}")
    return found


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """Every row that is asked for: engine beside engine, so that a short run compares too."""
    for seed in options.seeds:
        for file in files(options.instances):
            reading = read(file)
            seconds = options.budget or budget(len(reading.sheet.customers))
            for name in options.engines:
                yield Job(file, reading, name, seed, seconds)


class Run:
    """Rows side by side, each pinned to a core, written down as they come."""

    def __init__(self, out: Path, side_by_side: int) -> None:
        """Takes up what is there."""
        self.out, self.rows = out, load(out)
        self.about = {"machine": machine(), "commit": commit()}
        self.lock = threading.Lock()
        self.free: queue.SimpleQueue[int] = queue.SimpleQueue()
        cores = sorted(os.sched_getaffinity(0))
        for number in range(side_by_side):
            self.free.put(cores[number % len(cores)])
        self.side_by_side = side_by_side

    def all(self, wanted: Sequence[Job]) -> list[Row]:
        """The rows of all jobs."""
        there = {key(row) for row in self.rows}
        missing = [job for job in wanted if job.key not in there]
        with ThreadPoolExecutor(self.side_by_side) as pool:
            list(pool.map(self.one, missing))
        asked = {job.key for job in wanted}
        return [row for row in self.rows if key(row) in asked]

    def one(self, job: Job) -> None:
        """Runs one job on a free core and writes its row down."""
        core = self.free.get()
        try:
            row = row_of(job, core) | self.about
        finally:
            self.free.put(core)
        with self.lock:
            self.rows.append(row)
            save(self.out, self.rows)
            print(told(row), flush=True)


def row_of(job: Job, core: int) -> Row:
    """The row of a job; of an engine that never ends, one without a plan."""
    try:
        row: Row = json.loads(asked(job, core))
    except subprocess.TimeoutExpired:
        return unanswered(job)
    return row


def unanswered(job: Job) -> Row:
    """A row without a plan."""
    row: Row = json.loads(unsolved(job.reading, job.engine, job.seed, job.seconds).json)
    return row


def asked(job: Job, core: int) -> str:
    """What the row's own process prints; its errors are ours."""
    command = [sys.executable, "-m", "tests.benchmarks.row", str(job.file.absolute()), job.engine]
    command += [str(job.seed), str(job.seconds), str(core)]
    limit = 60 + job.seconds * SLACK
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=limit
    )
    return done.stdout.splitlines()[-1]


def told(row: Row) -> str:
    """One row for people."""
    verdict = "verified" if row["verified"] else f"NOT VERIFIED {row['note']}"
    return (
        f"{row['instance']:<18}{row['engine']:<10}seed {row['seed']:<3}"
        f"cost {row['cost']!s:>12}  gap {shown(row['gap']):>7} %  at 1 s {shown(row['gap_1s']):>7}"
        f"  at 10 s {shown(row['gap_10s']):>7}  integral {shown(row['primal_integral']):>6}"
        f"  {row['cpu_seconds']:.1f} s  {verdict}"
    )


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """Means per class, duels, and the worst."""
    heading = ("class", "engine", "rows", "mean %", "worst %", "1 s", "10 s", "integral", "bad")
    yield "{:<14}{:<10}{:>5}{:>9}{:>9}{:>9}{:>9}{:>9}{:>5}  worst on".format(*heading)
    for one in lines(rows):
        yield (
            f"{one.kind:<14}{one.engine:<10}{one.rows:>5}{shown(one.mean):>9}{shown(one.worst):>9}"
            f"{shown(one.gap_1s):>9}{shown(one.gap_10s):>9}{shown(one.integral):>9}"
            f"{one.unverified:>5}  {one.worst_instance}"
        )
    for own in duels(rows):
        yield (
            f"{own.kind}: doorstep against pyvrp {own.wins} won, {own.ties} even, "
            f"{own.losses} lost ({own.better_percent:.0f} % better, {own.no_worse_percent:.0f} % "
            f"better or even), cost {own.difference:+.2f} %"
        )


def main(arguments: Sequence[str]) -> int:
    """Runs what is missing and sums up."""
    options = parsed(arguments)
    try:
        rows = Run(options.json, options.jobs).all(list(jobs(options)))
    except (BadFile, BadResults) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"a row failed: {' '.join(error.cmd)}", file=sys.stderr)
        return 1
    print("\n".join(["", *summary(rows)]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
