"""
One row: one engine on one instance with one seed, in a process of its own on one core.

    python -m tests.benchmarks.row FILE ENGINE SEED SECONDS CORE

Prints the row as JSON. Whatever an engine returns is timed by our exact scheduler, checked by our
verifier, and counts with the cost that these find.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from services.planner.domain.instance import Instance
from services.planner.formats.build import Reading
from services.planner.formats.goal import Goal, goal
from services.planner.formats.read import read
from services.planner.rules.verify import verify
from services.planner.search.answers import time_routes
from services.planner.search.kernel import Sequences
from tests.benchmarks.engines import NotModelled, engine
from tests.benchmarks.trace import Trace, gap_at, primal_integral

DIGITS = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """What a row is about."""

    file: Path
    engine: str
    seed: int
    seconds: float
    core: int


@dataclass(frozen=True, slots=True)
class Row:
    """What is found out; None where it cannot be told."""

    instance: str
    kind: str
    customers: int
    engine: str
    seed: int
    budget: float
    cost: int | None
    bks: int | None
    gap: float | None
    gap_1s: float | None
    gap_10s: float | None
    primal_integral: float | None
    cpu_seconds: float
    wall_seconds: float
    unserved: int
    verified: bool
    note: str = ""

    @property
    def json(self) -> str:
        """As it is written; the class is called `class` there."""
        fields = asdict(self)
        fields["class"] = fields.pop("kind")
        return json.dumps(fields)


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan as our own rules see it."""

    cost: int | None = None
    unserved: int = 0
    verified: bool = False
    note: str = ""


def run(ask: Ask) -> Row:
    """Solves and judges."""
    reading = read(ask.file)
    aim, trace = goal(reading, ask.file), Trace()
    solve = engine(ask.engine)
    wall = time.monotonic()
    trace.start()
    try:
        sequences = solve(reading, ask.seconds, ask.seed, trace)
        spent, judged = trace.seconds, judge(reading.instance, sequences)
    except NotModelled as error:
        spent, judged = 0.0, Judged(note=f"not modelled: {error}")
    return Row(
        instance=reading.name,
        kind=reading.kind,
        customers=len(reading.sheet.customers),
        engine=ask.engine,
        seed=ask.seed,
        budget=ask.seconds,
        cost=judged.cost,
        bks=aim.cost if aim else None,
        gap=rounded(None if judged.cost is None or aim is None else aim.gap(judged.cost)),
        gap_1s=rounded(gap_at(trace.points, 1, aim)),
        gap_10s=rounded(gap_at(trace.points, 10, aim)),
        primal_integral=rounded(integral(trace, ask.seconds, aim)),
        cpu_seconds=round(spent, 2),
        wall_seconds=round(time.monotonic() - wall, 2),
        unserved=judged.unserved,
        verified=judged.verified,
        note=judged.note,
    )


def unsolved(reading: Reading, engine: str, seed: int, seconds: float) -> Row:
    """The row of an engine that had to be ended from outside."""
    unknown = dict.fromkeys(("cost", "bks", "gap", "gap_1s", "gap_10s", "primal_integral"))
    return Row(
        instance=reading.name,
        kind=reading.kind,
        customers=len(reading.sheet.customers),
        engine=engine,
        seed=seed,
        budget=seconds,
        cpu_seconds=0.0,
        wall_seconds=0.0,
        unserved=0,
        verified=False,
        note="ended from outside: it never answered",
        **unknown,
    )


def integral(trace: Trace, seconds: float, aim: Goal | None) -> float | None:
    """The primal integral; without any plan there is none."""
    return primal_integral(trace.points, seconds, aim) if trace.points else None


def judge(instance: Instance, sequences: Sequences | None) -> Judged:
    """Times, prices and verifies a plan by our own rules."""
    if sequences is None:
        return Judged(note="no plan found")
    plan = time_routes(instance, sequences, verify)
    broken = [violation for violation in plan.violations if violation.hard]
    note = ", ".join(sorted({violation.reason.value for violation in broken}))
    return Judged(plan.cost_micros, len(plan.unassigned), not broken, note)


def rounded(value: float | None) -> float | None:
    """To as many digits as are worth comparing."""
    return None if value is None else round(value, DIGITS)


def main(arguments: list[str]) -> None:
    """One row to standard output."""
    file, name, seed, seconds, core = arguments
    ask = Ask(Path(file), name, int(seed), float(seconds), int(core))
    os.sched_setaffinity(0, {ask.core})
    print(run(ask).json)


if __name__ == "__main__":
    main(sys.argv[1:])
