"""Proofs, and the files they rest on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from meshkit.errors import AlreadyExists
from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.proof import Item, Proof
from services.tracking.proof_ports import MediaFile

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('proofs.' || $1 || '.' || $2, 0))"

ADD = """
    INSERT INTO proofs (proof_id, task_id, delivery_id, state, record_time, digest, media, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"""

GET = "SELECT digest, body FROM proofs WHERE proof_id = $1"

SAVE = "UPDATE proofs SET state = $2, delivery_id = $3, body = $4 WHERE proof_id = $1"

OTHERS = """
    SELECT body FROM proofs WHERE task_id = $1 AND proof_id IS DISTINCT FROM $2
    ORDER BY record_time"""

OWE = "INSERT INTO proofs_owed (task_id, delivery_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"

SETTLE = "DELETE FROM proofs_owed WHERE task_id = $1"

OWED = """
    SELECT task_id, delivery_id FROM proofs_owed
    WHERE since < clock_timestamp() - make_interval(secs => $1)
    ORDER BY since LIMIT $2 FOR UPDATE SKIP LOCKED"""

ORPHANS = """
    SELECT body FROM proofs WHERE task_id = $1 AND delivery_id = ''
    ORDER BY record_time"""

WAITING = "SELECT body FROM proofs WHERE state = 'PENDING' AND media @> ARRAY[$1]"

OF_DELIVERY = """
    SELECT body FROM proofs WHERE delivery_id = $1 ORDER BY record_time DESC, proof_id"""

LIST = """
    SELECT body FROM proofs
    WHERE ($1 = '' OR task_id = $1) AND ($2 = '' OR delivery_id = $2)
      AND ($3::timestamptz IS NULL OR (record_time, proof_id) < ($3, $4::uuid))
    ORDER BY record_time DESC, proof_id DESC LIMIT $5"""

WHOLE = "SELECT sha256 FROM media WHERE sha256 = ANY ($1) AND completed_at IS NOT NULL"

NAMING = """
    SELECT DISTINCT delivery_id FROM proofs WHERE media @> ARRAY[$1] AND delivery_id <> ''
    LIMIT $2"""

NAMING_MAX = 20  # deliveries whose proofs share a file: one photo of a whole stop

NAMED_BY_DELIVERY = "SELECT EXISTS (SELECT FROM proofs WHERE delivery_id = $1 AND $2 = ANY (media))"

MAKE_FILE = """
    INSERT INTO media (sha256, total_bytes, content_type) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING"""

FILE = """
    SELECT sha256, total_bytes, content_type, received_bytes, completed_at, stored_outside
    FROM media WHERE sha256 = $1"""

LOCK_FILE = f"{FILE} FOR UPDATE"

ADD_PIECE = "INSERT INTO media_pieces (sha256, start, data) VALUES ($1, $2, $3)"

GROW = "UPDATE media SET received_bytes = $2 WHERE sha256 = $1"

DECLARE = """
    UPDATE media SET total_bytes = $2, content_type = $3, received_bytes = 0 WHERE sha256 = $1"""

CONTENT = "SELECT data FROM media_pieces WHERE sha256 = $1 ORDER BY start"

COMPLETE = "UPDATE media SET completed_at = $2, stored_outside = $3 WHERE sha256 = $1"

DROP_PIECES = "DELETE FROM media_pieces WHERE sha256 = $1"

# Pieces that overlap [offset, offset + length), cut to it.
READ = """
    SELECT substring(data FROM greatest(1, $2 - start + 1)::integer
                     FOR (least(ends, $2 + $3) - greatest(start, $2))::integer) AS part
    FROM (SELECT start, data, start + octet_length(data) AS ends
          FROM media_pieces WHERE sha256 = $1) piece
    WHERE start < $2 + $3 AND ends > $2 ORDER BY start"""


class PostgresProofs:
    """Implements `ports.Proofs`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def lock(self, names: Collection[str]) -> None:
        """Waits for whoever judges proofs of these tasks, or on these files."""
        for name in sorted(names):
            await self._tx.execute(LOCK, self._tx.tenant, name)

    async def add(self, proof: Proof, digest: bytes) -> Proof | None:
        """Keeps a proof; None when it is new, else the one that has its id and digest."""
        one = proof
        row = (UUID(one.proof_id), one.task_id, one.delivery_id, one.state, one.record_time, digest)
        if await self._tx.execute(ADD, *row, list(one.media), pack(one)):
            return None
        known = await self._tx.fetchrow(GET, UUID(proof.proof_id))
        if known is None or known["digest"] != digest:
            raise AlreadyExists("PROOF_ID_REUSED", "another proof has this id")
        return unpack(known["body"], Proof)

    async def save(self, proof: Proof) -> None:
        """Keeps its state."""
        name = UUID(proof.proof_id)
        await self._tx.execute(SAVE, name, proof.state, proof.delivery_id, pack(proof))

    async def items(self, task_id: str, besides: str) -> Sequence[Item]:
        """Items of a task's proofs whose files are whole, without those of one of them."""
        other = UUID(besides) if besides else None
        rows = await self._tx.fetch(OTHERS, task_id, other)
        items = [item for row in rows for item in unpack(row["body"], Proof).items]
        whole = await self.whole({item.media_sha256 for item in items if item.media_sha256})
        return [item for item in items if not item.media_sha256 or item.media_sha256 in whole]

    async def orphans(self, task_id: str) -> Sequence[Proof]:
        """Proofs of a task that came before the news of it."""
        return [unpack(row["body"], Proof) for row in await self._tx.fetch(ORPHANS, task_id)]

    async def waiting(self, sha256: str) -> Sequence[Proof]:
        """Proofs that wait for a file."""
        return [unpack(row["body"], Proof) for row in await self._tx.fetch(WAITING, sha256)]

    async def whole(self, hashes: Collection[str]) -> frozenset[str]:
        """Which of these files are whole."""
        rows = await self._tx.fetch(WHOLE, list(hashes)) if hashes else ()
        return frozenset(row["sha256"] for row in rows)

    async def of_delivery(self, delivery_id: str) -> Sequence[Proof]:
        """Proofs of a delivery, newest first."""
        rows = await self._tx.fetch(OF_DELIVERY, delivery_id)
        return [unpack(row["body"], Proof) for row in rows]

    async def owe(self, task_id: str, delivery_id: str) -> None:
        """Notes that a handover lacks its proof."""
        await self._tx.execute(OWE, task_id, delivery_id)

    async def settle(self, task_id: str) -> None:
        """Notes that it does not."""
        await self._tx.execute(SETTLE, task_id)

    async def owed(self, seconds: float, limit: int) -> Sequence[tuple[str, str]]:
        """Tasks, with their deliveries, that have lacked one for so many real seconds."""
        rows = await self._tx.fetch(OWED, seconds, limit)
        return [(row["task_id"], row["delivery_id"]) for row in rows]

    async def page(
        self, task_id: str, delivery_id: str, after: tuple[Any, ...], limit: int
    ) -> Sequence[Proof]:
        """Proofs, newest first."""
        rows = await self._tx.fetch(LIST, task_id, delivery_id, *after, limit)
        return [unpack(row["body"], Proof) for row in rows]

    async def naming(self, sha256: str) -> Sequence[str]:
        """Deliveries whose proofs name the file."""
        rows = await self._tx.fetch(NAMING, sha256, NAMING_MAX)
        return [row["delivery_id"] for row in rows]

    async def names(self, delivery_id: str, sha256: str) -> bool:
        """Whether a proof of the delivery names the file."""
        return bool(await self._tx.fetchval(NAMED_BY_DELIVERY, delivery_id, sha256))


class PostgresMedia:
    """Implements `ports.Media`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def lock(self, sha256: str, total_bytes: int, content_type: str) -> MediaFile:
        """The file, made when it is new, held until the transaction ends."""
        await self._tx.execute(MAKE_FILE, sha256, total_bytes, content_type)
        return MediaFile(**dict(await self._tx.fetchrow(LOCK_FILE, sha256)))  # type: ignore[arg-type]

    async def add(self, sha256: str, start: int, data: bytes) -> None:
        """Keeps a piece."""
        await self._tx.execute(ADD_PIECE, sha256, start, data)
        await self._tx.execute(GROW, sha256, start + len(data))

    async def content(self, sha256: str) -> bytes:
        """All pieces together."""
        return b"".join(row["data"] for row in await self._tx.fetch(CONTENT, sha256))

    async def complete(self, sha256: str, at: datetime, *, outside: bool) -> None:
        """Notes that the file is whole and right, and forgets the pieces of one stored outside."""
        await self._tx.execute(COMPLETE, sha256, at, outside)
        if outside:
            await self._tx.execute(DROP_PIECES, sha256)

    async def drop(self, sha256: str) -> None:
        """Forgets the pieces."""
        await self._tx.execute(DROP_PIECES, sha256)
        await self._tx.execute(GROW, sha256, 0)

    async def declare(self, asked: MediaFile) -> None:
        """Begins the file anew."""
        await self._tx.execute(DROP_PIECES, asked.sha256)
        await self._tx.execute(DECLARE, asked.sha256, asked.total_bytes, asked.content_type)

    async def find(self, sha256: str) -> MediaFile | None:
        """The file, None if no piece of it came."""
        row = await self._tx.fetchrow(FILE, sha256)
        return MediaFile(**dict(row)) if row else None

    async def read(self, sha256: str, offset: int, length: int) -> bytes:
        """A part of a whole file."""
        return b"".join(row["part"] for row in await self._tx.fetch(READ, sha256, offset, length))
