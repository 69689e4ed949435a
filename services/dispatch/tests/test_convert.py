"""
Between the wire and the domain: nothing is lost on the way, and nothing is forgotten.

Method: every field of every message that has a domain value is carried or named here with a reason;
values go to the wire, to jsonb, and back.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.type import money_pb2

from doorstep.dispatch.v1 import delivery_pb2, event_pb2, place_pb2, vehicle_pb2
from meshkit.errors import Invalid
from services.dispatch.adapters.documents import pack, unpack
from services.dispatch.convert import events, leaves, nouns
from services.dispatch.convert.codec import Codec
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.fleet import Place
from services.dispatch.domain.values import Money

# Told by rpcs that a later release fills in.
LATER = {"delivery_redirected", "task_corrected", "hours_exceeded"}
LATER |= {"route_plan_superseded"}

CODECS = {name: codec for name, codec in vars(nouns).items() if isinstance(codec, Codec)}


@pytest.mark.parametrize("name", sorted(CODECS))
def test_every_field_of_a_noun_is_carried(name: str) -> None:
    codec = CODECS[name]
    known = {field.name for field in dataclasses.fields(codec._domain)}
    wire = {field.name for field in descriptor(codec).fields}

    assert wire - known <= {"etag"}


def descriptor(codec: Codec[Any]) -> Descriptor:
    found: Descriptor = codec._message.DESCRIPTOR
    return found


def test_every_event_of_the_contract_is_told_or_named_as_later() -> None:
    told = set(events.TYPES.values())
    oneof = event_pb2.Change.DESCRIPTOR.oneofs_by_name["event"].fields

    assert {field.name for field in oneof} - told == LATER


@pytest.mark.parametrize("kind", sorted(events.CODECS, key=str))
def test_every_field_of_an_event_is_carried(kind: type) -> None:
    known = {field.name for field in dataclasses.fields(kind)}
    wire = {field.name for field in descriptor(events.CODECS[kind]).fields}

    assert wire == known


def of(message: Any, **fields: Any) -> Any:
    """A message from plain values."""
    return message(**fields)


def whole_delivery() -> Any:
    window = {"start_time": {"seconds": 100}, "end_time": {"seconds": 200}}
    return of(
        delivery_pb2.Delivery,
        delivery_id="d",
        etag="1",
        state="DELIVERY_STATE_ASSIGNED",
        service_level="SERVICE_LEVEL_SLOT",
        recipient={"display_name": "G", "phone_number": "+358401234567", "language_code": "fi"},
        origin_place_id="depot",
        location={"latitude": 60.17, "longitude": 24.94},
        address={"region_code": "FI", "address_lines": ["Katu 1"], "locality": "Helsinki"},
        access_profile={"floor": -1, "walk_duration": {"seconds": 30}, "gate_code": "12"},
        windows=[window],
        promise_window=window,
        green_window=window,
        service_duration={"seconds": 60, "nanos": 5_000},
        parcels=[
            {
                "parcel_id": "p",
                "mass_grams": 5,
                "dimensions": {"length_millimeters": 3},
                "handling_types": ["HANDLING_TYPE_FRAGILE"],
                "declared_value": {"currency_code": "EUR", "units": 1, "nanos": 10_000_000},
            }
        ],
        required_skills=["a"],
        any_skills=["b"],
        excluded_skills=["c"],
        priority=9,
        verification_requirements=[
            {"kind": "VERIFICATION_KIND_PIN", "pin_sha256": b"x" * 32, "pin_salt": b"y"}
        ],
        amount_to_collect={
            "amount": {"currency_code": "EUR", "units": 5},
            "methods": ["PAYMENT_METHOD_CASH"],
        },
        instructions="ring",
        alternatives=[{"kind": "HANDOVER_KIND_PUDO", "place_id": "shop"}],
        territory_id="t",
        attempt_number=2,
        open_task_id="tsk",
        state_reason="why",
        create_time={"seconds": 1},
        update_time={"seconds": 2},
        delivered_time={"seconds": 3},
        segment="s",
        order_reference="A-1",
    )


def test_a_delivery_survives_the_wire_and_the_store() -> None:
    message = whole_delivery()
    unset = [field.name for field in message.DESCRIPTOR.fields if not _is_set(message, field)]

    value = nouns.DELIVERY.decode(message)

    assert unset == []
    assert nouns.DELIVERY.encode(value) == message
    assert unpack(Delivery, pack(value)) == value


def _is_set(message: Any, field: Any) -> bool:
    if field.has_presence:
        return bool(message.HasField(field.name))
    return bool(getattr(message, field.name))


def test_a_place_survives_the_wire_and_the_store() -> None:
    message = of(
        place_pb2.Place,
        place_id="p",
        etag="1",
        kind="PLACE_KIND_LOCKER",
        location={"latitude": 1, "longitude": 2},
        opening_hours=[{"day": 5, "open_time": {"hours": 8}, "close_time": {"minutes": 30}}],
        compartments=[{"size_id": "m", "compartment_count": 3, "volume_cubic_centimeters": 9}],
        loading_duration={"seconds": 600},
    )

    value = nouns.PLACE.decode(message)

    assert value.opening_hours[0].open_time == time(8)
    assert nouns.PLACE.encode(value) == message
    assert unpack(Place, pack(value)) == value


def test_a_date_of_registration_survives() -> None:
    message = of(
        vehicle_pb2.VehicleAttributes,
        profile="TRAVEL_PROFILE_VAN",
        fuel_type="FUEL_TYPE_DIESEL",
        capacity_mass_grams=1,
        first_registration_date={"year": 2020, "month": 2, "day": 29},
    )

    value = nouns.VEHICLE_ATTRIBUTES.decode(message)

    assert value.first_registration_date == date(2020, 2, 29)
    assert nouns.VEHICLE_ATTRIBUTES.encode(value) == message


def test_all_faults_are_named_at_once_with_their_paths() -> None:
    bad = of(
        delivery_pb2.Delivery,
        location={"latitude": 95},
        windows=[{}, {"start_time": {"seconds": 9}, "end_time": {"seconds": 5}}],
        amount_to_collect={"amount": {"currency_code": "EUR", "units": 1, "nanos": 1}},
    )

    with pytest.raises(Invalid) as caught:
        nouns.DELIVERY.decode(bad, "delivery.")

    assert [violation.field for violation in caught.value.violations] == [
        "delivery.location",
        "delivery.windows[0]",
        "delivery.windows[1]",
        "delivery.amount_to_collect.amount",
    ]


@pytest.mark.parametrize(
    ("units", "nanos", "micros"),
    [(1, 500_000_000, 1_500_000), (0, 1_000, 1), (-1, -500_000_000, -1_500_000), (0, -1_000, -1)],
)
def test_money_is_exact_both_ways(units: int, nanos: int, micros: int) -> None:
    message = money_pb2.Money(currency_code="EUR", units=units, nanos=nanos)

    assert leaves.money(message) == Money("EUR", micros)
    back = money_pb2.Money()
    leaves.write_money(back, Money("EUR", micros))
    assert back == message


@pytest.mark.parametrize(("units", "nanos"), [(1, 1), (1, -500_000_000)])
def test_money_that_cannot_be_is_refused(units: int, nanos: int) -> None:
    with pytest.raises(ValueError, match="money"):
        leaves.money(money_pb2.Money(currency_code="EUR", units=units, nanos=nanos))


def test_a_moment_keeps_its_microseconds() -> None:
    moment = datetime(2026, 5, 12, 8, 0, 0, 123_456, tzinfo=UTC)

    assert unpack(datetime, pack(moment)) == moment
    assert unpack(timedelta, pack(timedelta(microseconds=7))) == timedelta(microseconds=7)
