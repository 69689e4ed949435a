"""Facts from the wire: TrackingEvent to Fact, checked per item, with all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from doorstep.tracking.v1 import tracking_event_pb2 as pb
from meshkit.caller import Caller, Role
from services.tracking.convert.wire import (
    amount,
    is_moment,
    moment,
    moment_or_none,
    point,
    word,
)
from services.tracking.domain import fact as facts
from services.tracking.domain.fact import Fact, Telemetry
from services.tracking.domain.words import (
    ContactChannel,
    ContactTopic,
    FailureReason,
    Handover,
    Ignition,
    PaymentMethod,
    ScanKind,
    Source,
    TroubleKind,
)

ID = re.compile(r"([a-z0-9][a-z0-9._-]{0,63})?")
NOTE_CHARACTERS_MAX = 2_000
BARCODE_CHARACTERS_MAX = 128
ZONE_CHARACTERS_MAX = 64
RECEIPT_CHARACTERS_MAX = 64
TRACEPARENT_CHARACTERS_MAX = 64
PARCELS_MAX = 500
FLOORS_MAX = 1_000
AMOUNT_UNITS_MAX = 1_000_000_000  # thousands of them still add up to an int64 of millionths
IDS = (
    "device_id",
    "driver_id",
    "vehicle_id",
    "carrier_id",
    "route_id",
    "stop_id",
    "task_id",
    "delivery_id",
)
SOURCES = {
    Role.DRIVER: Source.DRIVER,
    Role.CARRIER: Source.CARRIER,
    Role.DISPATCHER: Source.DISPATCHER,
    Role.PLATFORM: Source.PLATFORM,
    Role.SERVICE: Source.SYSTEM,
}


@dataclass(frozen=True, slots=True)
class BadFact(Exception):
    """What is wrong with a fact, in words."""

    words: str


def fact(message: pb.TrackingEvent, caller: Caller, now: datetime) -> Fact:
    """The fact that a caller reports. Raises BadFact with everything that is wrong with it."""
    if faults := list(_faults(message)):
        raise BadFact("; ".join(faults))
    what = MAKERS[message.WhichOneof("fact") or ""](message)
    made = Fact(
        event_id=str(UUID(message.event_id)),
        event_time=moment(message.event_time),
        record_time=now,
        source=SOURCES.get(caller.role, Source.UNSPECIFIED),
        what=what,
        zone_id=message.zone_id,
        corrected_event_id=message.corrected_event_id,
        device_id=message.device_id,
        driver_id=caller.driver_id or message.driver_id,
        vehicle_id=message.vehicle_id,
        carrier_id=caller.carrier_id or message.carrier_id,
        route_id=message.route_id,
        stop_id=message.stop_id,
        task_id=message.task_id,
        delivery_id=message.delivery_id,
        location=point(message.location) if message.HasField("location") else None,
        note=message.note,
        traceparent=message.traceparent,
    )
    if needed := facts.missing(made):
        raise BadFact(f"{made.name} needs {' or '.join(needed)}")
    return made


def _faults(message: pb.TrackingEvent) -> Iterator[str]:
    if not _is_uuid(message.event_id):
        yield "event_id is a UUID"
    if not message.HasField("event_time") or not is_moment(message.event_time):
        yield "event_time is needed"
    if message.corrected_event_id and not _is_uuid(message.corrected_event_id):
        yield "corrected_event_id is a UUID"
    yield from (f"{name} is no id" for name in IDS if not ID.fullmatch(getattr(message, name)))
    if len(message.note) > NOTE_CHARACTERS_MAX:
        yield f"note has at most {NOTE_CHARACTERS_MAX} characters"
    if len(message.zone_id) > ZONE_CHARACTERS_MAX:
        yield f"zone_id has at most {ZONE_CHARACTERS_MAX} characters"
    if len(message.traceparent) > TRACEPARENT_CHARACTERS_MAX:
        yield "traceparent is none"
    if any("\x00" in text for text in _texts(message)):
        yield "a NUL is no text"  # PostgreSQL keeps none
    if message.HasField("location") and not _is_point(message.location):
        yield "location is no place"
    kind = message.WhichOneof("fact")
    if kind is None:
        yield "a fact is needed"
    elif check := CHECKS.get(kind):
        yield from check(message)


def _texts(message: Any) -> Iterator[str]:
    """Every string of a message."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            yield from _texts(value)
        elif field.type == field.TYPE_STRING:
            yield from [value] if isinstance(value, str) else value


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _is_point(place: Any) -> bool:
    try:
        return bool(point(place))
    except ValueError:
        return False


