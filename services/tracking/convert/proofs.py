"""Proofs and files, both ways."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from doorstep.tracking.v1 import media_pb2
from doorstep.tracking.v1 import proof_pb2 as pb
from services.tracking.convert.wire import (
    latlng,
    moment,
    number,
    point_or_none,
    stamp,
    word,
)
from services.tracking.domain.proof import Item, Proof
from services.tracking.domain.words import ProofKind
from services.tracking.proof_ports import MediaFile


def proof(message: pb.Proof, now: datetime) -> Proof:
    """What was captured. Raises ValueError for a location that is none."""
    return Proof(
        proof_id=str(UUID(message.proof_id)),
        task_id=message.task_id,
        capture_time=moment(message.capture_time),
        items=tuple(_item(item) for item in message.items),
        record_time=now,
        location=point_or_none(message, "location"),
        note=message.note,
    )


def _item(message: pb.ProofItem) -> Item:
    return Item(
        kind=word(pb.ProofKind, message.kind, ProofKind),
        media_sha256=message.media_sha256,
        code=message.code,
        signer_name=message.signer_name,
        verified_age_years=message.verified_age_years,
    )


def proof_to_proto(one: Proof, *, personal: bool = True) -> pb.Proof:
    """A proof as kept; without names, codes, notes and its task unless `personal`."""
    message = pb.Proof(
        proof_id=one.proof_id,
        task_id=one.task_id if personal else "",
        delivery_id=one.delivery_id,
        capture_time=stamp(one.capture_time),
        record_time=stamp(one.record_time),
        accept_time=stamp(one.accept_time),
        state=number(pb.ProofState, one.state),
        missing_kinds=[number(pb.ProofKind, kind) for kind in one.missing],
        items=[_item_to_proto(item, personal) for item in one.items],
    )
    if personal:
        message.note = one.note
        if one.location:
            message.location.CopyFrom(latlng(one.location))
    return message


def _item_to_proto(item: Item, personal: bool) -> pb.ProofItem:
    return pb.ProofItem(
        kind=number(pb.ProofKind, item.kind),
        media_sha256=item.media_sha256,
        code=item.code if personal and item.kind is not ProofKind.PIN else "",
        signer_name=item.signer_name if personal else "",
        verified_age_years=item.verified_age_years if personal else 0,
    )


def media_to_proto(file: MediaFile) -> media_pb2.Media:
    """A file as far as it came."""
    return media_pb2.Media(
        sha256=file.sha256,
        total_bytes=file.total_bytes,
        content_type=file.content_type,
        received_bytes=file.received_bytes,
        complete_time=stamp(file.completed_at),
    )
