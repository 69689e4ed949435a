"""
What written reports and scores ask of the world: a part of `ports`, under the same law.

Stores are bound to one transaction of one tenant; a queue is all tenants'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.compliance.domain.chain import Chains
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.finding import Decision
from services.compliance.domain.ledger import Entry, Report
from services.compliance.domain.score import Score, ScoreKey
from services.compliance.domain.statement import Export, Found, Order, Statement


class ExportStore(Protocol):
    """Reports that are written as files."""

    async def running_count(self) -> int:
        """How many are being written; until the end of the transaction nobody else starts one."""

    async def add(self, export: Export) -> None:
        """Keeps a new one, for whoever writes next."""

    async def get(self, export_id: str) -> Export | None:
        """One export with its file."""

    async def cancel(self, export_id: str, at: datetime) -> None:
        """Ends one that is being written; one that is over stays as it is."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write a report, for as long as nobody claims it after us."""

    tenant: str
    export: Export
    epoch: int
    lost_count: int


class ExportQueue(Protocol):
    """All tenants' exports. What says False was cancelled, or somebody else writes it."""

    async def claim(self) -> Claim | None:
        """The next one that nobody writes."""

    async def renew(self, claim: Claim) -> bool:
        """Says that it is still being written."""

    async def finish(self, claim: Claim, content: bytes, at: datetime) -> bool:
        """Keeps the file."""

    async def fail(self, claim: Claim, why: str, at: datetime) -> bool:
        """Ends it without a file."""

    async def release(self, claim: Claim) -> None:
        """Gives it back, for whoever is next."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What the ledger says about a period, all of one moment."""

    report: Report
    found: tuple[Found, ...]
    chains: Chains


class StatementSource(Protocol):
    """What reports are written from."""

    async def sums(self, tenant: str, order: Order) -> Sums:
        """The sums of an order; raises TooLarge."""

    async def factor_sets(self, tenant: str, ids: Sequence[str]) -> Sequence[FactorSet]:
        """Those of some factor sets that the tenant has loaded."""


class ReportWriter(Protocol):
    """Writes files."""

    async def write(self, statement: Statement) -> bytes:
        """The file of a statement; raises TooLarge."""


class Signer(Protocol):
    """Signs scores."""

    @property
    def key(self) -> ScoreKey:
        """The public half of its key."""

    def sign(self, payload: bytes) -> str:
        """A compact JWS over some bytes."""


class ScoreStore(Protocol):
    """Published scores and the keys that signed them; scores never change."""

    async def add(self, score: Score, key: ScoreKey) -> None:
        """Keeps a score; from here on its key is the present one."""

    async def get(self, emission_score_id: str) -> Score | None:
        """One score."""

    async def list(self, before: tuple[datetime, str] | None, limit: int) -> Sequence[Score]:
        """Scores, newest first, older than one."""

    async def keys(self, limit: int) -> Sequence[ScoreKey]:
        """The keys, the present one first, then the latest."""


class PastStore(Protocol):
    """Routes that were driven and decided about before."""

    async def route_count(self, start: datetime, end: datetime) -> int:
        """How many of them have legs that ended in a period."""

    async def last_decisions(
        self, start: datetime, end: datetime, after: str, limit: int
    ) -> Sequence[Decision]:
        """The last decision about each of them, in the order of route ids after one."""

    async def entries(
        self, route_ids: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[Entry]]:
        """What their legs in the period emitted, by route."""
