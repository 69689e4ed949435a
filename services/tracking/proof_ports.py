"""What tracking asks of the world about proofs, their files and custody; the rest is `ports`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tracking.domain.custody import Step
from services.tracking.domain.proof import Item, Proof


class Proofs(Protocol):
    """Evidence and its files."""

    async def lock(self, names: Collection[str]) -> None:
        """
        One at a time judges proofs of a task or on a file, until the transaction ends. Files come
        before tasks, and tasks before routes and deliveries.
        """

    async def add(self, proof: Proof, digest: bytes) -> Proof | None:
        """Keeps a proof; None when it is new, else the one that has its id and digest."""

    async def save(self, proof: Proof) -> None:
        """Keeps its state."""

    async def items(self, task_id: str, besides: str) -> Sequence[Item]:
        """Items of a task's proofs whose files are whole, besides those of one; empty: of none."""

    async def orphans(self, task_id: str) -> Sequence[Proof]:
        """Proofs of a task that came before the news of it."""

    async def waiting(self, sha256: str) -> Sequence[Proof]:
        """Proofs that wait for a file."""

    async def whole(self, hashes: Collection[str]) -> frozenset[str]:
        """Which of these files are whole."""

    async def of_delivery(self, delivery_id: str) -> Sequence[Proof]:
        """Proofs of a delivery, newest first."""

    async def owe(self, task_id: str, delivery_id: str) -> None:
        """Notes that a handover lacks its proof."""

    async def settle(self, task_id: str) -> None:
        """Notes that it does not."""

    async def owed(self, seconds: float, limit: int) -> Sequence[tuple[str, str]]:
        """Tasks, with their deliveries, that have lacked one for so many real seconds."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file as far as it came."""

    sha256: str
    total_bytes: int
    content_type: str
    received_bytes: int
    completed_at: datetime | None
    stored_outside: bool = False  # in the store of objects

    @property
    def received(self) -> bool:
        """Whether all of its bytes came."""
        return self.received_bytes == self.total_bytes


class Media(Protocol):
    """Files, in pieces."""

    async def lock(self, sha256: str, total_bytes: int, content_type: str) -> MediaFile:
        """The file, made when it is new, held until the transaction ends."""

    async def add(self, sha256: str, start: int, data: bytes) -> None:
        """Keeps a piece."""

    async def content(self, sha256: str) -> bytes:
        """All pieces together."""

    async def complete(self, sha256: str, at: datetime, *, outside: bool) -> None:
        """Notes that the file is whole and right, and forgets the pieces of one stored outside."""

    async def drop(self, sha256: str) -> None:
        """Forgets the pieces."""

    async def declare(self, asked: MediaFile) -> None:
        """Begins an incomplete file anew, with another size or type."""

    async def find(self, sha256: str) -> MediaFile | None:
        """The file, None if no piece of it came."""

    async def read(self, sha256: str, offset: int, length: int) -> bytes:
        """A part of a whole file."""


class Objects(Protocol):
    """Whole files, outside of the transactional store, by a name that never changes its content."""

    async def put(self, name: str, content: bytes) -> None:
        """Keeps a file. Raises Unavailable `MEDIA_STORE_AWAY`."""

    async def get(self, name: str, offset: int, length: int) -> bytes:
        """A part of a file. Raises Unavailable `MEDIA_STORE_AWAY`."""


class Custody(Protocol):
    """Through whose hands parcels went."""

    async def add(self, steps: Sequence[Step]) -> None:
        """Keeps steps; one that is kept stays as it is."""

    async def of_parcels(self, parcel_ids: Collection[str]) -> Sequence[Step]:
        """Steps of parcels, by their ids or barcodes, oldest first."""