def _check_failure(message: pb.TrackingEvent) -> Iterator[str]:
    if message.attempt_failed.reason == pb.FAILURE_REASON_UNSPECIFIED:
        yield "attempt_failed needs a reason"
    if message.attempt_failed.reason == pb.FAILURE_REASON_OTHER and not message.note:
        yield "FAILURE_REASON_OTHER needs a note"


def _check_success(message: pb.TrackingEvent) -> Iterator[str]:
    if len(message.delivered.parcel_ids) > PARCELS_MAX:
        yield f"delivered names at most {PARCELS_MAX} parcels"
    if not 0 <= message.delivered.climbed_floor_count <= FLOORS_MAX:
        yield f"climbed_floor_count is 0 to {FLOORS_MAX}"


def _check_scan(message: pb.TrackingEvent) -> Iterator[str]:
    scan = message.parcel_scanned
    if not scan.parcel_id and not scan.barcode:
        yield "parcel_scanned needs parcel_id or barcode"
    if len(scan.barcode) > BARCODE_CHARACTERS_MAX:
        yield f"barcode has at most {BARCODE_CHARACTERS_MAX} characters"
    if scan.kind == pb.SCAN_KIND_UNSPECIFIED:
        yield "parcel_scanned needs a kind"


def _check_collection(message: pb.TrackingEvent) -> Iterator[str]:
    paid = message.amount_collected
    if not paid.HasField("amount") or not _is_price(paid.amount):
        yield f"amount_collected needs an amount of 0 to {AMOUNT_UNITS_MAX}"
    if len(paid.receipt) > RECEIPT_CHARACTERS_MAX:
        yield f"receipt has at most {RECEIPT_CHARACTERS_MAX} characters"


def _check_trouble(message: pb.TrackingEvent) -> Iterator[str]:
    if message.trouble_reported.kind == pb.TROUBLE_KIND_UNSPECIFIED:
        yield "trouble_reported needs a kind"


def _check_charge(message: pb.TrackingEvent) -> Iterator[str]:
    if message.charge_ended.energy_watt_hours < 0:
        yield "energy_watt_hours is not negative"
    if not _is_price(message.charge_ended.cost):
        yield f"cost is 0 to {AMOUNT_UNITS_MAX}"


def _check_zone(message: pb.TrackingEvent) -> Iterator[str]:
    if not _is_price(message.zone_entered.charge):
        yield f"charge is 0 to {AMOUNT_UNITS_MAX}"


def _check_hold(message: pb.TrackingEvent) -> Iterator[str]:
    if not is_moment(message.held_at_pudo.keep_until_time):
        yield "keep_until_time is no moment"


def _check_contact(message: pb.TrackingEvent) -> Iterator[str]:
    if message.customer_contacted.channel == pb.CONTACT_CHANNEL_UNSPECIFIED:
        yield "customer_contacted needs a channel"
    if message.customer_contacted.topic == pb.CONTACT_TOPIC_UNSPECIFIED:
        yield "customer_contacted needs a topic"


def _is_price(money: Any) -> bool:
    return bool(0 <= money.units <= AMOUNT_UNITS_MAX and 0 <= money.nanos < 10**9)


CHECKS: dict[str, Callable[[pb.TrackingEvent], Iterator[str]]] = {
    "attempt_failed": _check_failure,
    "delivered": _check_success,
    "parcel_scanned": _check_scan,
    "amount_collected": _check_collection,
    "trouble_reported": _check_trouble,
    "charge_ended": _check_charge,
    "zone_entered": _check_zone,
    "held_at_pudo": _check_hold,
    "customer_contacted": _check_contact,
}


