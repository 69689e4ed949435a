"""
What goes wrong and what proves that it went right: incidents and proofs, over a real server.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_pb2
from doorstep.tracking.v1 import (
    incident_pb2,
    incident_service_pb2,
    ingest_service_pb2,
    tracking_event_pb2,
    tracking_service_pb2,
)
from meshkit.testing import TestMesh
from services.tracking.convert.wire import stamp
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import (
    incidents_of,
    ingest_of,
    names,
    planned,
    reported,
    tracking_of,
)
from services.tracking.tests.town import at, route
from services.tracking.tests.wire import (
    created,
    event,
    failure,
    heard,
    published,
    told,
)

pytestmark = pytest.mark.pg

pb = ingest_service_pb2


async def test_an_incident_is_taken_up_once_and_ended_once(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    stub = incidents_of(mesh)
    await reported(mesh, failure(9, 2, "WRONG_ADDRESS"))
    (incident,) = (await stub.ListIncidents(incident_service_pb2.ListIncidentsRequest())).incidents
    taken = await stub.AcknowledgeIncident(
        incident_service_pb2.AcknowledgeIncidentRequest(
            request_id=str(uuid.uuid4()), incident_id=incident.incident_id, etag=incident.etag
        )
    )
    ended = await stub.ResolveIncident(
        incident_service_pb2.ResolveIncidentRequest(
            request_id=str(uuid.uuid4()),
            incident_id=incident.incident_id,
            etag=taken.incident.etag,
            resolution=incident_pb2.INCIDENT_RESOLUTION_CORRECTED,
        )
    )

    assert incident.type == incident_pb2.INCIDENT_TYPE_WRONG_ADDRESS
    assert ended.incident.state == incident_pb2.INCIDENT_STATE_RESOLVED
    feed = await told(desk, "incident_opened", "incident_acknowledged", "incident_resolved")
    assert names(feed) == ["incident_opened", "incident_acknowledged", "incident_resolved"]


async def test_a_breakdown_is_an_incident_until_it_is_over(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    broken = event(6, "trouble_reported", route_id="rte_1")
    broken.trouble_reported.kind = tracking_event_pb2.TROUBLE_KIND_BREAKDOWN
    over = event(40, "trouble_reported", route_id="rte_1")
    over.trouble_reported.kind = tracking_event_pb2.TROUBLE_KIND_OVER

    await reported(mesh, broken, over)

    opened, resolved = await told(desk, "incident_opened", "incident_resolved")
    incident = opened.incident_opened.incident
    assert incident.type == incident_pb2.INCIDENT_TYPE_VEHICLE_BREAKDOWN
    assert incident.severity == incident_pb2.INCIDENT_SEVERITY_CRITICAL
    assert resolved.incident_resolved.incident.incident_id == incident.incident_id


async def test_a_proof_waits_for_its_photo_and_is_accepted_with_it(
    mesh: TestMesh, desk: Desk
) -> None:
    photo = delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_PHOTO)
    await heard(desk, created(1, verification_requirements=[photo]), published(route(1)))
    content = bytes(range(256)) * 9_000
    sha = _sha(content)
    request = pb.SubmitProofRequest(request_id=str(uuid.uuid4()))
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(3)))
    request.proof.items.add(kind=1, media_sha256=sha)
    ingest = ingest_of(mesh)
    await reported(mesh, event(3, "delivered", 1))
    submitted = await ingest.SubmitProof(request)
    again = await ingest.SubmitProof(request)
    await _uploaded(ingest, sha, content)

    assert submitted == again
    pending, accepted = 1, 2
    assert submitted.proof.state == pending
    proofs = await tracking_of(mesh).ListProofs(
        tracking_service_pb2.ListProofsRequest(task_id="tsk_1")
    )
    assert [one.state for one in proofs.proofs] == [accepted]
    assert names(await told(desk, "proof_accepted")) == ["proof_accepted"]
    async with desk.db.worker() as tx:
        assert await tx.fetchval("SELECT count(*) FROM proofs_owed") == 0
    assert names(await told(desk, "stop_arrived")) == ["stop_arrived"], "a proof confirms"
    read = await tracking_of(mesh).ReadMedia(
        tracking_service_pb2.ReadMediaRequest(sha256=sha, offset=1_000_000)
    )
    assert read.data == content[1_000_000 : 1_000_000 + (1 << 20)]


async def test_a_proof_without_what_was_asked_is_insufficient(mesh: TestMesh, desk: Desk) -> None:
    signed = delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_SIGNATURE)
    await heard(desk, created(1, verification_requirements=[signed]), published(route(1)))
    request = pb.SubmitProofRequest(request_id=str(uuid.uuid4()))
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(3)))
    request.proof.items.add(kind=3, code="B1")

    proof = (await ingest_of(mesh).SubmitProof(request)).proof

    insufficient, signature = 3, 2
    assert (proof.state, list(proof.missing_kinds)) == (insufficient, [signature])
    opened = [one.incident_opened.incident for one in await told(desk, "incident_opened")]
    lacking = [one for one in opened if one.type == incident_pb2.INCIDENT_TYPE_PROOF_INSUFFICIENT]
    assert [one.task_id for one in lacking] == ["tsk_1"]


async def _uploaded(ingest: Any, sha: str, content: bytes) -> None:
    """A file in pieces, one of them twice, as a phone on a bad line sends it."""
    offset = 0
    while offset < len(content):
        piece = pb.UploadMediaRequest(
            sha256=sha,
            offset=offset,
            data=content[offset : offset + (1 << 20)],
            total_bytes=len(content),
            content_type="image/jpeg",
        )
        await ingest.UploadMedia(piece)
        offset = (await ingest.UploadMedia(piece)).next_offset


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
