"""
Custody and proof as the day goes on, over a real server.

Method: one driver with one or three deliveries; what is missing opens an incident, what comes late
ends it.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_pb2
from doorstep.tracking.v1 import (
    custody_pb2,
    incident_pb2,
    ingest_service_pb2,
    proof_pb2,
    tracking_event_pb2,
    tracking_service_pb2,
)
from meshkit.errors import Invalid, NotFound, Unavailable
from meshkit.testing import TENANT, Role, TestMesh, serving
from services.tracking.__main__ import servicers
from services.tracking.adapters.ingest import GroupCommit
from services.tracking.adapters.objects import objects
from services.tracking.config import TrackingSettings
from services.tracking.convert.wire import stamp
from services.tracking.domain.route import Window
from services.tracking.projections.custody import replayed
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import (
    ingest_of,
    planned,
    reported,
    tracking_of,
)
from services.tracking.tests.parcels import grown_old, incidents, outcomes, scan
from services.tracking.tests.town import NINE, at, route
from services.tracking.tests.wire import created, event, failure, heard, published, told

pytestmark = pytest.mark.pg

K = tracking_event_pb2
I = incident_pb2  # noqa: E741 - as short as K


def proof(*items: proof_pb2.ProofItem, minutes: float = 3) -> ingest_service_pb2.SubmitProofRequest:
    """A proof of the first task."""
    request = ingest_service_pb2.SubmitProofRequest(request_id=str(uuid.uuid4()))
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(minutes)))
    request.proof.items.extend(items)
    return request


async def custody(mesh: TestMesh, role: Role = Role.DISPATCHER, **who: Any) -> Any:
    """The chain of the first delivery's parcel."""
    ask = tracking_service_pb2.GetCustodyRequest(**(who or {"delivery_id": "del_1"}))
    (chain,) = (await tracking_of(mesh, role).GetCustody(ask)).parcels
    return chain


async def test_a_chain_shows_every_hand_from_the_depot_to_the_door(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk, 1)
    received = scan(0.1, K.SCAN_KIND_RECEIVED)
    received.parcel_scanned.taker_id = "plc_1"
    await reported(mesh, received, role=Role.PLATFORM)
    await reported(mesh, scan(0.5, K.SCAN_KIND_LOADED, route_id="rte_1"), event(4, "delivered", 1))

    chain = await custody(mesh)

    acts = [custody_pb2.CustodyAct.Name(step.act)[12:] for step in chain.steps]
    assert acts == ["RECEIVED", "LOADED", "DELIVERED"]
    assert [step.holder_id for step in chain.steps] == ["plc_1", "van-1", ""]
    assert chain.holder == custody_pb2.CUSTODY_HOLDER_RECIPIENT
    assert list(chain.gaps) == []
    assert await incidents(desk, I.INCIDENT_TYPE_CUSTODY_BROKEN) == []
    assert chain == await custody(mesh, parcel_id="pcl_1")


async def test_a_handover_without_a_scan_opens_an_incident_that_the_late_scan_ends(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk, 1)
    await reported(mesh, event(4, "delivered", 1))
    broken = await custody(mesh)
    await reported(mesh, scan(0.5, K.SCAN_KIND_LOADED, route_id="rte_1"))
    mended = await custody(mesh)

    assert [gap.kind for gap in broken.gaps] == [custody_pb2.CUSTODY_GAP_KIND_UNSCANNED]
    assert list(mended.gaps) == []
    assert await incidents(desk, I.INCIDENT_TYPE_CUSTODY_BROKEN) == ["opened", "resolved"]


async def test_a_scan_that_was_made_after_the_handover_mends_nothing(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk, 1)
    await reported(mesh, event(4, "delivered", 1), scan(5, K.SCAN_KIND_LOADED, route_id="rte_1"))

    assert await incidents(desk, I.INCIDENT_TYPE_CUSTODY_BROKEN) == ["opened"]
    assert len((await custody(mesh)).gaps) == 1


async def test_a_parcel_on_the_wrong_vehicle_opens_an_incident_until_it_is_on_the_right_one(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk, 1)
    other = {"driver_id": "driver-2"}
    wrong = scan(0.2, K.SCAN_KIND_LOADED)
    await reported(mesh, wrong, role=Role.DRIVER, **other)
    chain = await custody(mesh)
    await reported(mesh, scan(0.5, K.SCAN_KIND_LOADED, route_id="rte_1"))

    (gap,) = chain.gaps
    assert gap.kind == custody_pb2.CUSTODY_GAP_KIND_WRONG_VEHICLE
    assert gap.expected_route_id == "rte_1"
    assert chain.holder_id == "driver-2"
    assert await incidents(desk, I.INCIDENT_TYPE_WRONG_VEHICLE) == ["opened", "resolved"]


