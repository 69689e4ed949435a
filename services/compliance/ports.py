"""
What compliance asks of the world.

Stores are bound to one transaction of one tenant: what they write happens together, with the
changes they put into the feed, or not at all. "None" means that this tenant has no such thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.compliance.domain.curb_zone import CurbZoneVersion
from services.compliance.domain.episode import IdlingEpisode, IdlingRuleVersion
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.finding import Decision
from services.compliance.domain.geometry import Box, Point
from services.compliance.domain.ledger import (
    Dimension,
    EmissionRecord,
    Load,
    Outcome,
    Report,
)
from services.compliance.domain.proximity import Curbside
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.template import ZoneTemplate
from services.compliance.domain.touch import Reach
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import ClosureVersion, RuleSet
from services.compliance.domain.zone_import import Harvest, ZoneImport


class RuleStore(Protocol):
    """Zones, their versions, and closures."""

    async def next_rules_version(self) -> int:
        """Counts one more change of rules; until the end of the transaction nobody else does."""

    async def zone(self, zone_id: str) -> RuleSet | None:
        """The last recorded version of a zone."""

    async def zones(
        self, after: str, limit: int, box: Box | None, with_retired: bool
    ) -> Sequence[RuleSet]:
        """The last versions of zones, in the order of ids after one."""

    async def rule_set(self, rule_set_id: str) -> RuleSet | None:
        """One version."""

    async def rule_sets(self, ids: Sequence[str]) -> Mapping[str, RuleSet]:
        """Several versions by their ids; those that do not exist are left out."""

    async def versions(self, zone_id: str, before: int | None, limit: int) -> Sequence[RuleSet]:
        """Versions of a zone ("": of all), newest first, older than a rules version."""

    async def add_rule_set(self, rule_set: RuleSet) -> None:
        """Keeps a new version and tells the feed."""

    async def closure(self, closure_id: str) -> ClosureVersion | None:
        """The last revision of a closure."""

    async def closures(
        self, after: str, limit: int, start: datetime | None, end: datetime | None
    ) -> Sequence[ClosureVersion]:
        """The last revisions that hold in `[start, end)`, in the order of ids after one."""

    async def closure_revisions(self, closure_id: str, limit: int) -> Sequence[ClosureVersion]:
        """The last revisions of a closure, newest first."""

    async def add_closure(self, version: ClosureVersion) -> None:
        """Keeps a new revision and tells the feed."""


class StreetStore(Protocol):
    """Curb zones and idling rules, with every revision that ever held."""

    async def next_street_version(self) -> int:
        """Counts one more change; until the end of the transaction nobody else does."""

    async def curb_zone(self, curb_zone_id: str) -> CurbZoneVersion | None:
        """The last revision of a stretch of curb."""

    async def curb_zones(self, after: str, limit: int) -> Sequence[CurbZoneVersion]:
        """The last revisions, in the order of ids after one."""

    async def curb_zone_revisions(
        self, wanted: Sequence[tuple[str, int]]
    ) -> Mapping[str, CurbZoneVersion]:
        """Certain revisions, by the ids of their stretches."""

    async def add_curb_zone(self, version: CurbZoneVersion) -> None:
        """Keeps a new revision in place of the last."""

    async def idling_rule(self, idling_rule_id: str) -> IdlingRuleVersion | None:
        """The last revision of an idling rule."""

    async def idling_rules(self, after: str, limit: int) -> Sequence[IdlingRuleVersion]:
        """The last revisions, in the order of ids after one."""

    async def idling_rules_of(self, place: Point) -> Sequence[IdlingRuleVersion]:
        """The last revisions of the rules whose area contains a place."""

    async def add_idling_rule(self, version: IdlingRuleVersion) -> None:
        """Keeps a new revision in place of the last."""


class CurbShelf(Protocol):
    """Where stretches of curb are, kept in memory as long as nothing changes."""

    async def curbside(self, tenant: str) -> Curbside:
        """All stretches of a tenant."""


@dataclass(frozen=True, slots=True)
class EpisodeFilter:
    """Which idling episodes to list; empty selects all."""

    vehicle_id: str = ""
    start: datetime | None = None
    end: datetime | None = None


class EpisodeStore(Protocol):
    """Idling episodes, append-only."""

    async def is_known(self, event_id: str) -> bool:
        """Whether the fact of tracking made an episode before."""

    async def add(self, episode: IdlingEpisode) -> None:
        """Keeps an episode and tells the feed."""

    async def list(
        self, wanted: EpisodeFilter, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[IdlingEpisode]:
        """Episodes by their start, newest first, older than one."""


class ImportStore(Protocol):
    """Imports of zones, in one transaction."""

    async def waiting(self) -> int:
        """How many are not over."""

    async def add(self, own: ZoneImport, content: bytes) -> None:
        """Keeps a new one with its file."""

    async def get(self, import_id: str) -> ZoneImport | None:
        """An import."""

    async def lock(self, import_id: str) -> None:
        """Until the end of the transaction nobody else ends it."""

    async def end(self, own: ZoneImport) -> None:
        """Keeps how it ended, and forgets its file."""


@dataclass(frozen=True, slots=True)
class ImportClaim:
    """The right to work on an import, while nobody has a later epoch."""

    tenant: str
    own: ZoneImport
    content: bytes
    epoch: int


class ImportQueue(Protocol):
    """The imports of all tenants that are not over."""

    async def claim(self) -> ImportClaim | None:
        """The next one that nobody works on."""

    async def wait(self, seconds: float) -> None:
        """Until something may be there to claim, or for so long."""

    async def renew(self, claim: ImportClaim) -> bool:
        """Says that it is still at work; False when it is no longer its own."""

    async def release(self, claim: ImportClaim) -> None:
        """Gives it back, for whoever is next."""

    async def finish(self, claim: ImportClaim, harvest: Harvest, now: datetime) -> None:
        """Applies it in one transaction, unless it was cancelled meanwhile."""


class FileReader(Protocol):
    """Reads files of zones; gives up after some time, and at once when it is cancelled."""

    async def read(self, own: ZoneImport, content: bytes) -> Harvest:
        """Everything in a file, and everything that is wrong with it."""


class Shelf(Protocol):
    """Rule books, kept as long as nothing changes."""

    async def book(self, tenant: str, as_of: datetime | None) -> RuleBook:
        """All rules of a tenant as known at a moment (None: all that is known)."""

    async def book_of(self, tenant: str, rules_version: int) -> RuleBook:
        """All rules of a tenant up to a version: exactly what a decision then rested on."""


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which decisions to list; empty selects all."""

    route_plan_id: str = ""
    route_id: str = ""
    vehicle_id: str = ""
    zone_id: str = ""
    verdicts: tuple[Verdict, ...] = ()
    start: datetime | None = None
    end: datetime | None = None


