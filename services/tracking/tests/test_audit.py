"""
Audits and audiences: one trace from the order to the proof, what each reader sees, plan changes
explained, and a partner's delivery beside one of our own.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pypdf import PdfReader

from doorstep.compliance.v1 import decision_pb2
from doorstep.compliance.v1 import event_pb2 as compliance_pb
from doorstep.dispatch.v1 import delivery_pb2, route_pb2
from doorstep.tracking.v1 import (
    ingest_service_pb2,
    milestone_pb2,
    proof_pb2,
    timeline_pb2,
    tracking_event_pb2,
    tracking_service_pb2,
)
from meshkit.errors import Invalid, NotFound
from meshkit.testing import TENANT, Role, TestMesh, recorded_spans
from meshkit.traces import continued
from services.tracking.convert.wire import stamp
from services.tracking.domain.event import IncidentOpened
from services.tracking.domain.incident import About, Alarm, IncidentType, opened
from services.tracking.servicer.common import Desk
from services.tracking.servicer.following import taking_in_compliance
from services.tracking.tests.calls import ingest_of, planned, reported, tracking_of
from services.tracking.tests.town import NINE, at, leg, route, stop
from services.tracking.tests.wire import created, event, heard, published, revised

pytestmark = pytest.mark.pg

pb = tracking_service_pb2
ORDER = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{ORDER}-b7ad6b7169203331-01"
PHOTO = b"a photo"
SHA = hashlib.sha256(PHOTO).hexdigest()
CREW = {"own": (Role.DRIVER, {}), "partner": (Role.CARRIER, {"carrier_id": "carrier-1"})}


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Traces are made, as in a process that exports them."""
    yield from recorded_spans()


def request_id() -> str:
    return str(uuid.uuid4())


async def decided(desk: Desk, decision_id: str) -> None:
    """Compliance tells of a decision on the first route."""
    change = compliance_pb.Change(tenant=TENANT, event_time=stamp(NINE - timedelta(minutes=31)))
    change.decision_stored.decision_id, change.decision_stored.route_id = decision_id, "rte_1"
    change.decision_stored.verdict = decision_pb2.VERDICT_ALLOW_WITH_CHARGE
    async with desk.db.transaction(TENANT) as tx:
        await taking_in_compliance(desk)(tx, change)


async def served(mesh: TestMesh, number: int, whose: str) -> None:
    """A delivery from its loading to its proof, by a driver of ours or a partner."""
    role, who = CREW[whose]
    taken = event(0.1 * number, "parcel_scanned", traceparent=PARENT, route_id=f"rte_{number}")
    taken.parcel_scanned.barcode = f"B{number}"
    taken.parcel_scanned.kind = tracking_event_pb2.SCAN_KIND_LOADED
    door = event(4 + number, "delivered", number, traceparent=PARENT)
    door.delivered.handover = tracking_event_pb2.HANDOVER_RECIPIENT
    start = event(1 + 0.1 * number, "route_start", route_id=f"rte_{number}")
    got = await reported(mesh, taken, start, door, role=role, **who)
    assert got == ["RECORDED"] * 3
    ingest = ingest_of(mesh, role, **who)
    await ingest.UploadMedia(
        ingest_service_pb2.UploadMediaRequest(
            sha256=SHA, data=PHOTO, total_bytes=len(PHOTO), content_type="image/png"
        )
    )
    request = ingest_service_pb2.SubmitProofRequest(request_id=request_id())
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), f"tsk_{number}"
    request.proof.capture_time.CopyFrom(stamp(at(4 + number)))
    request.proof.items.add(kind=proof_pb2.PROOF_KIND_PHOTO, media_sha256=SHA, signer_name="Ana")
    await ingest.SubmitProof(request)


async def link_to(mesh: TestMesh, delivery_id: str) -> str:
    """A recipient's token."""
    made = await tracking_of(mesh).CreateTrackingLink(
        pb.CreateTrackingLinkRequest(request_id=request_id(), delivery_id=delivery_id)
    )
    return str(made.token)


