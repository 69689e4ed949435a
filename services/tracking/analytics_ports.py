"""
What numbers and reports ask of the world: a part of `ports`, under the same law.

History and exports are bound to one transaction of a tenant; a queue is all tenants'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tracking.domain.event import AmountCollected, Crew, RouteStarted
from services.tracking.domain.heard import TenderPriced, ZoneCharged
from services.tracking.domain.report import ReportExport
from services.tracking.domain.route import Window


class History(Protocol):
    """What the journal says of routes, tenders and money, whenever it was."""

    async def rows(
        self, span: Window, types: Collection[str], whose: Crew, limit: int
    ) -> Sequence[tuple[str, str]]:
        """
        Events of a span, and deliveries that are due in it, in order of record: the type and the
        text of each, for whoever reads them aside of the event loop.
        """

    async def starts(self, route_ids: Collection[str]) -> Sequence[RouteStarted]:
        """The starts of routes, with their rate cards."""

    async def charges(self, route_ids: Collection[str]) -> Sequence[ZoneCharged]:
        """The first charge of a zone on each route that has one."""

    async def placed(self, route_ids: Collection[str]) -> dict[str, tuple[int, int]]:
        """How many revisions routes had, and how many stops the last one of each."""

    async def priced(self, tender_id: str) -> TenderPriced | None:
        """What was booked last for a tender."""

    async def collected(self, delivery_id: str, task_id: str) -> AmountCollected | None:
        """What was collected last for a task."""


class Exports(Protocol):
    """Reports for download."""

    async def open_count(self) -> int:
        """How many are not over; until the end of the transaction nobody else starts one."""

    async def add(self, export: ReportExport) -> None:
        """Keeps a new one, for whoever makes reports next."""

    async def get(self, export_id: str) -> ReportExport | None:
        """One export."""

    async def cancel(self, export_id: str, at: datetime) -> None:
        """Ends one that is not over; one that is stays as it is."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make a report, for as long as nobody claims it after us."""

    tenant: str
    export: ReportExport
    epoch: int
    lost_count: int


class Queue(Protocol):
    """All tenants' exports. What says False was cancelled, or somebody else makes it."""

    async def claim(self) -> Claim | None:
        """The next one that nobody makes."""

    async def renew(self, claim: Claim, permille: int) -> bool:
        """Says that it is still being made, and how far it is."""

    async def finish(self, claim: Claim, sha256: str, at: datetime) -> bool:
        """Names its file."""

    async def fail(self, claim: Claim, why: str, at: datetime) -> bool:
        """Ends it without a file."""

    async def release(self, claim: Claim) -> None:
        """Gives it back, for whoever is next."""


class Writer(Protocol):
    """Makes files of reports."""

    async def write(self, claim: Claim, tell: Callable[[int], None]) -> bytes:
        """The file; tells how far it is, in a thousand. Raises TooLarge."""


class Files(Protocol):
    """Where files lie."""

    async def keep(
        self, tenant: str, sha256: str, content: bytes, content_type: str, at: datetime
    ) -> None:
        """Keeps a whole file by its hash; one that is there already stays."""
