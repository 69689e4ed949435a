"""
Reading a message: every fault at once, each with its path, and nothing guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from doorstep.dispatch.v1 import carrier_pb2, delivery_pb2, duty_pb2, place_pb2, vehicle_pb2
from meshkit.errors import Invalid
from services.dispatch.convert import nouns
from services.dispatch.convert.codec import Codec
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.duty import DutySource
from services.dispatch.domain.fleet import VehicleState
from services.dispatch.domain.values import Point
from services.dispatch.tests.convert.samples import of

SOUND: dict[str, Any] = {"delivery_id": "d", "location": {"latitude": 60, "longitude": 24}}
AN_HOUR = {"start_time": {"seconds": 0}, "end_time": {"seconds": 3_600}}
UNKNOWN = 99  # of an enum that has grown


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"location": None}, ["delivery.location"]),
        ({"location": {}}, ["delivery.location"]),
        ({"location": {"latitude": 91, "longitude": 1}}, ["delivery.location"]),
        ({"windows": [AN_HOUR, {}]}, ["delivery.windows[1]"]),
        ({"promise_window": {"start_time": {"seconds": 1}}}, ["delivery.promise_window"]),
        (
            {"verification_requirements": [{"kind": "VERIFICATION_KIND_PIN"}]},
            ["delivery.verification_requirements[0]"],
        ),
        (
            {"verification_requirements": [{}]},
            ["delivery.verification_requirements[0].kind"],
        ),
        (
            {"amount_to_collect": {"amount": {"currency_code": "EUR"}}},
            ["delivery.amount_to_collect"],  # nothing to collect
        ),
        ({"amount_to_collect": {}}, ["delivery.amount_to_collect.amount"]),
        (
            {"parcels": [{}, {"declared_value": {"currency_code": "EURO"}}]},
            ["delivery.parcels[1].declared_value"],
        ),
        ({"required_skills": ["a"], "excluded_skills": ["a"]}, ["delivery"]),
        (
            {"location": None, "windows": [{}], "alternatives": [{"kind": "HANDOVER_KIND_PUDO"}]},
            ["delivery.location", "delivery.windows[0]", "delivery.alternatives[0]"],
        ),
    ],
)
def test_every_fault_is_named_with_its_path(fields: dict[str, Any], faults: list[str]) -> None:
    bad = of(delivery_pb2.Delivery, **SOUND | fields)

    with pytest.raises(Invalid) as caught:
        nouns.DELIVERY.decode(bad, "delivery.")

    assert caught.value.reason == "FIELD_INVALID"
    assert [violation.field for violation in caught.value.violations] == faults


def test_a_path_begins_where_the_message_stood() -> None:
    with pytest.raises(Invalid) as caught:
        nouns.DELIVERY.decode(of(delivery_pb2.Delivery), "deliveries[2].")

    (violation,) = caught.value.violations
    assert (violation.field, violation.reason) == ("deliveries[2].location", "REQUIRED")


@pytest.mark.parametrize("number", [0, UNKNOWN])
def test_an_unknown_member_is_refused_where_one_is_required(number: int) -> None:
    told = of(vehicle_pb2.VehicleAttributes, profile=number, fuel_type="FUEL_TYPE_DIESEL")

    with pytest.raises(Invalid) as caught:
        nouns.VEHICLE_ATTRIBUTES.decode(told, "vehicle.")

    assert [violation.field for violation in caught.value.violations] == ["vehicle.profile"]


@pytest.mark.parametrize("number", [0, UNKNOWN])
def test_an_unknown_member_of_a_list_is_refused_and_does_not_become_nothing(number: int) -> None:
    told = of(carrier_pb2.Carrier, carrier_id="c", profiles=["TRAVEL_PROFILE_VAN", number])

    with pytest.raises(Invalid) as caught:
        nouns.CARRIER.decode(told, "carrier.")

    assert [violation.field for violation in caught.value.violations] == ["carrier.profiles[1]"]


@pytest.mark.parametrize("number", [0, UNKNOWN])
def test_an_unknown_member_is_the_default_where_there_is_one(number: int) -> None:
    record = of(
        duty_pb2.DutyRecord,
        duty_record_id="r",
        driver_id="ada",
        status="DUTY_STATUS_DRIVING",
        event_time={"seconds": 1},
        source=number,
    )
    vehicle = of(
        vehicle_pb2.Vehicle,
        vehicle_id="v",
        attributes={"profile": "TRAVEL_PROFILE_VAN", "fuel_type": "FUEL_TYPE_DIESEL"},
        state=number,
    )

    assert nouns.DUTY_RECORD.decode(record).source is DutySource.DRIVER
    assert nouns.VEHICLE.decode(vehicle).state is VehicleState.AVAILABLE


def test_what_is_unset_stays_unset_and_what_is_empty_is_kept() -> None:
    unset = nouns.DELIVERY.decode(of(delivery_pb2.Delivery, **SOUND))
    empty = nouns.DELIVERY.decode(
        of(delivery_pb2.Delivery, **SOUND, recipient={}, service_duration={})
    )

    assert (unset.recipient, unset.service_duration) == (None, None)
    assert empty.recipient is not None
    assert empty.service_duration is not None
    assert not nouns.DELIVERY.encode(unset).HasField("recipient")
    assert nouns.DELIVERY.encode(empty).HasField("recipient")


def test_a_value_is_written_into_a_message_that_exists() -> None:
    known = of(delivery_pb2.Delivery)

    nouns.DELIVERY.fill(known, Delivery("d", "depot", Point(60, 24), ()))

    assert (known.delivery_id, known.location.latitude) == ("d", 60)


def test_a_pair_that_does_not_fit_together_fails_when_the_codec_is_made() -> None:
    @dataclass(frozen=True)
    class Wrong:
        kind: VehicleState

    with pytest.raises(KeyError):
        Codec(Wrong, place_pb2.Place)
