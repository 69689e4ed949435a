"""
Which vehicles a rule is about.

Method: one condition at a time against a vehicle that has it, has it not, or does not say.
"""

from __future__ import annotations

from datetime import date

import pytest

from services.compliance.domain.faults import Unsound
from services.compliance.domain.filter import (
    EVERY_VEHICLE,
    Bounds,
    DateBounds,
    StickerBounds,
    VehicleFilter,
    conditions,
    truth_of,
)
from services.compliance.domain.truth import Truth
from services.compliance.domain.vehicle import Body, Category, Fuel, Permit, Sticker, Vehicle

DAY = date(2026, 5, 12)
HOLDS, FAILS, UNKNOWN = Truth.HOLDS, Truth.FAILS, Truth.UNKNOWN
BLANK = Vehicle("v")


@pytest.mark.parametrize(
    ("wanted", "vehicle", "truth"),
    [
        (VehicleFilter(categories=(Category.N1,)), Vehicle("v", Category.N1), HOLDS),
        (VehicleFilter(categories=(Category.N1,)), Vehicle("v", Category.N2), FAILS),
        (VehicleFilter(categories=(Category.N1,)), BLANK, UNKNOWN),
        (VehicleFilter(excluded_fuels=(Fuel.ELECTRIC,)), Vehicle("v", fuel=Fuel.DIESEL), HOLDS),
        (VehicleFilter(excluded_fuels=(Fuel.ELECTRIC,)), Vehicle("v", fuel=Fuel.ELECTRIC), FAILS),
        (VehicleFilter(excluded_fuels=(Fuel.ELECTRIC,)), BLANK, UNKNOWN),
        (VehicleFilter(euro_class=Bounds(max=5)), Vehicle("v", euro_class=5), HOLDS),
        (VehicleFilter(euro_class=Bounds(max=5)), Vehicle("v", euro_class=6), FAILS),
        (VehicleFilter(euro_class=Bounds(max=5)), BLANK, UNKNOWN),
        (VehicleFilter(euro_class=Bounds(max=5)), Vehicle("v", fuel=Fuel.ELECTRIC), FAILS),
        (VehicleFilter(max_mass_grams=Bounds(3_500_001)), Vehicle("v", max_mass_grams=1), FAILS),
        (VehicleFilter(bodies=(Body.RIGID,)), Vehicle("v", body=Body.RIGID), HOLDS),
        (
            VehicleFilter(first_registration=DateBounds(end=date(2025, 1, 1))),
            Vehicle("v", first_registration=date(2024, 12, 31)),
            HOLDS,
        ),
        (
            VehicleFilter(first_registration=DateBounds(end=date(2025, 1, 1))),
            Vehicle("v", first_registration=date(2025, 1, 1)),
            FAILS,
        ),
        (VehicleFilter(auto_pay=False), Vehicle("v", auto_pay=False), HOLDS),
        (VehicleFilter(auto_pay=False), BLANK, UNKNOWN),
        (
            VehicleFilter(stickers=(StickerBounds("de-plakette", Bounds(max=3)),)),
            Vehicle("v", stickers=(Sticker("de-plakette", 4),)),
            FAILS,
        ),
        (VehicleFilter(stickers=(StickerBounds("de-plakette", Bounds(max=3)),)), BLANK, UNKNOWN),
        (VehicleFilter(toll_classes=("small_van",)), Vehicle("v", toll_class="truck"), FAILS),
        (EVERY_VEHICLE, BLANK, HOLDS),
    ],
)
def test_a_condition_holds_fails_or_cannot_be_decided(
    wanted: VehicleFilter, vehicle: Vehicle, truth: Truth
) -> None:
    assert truth_of(wanted, vehicle, DAY) is truth


@pytest.mark.parametrize(
    ("permits", "complete", "truth"),
    [
        ((Permit("dvs", held=True),), False, FAILS),
        ((Permit("dvs", held=False),), False, HOLDS),
        ((), False, UNKNOWN),
        ((), True, HOLDS),
        ((Permit("dvs", held=True, end=date(2026, 5, 12)),), False, HOLDS),
        ((Permit("dvs", held=True, start=date(2026, 5, 12)),), False, FAILS),
    ],
)
def test_a_permit_is_lacking_when_it_is_known_not_to_be_held_that_day(
    permits: tuple[Permit, ...], complete: bool, truth: Truth
) -> None:
    vehicle = Vehicle("v", permits=permits, permits_complete=complete)

    assert truth_of(VehicleFilter(lacking_permits=("dvs",)), vehicle, DAY) is truth


def test_what_fails_decides_whatever_is_unknown() -> None:
    wanted = VehicleFilter(fuels=(Fuel.DIESEL,), euro_class=Bounds(max=5))

    assert truth_of(wanted, Vehicle("v", fuel=Fuel.PETROL), DAY) is FAILS
    assert truth_of(wanted, Vehicle("v", fuel=Fuel.DIESEL), DAY) is UNKNOWN


def test_a_missing_attribute_is_named_as_in_the_contract() -> None:
    wanted = VehicleFilter(euro_class=Bounds(max=5), lacking_permits=("dvs",))
    missing = [c.attribute for c in conditions(wanted, BLANK, DAY) if c.truth is UNKNOWN]

    assert missing == ["euro_class", "permits.dvs"]


def test_bounds_that_contain_nothing_cannot_be_made() -> None:
    with pytest.raises(Unsound):
        Bounds(5, 4)