def milestones(entries: Any) -> list[str]:
    """Their names, in order."""
    return [milestone_pb2.Milestone.Name(one.milestone)[10:] for one in entries]


async def test_an_audit_keeps_the_end_of_a_story_that_repeats(mesh: TestMesh, desk: Desk) -> None:
    await heard(desk, created(1), published(route(1)))
    alarm = Alarm(IncidentType.LATE_RISK, About(delivery_id="del_1"), "late", at(1))
    again = [IncidentOpened(opened(alarm, f"inc_{n}", at(1))) for n in range(1_100)]
    async with desk.db.transaction(TENANT) as tx:
        await desk.worlds(tx).journal.append(again, at(1))
    await served(mesh, 1, "own")

    audit = (await tracking_of(mesh).GetAudit(pb.GetAuditRequest(delivery_id="del_1"))).audit

    types = [entry.type for entry in audit.entries]
    assert types[0] == "delivery_created"
    assert types[-2:] == ["task_outcome_recorded", "proof_accepted"]
    assert len(types) == 1_000
    assert audit.omitted_entry_count > 100


async def test_an_audit_leads_under_one_trace_from_the_order_to_the_proof(
    mesh: TestMesh, desk: Desk, spans: InMemorySpanExporter
) -> None:
    photo = delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_PHOTO)
    told = published(route(1))
    told.route_published.route.decision_ids.append("dec_1")
    told.route_published.route.route_plan_id = "rpl_1"
    with continued("dispatch", PARENT, {}):
        await heard(desk, created(1, verification_requirements=[photo]), told)
    await decided(desk, "dec_1")
    await served(mesh, 1, "own")
    stub = tracking_of(mesh)
    audit = (await stub.GetAudit(pb.GetAuditRequest(delivery_id="del_1"))).audit
    document = await stub.GetAuditDocument(pb.GetAuditDocumentRequest(delivery_id="del_1"))
    again = await stub.GetAuditDocument(pb.GetAuditDocumentRequest(delivery_id="del_1"))

    assert audit.trace_id == ORDER
    traces = {entry.type: entry.trace_id for entry in audit.entries}
    for type_ in ("delivery_created", "route_published", "parcel_scanned", "task_outcome_recorded"):
        assert traces[type_] == ORDER, type_
    (revision,) = audit.revisions
    assert (revision.route_plan_id, revision.vehicle_id) == ("rpl_1", "van-1")
    assert revision.planned_arrival_time == stamp(at(2))
    (decision,) = audit.decisions
    assert (decision.decision_id, decision.verdict) == ("dec_1", "ALLOW_WITH_CHARGE")
    assert [fact.status for fact in audit.facts] == ["RECORDED"], "its own, not the route's"
    assert [one.state for one in audit.proofs] == [proof_pb2.PROOF_STATE_ACCEPTED]
    assert [len(one.steps) for one in audit.parcels] == [2]
    assert document == again
    assert "tracking_link_created" not in {entry.type for entry in audit.entries}
    await link_to(mesh, "del_1")
    later = (await stub.GetAudit(pb.GetAuditRequest(delivery_id="del_1"))).audit
    assert later.entries[-1].type == "tracking_link_created"
    assert later.entries[-1].actor
    assert later.entries[:-1] == audit.entries, "what stands there stays"
    assert hashlib.sha256(document.content).hexdigest() == document.sha256
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(document.content)).pages)
    assert ORDER in words
    assert "allow with charge" in words


