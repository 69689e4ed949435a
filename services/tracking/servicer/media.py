"""
Files of proofs: pieces come into the transactional store. The whole file goes to the store of
objects where there is one, between two transactions, so that a slow bucket holds no connection.
"""

from __future__ import annotations

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from meshkit.errors import Invalid, Unavailable
from meshkit.ids import new_id
from services.tracking.proof_ports import MediaFile, Objects
from services.tracking.servicer.common import Desk, tenant
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


def _name(sha256: str) -> str:
    return f"{tenant()}/{sha256}"
