"""
Fences of stops on noise: arrivals found, flaps, and arrivals that were none.

    python -m tests.benchmarks.geofences [--seeds 1,2] [--json OUT]

Vans drive six kinds of streets; seven receivers see them, every 1, 5, 10 and 30 s, with and without
a measured speed. The fence follows the fixes as the service does; a scan ends each stop. An arrival
is found when it is kept within 30 s of the truth. Exits with 1 when a target is broken: no flap, no
arrival out of passing traffic, 99 % of the arrivals found.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from services.tracking.domain.event import StopDeparted
from services.tracking.domain.fact import Fact, Success
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.observing import observe
from services.tracking.domain.progress import Progress
from services.tracking.domain.route import Leg, Route, Stop, Task
from services.tracking.domain.run import Run
from services.tracking.domain.words import Source
from tests.benchmarks.receivers import INTERVALS, RECEIVERS, Receiver, Seen, degrees, received
from tests.benchmarks.results import commit, machine
from tests.benchmarks.rounds import STREETS, Round, Stay

NINE = datetime(2026, 5, 12, 9, tzinfo=UTC)
NEAR_SECONDS = 30.0  # an arrival this far from the truth is found
PLANNED_METERS_PER_SECOND = 6.0
DOPPLER_SHARE = 0.75  # of the receivers tell a speed; all phones and most trackers do
FOUND_MIN = 0.99
SURE_SECONDS = 180.0  # stays that the fence must find without a word
SLACK_SECONDS = 40.0  # of a decision that comes after the van drove off
SCAN_SECONDS = (5.0, 25.0)  # before driving off, the last scan


COUNTS = (
    "stays",
    "found",
    "sure",
    "alone",
    "departures",
    "departed",
    "flaps",
    "passing",
    "mistaken",
)


@dataclass
class Tally:
    """What came out, by kind of noise or street."""

    stays: int = 0
    found: int = 0  # within 30 s of the truth, fence and scan together
    sure: int = 0  # stays long enough for the fence alone
    alone: int = 0  # of these, found by the fence alone
    departures: int = 0  # that the fence saw
    departed: int = 0  # of these, within 30 s of the truth
    flaps: int = 0
    passing: int = 0  # arrivals while driving past
    mistaken: int = 0  # arrivals at a stop while another was served
    off: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """As it is printed."""
        offs, waits = sorted(self.off), sorted(self.waited)
        return {
            "stops": self.stays,
            "found_share": round(self.found / max(1, self.stays), 4),
            "alone_share": round(self.alone / max(1, self.sure), 4),
            "departed_share": round(self.departed / max(1, self.departures), 4),
            "flaps": self.flaps,
            "false_arrivals": self.passing,
            "mistaken_stops": self.mistaken,
            "off_p50_s": round(median(offs), 1) if offs else None,
            "off_p99_s": round(offs[int(0.99 * (len(offs) - 1))], 1) if offs else None,
            "sure_after_p50_s": round(median(waits), 1) if waits else None,
        }

    def add(self, other: Tally) -> None:
        """Takes in what came out elsewhere."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.off += other.off
        self.waited += other.waited


def route_of(driven: Round) -> Route:
    """The plan of a round."""
    stops = tuple(
        Stop(
            f"stp_{number}",
            Point(*degrees(door)),
            (Task(f"tsk_{number}", f"del_{number}"),),
            NINE,
            NINE,
            NINE,
            120,
        )
        for number, door in enumerate(driven.doors)
    )
    return Route("rte_1", 1, NINE, NINE, stops, _legs(driven))


def _legs(driven: Round) -> tuple[Leg, ...]:
    """The ways as a planner has them: their length at the pace of a town."""
    ends = [0, *(round(stay.start) for stay in driven.stays), len(driven.path) - 1]
    begins = [0, *(round(stay.end) for stay in driven.stays)]
    ways = [sum(driven.speeds[begin:end]) for begin, end in zip(begins, ends[1:], strict=True)]
    return tuple(Leg(round(way), round(way / PLANNED_METERS_PER_SECOND)) for way in ways)


def fix_of(seen: Seen, sequence: int) -> Fix:
    """A fix as the service keeps it."""
    speed = None if seen.speed is None else round(seen.speed * 100)
    point = Point(seen.latitude, seen.longitude)
    return Fix("1", sequence, moment(seen.at), point, seen.accuracy, speed)


def moment(seconds: float) -> datetime:
    """A second of the round."""
    return NINE + timedelta(seconds=seconds)


def scan_of(stay: Stay, at: float) -> Fact:
    """The driver's last scan at a stop."""
    return Fact(
        f"evt_{stay.stop}",
        moment(at),
        moment(at),
        Source.DRIVER,
        Success(),
        task_id=f"tsk_{stay.stop}",
    )


def watched(driven: Round, fixes: Iterable[Seen], dice: random.Random) -> Tally:
    """Lets the service follow a round, and compares with the truth."""
    run = Run(route_of(driven), Progress("rte_1", 1), NINE)
    run.start(NINE)
    tally, scans = Tally(), _scans(driven, dice)
    proposed: dict[str, tuple[float, datetime]] = {}
    for number, seen in enumerate(fixes, 1):
        while scans and scans[0][0] <= seen.at:
            _confirm(run, *scans.pop(0))
        before = run.progress.visits
        observe(run, fix_of(seen, number))
        _compare(driven, run, before, seen.at, proposed, tally)
        _departures(driven, run, seen.at, tally)
    for at, stay in scans:
        _confirm(run, at, stay)
    for stay in driven.stays:
        _score(stay, run, proposed, tally)
    return tally