class DecisionStore(Protocol):
    """Decisions, append-only."""

    async def add(self, decisions: Sequence[Decision]) -> None:
        """Keeps decisions and tells the feed."""

    async def get(self, decision_id: str) -> Decision | None:
        """One decision."""

    async def list(
        self,
        wanted: DecisionFilter,
        before: tuple[datetime, str] | None,
        limit: int,
        reach: Reach | None = None,
    ) -> Sequence[Decision]:
        """Decisions, newest first, older than one; with a reach only those that may be in it."""

    async def mates(self, decisions: Sequence[Decision]) -> Mapping[str, Sequence[Decision]]:
        """By decision id, all of the same request and vehicle, itself too, in its order."""


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records count; empty selects all."""

    route_id: str = ""
    delivery_id: str = ""
    vehicle_id: str = ""
    carrier_id: str = ""
    start: datetime | None = None
    end: datetime | None = None
    with_replaced: bool = False


class FactorSetStore(Protocol):
    """The factor sets that a tenant loaded; they never change."""

    async def factor_set(self, factor_set_id: str) -> FactorSet | None:
        """A set by its id."""

    async def factor_sets(self, country_code: str, after: str, limit: int) -> Sequence[FactorSet]:
        """The sets for a country ("": all), in the order of ids after one."""

    async def factor_sets_for(
        self, country_code: str, year: int, known_by: datetime, limit: int
    ) -> Sequence[FactorSet]:
        """The sets for a country or no one country, loaded by a moment, nearest year first."""

    async def add_factor_set(self, factors: FactorSet) -> None:
        """Keeps a set."""


class LedgerStore(FactorSetStore, Protocol):
    """The carbon ledger, and the factor sets it counts by."""

    async def of_subject(self, subject_id: str) -> EmissionRecord | None:
        """The record of a leg or hub operation that counts."""

    async def carried(self, route_id: str) -> tuple[Load, ...]:
        """What the route has carried so far."""

    async def add(self, record: EmissionRecord) -> None:
        """Keeps a record, marks the one it replaces, and tells the feed."""

    async def records(
        self, wanted: RecordFilter, after: str, limit: int
    ) -> Sequence[EmissionRecord]:
        """Records in the order in which they were made, after one."""

    async def add_outcome(self, outcome: Outcome) -> None:
        """Keeps how an attempt ended; the first outcome of a task stays."""

    async def report(
        self, wanted: RecordFilter, dimension: Dimension, after: str, limit: int
    ) -> Report:
        """Sums by a dimension, in the order of keys after one."""


class Templates(Protocol):
    """The built-in rules of well-known zones."""

    def get(self, template_id: str) -> ZoneTemplate | None:
        """A template by its id."""

    def after(self, template_id: str, limit: int) -> Sequence[ZoneTemplate]:
        """Templates in the order of ids after one."""


class FactorShelf(Protocol):
    """Factor sets."""

    def get(self, factor_set_id: str) -> FactorSet | None:
        """A set by its id."""

    def list(self, country_code: str) -> Sequence[FactorSet]:
        """The sets for a country ("": all), in the order of ids."""
