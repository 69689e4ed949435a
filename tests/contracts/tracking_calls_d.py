"""
One good and one bad request for every rpc of tracking about custody, proofs, files, links,
timelines and audits, in the order in which they are called. `known` has a `delivery_id` that
dispatch told; what an answer names is kept by `learn` for those that follow.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from doorstep.tracking.v1 import ingest_service_pb2 as ingest_pb
from doorstep.tracking.v1 import proof_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from tests.contracts.live import Call

NOBODY = "nobody"
PHOTO = b"a photo of a parcel"
SHA = hashlib.sha256(PHOTO).hexdigest()
_learned: dict[str, str] = {}


def learn(rpc: str, answer: Any) -> None:
    """Keeps an entry, a link and its token."""
    if rpc == "GetTimeline":
        _learned["entry_id"] = answer.entries[0].entry_id
    if rpc == "CreateTrackingLink":
        _learned["link_id"], _learned["token"] = answer.link.link_id, answer.token


def request_id() -> str:
    """A name for a request."""
    return str(uuid.uuid4())


def piece(sha256: str) -> ingest_pb.UploadMediaRequest:
    """The photo, whole, under a name."""
    return ingest_pb.UploadMediaRequest(
        sha256=sha256, data=PHOTO, total_bytes=len(PHOTO), content_type="image/jpeg"
    )


def proof(*items: proof_pb2.ProofItem) -> ingest_pb.SubmitProofRequest:
    """A proof of a task that dispatch has not told of yet: taken on trust."""
    request = ingest_pb.SubmitProofRequest(request_id=request_id())
    request.proof.proof_id, request.proof.task_id = request_id(), "tsk_unheard"
    request.proof.capture_time.GetCurrentTime()
    request.proof.items.extend(items)
    return request


def link(delivery_id: str) -> pb.CreateTrackingLinkRequest:
    """A link to a delivery."""
    return pb.CreateTrackingLinkRequest(request_id=request_id(), delivery_id=delivery_id)


def revoked(link_id: str) -> pb.RevokeTrackingLinkRequest:
    """The end of a link."""
    return pb.RevokeTrackingLinkRequest(request_id=request_id(), link_id=link_id)


def comment(entry_id: str) -> pb.AddCommentRequest:
    """A comment on an entry."""
    return pb.AddCommentRequest(request_id=request_id(), entry_id=entry_id, text="call first")


CALLS = (
    Call(
        "UploadMedia",
        lambda known: piece(SHA),
        piece(hashlib.sha256(b"another").hexdigest()),
        "MEDIA_HASH_MISMATCH",
    ),
    Call(
        "ReadMedia",
        lambda known: pb.ReadMediaRequest(sha256=SHA),
        pb.ReadMediaRequest(sha256="0" * 64),
        "MEDIA_UNKNOWN",
    ),
    Call(
        "SubmitProof",
        lambda known: proof(proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_PHOTO, media_sha256=SHA)),
        proof(proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_PIN, code="4711")),
        "PROOF_INVALID",
    ),
    Call(
        "ListProofs",
        lambda known: pb.ListProofsRequest(page_size=1),
        pb.ListProofsRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "GetTimeline",
        lambda known: pb.GetTimelineRequest(delivery_id=known.delivery_id),
        pb.GetTimelineRequest(token="guess"),
        "LINK_INVALID",
    ),
    Call(
        "AddComment",
        lambda known: comment(_learned["entry_id"]),
        comment(NOBODY),
        "ENTRY_UNKNOWN",
    ),
    Call(
        "CreateTrackingLink",
        lambda known: link(known.delivery_id),
        link(NOBODY),
        "DELIVERY_UNKNOWN",
    ),
    Call(
        "GetTracking",
        lambda known: pb.GetTrackingRequest(token=_learned["token"]),
        pb.GetTrackingRequest(token="guess"),
        "LINK_INVALID",
    ),
    Call(
        "RevokeTrackingLink",
        lambda known: revoked(_learned["link_id"]),
        revoked(NOBODY),
        "LINK_UNKNOWN",
    ),
    Call(
        "GetCustody",
        lambda known: pb.GetCustodyRequest(delivery_id=known.delivery_id),
        pb.GetCustodyRequest(parcel_id=NOBODY),
        "PARCEL_UNKNOWN",
    ),
    Call(
        "GetAudit",
        lambda known: pb.GetAuditRequest(delivery_id=known.delivery_id),
        pb.GetAuditRequest(delivery_id=NOBODY),
        "DELIVERY_UNKNOWN",
    ),
    Call(
        "GetAuditDocument",
        lambda known: pb.GetAuditDocumentRequest(delivery_id=known.delivery_id),
        pb.GetAuditDocumentRequest(delivery_id=NOBODY),
        "DELIVERY_UNKNOWN",
    ),
)
