"""
Zones, their versions and what of a history holds when. Pure.

A change makes a version that is effective from some instant on; where two versions hold, the later
recorded one wins. So what was known yesterday about tomorrow can be asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.compliance.domain import shapes
from services.compliance.domain.civil import zone_of
from services.compliance.domain.faults import check, inside
from services.compliance.domain.filter import EVERY_VEHICLE, VehicleFilter
from services.compliance.domain.geometry import Area
from services.compliance.domain.rule import Prohibition, Rule

CLOSED = "closed"  # the rule id inside a closure; never told


class ZoneKind(StrEnum):
    """What zones are for."""

    LOW_EMISSION = "LOW_EMISSION"
    ZERO_EMISSION = "ZERO_EMISSION"
    CONGESTION = "CONGESTION"
    LIMITED_TRAFFIC = "LIMITED_TRAFFIC"
    PEDESTRIAN = "PEDESTRIAN"
    SCHOOL_STREET = "SCHOOL_STREET"
    QUIET_HOURS = "QUIET_HOURS"
    WEIGHT_SIZE = "WEIGHT_SIZE"
    OTHER = "OTHER"


class Confidence(StrEnum):
    """How sure a source is."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    UNCERTAIN = "UNCERTAIN"


class Caveat(StrEnum):
    """Reservations that a reader must see."""

    DEMONSTRATION = "DEMONSTRATION"
    UNCERTAIN_SOURCE = "UNCERTAIN_SOURCE"
    HOLIDAYS_UNLISTED = "HOLIDAYS_UNLISTED"
    RULES_UNRECORDED = "RULES_UNRECORDED"


@dataclass(frozen=True, slots=True)
class Zone:
    """An area with rules, as one version has it."""

    zone_id: str
    title: str
    kind: ZoneKind
    time_zone: str
    area: Area
    rules: tuple[Rule, ...] = ()
    holiday_calendar: str = ""
    holidays: tuple[date, ...] = ()
    source: str = ""
    confidence: Confidence | None = None
    verified: date | None = None
    demonstration: bool = False
    retired: bool = False

    def __post_init__(self) -> None:
        inside("time_zone", zone_of, self.time_zone)
        ids = [rule.rule_id for rule in self.rules]
        twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
        check(not twice, f"rule ids stand twice: {', '.join(twice)}", "ID_REPEATED", "rules")
        shapes.check_area(self.area)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of that id."""
        return next((rule for rule in self.rules if rule.rule_id == rule_id), None)

    @property
    def caveats(self) -> tuple[Caveat, ...]:
        """What holds of every answer of the zone."""
        uncertain = self.confidence is Confidence.UNCERTAIN
        found = ((self.demonstration, Caveat.DEMONSTRATION), (uncertain, Caveat.UNCERTAIN_SOURCE))
        return tuple(caveat for present, caveat in found if present)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a zone, effective in `[start, end)`; None is open."""

    rule_set_id: str
    zone: Zone
    version: int
    rules_version: int  # counts every change of the tenant's rules
    record_time: datetime
    create_time: datetime  # of the zone
    start: datetime | None = None
    end: datetime | None = None
    closure_id: str = ""  # set for a closure, which is a zone of one rule

    @property
    def etag(self) -> str:
        """Names the revision for updates."""
        return str(self.version)


@dataclass(frozen=True, slots=True)
class Tenure:
    """A span `[start, end)` in which one version holds."""

    rule_set: RuleSet
    start: datetime | None
    end: datetime | None

    def cut(self, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
        """The part of `[start, end)` in which it holds."""
        first = start if self.start is None else max(start, self.start)
        last = end if self.end is None else min(end, self.end)
        return (first, last) if first < last else None

    def contains(self, at: datetime) -> bool:
        """Whether it holds at the instant."""
        begun = self.start is None or self.start <= at
        return begun and (self.end is None or at < self.end)


def tenures(versions: Iterable[RuleSet]) -> tuple[Tenure, ...]:
    """What holds when, in order: every version cut by those recorded after it."""
    held: list[Tenure] = []
    for rule_set in sorted(versions, key=lambda v: v.version):
        own = Tenure(rule_set, rule_set.start, rule_set.end)
        held = [rest for tenure in held for rest in _without(tenure, own)] + [own]
    return tuple(sorted(held, key=lambda t: (t.start is not None, t.start)))


def _without(tenure: Tenure, cut: Tenure) -> Sequence[Tenure]:
    """The parts of a tenure before and after another."""
    parts = []
    if cut.start is not None and (tenure.start is None or tenure.start < cut.start):
        end = cut.start if tenure.end is None else min(tenure.end, cut.start)
        parts.append(Tenure(tenure.rule_set, tenure.start, end))
    if cut.end is not None and (tenure.end is None or cut.end < tenure.end):
        start = cut.end if tenure.start is None else max(tenure.start, cut.end)
        parts.append(Tenure(tenure.rule_set, start, tenure.end))
    return parts


@dataclass(frozen=True, slots=True)
class Closure:
    """A street or area that is closed in `[start, end)`; without an end until it is ended."""

    closure_id: str
    title: str
    area: Area  # of a street, the strip along it
    start: datetime
    end: datetime | None = None
    filter: VehicleFilter = EVERY_VEHICLE
    source: str = ""
    line: tuple[tuple[int, int], ...] = ()  # of a street, its points in 1e-7 degrees
    halfwidth_meters: int = 0

    def __post_init__(self) -> None:
        ordered = self.end is None or self.start <= self.end
        check(ordered, "a closure ends after it starts", "INTERVAL_INVALID")
        shapes.check_area(self.area)

    def as_rule_set(self, at: datetime, version: int) -> RuleSet:
        """The closure as a zone of one rule, so that one engine judges both."""
        rule = Rule(CLOSED, Prohibition(), self.filter)
        zone = Zone(self.closure_id, self.title, ZoneKind.OTHER, "UTC", self.area, (rule,))
        return RuleSet("", zone, 0, version, at, at, self.start, self.end, self.closure_id)


@dataclass(frozen=True, slots=True)
class ClosureVersion:
    """A closure as one revision has it."""

    closure: Closure
    revision: int
    rules_version: int
    create_time: datetime
    record_time: datetime

    @property
    def etag(self) -> str:
        """Names the revision for updates."""
        return str(self.revision)
