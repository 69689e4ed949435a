"""
Proofs that race: with each other, with their files, and with the news of their task.

Method: a real store; one side's transaction stays open until the other side waits for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable
from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_pb2
from doorstep.tracking.v1 import ingest_service_pb2, proof_pb2, tracking_service_pb2
from meshkit.caller import Caller, Role
from meshkit.errors import AlreadyExists, MeshError
from meshkit.ids import new_id
from meshkit.testing import TENANT, TestMesh
from services.tracking.convert.wire import stamp
from services.tracking.domain.proof import Item, Proof
from services.tracking.domain.words import ProofKind
from services.tracking.proof_ports import MediaFile
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import ingest_of, tracking_of
from services.tracking.tests.town import at, route
from services.tracking.tests.wire import created, heard, published
from services.tracking.usecases.proofs import complete, submit

pytestmark = pytest.mark.pg

S = proof_pb2.ProofState
KINDS = (delivery_pb2.VERIFICATION_KIND_PHOTO, delivery_pb2.VERIFICATION_KIND_SIGNATURE)
FILES = ("a" * 64, "b" * 64)
DRIVER = Caller("driver-1", Role.DRIVER, TENANT, driver_id="driver-1")
AWHILE = 0.3  # seconds: enough for a statement to be sent and to wait


async def states(mesh: TestMesh) -> list[str]:
    """Where the proofs of the first task stand."""
    ask = tracking_service_pb2.ListProofsRequest(task_id="tsk_1")
    proofs = (await tracking_of(mesh).ListProofs(ask)).proofs
    return sorted(S.Name(one.state).removeprefix("PROOF_STATE_") for one in proofs)


async def known_of(desk: Desk) -> None:
    """The delivery asks for a photo and a signature."""
    asked = [delivery_pb2.VerificationRequirement(kind=kind) for kind in KINDS]
    await heard(desk, created(1, verification_requirements=asked), published(route(1)))


async def finished(desk: Desk, sha: str, *, before_the_end: Awaitable[Any] | None = None) -> None:
    """The last piece of a file came."""
    file = MediaFile(sha, 3, "image/jpeg", 3, None)
    async with desk.db.transaction(TENANT) as tx:
        await complete(desk.worlds(tx), file, desk.now, new_id, outside=True)
        if before_the_end is not None:
            await before_the_end


async def sent(mesh: TestMesh, *shas: str, **who: Any) -> None:
    """A proof of the first task: a photo, a signature or both."""
    request = ingest_service_pb2.SubmitProofRequest(request_id=str(uuid.uuid4()))
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(3)))
    for sha in shas:
        request.proof.items.add(kind=1 + FILES.index(sha), media_sha256=sha)
    await ingest_of(mesh, **who).SubmitProof(request)


async def test_two_files_that_end_at_once_make_a_whole_proof(mesh: TestMesh, desk: Desk) -> None:
    await known_of(desk)
    await sent(mesh, FILES[0])
    await sent(mesh, FILES[1])
    other = asyncio.create_task(asyncio.sleep(0))

    async def meanwhile() -> None:
        nonlocal other
        other = asyncio.create_task(finished(desk, FILES[1]))
        await asyncio.sleep(AWHILE)

    await finished(desk, FILES[0], before_the_end=meanwhile())
    await other

    assert "ACCEPTED" in await states(mesh)


@pytest.mark.parametrize("first", ["news", "file"])
async def test_a_proof_is_judged_though_its_task_or_file_comes_while_it_is_kept(
    mesh: TestMesh, desk: Desk, first: str
) -> None:
    if first == "file":
        await known_of(desk)
    items = tuple(
        Item(kind, sha)
        for kind, sha in zip((ProofKind.PHOTO, ProofKind.SIGNATURE), FILES, strict=True)
    )
    proof = Proof(str(uuid.uuid4()), "tsk_1", at(3), items, at(3))
    await finished(desk, FILES[0])
    if first == "news":
        await finished(desk, FILES[1])
    async with desk.db.transaction(TENANT) as tx:
        await submit(desk.worlds(tx), proof, b"digest", DRIVER, desk.now, new_id)
        come = known_of(desk) if first == "news" else finished(desk, FILES[1])
        other = asyncio.create_task(come)
        await asyncio.sleep(AWHILE)
    await other

    assert await states(mesh) == ["ACCEPTED"]


@pytest.mark.parametrize(("driver", "state"), [("driver-1", "INSUFFICIENT"), ("driver-2", None)])
async def test_a_strangers_proof_is_not_taken_for_the_task_when_its_route_is_known(
    mesh: TestMesh, desk: Desk, driver: str, state: str | None
) -> None:
    request = ingest_service_pb2.SubmitProofRequest(request_id=str(uuid.uuid4()))
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(3)))
    request.proof.items.add(kind=proof_pb2.PROOF_KIND_BARCODE, code="B1")
    await ingest_of(mesh, subject=driver, driver_id=driver).SubmitProof(request)
    asked = [delivery_pb2.VerificationRequirement(kind=kind) for kind in KINDS]
    await heard(desk, published(route(1)), created(1, verification_requirements=asked))

    assert await states(mesh) == [state or "PENDING"]


async def test_a_wrong_first_piece_is_corrected_and_a_whole_file_is_not_said_to_be_another(
    mesh: TestMesh,
) -> None:
    ingest, content = ingest_of(mesh), b"photograph"
    sha = hashlib.sha256(content).hexdigest()

    def piece(offset: int, data: bytes, total: int, kind: str) -> Any:
        return ingest_service_pb2.UploadMediaRequest(
            sha256=sha, offset=offset, data=data, total_bytes=total, content_type=kind
        )

    await ingest.UploadMedia(piece(0, content[:4], 99, "image/png"))
    with pytest.raises(MeshError) as ahead:
        await ingest.UploadMedia(piece(4, content[4:], 10, "image/jpeg"))
    whole = await ingest.UploadMedia(piece(0, content, 10, "image/jpeg"))
    with pytest.raises(AlreadyExists) as caught:
        await ingest.UploadMedia(piece(0, content, 10, "image/png"))

    assert (ahead.value.reason, ahead.value.metadata["next_offset"]) == ("OFFSET_AHEAD", "0")
    assert whole.next_offset == 10
    assert caught.value.reason == "MEDIA_DIFFERS"
    read = await tracking_of(mesh).ReadMedia(tracking_service_pb2.ReadMediaRequest(sha256=sha))
    assert read.data == content
