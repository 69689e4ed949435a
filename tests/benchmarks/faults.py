"""
The fault campaign: nothing lost, nothing doubled, cursors gapless, memory bounded, whatever fails.

    python -m tests.benchmarks.faults --seeds 1-20 [--seconds 15] [--json OUT]

Each seed plays on a mesh of its own: positions of three tenants come in at one process of tracking
and are watched at another one, over one embedded PostgreSQL, while processes are killed and frozen,
the store is stopped at once and frozen, all connections are reset, everything is sent again in any
order, and 200 watchers never read (`faults_schedule`). At the end what was acknowledged is compared
with what is listed and with what every watcher was told (`faults_checker`). Rows are written as
they come; seeds that are there are not run again. Ends with 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.faults_checker import What, check
from tests.benchmarks.faults_run import GROWTH_MEGABYTES_MAX, STUCK, Outcome, played
from tests.benchmarks.results import BadResults, Row, commit, load, machine, save

OUT = Path("tests/benchmarks/results/faults.json")
SECONDS = 15.0  # under load, with faults
FINDINGS_KEPT = 20  # of a seed, in words


def row_of(seed: int, seconds: float, wall: float, outcome: Outcome) -> Row:
    """The row of a seed."""
    findings = check(outcome.history)
    counts = Counter[What]()
    for one in findings:
        counts[one.what] += one.count
    words = [one.words for one in findings] + list(wrong(outcome))
    return {
        "seed": seed,
        "seconds": seconds,
        "wall_seconds": round(wall, 1),
        **figures(outcome),
        **{what.value: counts[what] for what in What},
        "wrong": words[:FINDINGS_KEPT],
        "details": {
            "faults": dict(outcome.nemesis.done),
            "passing": dict(outcome.troubles.passing),
            "others": dict(outcome.troubles.others),
            "rss_first_megabytes": rounded(outcome.memory.first),
            "rss_peak_megabytes": rounded(outcome.memory.peak),
            "connections_cut": outcome.nemesis.connections_cut,
            "failed_starts": outcome.nemesis.failed_starts,
            "deaths": outcome.deaths,
            "last_words": outcome.last_words if outcome.deaths else [],
        },
    }


def figures(outcome: Outcome) -> Row:
    """How much happened."""
    history = outcome.history
    return {
        "faults": outcome.faults,
        "positions": sum(len(rows) for rows in history.stored.values()),
        "sent": sum(one.sent for one in history.sent),
        "told": sum(len(piece.items) for one in history.seen for piece in one.pieces),
        "resumes": sum(one.resumes for one in history.seen),
        "stuck": STUCK,
        "drain_seconds": round(outcome.drain_seconds, 1),
        "rss_growth_megabytes": round(outcome.memory.growth, 1),
    }


def rounded(held: dict[str, float]) -> dict[str, float]:
    """Megabytes by process."""
    return {name: round(one, 1) for name, one in held.items()}


def wrong(outcome: Outcome) -> Iterator[str]:
    """What beside the history must not be."""
    if outcome.memory.growth > GROWTH_MEGABYTES_MAX:
        yield f"a process grew by {outcome.memory.growth:.0f} MB, over {GROWTH_MEGABYTES_MAX}"
    for words, count in outcome.troubles.others.items():
        yield f"{count} times a client met {words}"
    if outcome.deaths:
        yield f"{outcome.deaths} processes ended that nobody killed"


def told(row: Row) -> str:
    """One row for people."""
    counts = ", ".join(f"{row[what.value]} {what.value}" for what in What)
    words = "".join(f"\n  {line}" for line in row["wrong"])
    return (
        f"seed {row['seed']:<3} {row['faults']} faults, {row['positions']} positions sent as "
        f"{row['sent']}, told {row['told']} times over {row['resumes']} resumes: {counts}; drained "
        f"in {row['drain_seconds']} s, grew by {row['rss_growth_megabytes']} MB of "
        f"{GROWTH_MEGABYTES_MAX}, {row['wall_seconds']} s{words}"
    )


def measured(seed: int, seconds: float) -> Row:
    """One seed."""
    begun = time.monotonic()
    outcome = asyncio.run(played(seed, seconds))
    return row_of(seed, seconds, time.monotonic() - begun, outcome)


def seeds_of(text: str) -> list[int]:
    """`1-20`, `7` or `1,4,9`."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def main(arguments: Sequence[str]) -> int:
    """Plays what is missing, and tells what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.faults")
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1-20"), help="such as 1-20")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="under load, for each seed")
    parser.add_argument("--json", type=Path, default=OUT, metavar="OUT", help="where rows go")
    options = parser.parse_args(arguments)
    try:
        rows = load(options.json)
    except BadResults as error:
        print(error, file=sys.stderr)
        return 1
    there = {(row["seed"], row["seconds"]) for row in rows}
    for seed in options.seeds:
        if (seed, options.seconds) not in there:
            about = {"machine": machine(), "commit": commit("tracking")}
            rows.append(measured(seed, options.seconds) | about)
            save(options.json, rows)
            print(told(rows[-1]), flush=True)
    asked = [row for row in rows if row["seed"] in options.seeds]
    bad = sorted(row["seed"] for row in asked if row["wrong"])
    print(f"{len(asked)} seeds, {len(bad)} of them bad{': ' if bad else ''}{bad or ''}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
