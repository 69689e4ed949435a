"""
Imports of past attempts: the rows of a file, their faults, and how far an import is. Pure.

An import happens whole or not at all. QUEUED -> RUNNING -> DONE | FAILED, and CANCELLED from the
first two. What is DONE can be undone once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from services.tracking.domain.geo import Point
from services.tracking.domain.past import THEIRS, Piece, Try, Visit, address_of
from services.tracking.domain.service_time import SECONDS_MAX, Traits
from services.tracking.domain.words import FailureReason

ROWS_MAX = 50_000
FAULTS_MAX = 1_000
WAITING_MAX = 20  # imports of one tenant that are not over; the contract states it
FLOORS, MASSES, COUNTS = (-10, 200), (0, 100_000_000), (1, 10_000)
IDENTIFIER_MAX = 64
BUILDINGS = frozenset(
    {"HOUSE", "APARTMENTS", "OFFICE", "SHOP", "INDUSTRIAL", "HOSPITAL", "SCHOOL", "HOTEL"}
)
SURPLUS = ""  # the column of cells that no header names
YES, NO = ("true", "1", "yes"), ("false", "0", "no", "")


class AttemptFormat(StrEnum):
    """How a file is written."""

    CSV = "CSV"
    PARQUET = "PARQUET"


class ImportState(StrEnum):
    """Where an import stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a row, such as `rows[3].floor`, or with the whole file."""

    path: str
    description: str


@dataclass(frozen=True, slots=True)
class AttemptImport:
    """An import and how far it is."""

    import_id: str
    format: AttemptFormat
    create_time: datetime
    state: ImportState = ImportState.QUEUED
    validate_only: bool = False
    count: int = 0
    faults: tuple[Fault, ...] = ()
    end_time: datetime | None = None
    undo_time: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing of it changes any more, but that it may be undone."""
        return self.state not in (ImportState.QUEUED, ImportState.RUNNING)