async def test_a_partner_s_delivery_gives_the_same_page_timeline_and_proof(
    mesh: TestMesh, desk: Desk
) -> None:
    photo = delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_PHOTO)
    partner = route(
        1,
        route_id="rte_2",
        stops=(stop(2),),
        legs=(leg(0, 2), leg(2, 0)),
        driver_id="",
        shift_id="",
        carrier_id="carrier-1",
    )
    await heard(desk, *(created(n, verification_requirements=[photo]) for n in (1, 2)))
    await heard(desk, published(route(1)), published(partner))
    pages = []
    for number, whose in ((1, "own"), (2, "partner")):
        await served(mesh, number, whose)
        token = await link_to(mesh, f"del_{number}")
        anybody = tracking_of(mesh, None)
        page = (await anybody.GetTracking(pb.GetTrackingRequest(token=token))).tracking
        line = (await anybody.GetTimeline(pb.GetTimelineRequest(token=token))).entries
        read = await anybody.ReadMedia(pb.ReadMediaRequest(sha256=SHA, token=token))
        pages.append((page, line, read.data))
    (own, own_line, own_photo), (other, other_line, other_photo) = pages

    assert own_photo == other_photo == PHOTO
    expected = milestones(own.entries)
    assert milestones(own_line) == expected
    assert "DRIVER_ASSIGNED" in expected
    same = ["DRIVER_ASSIGNED" if m == "TENDER_ACCEPTED" else m for m in milestones(other.entries)]
    assert same == expected
    assert milestones(other_line) == milestones(other.entries)
    for name in ("state", "milestone", "outcome", "attempt_number", "scopes", "survey_open"):
        assert getattr(own, name) == getattr(other, name), name
    assert own.state == milestone_pb2.TRACKING_STATE_DELIVERED
    for page in (own, other):
        (proof,) = page.proofs
        assert proof.state == proof_pb2.PROOF_STATE_ACCEPTED
        assert [(i.kind, i.media_sha256, i.signer_name) for i in proof.items] == [
            (proof_pb2.PROOF_KIND_PHOTO, SHA, "")
        ]
        assert not page.route_id + page.stop_id + page.task_id


async def test_a_revision_explains_what_moved_whom(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk, 2)
    await heard(desk, created(3))
    later = revised(route(3, revision=2, stops=(stop(3), stop(1), stop(2))))
    later.route_revised.route.cause = route_pb2.REVISION_CAUSE_LATE_DELIVERY
    later.route_revised.route.stops[1].arrival_time.CopyFrom(stamp(at(17)))
    await heard(desk, later)
    stub = tracking_of(mesh)
    line = (await stub.GetTimeline(pb.GetTimelineRequest(delivery_id="del_1"))).entries
    token = await link_to(mesh, "del_1")
    seen = (await tracking_of(mesh, None).GetTimeline(pb.GetTimelineRequest(token=token))).entries

    (changed,) = [one for one in line if one.milestone == milestone_pb2.MILESTONE_PLAN_CHANGED]
    change = changed.plan_change
    assert change.cause == timeline_pb2.PLAN_CHANGE_CAUSE_LATE_DELIVERY
    assert (change.previous_arrival_time, change.arrival_time) == (stamp(at(2)), stamp(at(17)))
    assert list(change.added_delivery_ids) == ["del_3"]
    assert "PLAN_CHANGED" not in milestones(seen)


async def test_a_delivery_that_moves_to_another_route_says_from_which(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk, 2)
    without = revised(route(1, revision=2))
    other = published(
        route(1, route_id="rte_2", stops=(stop(2),), driver_id="driver-2", shift_id="shf_2")
    )
    other.route_published.route.cause = route_pb2.REVISION_CAUSE_BREAKDOWN
    await heard(desk, without, other)
    line = (await tracking_of(mesh).GetTimeline(pb.GetTimelineRequest(delivery_id="del_2"))).entries

    moved = {
        one.route_id: one.plan_change
        for one in line
        if one.milestone == milestone_pb2.MILESTONE_DRIVER_ASSIGNED
    }
    assert {name: one.previous_route_id for name, one in moved.items()} == {
        "rte_1": "",
        "rte_2": "rte_1",
    }
    assert moved["rte_2"].cause == timeline_pb2.PLAN_CHANGE_CAUSE_BREAKDOWN


