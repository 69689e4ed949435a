"""
Files of proofs: pieces come into the transactional store. The whole file goes to the store of
objects where there is one, between two transactions, so that a slow bucket holds no connection.
"""

from __future__ import annotations

from contextlib import suppress

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from meshkit.caller import Caller, Role
from meshkit.errors import Invalid, NotFound, Unavailable
from meshkit.ids import new_id
from services.tracking.adapters.world import PostgresWorld
from services.tracking.domain.link import Link
from services.tracking.proof_ports import MediaFile, Objects
from services.tracking.servicer.common import Desk, delivery_of, tenant
from services.tracking.usecases.proofs import complete, upload, verified

PIECE_BYTES_MAX = 1 << 20  # 1 MiB; the contract states it


async def taken(desk: Desk, request: pb.UploadMediaRequest) -> MediaFile:
    """The file after a piece. Raises Invalid `MEDIA_HASH_MISMATCH`, Unavailable."""
    asked = MediaFile(request.sha256, request.total_bytes, request.content_type, 0, None)
    async with desk.db.transaction(tenant()) as tx:
        kept = await upload(desk.worlds(tx), asked, request.offset, request.data)
        if kept.completed_at is not None or not kept.received:
            return kept
        content = await verified(desk.worlds(tx), kept.sha256)
    if content is None:  # dropped, and that is committed: now say so
        raise Invalid("MEDIA_HASH_MISMATCH", "the file has another hash than its name: start again")
    if desk.objects is not None:
        await desk.objects.put(_name(kept.sha256), content)
    async with desk.db.transaction(tenant()) as tx:
        outside = desk.objects is not None
        return await complete(desk.worlds(tx), kept, desk.now, new_id, outside=outside)


async def stored(objects: Objects | None, file: MediaFile, offset: int) -> bytes:
    """A piece of a file that lies in the store of objects."""
    if objects is None:
        raise Unavailable("MEDIA_STORE_AWAY", "this process knows no store of files")
    length = min(PIECE_BYTES_MAX, file.total_bytes - offset)
    return await objects.get(_name(file.sha256), offset, length) if length else b""


async def readable(world: PostgresWorld, sha256: str, link: Link | None, caller: Caller) -> bool:
    """Whether a caller may read a file: recipients and carriers read those of their deliveries."""
    if link is not None:
        return await world.proofs.names(link.delivery_id, sha256)
    if caller.role is not Role.CARRIER:
        return True
    for delivery_id in await world.proofs.naming(sha256):
        with suppress(NotFound):
            await delivery_of(world, delivery_id, caller)
            return True
    return False


def _name(sha256: str) -> str:
    return f"{tenant()}/{sha256}"
