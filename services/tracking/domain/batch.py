"""
Batches of positions as columns: what the ingest path carries instead of thousands of objects. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.tracking.domain.fix import Reject


@dataclass(slots=True)
class Columns:
    """Positions that are worth keeping, one list per property, in order of their sequence."""

    sequences: list[int] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
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


@dataclass(frozen=True, slots=True)
class Batch:
    """One device's batch: what to keep, what not, and which sequences are answered by it."""

    tenant: str
    device_id: str
    epoch: UUID
    shard: int
    columns: Columns
    rejects: tuple[Reject, ...]
    indexes: tuple[int, ...]  # of the kept rows, in the batch as sent
    runs: tuple[tuple[int, int], ...]  # sequences sent, both ends included

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
    missing: tuple[tuple[int, int], ...]


def runs_of(sequences: list[int]) -> tuple[tuple[int, int], ...]:
    """The sequences as ranges. The usual batch is one range, and that is seen at once."""
    if not sequences:
        return ((1, 0),)  # an empty range: asks how far the epoch is
    first, last = sequences[0], sequences[-1]
    if last - first + 1 == len(sequences) and sequences == list(range(first, last + 1)):
        return ((first, last),)
    return tuple(_merged(sorted(set(sequences))))


def _merged(ordered: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for sequence in ordered:
        if runs and runs[-1][1] == sequence - 1:
            runs[-1] = runs[-1][0], sequence
        else:
            runs.append((sequence, sequence))
    return runs
