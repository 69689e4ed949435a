"""
What legs emit.

Method: the worked examples of the design's carbon cases with their arithmetic, and the choice of
the best number for what is known about a vehicle. Kilograms are compared to the milligram.
"""

from __future__ import annotations

import pytest

from meshkit.errors import NotReady
from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.footprint import (
    DataQuality,
    Effort,
    Footprint,
    Method,
    Setting,
    footprint,
)
from services.compliance.domain.vehicle import Body, Category, Fuel, Vehicle
from services.compliance.tests.places import BIKE

DESNZ = builtin_sets()["desnz-2025"]
BRITAIN = Setting(DESNZ, "GB")
VAN = Vehicle("van", Category.N1, Fuel.DIESEL, unladen_mass_grams=2_000_000)
EVAN = Vehicle("evan", Category.N1, Fuel.ELECTRIC, unladen_mass_grams=2_000_000)
TRUCK = Vehicle("truck", Category.N2, Fuel.DIESEL, max_mass_grams=7_500_000)


def kilograms(found: Footprint) -> tuple[float, float]:
    return found.co2e.ttw_milligrams / 1e6, found.co2e.wtt_milligrams / 1e6


@pytest.mark.parametrize(
    ("vehicle", "effort", "ttw", "wtt"),
    [
        (VAN, Effort(85_000), 23.6963, 5.7001),  # 85 x 0.27878; 85 x 0.06706
        (EVAN, Effort(85_000), 6.46765, 1.68215),  # 85 x 0.07609; 85 x 0.01979
        (TRUCK, Effort(10_000), 4.9548, 1.1851),  # average load
        (Vehicle("v", Category.N1, Fuel.DIESEL), Effort(1_000), 0.25561, 0.06128),  # average van
        (Vehicle("c", Category.M1, Fuel.PETROL), Effort(1_000), 0.16272, 0.04599),
        (Vehicle("m", Category.L, Fuel.PETROL), Effort(1_000), 0.11367, 0.02956),
        (Vehicle("?"), Effort(1_000), 0.2543, 0.0613),  # average van of unknown fuel
        (Vehicle("w", Category.FOOT), Effort(1_000), 0, 0),
        (Vehicle("b", Category.CYCLE, Fuel.MUSCLE), Effort(1_000), 0, 0),
    ],
)
def test_a_vehicle_emits_by_the_row_of_its_class(
    vehicle: Vehicle, effort: Effort, ttw: float, wtt: float
) -> None:
    assert kilograms(footprint(vehicle, effort, BRITAIN)) == (ttw, wtt)


@pytest.mark.parametrize(
    ("unladen_kilograms", "row"),
    [(1_280, "van-1"), (1_281, "van-2"), (1_715, "van-2"), (1_716, "van-3"), (3_000, "van-3")],
)
def test_vans_are_classed_by_reference_mass(unladen_kilograms: int, row: str) -> None:
    van = Vehicle("v", Category.N1, Fuel.DIESEL, unladen_mass_grams=unladen_kilograms * 1_000)

    assert footprint(van, Effort(1), BRITAIN).basis.factor_ids == (f"{row}.diesel.km",)


def test_a_truck_emits_by_its_load() -> None:
    truck = Vehicle(
        "t", Category.N2, Fuel.DIESEL, max_mass_grams=7_500_000, payload_grams=3_000_000
    )
    found = footprint(truck, Effort(140_000, mass_grams=1_800_000), BRITAIN)

    assert kilograms(found) == (71.2544, 17.04808)  # 140 x (0.46138 + 0.6 x 0.0793), sum 88.3025


@pytest.mark.parametrize("cooled", [False, True])
@pytest.mark.parametrize(
    ("tonnes", "name"), [(7.5, "rigid-7.5t"), (17, "rigid-17t"), (26, "rigid-over-17t")]
)
@pytest.mark.parametrize(("share", "laden"), [(0, "empty"), (0.5, "half"), (1, "full")])
def test_between_empty_and_full_a_truck_meets_the_row_of_half(
    share: float, laden: str, tonnes: float, name: str, cooled: bool
) -> None:
    truck = Vehicle(
        "t",
        Category.N2,
        Fuel.DIESEL,
        max_mass_grams=round(tonnes * 1_000_000),
        payload_grams=4_000_000,
        refrigerated=cooled,
    )
    row = DESNZ.usable(f"{'cooled-' if cooled else ''}{name}.{laden}.km")
    found = footprint(truck, Effort(1_000, round(share * 4_000_000)), BRITAIN)

    assert row is not None
    assert row.complete
    assert found.co2e.ttw_milligrams == pytest.approx(row.ttw_milligrams, abs=10)  # their rounding
    assert found.co2e.wtt_milligrams == pytest.approx(row.wtt_milligrams, abs=10)


def test_metered_energy_counts_the_charging_loss_and_is_primary() -> None:
    found = footprint(EVAN, Effort(85_000, energy_watt_hours=31_500), BRITAIN)

    assert found.grid_watt_hours == 35_000  # 31.5 / 0.9
    assert found.co2e.wtw_milligrams == 8_589_000  # 35 x 0.2454 kg
    assert (found.basis.method, found.basis.data_quality) == (
        Method.METERED_ENERGY,
        DataQuality.PRIMARY,
    )


