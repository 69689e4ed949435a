"""Making, changing and deleting tenants' own geofences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from meshkit.errors import AlreadyExists, Conflict, Exhausted, NotFound
from services.tracking.domain.fence import FENCES_MAX, Fence
from services.tracking.ports import World

RETRY_AFTER = timedelta(minutes=1)
Change = Callable[[Fence], Fence]


async def create(world: World, fence: Fence, now: datetime) -> Fence:
    """Keeps a new geofence."""
    if await world.fences.count() >= FENCES_MAX:
        raise Exhausted(
            "GEOFENCES_EXHAUSTED",
            f"there are {FENCES_MAX} geofences: delete some that nobody needs",
            retry_after=RETRY_AFTER,
        )
    made = replace(fence, created_at=now, updated_at=now)
    if not await world.fences.add(made):
        raise AlreadyExists(
            "GEOFENCE_EXISTS", f"there is a geofence {fence.fence_id!r}", geofence_id=fence.fence_id
        )
    return made


async def get(world: World, fence_id: str) -> Fence:
    """One by name."""
    return _known(await world.fences.get(fence_id), fence_id)


async def update(world: World, fence_id: str, etag: str, change: Change, now: datetime) -> Fence:
    """Changes one. Vehicles that are in it stay in until they have left what it is now."""
    known = await _held(world, fence_id, etag)
    made = replace(change(known), updated_at=now, revision=known.revision + 1)
    await world.fences.save(made)
    return made


async def delete(world: World, fence_id: str, etag: str) -> None:
    """Forgets one; what it saw stays in the journal."""
    await _held(world, fence_id, etag)
    await world.fences.drop(fence_id)


async def _held(world: World, fence_id: str, etag: str) -> Fence:
    known = _known(await world.fences.lock(fence_id), fence_id)
    if etag != str(known.revision):
        raise Conflict("ETAG_MISMATCH", f"{fence_id} was changed meanwhile", geofence_id=fence_id)
    return known


def _known(fence: Fence | None, fence_id: str) -> Fence:
    if fence is None:
        raise NotFound("GEOFENCE_UNKNOWN", f"no geofence {fence_id!r}", geofence_id=fence_id)
    return fence