Row = Mapping[str, Any]  # cells by column; text, or what a typed file holds


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a file yields: its attempts, or everything that is wrong with it."""

    pieces: tuple[tuple[str, Piece], ...] = ()
    count: int = 0
    faults: tuple[Fault, ...] = ()


def harvest(rows: Sequence[Row], import_id: str) -> Harvest:
    """The attempts of a file. With one fault there are none."""
    faults: list[Fault] = []
    if not rows:
        faults.append(Fault("", "there is no row in the file"))
    if len(rows) > ROWS_MAX:
        faults.append(Fault("", f"{len(rows):,} rows are more than {ROWS_MAX:,}: cut the file"))
    found: list[tuple[str, Piece]] = []
    for number, row in enumerate(rows[:ROWS_MAX]):
        reader = _Reader(row, number, faults)
        if row.get(SURPLUS):
            faults.append(Fault(f"rows[{number}]", "has more cells than the header"))
        found += _pieces(reader, import_id, number)
    if faults:
        return Harvest(faults=_told(faults))
    return Harvest(tuple(found), len(rows))


def _pieces(row: _Reader, import_id: str, number: int) -> Iterator[tuple[str, Piece]]:
    at, failed = row.moment("arrive_time"), row.failed()
    reason = row.reason() if failed else None
    seconds = row.number("service_seconds", (0, SECONDS_MAX), required=not failed)
    drop, traits = row.point("drop_latitude", "drop_longitude"), _traits(row)
    if at is None or row.faulty:
        return
    key = f"{import_id}.{number}"
    if not failed or reason in THEIRS:
        yield f"try.{key}", Try(at, traits, failed, drop, import_id)
    if seconds is not None:
        yield f"visit.{key}", Visit(at, traits, seconds, "", import_id)


def _traits(row: _Reader) -> Traits:
    kerb, place = row.point("latitude", "longitude"), row.identifier("place_id")
    return Traits(
        place=place or (address_of(kerb) if kerb else ""),
        building=row.building(),
        floor=row.number("floor", FLOORS),
        lift=row.flag("lift_available"),
        driver_id=row.identifier("driver_id"),
        mass_grams=row.number("mass_grams", MASSES) or 0,
        parcel_count=row.number("parcel_count", COUNTS) or 1,
    )


def _told(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """As many as are told; the last says how many are not."""
    if len(faults) <= FAULTS_MAX:
        return tuple(faults)
    left = len(faults) - FAULTS_MAX + 1
    return (*faults[: FAULTS_MAX - 1], Fault("", f"and {left:,} more"))


@dataclass(slots=True)
class _Reader:
    """Reads the cells of one row, and notes everything that is wrong with them."""

    row: Row
    number_of_row: int
    faults: list[Fault] = field(default_factory=list)
    faulty: bool = False

    def moment(self, name: str) -> datetime | None:
        """A moment with its offset."""
        value = self._cell(name)
        if isinstance(value, datetime):
            return self._aware(name, value)
        if value is None:
            self._fault(name, "is required")
            return None
        text, wrong = str(value), "is no RFC 3339 time"
        found: datetime | None = self._parsed(name, text, datetime.fromisoformat, wrong)
        return found

    def number(self, name: str, span: tuple[int, int], *, required: bool = False) -> int | None:
        """A whole number within bounds."""
        value = self._cell(name)
        if value is None:
            if required:
                self._fault(name, "is required")
            return None
        found: int | None = self._parsed(name, str(value), _whole, "is no whole number")
        if found is not None and not span[0] <= found <= span[1]:
            self._fault(name, f"is outside of {span[0]:,} to {span[1]:,}")
        return found

    def point(self, latitude: str, longitude: str) -> Point | None:
        """A place on earth; half of one is a fault."""
        cells = [self._cell(name) for name in (latitude, longitude)]
        if cells == [None, None]:
            return None
        if None in cells:
            self._fault(latitude, f"and {longitude} belong together")
            return None
        try:
            return Point(*(float(str(one)) for one in cells))
        except ValueError:
            self._fault(latitude, f"and {longitude} are no place on earth")
            return None

    def identifier(self, name: str) -> str:
        """An id, or nothing."""
        value = str(self._cell(name) or "")
        if len(value) > IDENTIFIER_MAX:
            self._fault(name, f"is longer than {IDENTIFIER_MAX} characters")
        return value

    def flag(self, name: str) -> bool:
        """Yes or no."""
        value = str(self._cell(name) if self._cell(name) is not None else "").lower()
        if value not in (*YES, *NO):
            self._fault(name, "is neither true nor false")
        return value in YES

    def building(self) -> str:
        """A kind of building, or nothing."""
        value = str(self._cell("building_kind") or "").upper()
        if value and value not in BUILDINGS:
            self._fault("building_kind", f"is none of {', '.join(sorted(BUILDINGS))}")
        return value

    def failed(self) -> bool:
        """Whether the attempt failed."""
        value = str(self._cell("outcome") or "SUCCEEDED").upper()
        if value not in ("SUCCEEDED", "FAILED"):
            self._fault("outcome", "is neither SUCCEEDED nor FAILED")
        return value == "FAILED"

    def reason(self) -> FailureReason | None:
        """Why it failed."""
        value = str(self._cell("failure_reason") or "").upper()
        if value not in FailureReason.__members__ or value == FailureReason.UNSPECIFIED:
            self._fault("failure_reason", "is no reason of the contract")
            return None
        return FailureReason(value)

    def _aware(self, name: str, value: datetime) -> datetime | None:
        if value.tzinfo is None:
            self._fault(name, "has no offset from UTC")
            return None
        return value.astimezone(UTC)

    def _parsed(self, name: str, text: str, parse: Callable[[str], Any], wrong: str) -> Any:
        try:
            found = parse(text)
        except (ValueError, OverflowError):
            self._fault(name, wrong)
            return None
        return self._aware(name, found) if isinstance(found, datetime) else found

    def _cell(self, name: str) -> Any:
        value = self.row.get(name)
        return None if isinstance(value, str) and not value.strip() else value

    def _fault(self, name: str, description: str) -> None:
        self.faulty = True
        self.faults.append(Fault(f"rows[{self.number_of_row}].{name}", description))


def _whole(text: str) -> int:
    """Files with gaps hold whole numbers as 3.0."""
    return int(text.removesuffix(".0"))