async def test_a_parcel_of_somebody_else_reads_like_none(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk, 1)
    stranger = tracking_of(mesh, Role.CARRIER, carrier_id="carrier-9")
    ask = tracking_service_pb2.GetCustodyRequest

    for request in (ask(parcel_id="pcl_1"), ask(parcel_id="pcl_404")):
        with pytest.raises(NotFound) as caught:
            await stranger.GetCustody(request)
        assert caught.value.reason == "PARCEL_UNKNOWN"


async def test_the_journal_alone_gives_the_same_chains(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk, 2)
    await reported(
        mesh,
        scan(0.5, K.SCAN_KIND_LOADED, route_id="rte_1"),
        event(4, "delivered", 1),
        scan(5, K.SCAN_KIND_LOADED, 2, route_id="rte_1"),
        failure(9, 2, "REFUSED"),
        scan(9.5, K.SCAN_KIND_RETURNED, 2, route_id="rte_1"),
    )
    async with desk.db.transaction(TENANT) as tx:
        world = desk.worlds(tx)
        span = Window(NINE - timedelta(days=1), NINE + timedelta(days=1))
        events = await world.journal.read(span)
        kept = await world.custody.of_parcels(["pcl_1", "pcl_2"])

    assert {one.step_id: one for one in kept} == replayed(events)
    assert len(kept) == 4


# Proof.


async def test_all_that_a_handover_lacks_is_named_at_once_after_a_while(
    mesh: TestMesh, desk: Desk
) -> None:
    asked = [
        delivery_pb2.VerificationRequirement(kind=kind)
        for kind in (
            delivery_pb2.VERIFICATION_KIND_PHOTO,
            delivery_pb2.VERIFICATION_KIND_AGE,
            delivery_pb2.VERIFICATION_KIND_NAME,
        )
    ]
    await heard(desk, created(1, verification_requirements=asked), published(route(1)))
    await reported(mesh, scan(0.5, K.SCAN_KIND_LOADED, route_id="rte_1"), event(4, "delivered", 1))
    at_once = await incidents(desk, I.INCIDENT_TYPE_PROOF_INSUFFICIENT)
    await grown_old(desk)

    assert at_once == [], "a phone without a connection sends its proof later"
    (opened,) = await told(desk, "incident_opened")
    incident = opened.incident_opened.incident
    assert incident.summary == "the proof lacks: photo, age, name"
    assert (incident.driver_id, incident.route_id, incident.stop_id) == (
        "driver-1",
        "rte_1",
        "stp_1",
    )
    assert await outcomes(desk) == [K.TASK_OUTCOME_SUCCEEDED], "what happened has happened"


async def test_a_photo_that_was_promised_and_never_came_counts_for_no_proof(
    mesh: TestMesh, desk: Desk
) -> None:
    asked = delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_PHOTO)
    await heard(desk, created(1, verification_requirements=[asked]), published(route(1)))
    photo = proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_PHOTO, media_sha256="a" * 64)
    barcode = proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_BARCODE, code="B1")
    ingest = ingest_of(mesh)
    first = await ingest.SubmitProof(proof(photo))
    second = await ingest.SubmitProof(proof(barcode))

    assert first.proof.state == proof_pb2.PROOF_STATE_PENDING
    assert second.proof.state == proof_pb2.PROOF_STATE_INSUFFICIENT


