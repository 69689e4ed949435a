"""What stays the same all day: where it plays, on which day, for whom, and the seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from clients.day.zone import Box

CURRENCY = "EUR"
DAY = date(2026, 11, 24)  # a Tuesday
OPENING = time(6, 30)  # local: the office imports, plans and tenders before the first shift
CLOSING = time(21)  # local: by then everybody is back
SEED = 4711


@dataclass(frozen=True, slots=True)
class Setting:
    """The frame of one day."""

    tenant: str
    seed: int
    day: date
    zone: ZoneInfo
    country: str  # ISO 3166-1 alpha-2, of the map
    core: Box  # where the demonstration zone lies

    @property
    def opening(self) -> datetime:
        return datetime.combine(self.day, OPENING, self.zone)

    @property
    def closing(self) -> datetime:
        return datetime.combine(self.day, CLOSING, self.zone)
