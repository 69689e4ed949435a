"""
Facts from the wire and back.

Goal: an honest fact comes through whole, a bad one is refused by itself with everything that is
wrong with it, and nobody speaks for another driver or carrier.
"""

from __future__ import annotations

import math
import random
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money

from doorstep.tracking.v1 import tracking_event_pb2 as pb
from meshkit.caller import Caller, Role
from services.tracking.convert.facts import BadFact, fact
from services.tracking.convert.facts_out import fact_to_proto
from services.tracking.convert.wire import stamp
from services.tracking.domain import fact as facts
from services.tracking.domain.fact import NAMES
from services.tracking.domain.words import FailureReason, Source
from services.tracking.tests.town import NINE

UUID = "0b51ec5a-5d1b-4a7e-9c1f-0d7e6e4f0a11"
DRIVER = Caller("driver-1", Role.DRIVER, "tenant", driver_id="driver-1")
CARRIER = Caller("car-1", Role.CARRIER, "tenant", carrier_id="car-1")
PLATFORM = Caller("platform", Role.PLATFORM, "tenant")
READ = pb.Telemetry(
    ignition=pb.IGNITION_ON, odometer_meters=5, state_of_charge_ratio=0.5, auxiliary_needed=True
)
EURO = Money(currency_code="EUR", units=12, nanos=500_000_000)
YEAR_1, YEAR_9999 = -62_135_596_800, 253_402_300_799
INT64 = 2**63 - 1


def told(**fields: Any) -> pb.TrackingEvent:
    """A fact with all that every fact needs."""
    base: dict[str, Any] = {
        "event_id": UUID,
        "event_time": stamp(NINE),
        "task_id": "tsk_1",
        "stop_id": "stp_1",
        "route_id": "rte_1",
        "delivery_id": "del_1",
        **fields,
    }
    return pb.TrackingEvent(**{name: value for name, value in base.items() if value is not None})


def faults(message: pb.TrackingEvent, caller: Caller = DRIVER) -> str:
    """What is wrong with a fact."""
    with pytest.raises(BadFact) as caught:
        fact(message, caller, NINE)
    return caught.value.words


# Each with everything that it can say.
WHOLE: list[dict[str, Any]] = [
    {"route_start": pb.RouteStart(telemetry=READ)},
    {"arrived": pb.Arrival(telemetry=READ)},
    {"service_started": pb.ServiceStart()},
    {"departed": pb.Departure(telemetry=READ)},
    {
        "delivered": pb.Success(
            handover=pb.HANDOVER_NEIGHBOUR,
            parcel_ids=["pcl_1", "pcl_2"],
            proof_id=UUID,
            climbed_floor_count=4,
        )
    },
    {"attempt_failed": pb.Failure(reason=pb.FAILURE_REASON_NO_ACCESS)},
    {
        "parcel_scanned": pb.ParcelScan(
            parcel_id="pcl_1",
            barcode="B1",
            kind=pb.SCAN_KIND_LOADED,
            giver_id="plc_1",
            taker_id="driver-1",
            damaged=True,
        )
    },
    {"held_at_pudo": pb.PudoHold(place_id="plc_9", keep_until_time=stamp(NINE))},
    {"collected": pb.PudoCollection(place_id="plc_9")},
    {"returned": pb.Return(place_id="plc_1")},
    {"amount_collected": pb.Collection(amount=EURO, method=pb.PAYMENT_METHOD_CARD, receipt="R-1")},
    {"charge_started": pb.ChargeStart(place_id="plc_2", telemetry=READ)},
    {
        "charge_ended": pb.ChargeEnd(
            place_id="plc_2", energy_watt_hours=9_000, telemetry=READ, cost=EURO
        )
    },
    {"telemetry_read": READ},
    {"trouble_reported": pb.Trouble(kind=pb.TROUBLE_KIND_BREAKDOWN)},
    {"zone_entered": pb.ZoneEntry(zone_id="zone-1", charge=EURO)},
    {"route_end": pb.RouteEnd(telemetry=READ)},
    {"stop_skipped": pb.Skip()},
    {
        "customer_contacted": pb.CustomerContact(
            channel=pb.CONTACT_CHANNEL_CHAT, topic=pb.CONTACT_TOPIC_NOT_RECEIVED, outbound=True
        )
    },
]


def test_every_kind_of_fact_of_the_contract_is_known() -> None:
    kinds = {field.name for field in pb.TrackingEvent.DESCRIPTOR.oneofs_by_name["fact"].fields}

    assert kinds == set(NAMES.values()) == {name for one in WHOLE for name in one}


@pytest.mark.parametrize("said", WHOLE, ids=lambda said: next(iter(said)))
def test_a_fact_comes_through_whole(said: dict[str, Any]) -> None:
    message = told(
        zone_id="Europe/Helsinki",
        corrected_event_id=UUID,
        device_id="phone-1",
        driver_id="driver-1",
        vehicle_id="van-1",
        location=LatLng(latitude=60.17, longitude=24.94),
        note="third floor",
        traceparent="00-1-2-01",
        **said,
    )

    back = fact_to_proto(fact(message, DRIVER, NINE))

    message.source, message.record_time.seconds = pb.EVENT_SOURCE_DRIVER, stamp(NINE).seconds
    assert back == message