@pytest.mark.parametrize(
    ("audience", "readers"),
    [
        (timeline_pb2.COMMENT_AUDIENCE_INTERNAL, {"dispatcher"}),
        (timeline_pb2.COMMENT_AUDIENCE_CREW, {"dispatcher", "driver"}),
        (timeline_pb2.COMMENT_AUDIENCE_ALL, {"dispatcher", "driver", "recipient"}),
    ],
)
async def test_each_audience_reads_the_comments_that_are_meant_for_it(
    mesh: TestMesh, desk: Desk, audience: Any, readers: set[str]
) -> None:
    await planned(desk, 1)
    stub, driver, anybody = (
        tracking_of(mesh),
        tracking_of(mesh, Role.DRIVER),
        tracking_of(mesh, None),
    )
    ask = pb.GetTimelineRequest(delivery_id="del_1")
    entry = (await stub.GetTimeline(ask)).entries[0]
    await stub.AddComment(
        pb.AddCommentRequest(
            request_id=request_id(), entry_id=entry.entry_id, text="call first", audience=audience
        )
    )
    token = await link_to(mesh, "del_1")
    page = (await anybody.GetTracking(pb.GetTrackingRequest(token=token))).tracking
    read = {
        "dispatcher": (await stub.GetTimeline(ask)).entries,
        "driver": (await driver.GetTimeline(ask)).entries,
        "recipient": (await anybody.GetTimeline(pb.GetTimelineRequest(token=token))).entries,
    }
    found = {who: [c for one in entries for c in one.comments] for who, entries in read.items()}

    assert {who for who, comments in found.items() if comments} == readers
    assert page.entries == read["recipient"]
    assert all(comment.author for comment in found["dispatcher"])
    assert not any(comment.author for comment in found["recipient"])


async def test_nobody_comments_on_a_delivery_of_somebody_else(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk, 1)
    ask = pb.GetTimelineRequest(delivery_id="del_1")
    entry = (await tracking_of(mesh).GetTimeline(ask)).entries[0]
    stranger = tracking_of(mesh, Role.CARRIER, carrier_id="carrier-9")

    with pytest.raises(NotFound) as caught:
        await stranger.AddComment(
            pb.AddCommentRequest(request_id=request_id(), entry_id=entry.entry_id, text="mine")
        )
    assert caught.value.reason == "ENTRY_UNKNOWN"


async def test_a_carrier_reads_the_files_of_its_own_deliveries_only(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk, 1)
    await served(mesh, 1, "own")
    ask = pb.ReadMediaRequest(sha256=SHA)
    carrier = tracking_of(mesh, Role.CARRIER, carrier_id="carrier-1")
    read = await tracking_of(mesh).ReadMedia(ask)

    with pytest.raises(NotFound) as caught:
        await carrier.ReadMedia(ask)
    assert caught.value.reason == "MEDIA_UNKNOWN"
    assert read.data == PHOTO


@pytest.mark.parametrize("minutes", [-1, 0, 367 * 24 * 60])
async def test_a_link_that_would_never_work_or_for_too_long_is_not_made(
    mesh: TestMesh, desk: Desk, minutes: float
) -> None:
    await planned(desk, 1)
    request = pb.CreateTrackingLinkRequest(request_id=request_id(), delivery_id="del_1")
    request.expire_time.CopyFrom(stamp(at(minutes)))

    with pytest.raises(Invalid) as caught:
        await tracking_of(mesh).CreateTrackingLink(request)
    assert [one.field for one in caught.value.violations] == ["expire_time"]


async def test_a_timeline_without_a_token_or_a_login_is_nobody_s(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk, 1)

    with pytest.raises(NotFound) as caught:
        await tracking_of(mesh, None).GetTimeline(pb.GetTimelineRequest(delivery_id="del_1"))
    assert caught.value.reason == "LINK_INVALID"
