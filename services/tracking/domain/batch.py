"""
Batches of positions as columns: what the ingest path carries instead of thousands of objects. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from services.tracking.domain.fix import Reject

Run = tuple[int, int]  # sequences, both ends included


class Lane(IntEnum):
    """Whether positions are told as they happen; numbers as in the contract and in the store."""

    LIVE = 1
    BACKFILL = 2


@dataclass(slots=True)
class Columns:
    """Positions that are worth keeping, one list per property, by ascending sequence."""

    sequences: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)  # microseconds since 1970
    qualities: list[int] = field(default_factory=list)
    latitudes: list[float] = field(default_factory=list)
    longitudes: list[float] = field(default_factory=list)
    accuracies: list[int] = field(default_factory=list)
    speeds: list[int | None] = field(default_factory=list)
    headings: list[float | None] = field(default_factory=list)
    uptimes: list[int | None] = field(default_factory=list)
    ignitions: list[int] = field(default_factory=list)
    odometers: list[int | None] = field(default_factory=list)
    charges: list[float | None] = field(default_factory=list)
    auxiliaries: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sequences)

    def spot(self, place: int) -> tuple[int, float, float]:
        """When and where: what makes two positions of one sequence the same."""
        return self.times[place], self.latitudes[place], self.longitudes[place]

    def at(self, places: Sequence[int]) -> Columns:
        """Some of them."""
        columns = (getattr(self, one.name) for one in fields(self))
        return Columns(*([column[place] for place in places] for column in columns))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Positions of one device as they were stored together, and for whom they were sent."""

    device_id: str
    epoch: UUID
    record_time: datetime
    vehicle_id: str
    driver_id: str
    columns: Columns


@dataclass(frozen=True, slots=True)
class Batch:
    """One device's batch: what to keep, what not, and which sequences are answered by it."""

    tenant: str
    device_id: str
    epoch: UUID
    shard: int
    columns: Columns
    rejects: tuple[Reject, ...]
    indexes: Sequence[int]  # of the kept rows, in the batch as sent
    runs: tuple[Run, ...]  # sequences sent
    lane: Lane = Lane.LIVE
    repeats: int = 0  # positions that the batch itself says twice

    @property
    def key(self) -> tuple[str, str, UUID]:
        """Whose sequences these are."""
        return self.tenant, self.device_id, self.epoch


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch, once it is durable."""

    acked_through: int
    accepted: int
    duplicates: int
    rejects: tuple[Reject, ...]
    missing: tuple[Run, ...]


def runs_of(sequences: Sequence[int]) -> tuple[Run, ...]:
    """The sequences as ranges. The usual batch is one range, and that is seen at once."""
    if not sequences:
        return ((1, 0),)  # an empty range: asks how far the epoch is
    first, last = sequences[0], sequences[-1]
    if last - first + 1 == len(sequences) and sequences == [*range(first, last + 1)]:
        return ((first, last),)
    return tuple(_merged(sorted(set(sequences))))


def within(sequence: int, runs: Sequence[Run]) -> bool:
    """Whether a sequence lies in one of the ranges."""
    return any(first <= sequence <= last for first, last in runs)


def without(runs: Sequence[Run], known: Sequence[Run]) -> tuple[Run, ...]:
    """What of some ranges others do not hold; both ascend."""
    left = []
    for first, last in runs:
        for low, high in known:
            if low > last or high < first:
                continue
            if first < low:
                left.append((first, low - 1))
            first = high + 1
        if first <= last:
            left.append((first, last))
    return tuple(left)


def touch(some: Sequence[Run], others: Sequence[Run]) -> bool:
    """Whether ranges share a sequence."""
    return any(a[0] <= b[1] and b[0] <= a[1] for a in some for b in others)


def _merged(ordered: list[int]) -> list[Run]:
    runs: list[Run] = []
    for sequence in ordered:
        if runs and runs[-1][1] == sequence - 1:
            runs[-1] = runs[-1][0], sequence
        else:
            runs.append((sequence, sequence))
    return runs
