"""
What dispatch and compliance tell, in our words.

Goal: whatever a later release of theirs tells is taken in as well as it can be, and never stops the
feed. Method: whole messages with every field set; and every value of their enums.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import emission_pb2
from doorstep.dispatch.v1 import (
    delivery_pb2,
    event_pb2,
    parcel_pb2,
    place_pb2,
    rate_card_pb2,
    route_pb2,
    task_pb2,
    vehicle_pb2,
)
from services.tracking.convert import dispatch as wire
from services.tracking.convert.wire import interval, stamp
from services.tracking.domain.geo import Point
from services.tracking.domain.heard import (
    AttemptPlanned,
    DeliveryCancelled,
    Digest,
    EmissionRecorded,
    Parcel,
    Requirement,
)
from services.tracking.domain.route import Leg, Pause, RateCard, Route, Stop, Task, Vehicle, Window
from services.tracking.domain.words import Fuel, ProofKind, TaskKind, VehicleKind
from services.tracking.tests.town import NINE, at

PROMISE, OPENING = Window(at(0), at(120)), Window(at(30), at(60))
HERE = LatLng(latitude=60.17, longitude=24.94)
POINT = Point(60.17, 24.94)
TASK = route_pb2.StopTask(
    task_id="tsk_1",
    delivery_id="del_1",
    type=task_pb2.TASK_TYPE_PUDO_DROP,
    attempt_number=2,
    mass_grams=2_000,
    promise_window=interval(PROMISE),
    windows=[interval(OPENING) or Interval()],
    parcel_ids=["pcl_1"],
    priority=3,
)
STOP = route_pb2.Stop(
    stop_id="stp_1",
    location=HERE,
    place_id="plc_2",
    tasks=[TASK],
    arrival_time=stamp(at(2)),
    service_start_time=stamp(at(3)),
    departure_time=stamp(at(6)),
    service_duration=Duration(seconds=180),
)
LEGS = [
    route_pb2.Leg(
        distance_meters=1_112,
        travel_duration=Duration(seconds=120),
        polyline="_p~iF~ps|U",
        energy_watt_hours=220,
    ),
    route_pb2.Leg(distance_meters=1_200, travel_duration=Duration(seconds=130)),
]


def route(**fields: Any) -> Route:
    """A route of one stop with everything said, but for what is changed."""
    told: dict[str, Any] = {
        "route_id": "rte_1",
        "revision": 4,
        "route_plan_id": "rpl_1",
        "shift_id": "shf_1",
        "driver_id": "driver-1",
        "vehicle_id": "van-1",
        "carrier_id": "car-1",
        "tender_id": "tnd_1",
        "start_place_id": "plc_1",
        "start_location": HERE,
        "end_location": HERE,
        "start_time": stamp(NINE),
        "end_time": stamp(at(20)),
        "stops": [STOP],
        "legs": LEGS,
        "access_charge_micros": 5_000_000,
        "acknowledged_revision": 3,
        "breaks": [
            route_pb2.RouteBreak(
                start_time=stamp(at(1)), break_duration=Duration(seconds=900), before_rank=0
            )
        ],
        "rate_card": rate_card_pb2.RateCard(
            currency_code="EUR",
            fixed_cost_micros=1,
            hour_cost_micros=2,
            kilometer_cost_micros=3,
            kilowatt_hour_cost_micros=4,
            liter_cost_micros=5,
            failed_attempt_cost_micros=6,
        ),
        "vehicle": vehicle_pb2.VehicleAttributes(
            profile=vehicle_pb2.TRAVEL_PROFILE_CARGO_BIKE,
            fuel_type=vehicle_pb2.FUEL_TYPE_ELECTRIC,
            emission_class="EURO_6",
            vehicle_category="L2e",
            registration_country="FI",
            curb_mass_grams=7,
            gross_mass_grams=8,
            capacity_mass_grams=9,
            consumption_watt_hours_per_kilometer=10,
            consumption_milliliters_per_hundred_kilometers=11,
            battery_watt_hours=12,
        ),
        **fields,
    }
    message = route_pb2.Route(**{name: one for name, one in told.items() if one is not None})
    return wire.route(message)


def test_a_route_comes_through_whole() -> None:
    task = Task("tsk_1", "del_1", TaskKind.PUDO_DROP, 2, 2_000, PROMISE, (OPENING,), ("pcl_1",), 3)

    assert route() == Route(
        route_id="rte_1",
        revision=4,
        start_time=NINE,
        end_time=at(20),
        stops=(Stop("stp_1", POINT, (task,), at(2), at(3), at(6), 180, "plc_2"),),
        legs=(Leg(1_112, 120, "_p~iF~ps|U", 220), Leg(1_200, 130)),
        vehicle=Vehicle(
            "van-1",
            VehicleKind.CARGO_BIKE,
            Fuel.ELECTRIC,
            "EURO_6",
            "L2e",
            "FI",
            7,
            8,
            9,
            10,
            11,
            12,
        ),
        rates=RateCard("EUR", 1, 2, 3, 4, 5, 6),
        plan_id="rpl_1",
        shift_id="shf_1",
        driver_id="driver-1",
        carrier_id="car-1",
        tender_id="tnd_1",
        depot_id="plc_1",
        start=POINT,
        end=POINT,
        pauses=(Pause(0, at(1), 900),),
        access_charge_micros=5_000_000,
        acknowledged_revision=3,
    )


def test_a_carriers_route_may_know_neither_places_nor_legs_nor_rates() -> None:
    bare = route(start_location=None, end_location=None, legs=[], rate_card=None, vehicle=None)

    assert (bare.start, bare.end, bare.legs, bare.rates) == (None, None, (), None)
    assert bare.vehicle == Vehicle("van-1")


@pytest.mark.parametrize("count", [1, 3])
def test_legs_that_do_not_fit_the_stops_are_none(count: int) -> None:
    assert route(legs=LEGS[:1] * count).legs == ()


def test_a_task_without_promise_and_attempt_is_a_first_one_without_promise() -> None:
    bare = route_pb2.StopTask(task_id="tsk_1", delivery_id="del_1")
    stop = route_pb2.Stop(stop_id="stp_1", location=HERE, tasks=[bare])
    (task,) = route(stops=[stop]).tasks

    assert (task.attempt_number, task.promise, task.windows) == (1, None, ())
    assert task.kind is TaskKind.UNSPECIFIED


@pytest.mark.parametrize("value", vehicle_pb2.FuelType.values())
def test_every_fuel_of_dispatch_is_one_of_ours(value: Any) -> None:
    fuel = route(vehicle=vehicle_pb2.VehicleAttributes(fuel_type=value)).vehicle.fuel

    assert (fuel is Fuel.UNSPECIFIED) is (value == vehicle_pb2.FUEL_TYPE_UNSPECIFIED)


def test_a_vehicle_of_a_later_release_is_a_diesel_van_as_dispatch_asks() -> None:
    unknown = vehicle_pb2.VehicleAttributes(fuel_type=99, profile=99)  # type: ignore[arg-type]

    vehicle = route(vehicle=unknown).vehicle

    assert (vehicle.kind, vehicle.fuel) == (VehicleKind.VAN, Fuel.DIESEL)


@pytest.mark.parametrize("value", vehicle_pb2.TravelProfile.values())
def test_every_profile_of_dispatch_is_one_of_our_vehicles(value: Any) -> None:
    kind = route(vehicle=vehicle_pb2.VehicleAttributes(profile=value)).vehicle.kind

    assert (kind is VehicleKind.UNSPECIFIED) is (value == vehicle_pb2.TRAVEL_PROFILE_UNSPECIFIED)


@pytest.mark.parametrize("value", [*task_pb2.TaskType.values(), 99])
def test_every_kind_of_task_is_one_of_ours(value: Any) -> None:
    message = event_pb2.Change(event_time=stamp(NINE))
    message.task_created.task.type = value

    kind = wire.attempt(message).kind
    assert (kind is TaskKind.UNSPECIFIED) is (value in (task_pb2.TASK_TYPE_UNSPECIFIED, 99))


# Deliveries.


def digest(**fields: Any) -> Digest:
    """A delivery with everything said, but for what is changed."""
    told: dict[str, Any] = {
        "delivery_id": "del_1",
        "task_id": "tsk_1",
        "attempt_number": 2,
        "promise_window": interval(PROMISE),
        "location": HERE,
        "origin_place_id": "plc_1",
        "parcels": [parcel_pb2.Parcel(parcel_id="pcl_1", barcode="B1", mass_grams=500)],
        "verification_requirements": [
            delivery_pb2.VerificationRequirement(
                kind=delivery_pb2.VERIFICATION_KIND_AGE, minimum_age_years=18
            ),
            delivery_pb2.VerificationRequirement(
                kind=delivery_pb2.VERIFICATION_KIND_PIN, pin_sha256=b"\x0a\xff"
            ),
        ],
        "priority": 3,
        "service_level": delivery_pb2.SERVICE_LEVEL_SAME_DAY,
        "territory_id": "north",
        "task_type": task_pb2.TASK_TYPE_DELIVERY,
        **fields,
    }
    return wire.digest(event_pb2.DeliveryDigest(**told))


def test_a_delivery_comes_through_whole() -> None:
    assert digest() == Digest(
        delivery_id="del_1",
        task_id="tsk_1",
        attempt_number=2,
        promise=PROMISE,
        location=POINT,
        origin_place_id="plc_1",
        parcels=(Parcel("pcl_1", "B1", 500),),
        requirements=(Requirement(ProofKind.AGE, 18), Requirement(ProofKind.PIN, 0, "0aff")),
        priority=3,
        service_level="SAME_DAY",
        territory_id="north",
        task_kind=TaskKind.DELIVERY,
    )
    assert digest().mass_grams == 500


@pytest.mark.parametrize(
    "fields",
    [
        {"service_level": 99},
        {"task_type": 99},
        {"verification_requirements": [delivery_pb2.VerificationRequirement(kind=99)]},  # type: ignore[arg-type]
    ],
)
def test_a_word_of_a_later_release_does_not_stop_the_feed(fields: dict[str, Any]) -> None:
    assert digest(**fields).delivery_id == "del_1"


@pytest.mark.parametrize("flag", ["new", "rescheduled", "redirected"])
def test_a_delivery_is_known_with_what_happened_to_it(flag: str) -> None:
    message = event_pb2.Change(event_time=stamp(at(5)))
    message.delivery_updated.delivery.delivery_id = "del_1"

    event = wire.known(message, message.delivery_updated, **{flag: True})

    assert {name for name in ("new", "rescheduled", "redirected") if getattr(event, name)} == {flag}
    assert event.at == at(5)


def test_an_attempt_is_planned_at_the_moment_of_its_change() -> None:
    message = event_pb2.Change(event_time=stamp(at(5)))
    message.task_created.task.CopyFrom(
        task_pb2.Task(task_id="tsk_2", delivery_id="del_1", type=task_pb2.TASK_TYPE_RETURN)
    )

    assert wire.attempt(message) == AttemptPlanned("del_1", "tsk_2", 1, TaskKind.RETURN, at(5))


@pytest.mark.parametrize(
    ("state", "returning"),
    [
        (delivery_pb2.DELIVERY_STATE_CANCELLED, False),
        (delivery_pb2.DELIVERY_STATE_RETURNING, True),
    ],
)
def test_a_cancellation_says_whether_the_goods_come_back(state: Any, returning: bool) -> None:
    message = event_pb2.Change(event_time=stamp(at(5)))
    message.delivery_cancelled.delivery_id = "del_1"
    message.delivery_cancelled.task_id = "tsk_1"
    message.delivery_cancelled.state = state

    assert wire.cancelled(message) == DeliveryCancelled("del_1", "tsk_1", at(5), returning)


def test_an_emission_is_dated_at_the_end_of_its_leg() -> None:
    record = emission_pb2.EmissionRecord(emission_record_id="emr_2", replaced_record_id="emr_1")
    record.leg.leg_id, record.leg.route_id = "rte_1.1", "rte_1"
    record.leg.interval.CopyFrom(interval(Window(at(0), at(40))))
    record.co2e.wtw_milligrams = 2_500_000
    record.basis.factor_set_id = "uk-2026"
    record.basis.country_mismatch = True
    record.basis.data_quality = emission_pb2.DATA_QUALITY_DEFAULT

    assert wire.emission(record) == EmissionRecorded(
        "emr_2", "rte_1.1", "rte_1", at(40), 2_500_000, "uk-2026", True, True, "emr_1"
    )


def test_an_emission_of_a_hub_is_dated_at_the_end_of_its_period_and_names_every_set() -> None:
    record = emission_pb2.EmissionRecord(emission_record_id="emr_3")
    record.hub_operation.hub_id = "depot"
    record.hub_operation.interval.CopyFrom(interval(Window(at(0), at(600))))
    record.co2e.wtw_milligrams = 1
    record.basis.factor_set_id = "uk-2026"
    record.basis.factor_set_ids.extend(["uk-2026", "grid-2024"])
    found = wire.emission(record)

    assert (found.leg_id, found.route_id, found.at) == ("", "", at(600))
    assert found.other_factor_set_ids == ("grid-2024",)


def test_the_promise_of_the_tests_is_two_hours() -> None:
    assert PROMISE.end - PROMISE.start == timedelta(hours=2)


@pytest.mark.parametrize(
    ("fields", "door"),
    [
        ({}, (None, False, "")),
        ({"floor": 3}, (3, False, "")),
        ({"lift_available": True}, (0, True, "")),
        ({"building_kind": place_pb2.BUILDING_KIND_HOUSE}, (0, False, "HOUSE")),
        ({"floor": -1, "building_kind": place_pb2.BUILDING_KIND_OFFICE}, (-1, False, "OFFICE")),
        ({"building_kind": 99}, (0, False, "")),  # of a later release
    ],
)
def test_a_door_of_which_nothing_is_told_is_at_no_floor(
    fields: dict[str, Any], door: tuple[int | None, bool, str]
) -> None:
    told = digest(**fields)

    assert (told.floor, told.lift, told.building) == door
