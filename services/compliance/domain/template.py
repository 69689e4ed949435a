"""
Templates: the rules of a well-known zone without its area, to make a zone of. Pure.

The law of a city is the same for everybody, its polygon is licensed by somebody: so rules are
shipped and areas are loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from services.compliance.domain.civil import zone_of
from services.compliance.domain.geometry import Area
from services.compliance.domain.rule import Rule
from services.compliance.domain.zone import Confidence, Zone, ZoneKind


@dataclass(frozen=True, slots=True)
class ZoneTemplate:
    """A zone but for its area; `zone_id` is the template's own id."""

    zone_id: str
    title: str
    kind: ZoneKind
    time_zone: str
    rules: tuple[Rule, ...]
    holiday_calendar: str = ""
    holidays: tuple[date, ...] = ()
    source: str = ""
    confidence: Confidence | None = None
    verified: date | None = None
    area: ClassVar[Area] = ()
    demonstration: ClassVar[bool] = False
    retired: ClassVar[bool] = False

    def __post_init__(self) -> None:
        zone_of(self.time_zone)

    def on(self, zone_id: str, area: Area) -> Zone:
        """The zone that has these rules on an area."""
        return Zone(
            zone_id,
            self.title,
            self.kind,
            self.time_zone,
            area,
            self.rules,
            self.holiday_calendar,
            self.holidays,
            self.source,
            self.confidence,
            self.verified,
        )