def telemetry(holder: Any) -> Telemetry | None:
    """The instruments that a message carries, None if it carries none."""
    if not holder.HasField("telemetry"):
        return None
    read = holder.telemetry
    odometer = read.odometer_meters if read.HasField("odometer_meters") else None
    charge = read.state_of_charge_ratio if read.HasField("state_of_charge_ratio") else None
    return Telemetry(
        ignition=word(pb.Ignition, read.ignition, Ignition),
        odometer_meters=odometer if odometer is None or odometer >= 0 else None,
        charge_ratio=charge if charge is not None and 0 <= charge <= 1 else None,
        auxiliary_needed=read.auxiliary_needed,
    )


def _success(message: pb.TrackingEvent) -> facts.Success:
    done = message.delivered
    return facts.Success(
        handover=word(pb.Handover, done.handover, Handover),
        parcel_ids=tuple(done.parcel_ids),
        proof_id=done.proof_id,
        climbed_floors=done.climbed_floor_count,
    )


def _failure(message: pb.TrackingEvent) -> facts.Failure:
    reason = word(pb.FailureReason, message.attempt_failed.reason, FailureReason)
    return facts.Failure(FailureReason.OTHER if reason == FailureReason.UNSPECIFIED else reason)


def _scan(message: pb.TrackingEvent) -> facts.Scan:
    scan = message.parcel_scanned
    return facts.Scan(
        kind=word(pb.ScanKind, scan.kind, ScanKind),
        parcel_id=scan.parcel_id,
        barcode=scan.barcode,
        giver_id=scan.giver_id,
        taker_id=scan.taker_id,
        damaged=scan.damaged,
    )


def _hold(message: pb.TrackingEvent) -> facts.Hold:
    held = message.held_at_pudo
    return facts.Hold(held.place_id, moment_or_none(held, "keep_until_time"))


def _collection(message: pb.TrackingEvent) -> facts.Collection:
    paid = message.amount_collected
    method = word(pb.PaymentMethod, paid.method, PaymentMethod)
    return facts.Collection(amount(paid.amount), method, paid.receipt)


def _charge_end(message: pb.TrackingEvent) -> facts.ChargeEnd:
    ended = message.charge_ended
    return facts.ChargeEnd(
        place_id=ended.place_id,
        energy_watt_hours=ended.energy_watt_hours,
        telemetry=telemetry(ended),
        cost=amount(ended.cost) if ended.HasField("cost") else None,
    )


def _charge_start(message: pb.TrackingEvent) -> facts.ChargeStart:
    begun = message.charge_started
    return facts.ChargeStart(begun.place_id, telemetry(begun))


def _readout(message: pb.TrackingEvent) -> facts.Readout:
    holder = pb.Arrival(telemetry=message.telemetry_read)
    return facts.Readout(telemetry(holder) or Telemetry())


def _trouble(message: pb.TrackingEvent) -> facts.Trouble:
    return facts.Trouble(word(pb.TroubleKind, message.trouble_reported.kind, TroubleKind))


def _contact(message: pb.TrackingEvent) -> facts.Contact:
    told = message.customer_contacted
    channel = word(pb.ContactChannel, told.channel, ContactChannel)
    topic = word(pb.ContactTopic, told.topic, ContactTopic)
    return facts.Contact(channel, topic, told.outbound)


def _zone(message: pb.TrackingEvent) -> facts.ZoneEntry:
    entered = message.zone_entered
    charge = amount(entered.charge) if entered.HasField("charge") else None
    return facts.ZoneEntry(entered.zone_id, charge)


MAKERS: dict[str, Callable[[pb.TrackingEvent], facts.What]] = {
    "route_start": lambda m: facts.RouteStart(telemetry(m.route_start)),
    "arrived": lambda m: facts.Arrival(telemetry(m.arrived)),
    "service_started": lambda _: facts.ServiceStart(),
    "departed": lambda m: facts.Departure(telemetry(m.departed)),
    "delivered": _success,
    "attempt_failed": _failure,
    "parcel_scanned": _scan,
    "held_at_pudo": _hold,
    "collected": lambda m: facts.Pickup(m.collected.place_id),
    "returned": lambda m: facts.Return(m.returned.place_id),
    "amount_collected": _collection,
    "charge_started": _charge_start,
    "charge_ended": _charge_end,
    "telemetry_read": _readout,
    "trouble_reported": _trouble,
    "zone_entered": _zone,
    "route_end": lambda m: facts.RouteEnd(telemetry(m.route_end)),
    "stop_skipped": lambda _: facts.Skip(),
    "customer_contacted": _contact,
}
