"""
Factor sets: which are in force where and when, and how rows of several are put together.

Method: tiny sets of one or two rows beside the built-in ones; every sum is done by hand.
"""

from __future__ import annotations

import pytest

from meshkit.errors import NotReady
from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.factors import Factor, FactorSet, FactorUnit, in_force
from services.compliance.domain.faults import Unsound
from services.compliance.domain.footprint import (
    DataQuality,
    Effort,
    Method,
    Setting,
    footprint,
    grid_footprint,
)
from services.compliance.domain.vehicle import Category, Fuel, Vehicle

BUILTIN = builtin_sets()
DESNZ = BUILTIN["desnz-2025"]
KWH, KM = FactorUnit.KILOWATT_HOUR, FactorUnit.VEHICLE_KILOMETER
E_VAN = Vehicle("evan", Category.N1, Fuel.ELECTRIC, unladen_mass_grams=2_000_000)
VAN = Vehicle("van", Category.N1, Fuel.DIESEL, unladen_mass_grams=2_000_000)


def factors(name: str, country: str, year: int, *rows: Factor) -> FactorSet:
    return FactorSet(name, name, country, year, "", "", rows)


def power(factor_id: str, milligrams: int, wtt: int | None = 0) -> Factor:
    return Factor(factor_id, KWH, milligrams, wtt)


EMBER = factors(
    "ember-2024",
    "",
    2024,
    power("electricity.de.kwh", 342_060),
    power("electricity.fr.kwh", 44_180),
)
GERMAN_VANS = factors("de-2025", "DE", 2025, Factor("van-3.diesel.km", KM, 300_000, 70_000))


def setting(country: str, year: int, *sets: FactorSet) -> Setting:
    first, *others = in_force((*sets, *BUILTIN.values()), country, year, DESNZ)
    return Setting(first, country, 900, tuple(others))


@pytest.mark.parametrize(
    ("country", "year", "order"),
    [
        ("GB", 2026, ["desnz-2026", "desnz-2025", "ember-2024"]),
        ("GB", 2025, ["desnz-2025", "desnz-2026", "ember-2024"]),
        ("DE", 2026, ["de-2025", "ember-2024", "desnz-2025"]),
        ("FR", 2026, ["ember-2024", "desnz-2025"]),
        ("", 2026, ["ember-2024", "desnz-2025"]),
    ],
)
def test_sets_of_the_country_go_first_then_those_of_none_then_the_default(
    country: str, year: int, order: list[str]
) -> None:
    found = in_force((EMBER, GERMAN_VANS, *BUILTIN.values()), country, year, DESNZ)

    assert [one.factor_set_id for one in found] == order


def test_the_latest_year_that_is_not_after_the_leg_counts() -> None:
    years = [factors(f"x-{year}", "DE", year, power("a.kwh", 1)) for year in (2023, 2025, 2027)]

    assert [s.year for s in in_force(years, "DE", 2026, DESNZ)][:3] == [2025, 2023, 2027]


def test_a_loaded_set_goes_before_a_built_in_one_of_its_country() -> None:
    own = factors("own", "GB", 2024, power("a.kwh", 1))

    assert in_force((*BUILTIN.values(), own), "GB", 2026, DESNZ)[0] is own


@pytest.mark.parametrize(("country", "milligrams"), [("DE", 11_972_100), ("FR", 1_546_300)])
def test_metered_energy_counts_by_the_electricity_of_the_country(
    country: str, milligrams: int
) -> None:
    found = footprint(
        E_VAN, Effort(85_000, energy_watt_hours=31_500), setting(country, 2026, EMBER)
    )

    assert found.grid_watt_hours == 35_000
    assert found.co2e.wtw_milligrams == milligrams  # 35 kWh x 342.06 g, x 44.18 g
    assert found.basis.factor_set_ids == ("ember-2024",)
    assert (found.basis.data_quality, found.basis.country_mismatch) == (DataQuality.PRIMARY, False)


def test_a_vehicle_may_count_by_one_set_and_its_electricity_by_another() -> None:
    found = footprint(E_VAN, Effort(100_000), setting("DE", 2026, EMBER, GERMAN_VANS))

    assert found.basis.factor_set_ids == ("desnz-2025", "ember-2024")
    assert found.basis.factor_ids == ("van-3.electric.km", "ember-2024/electricity.de.kwh")
    assert found.grid_watt_hours == 38_915  # 100 km x 0.07609 / (0.177 + 0.01853) kWh
    assert found.co2e.wtw_milligrams == 13_311_178  # x 0.34206 kg
    assert (found.basis.method, found.basis.data_quality) == (
        Method.DISTANCE_FACTOR,
        DataQuality.DEFAULT,
    )
    assert "desnz-2025 implies" in found.basis.assumptions[0]