def test_a_stated_consumption_goes_before_the_class() -> None:
    van = Vehicle("v", Category.N1, Fuel.ELECTRIC, watt_hours_per_kilometer=180)
    found = footprint(van, Effort(10_000), BRITAIN)

    assert found.grid_watt_hours == 2_000
    assert (found.basis.method, found.basis.data_quality) == (
        Method.STATED_CONSUMPTION,
        DataQuality.MODELED,
    )


def test_fuel_burned_goes_before_fuel_stated() -> None:
    van = Vehicle("v", Category.N1, Fuel.DIESEL, milliliters_per_hundred_kilometers=9_000)
    stated = footprint(van, Effort(100_000), BRITAIN)
    metered = footprint(van, Effort(100_000, fuel_milliliters=10_000), BRITAIN)

    assert kilograms(stated) == (23.13738, 5.49909)  # 9 l
    assert kilograms(metered) == (25.7082, 6.1101)  # 10 l
    assert metered.basis.method is Method.METERED_FUEL
    assert any("unverified" in said for said in metered.basis.assumptions)


def test_fuel_without_a_usable_row_falls_back_to_the_class() -> None:
    van = Vehicle("v", Category.N1, Fuel.PETROL)  # the table lacks the TTW of a liter of petrol

    found = footprint(van, Effort(1_000, fuel_milliliters=90), BRITAIN)
    assert found.basis.method is Method.DISTANCE_FACTOR


def test_a_cargo_bike_runs_on_the_grid() -> None:
    found = footprint(BIKE, Effort(30_000), BRITAIN)

    assert found.grid_watt_hours == 1_000  # 30 km x 30 Wh / 0.9
    assert found.co2e.wtw_milligrams == 245_400
    assert found.basis.assumptions == ("an electric cargo bike takes 30 Wh per km",)


@pytest.mark.parametrize("country", ["FI", ""])
def test_factors_of_another_country_are_a_flagged_default(country: str) -> None:
    found = footprint(EVAN, Effort(1, energy_watt_hours=1_000), Setting(DESNZ, country))

    assert found.basis.country_mismatch
    assert found.basis.data_quality is DataQuality.DEFAULT


def test_a_neighbour_that_stands_in_is_named() -> None:
    electric_truck = Vehicle("t", Category.N2, Fuel.ELECTRIC, max_mass_grams=7_500_000)
    found = footprint(electric_truck, Effort(1_000), BRITAIN)

    assert found.basis.assumptions == ("a diesel truck stands in: the table has no other",)


def test_a_set_with_holes_is_refused_and_never_read_as_zero() -> None:
    partial = builtin_sets()["desnz-2026"]  # its rows lack WTT

    with pytest.raises(NotReady) as caught:
        footprint(VAN, Effort(1_000), Setting(partial, "GB"))
    assert caught.value.reason == "FACTOR_MISSING"


@pytest.mark.parametrize("category", [Category.N1, Category.M3])
def test_a_fuel_that_is_known_and_in_no_set_has_no_stand_in(category: Category) -> None:
    with pytest.raises(NotReady) as caught:
        footprint(Vehicle("h", category, Fuel.HYDROGEN), Effort(1_000), BRITAIN)

    assert caught.value.metadata["missing"] == "van-average.hydrogen.km"


def test_every_row_of_the_table_is_read() -> None:
    sets: dict[str, FactorSet] = dict(builtin_sets())

    assert {name: len(found.factors) for name, found in sets.items()} == {
        "desnz-2025": 99,
        "desnz-2026": 18,
    }
    generation = DESNZ.usable("electricity.generation.kwh")
    losses = DESNZ.usable("electricity.losses.kwh")
    assert generation is not None
    assert losses is not None
    total = sum((f.ttw_milligrams or 0) + (f.wtt_milligrams or 0) for f in (generation, losses))
    assert total == 245_400  # 0.2454 kg/kWh


@pytest.mark.parametrize(
    ("vehicle", "said"),
    [
        (Vehicle("b", Category.M3, Fuel.DIESEL), "a bus counts as a van: the table has no buses"),
        (
            Vehicle("t", Category.N3, Fuel.DIESEL, max_mass_grams=40_000_000, body=Body.TRACTOR),
            "an articulated truck counts as a rigid one",
        ),
        (
            Vehicle("v", None, Fuel.DIESEL, unladen_mass_grams=1_200_000),
            "a vehicle of no stated category counts as a van",
        ),
        (
            Vehicle("t", None, Fuel.DIESEL, max_mass_grams=12_000_000),
            "a vehicle of no stated category counts as a truck",
        ),
        (
            Vehicle("v", Category.N1, Fuel.DIESEL, renewable_diesel=True),
            "renewable diesel (HVO) counts as fossil diesel",
        ),
    ],
)
def test_what_stands_in_for_a_vehicle_is_told(vehicle: Vehicle, said: str) -> None:
    assert said in footprint(vehicle, Effort(1_000), BRITAIN).basis.assumptions


@pytest.mark.parametrize(
    ("year", "told"), [(2030, ("desnz-2025 is of 2025, not of 2030",)), (2025, ()), (0, ())]
)
def test_factors_of_another_year_are_told(year: int, told: tuple[str, ...]) -> None:
    assert footprint(VAN, Effort(1_000), Setting(DESNZ, "GB", year=year)).basis.assumptions == told


def test_a_truck_of_no_stated_category_is_counted_by_its_mass() -> None:
    truck = Vehicle("t", None, Fuel.DIESEL, max_mass_grams=12_000_000)

    basis = footprint(truck, Effort(1_000), BRITAIN).basis
    assert basis.factor_ids == ("rigid-17t.average.km",)
