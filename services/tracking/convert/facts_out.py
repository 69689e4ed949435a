"""Facts to the wire: Fact to TrackingEvent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from doorstep.tracking.v1 import tracking_event_pb2 as pb
from services.tracking.convert.facts import IDS
from services.tracking.convert.wire import latlng, money, number, stamp
from services.tracking.domain import fact as facts
from services.tracking.domain.fact import Fact, Telemetry


def fact_to_proto(one: Fact) -> pb.TrackingEvent:
    """A fact as it is listed."""
    message = pb.TrackingEvent(
        event_id=one.event_id,
        event_time=stamp(one.event_time),
        record_time=stamp(one.record_time),
        zone_id=one.zone_id,
        source=number(pb.EventSource, one.source),
        corrected_event_id=one.corrected_event_id,
        location=latlng(one.location),
        note=one.note,
        traceparent=one.traceparent,
        **{name: getattr(one, name) for name in IDS},
    )
    part = getattr(message, one.name)
    part.SetInParent()
    write = WRITERS.get(type(one.what))
    if write:
        write(one.what, part)
    return message


def write_telemetry(what: Any, part: Any) -> None:
    """The instruments that a fact carries."""
    read = what.telemetry
    if read is not None:
        part.telemetry.CopyFrom(telemetry_to_proto(read))


def telemetry_to_proto(read: Telemetry) -> pb.Telemetry:
    """What the instruments said."""
    return pb.Telemetry(
        ignition=number(pb.Ignition, read.ignition),
        odometer_meters=read.odometer_meters,
        state_of_charge_ratio=read.charge_ratio,
        auxiliary_needed=read.auxiliary_needed,
    )


def _write_success(what: facts.Success, part: Any) -> None:
    part.handover = number(pb.Handover, what.handover)
    part.parcel_ids.extend(what.parcel_ids)
    part.proof_id = what.proof_id
    part.climbed_floor_count = what.climbed_floors


def _write_failure(what: facts.Failure, part: Any) -> None:
    part.reason = number(pb.FailureReason, what.reason)


def write_scan(what: facts.Scan, part: Any) -> None:
    """A scan as it was reported."""
    part.kind = number(pb.ScanKind, what.kind)
    part.parcel_id, part.barcode = what.parcel_id, what.barcode
    part.giver_id, part.taker_id = what.giver_id, what.taker_id
    part.damaged = what.damaged


def _write_place(what: Any, part: Any) -> None:
    part.place_id = what.place_id
    if isinstance(what, facts.Hold) and what.keep_until:
        part.keep_until_time.CopyFrom(stamp(what.keep_until))


def _write_collection(what: facts.Collection, part: Any) -> None:
    part.amount.CopyFrom(money(what.amount))
    part.method = number(pb.PaymentMethod, what.method)
    part.receipt = what.receipt


def _write_charge(what: Any, part: Any) -> None:
    part.place_id = what.place_id
    write_telemetry(what, part)
    if isinstance(what, facts.ChargeEnd):
        part.energy_watt_hours = what.energy_watt_hours
        if what.cost:
            part.cost.CopyFrom(money(what.cost))


def _write_zone(what: facts.ZoneEntry, part: Any) -> None:
    part.zone_id = what.zone_id
    if what.charge:
        part.charge.CopyFrom(money(what.charge))


def _write_trouble(what: facts.Trouble, part: Any) -> None:
    part.kind = number(pb.TroubleKind, what.kind)


def write_contact(what: facts.Contact, part: Any) -> None:
    """A contact as it was reported."""
    part.channel = number(pb.ContactChannel, what.channel)
    part.topic = number(pb.ContactTopic, what.topic)
    part.outbound = what.outbound


WRITERS: dict[type, Callable[[Any, Any], None]] = {
    facts.RouteStart: write_telemetry,
    facts.Arrival: write_telemetry,
    facts.Departure: write_telemetry,
    facts.RouteEnd: write_telemetry,
    facts.Success: _write_success,
    facts.Failure: _write_failure,
    facts.Scan: write_scan,
    facts.Hold: _write_place,
    facts.Pickup: _write_place,
    facts.Return: _write_place,
    facts.Collection: _write_collection,
    facts.ChargeStart: _write_charge,
    facts.ChargeEnd: _write_charge,
    facts.Readout: lambda what, part: part.CopyFrom(telemetry_to_proto(what.telemetry)),
    facts.Trouble: _write_trouble,
    facts.ZoneEntry: _write_zone,
    facts.Contact: write_contact,
}