def test_a_diesel_counts_by_the_table_of_its_country_and_else_by_a_flagged_one() -> None:
    own = footprint(VAN, Effort(1_000), setting("DE", 2026, EMBER, GERMAN_VANS))
    other = footprint(VAN, Effort(1_000), setting("FR", 2026, EMBER, GERMAN_VANS))

    assert (own.co2e.wtw_milligrams, own.basis.country_mismatch) == (370_000, False)
    assert (other.co2e.wtw_milligrams, other.basis.country_mismatch) == (345_840, True)


def test_an_electric_van_with_a_mass_and_a_time_is_modeled_before_its_class() -> None:
    effort = Effort(9_000, 600_000, duration_seconds=1_800)
    found = footprint(E_VAN, effort, setting("GB", 2025))

    assert (found.basis.method, found.basis.data_quality) == (
        Method.MODELED_ENERGY,
        DataQuality.MODELED,
    )
    # 2,680 kg at 15 degrees: 9 km x 117.09 Wh + half an hour x 1.1 kW + 25.88 Wh, by 0.9
    assert found.grid_watt_hours == 1_811
    assert "40 km/h" in found.basis.assumptions[0]


@pytest.mark.parametrize(
    "effort",
    [
        Effort(9_000),  # nobody says how long it took
        Effort(9_000, duration_seconds=60),  # 540 km/h
    ],
)
def test_what_is_not_described_well_enough_counts_by_its_class(effort: Effort) -> None:
    found = footprint(E_VAN, effort, setting("GB", 2025))

    assert found.basis.factor_ids == ("van-3.electric.km",)


def test_a_cab_that_cools_its_load_without_a_factor_for_it_is_said_to() -> None:
    cooled = Vehicle("v", Category.N1, Fuel.DIESEL, unladen_mass_grams=1, refrigerated=True)
    truck = Vehicle("t", Category.N2, Fuel.DIESEL, max_mass_grams=7_500_000, refrigerated=True)

    assert footprint(cooled, Effort(1), setting("GB", 2025)).basis.assumptions == (
        "the cooling of the load is not counted",
    )
    assert footprint(truck, Effort(1), setting("GB", 2025)).basis.assumptions == ()


def test_a_row_with_a_hole_is_passed_over_and_named() -> None:
    found = footprint(VAN, Effort(1_000), setting("GB", 2026))

    assert found.basis.factor_set_id == "desnz-2025"
    assert found.basis.assumptions == ("desnz-2026 does not state well to tank of van-3.diesel.km",)


@pytest.mark.parametrize(
    ("vehicle", "effort", "missing"),
    [
        (VAN, Effort(1_000), "van-3.diesel.km,van-average.diesel.km"),
        (
            E_VAN,
            Effort(1_000, energy_watt_hours=1),
            "electricity.gb.kwh,electricity.generation.kwh,van-3.electric.km,"
            "van-average.electric.km",
        ),
    ],
)
def test_a_named_set_that_lacks_the_row_says_which(
    vehicle: Vehicle, effort: Effort, missing: str
) -> None:
    with pytest.raises(NotReady) as caught:
        footprint(vehicle, effort, Setting(BUILTIN["desnz-2026"], "GB"))

    assert caught.value.reason == "FACTOR_MISSING"
    assert caught.value.metadata["missing"] == missing
    assert "does not state well to tank" in str(caught.value)


def test_losses_with_a_hole_are_not_read_as_none() -> None:
    holed = factors(
        "x",
        "DE",
        2026,
        power("electricity.generation.kwh", 1),
        power("electricity.losses.kwh", 1, None),
    )

    with pytest.raises(NotReady):
        grid_footprint(1_000, Setting(holed, "DE"))


def test_a_depot_counts_generation_losses_and_their_making() -> None:
    found = grid_footprint(1_200_000, setting("GB", 2025))

    assert found.co2e.wtw_milligrams == 294_480_000  # 1200 kWh x 0.2454 kg
    assert found.basis.data_quality is DataQuality.PRIMARY


@pytest.mark.parametrize(
    "make",
    [
        lambda: Factor("a.km", KM, None, None),
        lambda: Factor("van-3.diesel.km", FactorUnit.LITER, 1, 1),
        lambda: factors("x", "", 2025, power("a.kwh", 1), power("a.kwh", 2)),
    ],
)
def test_a_row_without_figures_of_another_unit_or_twice_cannot_be(make: object) -> None:
    with pytest.raises(Unsound):
        make()  # type: ignore[operator]


def test_every_row_of_the_built_in_year_can_be_used_but_a_liter_of_petrol() -> None:
    assert [f.factor_id for f in DESNZ.factors if not f.complete] == ["fuel.petrol.liter"]