def _scans(driven: Round, dice: random.Random) -> list[tuple[float, Stay]]:
    return [(stay.end - dice.uniform(*SCAN_SECONDS), stay) for stay in driven.stays]


def _confirm(run: Run, at: float, stay: Stay) -> None:
    run.close(scan_of(stay, at))


def _compare(
    driven: Round,
    run: Run,
    before: dict[str, Any],
    at: float,
    proposed: dict[str, tuple[float, datetime]],
    tally: Tally,
) -> None:
    """What a fix changed, against the truth of its moment."""
    for stop_id, visit in run.progress.visits.items():
        was = before.get(stop_id)
        held = was.proposed_at if was else None
        stay = driven.stays[int(stop_id[4:])]
        if visit.proposed_at and not held:
            if stop_id in proposed:
                tally.flaps += 1
            proposed[stop_id] = (at, visit.proposed_at)
            if not stay.start <= at <= stay.end + SLACK_SECONDS:
                _false(driven, at, tally)
        elif held and not visit.proposed_at and not visit.arrived_at and stay.start < at < stay.end:
            tally.flaps += 1


def _false(driven: Round, at: float, tally: Tally) -> None:
    if any(stay.start <= at <= stay.end + SLACK_SECONDS for stay in driven.stays):
        tally.mistaken += 1
    else:
        tally.passing += 1


def _score(stay: Stay, run: Run, proposed: dict[str, tuple[float, datetime]], tally: Tally) -> None:
    stop_id = f"stp_{stay.stop}"
    visit, truth = run.progress.visit(stop_id), moment(stay.start)
    tally.stays += 1
    if visit.arrived_at is not None:
        off = (visit.arrived_at - truth).total_seconds()
        tally.off.append(abs(off))
        tally.found += abs(off) <= NEAR_SECONDS
    if stay.end - stay.start >= SURE_SECONDS:
        tally.sure += 1
        when, seen = proposed.get(stop_id, (0.0, NINE))
        tally.alone += when > 0 and abs((seen - truth).total_seconds()) <= NEAR_SECONDS
        if when:
            tally.waited.append(when - stay.start)


def _departures(driven: Round, run: Run, at: float, tally: Tally) -> None:
    """A van that is said to have left while it stands has flapped."""
    for event in run.events:
        if isinstance(event, StopDeparted) and event.source is Source.GEOFENCE:
            stay = driven.stays[int(event.stop_id[4:])]
            tally.flaps += at < stay.end
            off = abs((event.at - moment(stay.end)).total_seconds())
            tally.departures += 1
            tally.departed += off <= NEAR_SECONDS
    run.events.clear()


def measured(
    seeds: Iterable[int],
    streets: Iterable[str] = tuple(STREETS),
    receivers: Iterable[Receiver] = RECEIVERS,
    intervals: Iterable[int] = INTERVALS,
) -> Iterator[tuple[str, str, int, bool, Tally]]:
    """Every street seen by every receiver."""
    for seed in seeds:
        for street in streets:
            driven = STREETS[street](random.Random(f"{seed}.{street}"))
            for receiver in receivers:
                for every in intervals:
                    dice = random.Random(f"{seed}.{street}.{receiver.name}.{every}")
                    doppler = dice.random() < DOPPLER_SHARE
                    fixes = list(received(driven, receiver, every, dice, doppler=doppler))
                    yield street, receiver.name, every, doppler, watched(driven, fixes, dice)


def summed(rows: Iterable[tuple[str, str, int, bool, Tally]]) -> dict[str, dict[str, Tally]]:
    """The tallies by kind of noise, street, interval and speed, and all together."""
    sums: dict[str, dict[str, Tally]] = {}
    for street, receiver, every, doppler, tally in rows:
        names = {
            "total": "all",
            "noise": receiver,
            "street": street,
            "interval": f"{every} s",
            "speed": "measured" if doppler else "not measured",
        }
        for group, name in names.items():
            sums.setdefault(group, {}).setdefault(name, Tally()).add(tally)
    return sums


def broken(total: Tally) -> list[str]:
    """Which targets do not hold."""
    row = total.row()
    wrong = [f"{name}: {row[name]}" for name in ("flaps", "false_arrivals") if row[name]]
    shares = ("found_share", "alone_share")
    return wrong + [f"{name}: {row[name]}" for name in shares if row[name] < FOUND_MIN]


def main(arguments: list[str] | None = None) -> int:
    """Measures, prints, and keeps the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    sums = summed(measured(seeds))
    for group, tallies in sums.items():
        for name, tally in tallies.items():
            print(f"{group:9} {name:13}", " ".join(f"{k}={v}" for k, v in tally.row().items()))
    total = sums["total"]["all"]
    if asked.json:
        figures = {g: {n: t.row() for n, t in tallies.items()} for g, tallies in sums.items()}
        about = {"benchmark": "geofences", "seeds": seeds, "machine": machine(), "commit": commit()}
        asked.json.write_text(json.dumps({**about, **figures}, indent=1) + "\n")
    for fault in broken(total):
        print("broken:", fault)
    return 1 if broken(total) else 0


if __name__ == "__main__":
    sys.exit(main())