@pytest.mark.parametrize("said", WHOLE, ids=lambda said: next(iter(said)))
def test_a_fact_that_says_as_little_as_it_may_says_so_again(said: dict[str, Any]) -> None:
    (name,) = said
    least = {
        "attempt_failed": pb.Failure(reason=pb.FAILURE_REASON_REFUSED),
        "parcel_scanned": pb.ParcelScan(barcode="B1", kind=pb.SCAN_KIND_LOADED),
        "amount_collected": pb.Collection(amount=Money(currency_code="EUR")),
        "trouble_reported": pb.Trouble(kind=pb.TROUBLE_KIND_OTHER),
        "customer_contacted": pb.CustomerContact(
            channel=pb.CONTACT_CHANNEL_OTHER, topic=pb.CONTACT_TOPIC_OTHER
        ),
    }.get(name, type(said[name])())

    back = fact_to_proto(fact(told(**{name: least}), PLATFORM, NINE))

    assert back.WhichOneof("fact") == name
    assert getattr(back, name) == least


# Who says it.


@pytest.mark.parametrize(
    ("role", "source"),
    [
        (Role.DRIVER, Source.DRIVER),
        (Role.CARRIER, Source.CARRIER),
        (Role.DISPATCHER, Source.DISPATCHER),
        (Role.PLATFORM, Source.PLATFORM),
        (Role.SERVICE, Source.SYSTEM),
    ],
)
def test_the_server_says_who_saw_it_whatever_the_client_writes(role: Role, source: Source) -> None:
    message = told(arrived=pb.Arrival(), source=pb.EVENT_SOURCE_GEOFENCE)

    assert fact(message, Caller("x", role, "tenant"), NINE).source is source


def test_a_driver_speaks_for_itself_only() -> None:
    message = told(arrived=pb.Arrival(), driver_id="driver-9", carrier_id="car-9")

    made = fact(message, DRIVER, NINE)

    assert made.driver_id == "driver-1"


def test_a_carrier_speaks_for_itself_only_and_names_its_driver() -> None:
    message = told(arrived=pb.Arrival(), driver_id="theirs-1", carrier_id="car-9")

    made = fact(message, CARRIER, NINE)

    assert (made.carrier_id, made.driver_id) == ("car-1", "theirs-1")


def test_the_server_says_when_it_was_recorded() -> None:
    message = told(arrived=pb.Arrival(), record_time=Timestamp(seconds=1))

    assert fact(message, DRIVER, NINE).record_time == NINE


def test_one_name_in_two_spellings_is_one_name() -> None:
    message = told(arrived=pb.Arrival(), event_id=UUID.upper())

    assert fact(message, DRIVER, NINE).event_id == UUID


# What is wrong.


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"event_id": ""}, "event_id"),
        ({"event_id": "not-a-uuid"}, "event_id"),
        ({"event_time": None}, "event_time"),
        ({"event_time": Timestamp(seconds=INT64)}, "event_time"),
        ({"event_time": Timestamp(seconds=YEAR_1)}, "event_time"),
        ({"event_time": Timestamp(seconds=YEAR_9999)}, "event_time"),
        ({"event_time": Timestamp(seconds=1, nanos=-1)}, "event_time"),
        ({"corrected_event_id": "x"}, "corrected_event_id"),
        ({"task_id": "Has Space"}, "task_id"),
        ({"task_id": "a" * 65}, "task_id"),
        ({"stop_id": "-starts-badly"}, "stop_id"),
        ({"note": "x" * 2_001}, "note"),
        ({"note": "a\x00b"}, "NUL"),
        ({"zone_id": "\x00"}, "NUL"),
        ({"zone_id": "x" * 65}, "zone_id"),
        ({"traceparent": "x" * 65}, "traceparent"),
        ({"location": LatLng(latitude=91)}, "location"),
        ({"location": LatLng(latitude=math.nan)}, "location"),
        ({"arrived": None}, "a fact is needed"),
    ],
)
def test_what_every_fact_needs_is_checked(fields: dict[str, Any], words: str) -> None:
    assert words in faults(told(**{"arrived": pb.Arrival(), **fields}))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"attempt_failed": pb.Failure()}, "needs a reason"),
        ({"attempt_failed": pb.Failure(reason=pb.FAILURE_REASON_OTHER)}, "needs a note"),
        ({"delivered": pb.Success(parcel_ids=["p"] * 501)}, "500 parcels"),
        ({"delivered": pb.Success(parcel_ids=["p", "\x00"])}, "NUL"),
        ({"zone_entered": pb.ZoneEntry(zone_id="\x00")}, "NUL"),
        ({"delivered": pb.Success(climbed_floor_count=-1)}, "climbed_floor_count"),
        ({"delivered": pb.Success(climbed_floor_count=INT64)}, "climbed_floor_count"),
        ({"parcel_scanned": pb.ParcelScan(kind=pb.SCAN_KIND_LOADED)}, "parcel_id or barcode"),
        ({"parcel_scanned": pb.ParcelScan(parcel_id="p")}, "needs a kind"),
        (
            {"parcel_scanned": pb.ParcelScan(barcode="x" * 129, kind=pb.SCAN_KIND_LOADED)},
            "128 characters",
        ),
        ({"amount_collected": pb.Collection()}, "amount"),
        ({"amount_collected": pb.Collection(amount=Money(units=-1))}, "amount"),
        ({"amount_collected": pb.Collection(amount=Money(nanos=-1))}, "amount"),
        ({"amount_collected": pb.Collection(amount=Money(units=INT64))}, "amount"),
        ({"amount_collected": pb.Collection(amount=EURO, receipt="x" * 65)}, "receipt"),
        ({"trouble_reported": pb.Trouble()}, "needs a kind"),
        ({"charge_ended": pb.ChargeEnd(energy_watt_hours=-1)}, "energy_watt_hours"),
        ({"charge_ended": pb.ChargeEnd(cost=Money(units=-1))}, "cost"),
        ({"charge_ended": pb.ChargeEnd(cost=Money(units=INT64))}, "cost"),
        ({"zone_entered": pb.ZoneEntry(charge=Money(units=-5))}, "charge"),
        ({"customer_contacted": pb.CustomerContact()}, "channel"),
        ({"customer_contacted": pb.CustomerContact(channel=pb.CONTACT_CHANNEL_CHAT)}, "topic"),
        ({"zone_entered": pb.ZoneEntry(charge=Money(units=INT64))}, "charge"),
        (
            {"held_at_pudo": pb.PudoHold(keep_until_time=Timestamp(seconds=INT64))},
            "keep_until_time",
        ),
    ],
)
def test_what_each_fact_says_is_checked(said: dict[str, Any], words: str) -> None:
    assert words in faults(told(**said))


