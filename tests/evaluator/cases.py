"""
Random cases: a city of a few zones and closures, a vehicle, a presence, now and then whole routes.

Imports nothing of ours. Numbers are drawn near one another, so that edges are met: spans begin
where the vehicle arrives, bounds lie on what it weighs, permits end on that day, borders run along
its way. Half of the cities lie on a lattice, whose lines run along edges and touch corners.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.evaluator import grounds, vehicles

TIME_ZONES = (
    "Europe/Helsinki",
    "Europe/London",
    "America/New_York",
    "America/Santiago",  # its clocks change at midnight
    "America/St_Johns",
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # back and forth around Ramadan
    "Pacific/Chatham",
    "Asia/Kathmandu",
    "UTC",
)
FULL_HOURS = {
    "Europe/Helsinki",
    "Europe/London",
    "America/New_York",
    "America/Santiago",
    "Africa/Casablanca",
    "UTC",
}
GRAINS = (3_600, 900, 900, 60)  # seconds; a finer one looks less far ahead
HORIZON_DAYS = {3_600: 30, 900: 9, 60: 2}
WHOLE_YEAR, WHOLE_YEAR_SHARE = 366, 0.02
FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROS = 1_000_000

Case = dict[str, Any]


def cases(seed: str, count: int) -> Iterator[Case]:
    """So many, always the same for a seed."""
    draw = random.Random(seed)
    for number in range(count):
        yield Draw(draw).case(f"{seed}/{number}")


@lru_cache
def changes(name: str) -> list[datetime]:
    """When the clocks change."""
    zone, found, at = ZoneInfo(name), [], FIRST
    while at < LAST:
        if at.astimezone(zone).utcoffset() != (at + HOUR).astimezone(zone).utcoffset():
            found.append(at + HOUR)
        at += HOUR
    return found


class Draw:
    """Draws one case around one moment."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._zone = draw.choice(TIME_ZONES)
        self._grain = draw.choice(GRAINS if self._zone in FULL_HOURS else GRAINS[1:])
        self._moment = self._any_moment()
        self._today = self._moment.astimezone(ZoneInfo(self._zone)).date()
        self._ground = grounds.Ground(draw, lattice=draw.random() < 0.5)
        self._vehicles = [vehicles.vehicle(draw, name, self._today) for name in ("one", "other")]

    def case(self, name: str) -> Case:
        draw = self._draw
        whole = self._grain == 3_600 and draw.random() < WHOLE_YEAR_SHARE * 2
        return {
            "name": name,
            "grain": self._grain,
            "horizon_days": WHOLE_YEAR if whole else HORIZON_DAYS[self._grain],
            "zones": [self._zone_of(f"z{n}") for n in range(draw.choice((1, 1, 2, 3)))],
            "closures": [self._closure()] if draw.random() < 0.12 else [],
            "vehicle": self._vehicles[0],
            "presence": self._presence("p", self._moment),
            "routes": self._routes() if draw.random() < 0.3 else [],
        }

    def _any_moment(self) -> datetime:
        draw, known = self._draw, changes(self._zone)
        if known and draw.random() < 0.4:
            near = draw.choice(known) + timedelta(seconds=draw.randrange(-10_800, 10_800))
        else:
            near = FIRST + timedelta(seconds=draw.randrange(int((LAST - FIRST).total_seconds())))
        if draw.random() < 0.15:  # about midnight
            wall = near.astimezone(ZoneInfo(self._zone))
            near -= timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second)
            near += timedelta(seconds=draw.choice((-1_800, -1, 0, 1, 1_800)))
        return self._stepped(near) if draw.random() < 0.5 else near.replace(microsecond=0)

    def _stepped(self, at: datetime) -> datetime:
        return at - (at - EPOCH) % timedelta(seconds=self._grain)

    def _routes(self) -> list[Case]:
        draw, made = self._draw, []
        for number in range(draw.choice((1, 2, 2, 3))):
            at = self._moment + timedelta(seconds=draw.randrange(-7_200, 7_200))
            presences = []
            for rank in range(draw.choice((1, 2, 3, 5))):
                presence = self._presence(f"r{number}p{rank}", at)
                presences.append(presence)
                at += timedelta(seconds=presence["seconds"] + draw.choice((0, 0, 300)))
            if draw.random() < 0.7:
                self._ground.join(presences)
            vehicle = self._vehicles[0 if draw.random() < 0.7 else 1]
            made.append({"route_id": f"r{number}", "vehicle": vehicle, "presences": presences})
        return made

    def _presence(self, subject_id: str, entry: datetime) -> Case:
        draw = self._draw
        longest = draw.choice((0, 600, 3_600, 3_600, 10_800, 10_800, 43_200, 200_000))
        seconds = draw.randrange(longest + 1)
        if draw.random() < 0.4:
            seconds -= seconds % self._grain
        return {
            "subject_id": subject_id,
            "entry": entry - timedelta(seconds=seconds // 2) if draw.random() < 0.3 else entry,
            "seconds": seconds,
            **self._ground.place(seconds),
        }

    def _closure(self) -> Case:
        draw = self._draw
        start = self._stepped(self._moment) + draw.randrange(-4, 3) * timedelta(seconds=self._grain)
        end = start + draw.randrange(1, 9) * timedelta(seconds=self._grain)
        return {
            "closure_id": "works",
            "areas": self._ground.area(),
            "from": start,
            "to": None if draw.random() < 0.2 else end,
            "filter": vehicles.selection(draw, self._vehicles, self._today, 0.5),
        }

    def _zone_of(self, zone_id: str) -> Case:
        begun = self._near() if self._draw.random() < 0.1 else None
        first = self._version(1, begun, self._ground.area())
        versions = [first]
        if self._draw.random() < 0.2:
            start = max(self._near(), (begun or FIRST - DAY) + HOUR)  # so the first one holds, too
            moves = self._draw.random() < 0.25
            area = self._ground.area() if moves else first["areas"]
            versions.append(self._version(2, start, area))
            if self._draw.random() < 0.3:
                versions[-1]["to"] = start + 2 * HOUR
        return {"zone_id": zone_id, "versions": versions}

    def _near(self) -> datetime:
        """An instant on the grain, about the moment."""
        return self._stepped(self._moment) + self._draw.choice((-DAY, 0 * DAY, HOUR, DAY))

    def _version(self, number: int, start: datetime | None, areas: Any) -> Case:
        draw = self._draw
        near = [self._today + timedelta(days=n) for n in range(-2, 4)]
        count = draw.choice((0, 1, 1, 2, 2, 3))
        return {
            "version": number,
            "from": start,
            "to": None,
            "time_zone": self._zone,
            "areas": areas,
            "holidays": sorted(draw.sample(near, draw.choice((0, 1, 2)))),
            "rules": [self._rule(f"rule-{n}") for n in draw.sample(range(5), count)],
            "retired": number == 2 and draw.random() < 0.1,
        }

    def _rule(self, rule_id: str) -> Case:
        draw = self._draw
        bounded = draw.random() < 0.35
        start, end = sorted(draw.sample(range(-3, 5), 2))
        return {
            "rule_id": rule_id,
            "filter": vehicles.selection(draw, self._vehicles, self._today, 0.3),
            "start": self._today + timedelta(days=start) if bounded else None,
            "end": self._today + timedelta(days=end) if bounded and draw.random() < 0.7 else None,
            "spans": [self._span() for _ in range(draw.choice((0, 1, 1, 1, 2, 3)))],
            "excepted": [self._excepted() for _ in range(draw.choice((0, 0, 0, 1, 2)))],
            "effect": self._effect(),
        }

    def _span(self) -> Case:
        draw, steps = self._draw, 86_400 // self._grain
        wall = self._moment.astimezone(ZoneInfo(self._zone))
        now = (wall.hour * 3_600 + wall.minute * 60) // self._grain
        close = draw.random() < 0.6
        start = (now + draw.randrange(-4, 4)) % steps if close else draw.randrange(steps)
        length = draw.randrange(1, 9) if close else draw.randrange(1, steps)
        end = start + length
        return {
            "days": sorted(draw.sample(range(7), draw.choice((1, 3, 5))))
            if draw.random() < 0.4
            else [],
            "start": start * self._grain,
            "end": (end if end <= steps else end - steps) * self._grain,
            "holidays": draw.choice(("NONE", "NONE", "EXCLUDED", "ONLY")),
        }

    def _excepted(self) -> tuple[int, int, int]:
        day: date = self._today + timedelta(days=self._draw.randrange(-1, 3))
        return (self._draw.choice((0, day.year, day.year + 1)), day.month, day.day)

    def _effect(self) -> Case:
        draw = self._draw
        kind = draw.choice(("prohibition", "prohibition", "permit", *["charge"] * 4))
        if kind == "permit":
            return {"kind": kind, "scheme": draw.choice(vehicles.SCHEMES)}
        if kind == "prohibition":
            return {"kind": kind}
        return {
            "kind": kind,
            "amount": draw.randrange(1, 9) * MICROS,
            "currency": "EUR" if draw.random() < 0.9 else "SEK",
            "unit": draw.choice(("DAY", "ENTRY", "PASSAGE", "PASSAGE")),
            "cap": draw.choice((0, 0, 0, 5, 8, 12)) * MICROS,
        }
