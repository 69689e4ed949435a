"""Custody, to the wire."""

from __future__ import annotations

from doorstep.tracking.v1 import custody_pb2 as pb
from doorstep.tracking.v1 import tracking_event_pb2 as words_pb
from services.tracking.convert.wire import number, stamp
from services.tracking.domain.custody import Chain, Gap, Holder, Step


def chain_to_proto(chain: Chain) -> pb.ParcelCustody:
    """A parcel with the hands it went through."""
    last = chain.last
    return pb.ParcelCustody(
        parcel_id=chain.parcel_id,
        barcode=chain.barcode,
        delivery_id=chain.delivery_id,
        steps=[_step(step) for step in chain.steps],
        holder=number(pb.CustodyHolder, last.holder if last else Holder.UNSPECIFIED),
        holder_id=last.holder_id if last else "",
        gaps=[_gap(gap) for gap in chain.gaps],
    )


def _step(step: Step) -> pb.CustodyStep:
    return pb.CustodyStep(
        step_id=step.step_id,
        act=number(pb.CustodyAct, step.act),
        event_time=stamp(step.at),
        record_time=stamp(step.recorded_at),
        source=number(words_pb.EventSource, step.source),
        holder=number(pb.CustodyHolder, step.holder),
        holder_id=step.holder_id,
        giver_id=step.giver_id,
        route_id=step.route_id,
        stop_id=step.stop_id,
        task_id=step.task_id,
        damaged=step.damaged,
    )


def _gap(gap: Gap) -> pb.CustodyGap:
    return pb.CustodyGap(
        kind=number(pb.CustodyGapKind, gap.kind),
        step_id=gap.step_id,
        proof_id=gap.proof_id,
        event_time=stamp(gap.at),
        expected_route_id=gap.expected_route_id,
    )
