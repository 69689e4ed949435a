"""
Civil time: what the clock on the wall shows in a zone, and when.

Pure. A local day is cut into stretches of one UTC offset. Inside a stretch the wall clock runs
evenly, so a span of the wall clock maps to instants without a special case for the hour that is
missing in spring or doubled in autumn: a rule holds at every instant whose wall clock lies in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.compliance.domain.faults import Unsound

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
OFFSET_MAX = timedelta(hours=26)  # no zone was ever farther from UTC than 15:13; a day to be safe
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Stretch:
    """Instants `[start, end)` of one local day, with the wall clock's seconds since midnight."""

    start: datetime
    end: datetime
    wall_seconds: int  # what the wall clock shows at `start`, since the day's 00:00

    def instants(self, wall_start: int, wall_end: int) -> tuple[datetime, datetime] | None:
        """The instants of this stretch at which the wall clock lies in `[start, end)` seconds."""
        first = self.start + timedelta(seconds=wall_start - self.wall_seconds)
        last = self.start + timedelta(seconds=wall_end - self.wall_seconds)
        first, last = max(first, self.start), min(last, self.end)
        return (first, last) if first < last else None


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name, or Unsound."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unsound(f"no time zone is named {name!r}", "TIME_ZONE_UNKNOWN") from error


def local_day(at: datetime, zone: str) -> date:
    """The date on the calendar on the wall."""
    return at.astimezone(zone_of(zone)).date()


def local_days(start: datetime, end: datetime, zone: str) -> Iterator[date]:
    """The local dates of `[start, end)`; of `start` alone when both are the same."""
    day = local_day(start, zone)
    last = local_day(max(start, end - timedelta(microseconds=1)), zone)
    while day <= last:
        yield day
        day += timedelta(days=1)


def day_start(zone: str, day: date) -> datetime:
    """The first instant of a local day that a zone did not skip."""
    return stretches(zone, day)[0].start


@lru_cache(maxsize=8_192)
def stretches(zone: str, day: date) -> tuple[Stretch, ...]:
    """The instants of a local day; none for a day that a zone skipped."""
    tz = zone_of(zone)
    midnight = datetime.combine(day, time(), UTC)
    found = []
    for start, end in _even(tz, midnight - OFFSET_MAX, midnight + OFFSET_MAX + timedelta(days=1)):
        offset = _offset(tz, start)
        first = max(start, midnight - offset)
        last = min(end, midnight + timedelta(days=1) - offset)
        if first < last:
            wall = int((first + offset - midnight).total_seconds())
            found.append(Stretch(first, last, wall))
    return tuple(found)


def _even(tz: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """`[start, end)` cut where the offset changes; looks every hour, then halves the hour."""
    begun = at = start
    while at < end:
        after = min(at + HOUR, end)
        if _offset(tz, at) != _offset(tz, after):
            change = _change(tz, at, after)
            yield begun, change
            begun = change
        at = after
    yield begun, end


def _change(tz: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second of `(low, high]` at which the offset differs from that at `low`."""
    before = _offset(tz, low)
    while high - low > SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset(tz, middle) == before else (low, middle)
    return high


def _offset(tz: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(tz).utcoffset() or timedelta()
