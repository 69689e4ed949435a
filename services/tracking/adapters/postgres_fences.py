"""Tenants' own geofences, found by where a way leads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.fence import Box, Fence, box_of

FENCES_NEAR_MAX = 256  # of one way; of more the first by id count

COUNT = "SELECT count(*) FROM geofences"

ADD = """
    INSERT INTO geofences (geofence_id, around, body)
    VALUES ($1, box(point($2, $3), point($4, $5)), $6) ON CONFLICT DO NOTHING"""

GET = "SELECT body FROM geofences WHERE geofence_id = $1"
LOCK = f"{GET} FOR UPDATE"

SAVE = """
    UPDATE geofences SET around = box(point($2, $3), point($4, $5)), body = $6
    WHERE geofence_id = $1"""

DROP = "DELETE FROM geofences WHERE geofence_id = $1"

NEAR = """
    SELECT body FROM geofences WHERE geofence_id = ANY ($5)
    UNION ALL (
        SELECT body FROM geofences
        WHERE around && box(point($1, $2), point($3, $4)) AND geofence_id <> ALL ($5)
        ORDER BY geofence_id LIMIT $6
    )"""

LIST = """
    SELECT body FROM geofences WHERE $1::text IS NULL OR geofence_id > $1
    ORDER BY geofence_id LIMIT $2"""


class PostgresFences:
    """Implements `ports.Fences`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def count(self) -> int:
        """How many there are."""
        return int(await self._tx.fetchval(COUNT))

    async def add(self, fence: Fence) -> bool:
        """Keeps a new one; False when another has its id."""
        return bool(await self._tx.execute(ADD, *_row(fence)))

    async def get(self, fence_id: str) -> Fence | None:
        """One by name."""
        return _fence(await self._tx.fetchval(GET, fence_id))

    async def lock(self, fence_id: str) -> Fence | None:
        """One by name, held until the transaction ends."""
        return _fence(await self._tx.fetchval(LOCK, fence_id))

    async def save(self, fence: Fence) -> None:
        """Keeps a change."""
        await self._tx.execute(SAVE, *_row(fence))

    async def drop(self, fence_id: str) -> None:
        """Forgets one."""
        await self._tx.execute(DROP, fence_id)

    async def near(self, box: Box, besides: Collection[str]) -> Sequence[Fence]:
        """Those whose own box touches another, and all of some more by name."""
        rows = await self._tx.fetch(NEAR, *_sides(box), list(besides), FENCES_NEAR_MAX)
        return [unpack(row["body"], Fence) for row in rows]

    async def page(self, after: str | None, limit: int) -> Sequence[Fence]:
        """All of them, by id."""
        return [unpack(row["body"], Fence) for row in await self._tx.fetch(LIST, after, limit)]


def _row(fence: Fence) -> tuple[Any, ...]:
    return fence.fence_id, *_sides(box_of(fence.area)), pack(fence)


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.west, box.south, box.east, box.north


def _fence(text: Any) -> Fence | None:
    return unpack(text, Fence) if text else None