@pytest.mark.parametrize(
    ("said", "ids", "words"),
    [
        ("arrived", ("stop_id", "task_id"), "arrived needs stop_id or task_id"),
        ("delivered", ("task_id",), "delivered needs task_id"),
        ("collected", ("task_id", "delivery_id"), "collected needs delivery_id or task_id"),
        ("route_start", ("route_id",), "route_start needs route_id"),
    ],
)
def test_a_fact_that_names_nothing_it_is_about_is_refused(
    said: str, ids: tuple[str, ...], words: str
) -> None:
    (whole,) = (one[said] for one in WHOLE if said in one)

    assert words in faults(told(**{said: whole}, **dict.fromkeys(ids)))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    words = faults(told(event_id="x", task_id="No", attempt_failed=pb.Failure()))

    assert words.split("; ") == [
        "event_id is a UUID",
        "task_id is no id",
        "attempt_failed needs a reason",
    ]


def test_a_reason_that_this_release_does_not_know_is_another_one() -> None:
    message = told(attempt_failed=pb.Failure(reason=99))  # type: ignore[arg-type]

    assert fact(message, DRIVER, NINE).what == facts.Failure(FailureReason.OTHER)


@pytest.mark.parametrize("bad", [-1, INT64 * -1])
def test_an_odometer_that_lies_is_not_read_and_its_fact_is_kept(bad: int) -> None:
    message = told(arrived=pb.Arrival(telemetry=pb.Telemetry(odometer_meters=bad)))

    read = fact(message, DRIVER, NINE).telemetry

    assert read is not None
    assert read.odometer_meters is None


def nonsense(dice: random.Random) -> pb.TrackingEvent:
    """A fact of anything at all."""
    number = dice.choice([0, 1, -1, INT64, -INT64, YEAR_1, YEAR_9999])
    text = dice.choice(["", "a", "A", "ä", "\x00", "x" * 3_000, UUID])
    odd = Money(currency_code=text[:3], units=number, nanos=dice.choice([0, -1, 2**31 - 1]))
    when = Timestamp(seconds=number, nanos=dice.choice([0, -1, 2**31 - 1]))
    said: dict[str, Any] = dice.choice(
        [
            *WHOLE,
            {"held_at_pudo": pb.PudoHold(place_id=text, keep_until_time=when)},
            {"amount_collected": pb.Collection(amount=odd, receipt=text)},
            {"charge_ended": pb.ChargeEnd(energy_watt_hours=number, cost=odd)},
            {"zone_entered": pb.ZoneEntry(zone_id=text, charge=odd)},
            {"delivered": pb.Success(climbed_floor_count=number, proof_id=text)},
            {"arrived": pb.Arrival(telemetry=pb.Telemetry(state_of_charge_ratio=math.nan))},
            {},
        ]
    )
    return told(
        event_id=dice.choice([UUID, text]),
        event_time=dice.choice([None, when, stamp(NINE)]),
        task_id=text,
        note=text,
        **said,
    )


@pytest.mark.parametrize("seed", range(20))
def test_nonsense_is_a_bad_fact_and_never_another_error(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(50):
        message = nonsense(dice)
        with suppress(BadFact):
            made = fact(message, DRIVER, NINE)
            assert fact_to_proto(made).WhichOneof("fact") == message.WhichOneof("fact")
            assert "\x00" not in made.note
