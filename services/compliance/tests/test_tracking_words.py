"""What tracking says of a vehicle, in the words of rules and factors: nothing silently another."""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.tracking.v1 import vehicle_pb2 as pb
from services.compliance.convert.tracking import vehicle_from_tracking
from services.compliance.domain.vehicle import Body, Category, Fuel


@pytest.mark.parametrize(
    ("told", "fuel"),
    [
        (pb.FUEL_HYBRID, Fuel.HYBRID_PETROL),
        (pb.FUEL_HYBRID_DIESEL, Fuel.HYBRID_DIESEL),
        (pb.FUEL_PLUG_IN_HYBRID, Fuel.PLUG_IN_PETROL),
        (pb.FUEL_PLUG_IN_HYBRID_DIESEL, Fuel.PLUG_IN_DIESEL),
        (pb.FUEL_RENEWABLE_DIESEL, Fuel.DIESEL),
        (pb.FUEL_UNSPECIFIED, None),
    ],
)
def test_a_hybrid_keeps_its_liquid_and_hvo_is_told_beside_diesel(
    told: Any, fuel: Fuel | None
) -> None:
    vehicle = vehicle_from_tracking(pb.VehicleAttributes(fuel=told))

    assert vehicle.fuel is fuel
    assert vehicle.renewable_diesel == (told == pb.FUEL_RENEWABLE_DIESEL)


def test_every_fuel_of_the_feed_is_known_here() -> None:
    unknown = [
        pb.Fuel.Name(number)
        for number in pb.Fuel.values()
        if vehicle_from_tracking(pb.VehicleAttributes(fuel=number)).fuel is None
    ]

    assert unknown == ["FUEL_UNSPECIFIED"]


def test_an_articulated_truck_has_a_tractor() -> None:
    vehicle = vehicle_from_tracking(pb.VehicleAttributes(kind=pb.VEHICLE_KIND_ARTICULATED))

    assert (vehicle.category, vehicle.body) == (Category.N3, Body.TRACTOR)
