"""
Imports of zones from files: what a file yields, and how far an import is. Pure.

An import happens whole or not at all: one fault, and nothing of the file is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.compliance.domain.contradictions import contradictions
from services.compliance.domain.curb_zone import CurbZone
from services.compliance.domain.zone import Zone

ZONES_MAX = 5_000  # zones and curb zones of one file, and features of it before they are read
REMARKS_MAX = 1_000  # faults, and as many notices, that are told of one file
REMARK_MAX = 1_000  # characters of a place, and of what is said about it
WAITING_MAX = 20  # imports of one tenant that are not over


class ImportFormat(StrEnum):
    """How a file is written."""

    GEOJSON = "GEOJSON"
    FR_ZFE = "FR_ZFE"
    OSM_PBF = "OSM_PBF"
    CDS = "CDS"


class ImportState(StrEnum):
    """RUNNING becomes one of the others, which are final."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Remark:
    """A place of a file, such as `features[3].geometry`, and what is to be said about it."""

    path: str
    description: str


@dataclass(frozen=True, slots=True)
class Read:
    """A zone or curb zone with its place in the file."""

    path: str
    zone: Zone | CurbZone

    @property
    def zone_id(self) -> str:
        """Its id among its kind."""
        return self.zone.zone_id if isinstance(self.zone, Zone) else self.zone.curb_zone_id


@dataclass(slots=True)
class Harvest:
    """What a file yields, as long as it is being read."""

    zones: list[Read] = field(default_factory=list)
    faults: list[Remark] = field(default_factory=list)
    notices: list[Remark] = field(default_factory=list)

    def fault(self, path: str, description: str) -> None:
        """Something is wrong: nothing of the file will be kept."""
        self.faults.append(_remark(path, description))

    def notice(self, path: str, description: str) -> None:
        """Something has no meaning here, and was left out."""
        self.notices.append(_remark(path, description))

    def checked(self) -> Harvest:
        """With the faults that only all zones together show; as many remarks as are told."""
        _refuse_doubles(self)
        for read in self.zones:
            if isinstance(read.zone, Zone):
                for found in contradictions(read.zone.rules, read.zone.holidays):
                    place = f"{read.path}.rules[{found.rule_index}].{found.field}"
                    self.fault(place, found.message)
        if len(self.zones) > ZONES_MAX:
            self.fault("", too_many(len(self.zones), "zones"))
        if not self.zones and not self.faults:
            self.fault("", "there is no zone in the file")
        self.faults, self.notices = list(told(self.faults)), list(told(self.notices))
        return self


def too_many(count: int, nouns: str) -> str:
    """What is said of a file that is too long."""
    return f"{count:,} {nouns} are more than {ZONES_MAX:,}: cut the file"


def _remark(path: str, description: str) -> Remark:
    return Remark(path[:REMARK_MAX], description[:REMARK_MAX])


def _refuse_doubles(harvest: Harvest) -> None:
    seen: dict[tuple[type, str], str] = {}
    for read in harvest.zones:
        key = type(read.zone), read.zone_id
        if key in seen:
            harvest.fault(read.path, f"zone id {read.zone_id!r} stands at {seen[key]} too")
        seen.setdefault(key, read.path)


def told(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """As many as are told; the last says how many are not."""
    found: Sequence[Remark] = tuple(dict.fromkeys(remarks))
    if len(found) <= REMARKS_MAX:
        return tuple(found)
    left = len(found) - REMARKS_MAX + 1
    return (*found[: REMARKS_MAX - 1], Remark("", f"and {left:,} more"))


@dataclass(frozen=True, slots=True)
class ZoneImport:
    """An import and how far it is."""

    import_id: str
    format: ImportFormat
    create_time: datetime
    source: str = ""
    start: datetime | None = None  # when its versions begin to hold
    validate_only: bool = False
    state: ImportState = ImportState.RUNNING
    zone_count: int = 0
    unchanged_count: int = 0
    faults: tuple[Remark, ...] = ()
    notices: tuple[Remark, ...] = ()
    end_time: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing of it changes any more."""
        return self.state is not ImportState.RUNNING
