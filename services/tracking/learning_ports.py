"""What learning asks of the world; the rest is `ports`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tracking.domain.attempt_import import AttemptImport, Fault
from services.tracking.domain.learned import Place, Today, Version
from services.tracking.domain.pace import Driven
from services.tracking.domain.past import Judged, Piece

PlaceText = tuple[str, str]  # subject and document
PieceRow = tuple[str, str, datetime, str, str]  # key, kind, moment, import, document


@dataclass(frozen=True, slots=True)
class PastTexts:
    """The past as one run takes it in: a document a line, by kind. Apart from whoever reads it."""

    visits: str = ""
    tries: str = ""
    legs: str = ""
    starts: str = ""
    zone: str = "UTC"  # the tenant's, once it is known
    changes: int = 0  # how often the past was brought or withdrawn before


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file of past attempts yields, ready to be kept; or everything wrong with it."""

    rows: tuple[PieceRow, ...] = ()
    count: int = 0
    faults: tuple[Fault, ...] = ()


class Past(Protocol):
    """What the past is learned from, and what was learned."""

    async def add(self, pieces: Sequence[tuple[str, Piece]]) -> None:
        """Keeps pieces; the first of a key stays."""

    async def add_rows(self, rows: Sequence[PieceRow]) -> None:
        """The same for many, ready to be kept."""

    async def today(self) -> Today:
        """What ticks go by."""

    async def claim(self) -> Today:
        """The same, held until the transaction ends."""

    async def set_today(self, today: Today) -> None:
        """Keeps what ticks go by."""

    async def judged(self, limit: int) -> Sequence[Judged]:
        """Expectations that came true or not, each handed out once, the oldest first."""

    async def legs_since(self, at: datetime, limit: int) -> Sequence[Driven]:
        """Legs that ended after a moment, the latest first."""

    async def texts(self, since: datetime) -> PastTexts:
        """The past since a moment, as much as one run takes in, the latest first."""

    async def forget(self, before: datetime, judged_before: datetime) -> None:
        """Forgets what is too old to learn from, and expectations that were taken in."""

    async def visits_since(self, at: datetime | None) -> int:
        """How many stops were kept after a moment, up to a few."""

    async def latest(self) -> int:
        """The number of the latest version; 0 without one."""

    async def version(self, number: int) -> Version | None:
        """A version."""

    async def keep_version(self, version: Version, places: Sequence[PlaceText], keep: int) -> None:
        """Keeps a version, and forgets the oldest beyond so many, but never the one in force."""

    async def places(self, version: int, subjects: Collection[str]) -> dict[str, Place]:
        """What a version knows of some places."""


class AttemptImports(Protocol):
    """Imports of past attempts."""

    async def waiting(self) -> int:
        """How many are not over."""

    async def add(self, own: AttemptImport, content: bytes) -> None:
        """Keeps an import with its file."""

    async def lock(self, import_id: str) -> AttemptImport | None:
        """One by name, held until the transaction ends."""

    async def save(self, own: AttemptImport) -> None:
        """Keeps where it stands; the file is forgotten once it is over."""

    async def withdraw(self, import_id: str) -> None:
        """Withdraws everything that it brought."""