async def test_a_pin_is_checked_by_its_salted_hash_and_never_told(
    mesh: TestMesh, desk: Desk
) -> None:
    salt, pin = b"salt", b"4711"
    hashed = hashlib.sha256(salt + pin)
    asked = delivery_pb2.VerificationRequirement(
        kind=delivery_pb2.VERIFICATION_KIND_PIN, pin_sha256=hashed.digest(), pin_salt=salt
    )
    await heard(desk, created(1, verification_requirements=[asked]), published(route(1)))
    await reported(mesh, scan(0.5, K.SCAN_KIND_LOADED, route_id="rte_1"))
    ingest = ingest_of(mesh)
    pin_kind = proof_pb2.PROOF_KIND_PIN
    wrong = await ingest.SubmitProof(proof(proof_pb2.ProofItem(kind=pin_kind, code="0" * 64)))
    right = await ingest.SubmitProof(
        proof(proof_pb2.ProofItem(kind=pin_kind, code=hashed.hexdigest()))
    )
    with pytest.raises(Invalid) as caught:
        await ingest.SubmitProof(
            proof(
                proof_pb2.ProofItem(kind=pin_kind, code="4711"),
                proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_PHOTO),
            )
        )

    assert wrong.proof.state == proof_pb2.PROOF_STATE_INSUFFICIENT
    assert list(wrong.proof.missing_kinds) == [pin_kind]
    assert right.proof.state == proof_pb2.PROOF_STATE_ACCEPTED
    assert caught.value.reason == "PROOF_INVALID"
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["proof.items[0].code", "proof.items[1].media_sha256"]
    dispatcher = tracking_of(mesh)
    audit = await dispatcher.GetAudit(tracking_service_pb2.GetAuditRequest(delivery_id="del_1"))
    proofs = await dispatcher.ListProofs(tracking_service_pb2.ListProofsRequest(task_id="tsk_1"))
    answers = f"{right}{wrong}{audit}{proofs}{await told(desk)}"
    assert hashed.hexdigest() not in answers
    assert hashed.digest() not in right.SerializeToString() + audit.SerializeToString()


async def test_a_proof_that_came_before_the_news_of_its_task_is_judged_with_it(
    mesh: TestMesh, desk: Desk
) -> None:
    early = await ingest_of(mesh).SubmitProof(
        proof(proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_BARCODE, code="B1"))
    )
    asked = [
        delivery_pb2.VerificationRequirement(kind=kind)
        for kind in (
            delivery_pb2.VERIFICATION_KIND_BARCODE,
            delivery_pb2.VERIFICATION_KIND_SIGNATURE,
        )
    ]
    await heard(desk, created(1, verification_requirements=asked), published(route(1)))
    ask = tracking_service_pb2.ListProofsRequest(delivery_id="del_1")
    (judged,) = (await tracking_of(mesh).ListProofs(ask)).proofs

    assert early.proof.state == proof_pb2.PROOF_STATE_PENDING
    assert judged.state == proof_pb2.PROOF_STATE_INSUFFICIENT
    assert list(judged.missing_kinds) == [proof_pb2.PROOF_KIND_SIGNATURE]


@pytest.mark.parametrize("outside", [False, True])
async def test_a_whole_file_lies_in_the_store_of_objects_where_there_is_one(
    desk: Desk, ingest: GroupCommit, tmp_path: Path, outside: bool
) -> None:
    files = objects(f"file://{tmp_path}") if outside else None
    made = servicers(replace(desk, objects=files), TrackingSettings(), ingest)
    content = b"photo" * 1_000
    sha = hashlib.sha256(content).hexdigest()
    piece = ingest_service_pb2.UploadMediaRequest(
        sha256=sha, data=content, total_bytes=len(content), content_type="image/jpeg"
    )
    async with serving(*made, service="tracking") as mesh:
        stub, dispatcher = ingest_of(mesh), tracking_of(mesh)
        kept = await stub.UploadMedia(piece)
        again = await stub.UploadMedia(piece)
        ask = tracking_service_pb2.ReadMediaRequest(sha256=sha, offset=5)
        read = await dispatcher.ReadMedia(ask)

    assert kept == again
    assert kept.media.HasField("complete_time")
    assert read.data == content[5:]
    async with desk.db.worker() as tx:
        pieces = await tx.fetchval("SELECT count(*) FROM media_pieces")
    assert (pieces, (tmp_path / TENANT / sha).exists()) == ((0, True) if outside else (1, False))


async def test_an_upload_goes_on_where_the_store_of_objects_was_away(
    desk: Desk, ingest: GroupCommit, tmp_path: Path
) -> None:
    root = tmp_path / "media"
    root.write_text("in the way")
    made = servicers(replace(desk, objects=objects(f"file://{root}")), TrackingSettings(), ingest)
    content = b"photo"
    piece = ingest_service_pb2.UploadMediaRequest(
        sha256=hashlib.sha256(content).hexdigest(),
        data=content,
        total_bytes=len(content),
        content_type="image/jpeg",
    )
    async with serving(*made, service="tracking") as mesh:
        stub = ingest_of(mesh)
        with pytest.raises(Unavailable) as caught:
            await stub.UploadMedia(piece)
        root.unlink()
        kept = await stub.UploadMedia(piece)

    assert caught.value.reason == "MEDIA_STORE_AWAY"
    assert kept.media.HasField("complete_time")
