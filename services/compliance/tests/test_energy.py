"""
What electric vehicles take from their batteries.

Method: worked figures by hand for one large van; then days of legs with their own loads, speeds and
slopes through the physical model, against the planner's coefficients for the day's means.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.energy import (
    BUILDS,
    CARGO_BIKE,
    LARGE_VAN,
    Build,
    Coefficients,
    Conditions,
    Segment,
    build_of,
    coefficients,
    moved_grams,
    standing_watts,
    watt_hours,
)
from services.compliance.domain.footprint import DataQuality, Method, Setting
from services.compliance.domain.outlook import outlook
from services.compliance.domain.vehicle import Category, Fuel, Vehicle

BRITAIN = Setting(builtin_sets()["desnz-2025"], "GB")
VAN = Vehicle("van", Category.N1, Fuel.ELECTRIC, unladen_mass_grams=2_460_000)
HUNDRED_KILOMETERS = 100_000
LEGS = 100
ERROR_MAX = 0.03  # of a day's energy


@pytest.mark.parametrize(
    ("load_kilograms", "celsius", "speed", "stops", "mean", "per_kilometer"),
    [
        (600, 20, 40, 150, 18, 0.2075),  # mild: roads 0.1287, stops 0.0455, auxiliaries 0.0333
        (600, 0, 40, 150, 18, 0.3307),  # winter: auxiliaries and heating 0.1444
        (0, 20, 40, 150, 18, 0.1802),  # empty
        (600, 20, 90, 5, 80, 0.2715),  # motorway
    ],
)
def test_a_large_van_takes_what_the_worked_figures_say(
    load_kilograms: int, celsius: int, speed: int, stops: int, mean: int, per_kilometer: float
) -> None:
    grams = moved_grams(LARGE_VAN, VAN, load_kilograms * 1_000)
    way = [Segment(HUNDRED_KILOMETERS, speed, stops)]
    taken = watt_hours(LARGE_VAN, grams, celsius, way, 100 / mean * 3_600)

    assert round(taken / HUNDRED_KILOMETERS, 4) == per_kilometer


@pytest.mark.parametrize(
    ("celsius", "watts"), [(20, 600), (25, 600), (0, 2_600), (-10, 3_600), (30, 1_100), (15, 1_100)]
)
def test_the_cab_is_heated_in_the_cold_and_cooled_in_the_heat(celsius: int, watts: int) -> None:
    assert standing_watts(LARGE_VAN, celsius) == watts


def test_a_slope_down_gives_back_less_than_the_same_slope_up_takes() -> None:
    grams = moved_grams(LARGE_VAN, VAN, 0)
    level, up, down = (
        watt_hours(LARGE_VAN, grams, 20, [Segment(1_000, 40, 0, slope)], 0)
        for slope in (0, 50, -50)
    )

    assert down < 0 < level < up
    assert up + down > 2 * level


def test_a_cargo_bike_takes_a_tenth_of_a_van() -> None:
    bike = Vehicle("bike", Category.CYCLE, Fuel.ELECTRIC)
    found = coefficients(CARGO_BIKE, bike, Conditions(60_000, 20))

    assert found == Coefficients(10_739, 10_000, 675)  # 11 Wh per km, 0.7 Wh per stop


@dataclass(frozen=True, slots=True)
class Day:
    """Legs with what was aboard, how fast they were driven and how steep they were."""

    grams: tuple[int, ...]
    segments: tuple[Segment, ...]
    seconds: int

    @property
    def meters(self) -> int:
        return round(sum(segment.meters for segment in self.segments))


def day(seed: int, build: Build, vehicle: Vehicle, full_grams: int) -> Day:
    """Full in the morning, empty in the evening, and back where it began: so is the altitude."""
    draw = random.Random(seed)
    cruising = build.cruising_kilometers_per_hour
    drawn = [
        (draw.randrange(200, 4_000), cruising * draw.uniform(0.85, 1.15), draw.uniform(-9, 9))
        for _ in range(LEGS)
    ]
    climb = sum(meters * slope for meters, _, slope in drawn) / sum(meters for meters, *_ in drawn)
    segments = tuple(Segment(meters, speed, 1, slope - climb) for meters, speed, slope in drawn)
    grams = tuple(moved_grams(build, vehicle, full_grams * (LEGS - n) // LEGS) for n in range(LEGS))
    driven = sum(s.meters / s.kilometers_per_hour * 3.6 for s in segments)
    return Day(grams, segments, round(driven * draw.uniform(1.2, 2.0)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("celsius", [-10, 0, 15, 30])
@pytest.mark.parametrize(
    ("category", "unladen_kilograms", "load_kilograms"),
    [
        (Category.CYCLE, None, 100),
        (Category.L, 480, 150),
        (Category.M1, 1_600, 300),
        (Category.N1, 2_460, 900),
        (Category.N1, 2_100, 600),
        (Category.N2, 5_400, 2_000),
    ],
)
def test_coefficients_foresee_a_day_of_legs_within_three_percent(
    category: Category, unladen_kilograms: int | None, load_kilograms: int, celsius: int, seed: int
) -> None:
    mass = unladen_kilograms * 1_000 if unladen_kilograms else None
    vehicle = Vehicle("v", category, Fuel.ELECTRIC, unladen_mass_grams=mass)
    build = BUILDS[category]
    driven = day(seed, build, vehicle, load_kilograms * 1_000)
    legs = zip(driven.grams, driven.segments, strict=True)
    physical = sum(watt_hours(build, grams, celsius, [leg], 0) for grams, leg in legs)
    physical += standing_watts(build, celsius) * driven.seconds / 3_600
    mean = Conditions(load_kilograms * 1_000 // 2, celsius)
    linear = coefficients(build, vehicle, mean).milliwatt_hours(driven.meters, driven.seconds, LEGS)

    assert linear / 1_000 == pytest.approx(physical, rel=ERROR_MAX)


def test_the_gas_of_coefficients_is_their_energy_from_the_grid() -> None:
    found = outlook(VAN, Conditions(600_000, 20), BRITAIN)

    assert (found.energy.kilometer, found.energy.hour, found.energy.stop) == (
        128_658,
        600_000,
        30_322,
    )
    assert found.hour_milligrams == 163_600  # 0.6 kWh / 0.9 x 0.2454 kg
    assert found.kilometer_milligrams == 35_081  # 0.128658 kWh / 0.9 x 0.2454 kg
    assert (found.basis.method, found.basis.data_quality) == (
        Method.MODELED_ENERGY,
        DataQuality.MODELED,
    )
    assert found.basis.assumptions == (
        "modeled as a large van at 40 km/h between stops, 20 degrees, level ground",
    )


@pytest.mark.parametrize(
    ("vehicle", "milligrams", "method"),
    [
        (
            Vehicle("d", Category.N1, Fuel.DIESEL, unladen_mass_grams=2_000_000),
            345_840,
            Method.DISTANCE_FACTOR,
        ),
        (
            Vehicle("s", Category.N1, Fuel.DIESEL, milliliters_per_hundred_kilometers=9_000),
            286_365,  # 0.09 l x 3.18183 kg, half up in each stage
            Method.STATED_CONSUMPTION,
        ),
        (
            Vehicle("e", Category.N1, Fuel.ELECTRIC, watt_hours_per_kilometer=200),
            54_533,  # 0.2 kWh / 0.9 x 0.2454 kg
            Method.STATED_CONSUMPTION,
        ),
        (Vehicle("w", Category.FOOT), 0, Method.NO_MOTOR),
        (Vehicle("b", Category.CYCLE, Fuel.MUSCLE), 0, Method.NO_MOTOR),
    ],
)
def test_what_is_not_modeled_counts_by_distance_alone(
    vehicle: Vehicle, milligrams: int, method: Method
) -> None:
    found = outlook(vehicle, Conditions(), BRITAIN)

    assert found.kilometer_milligrams == milligrams
    assert (found.hour_milligrams, found.stop_milligrams) == (0, 0)
    assert found.basis.method is method


def test_a_vehicle_of_unknown_mass_or_kind_is_a_default() -> None:
    massless = outlook(Vehicle("v", Category.N1, Fuel.ELECTRIC), Conditions(), BRITAIN)
    kindless = outlook(Vehicle("v", fuel=Fuel.ELECTRIC), Conditions(), BRITAIN)

    assert massless.energy == kindless.energy
    assert massless.basis.data_quality is kindless.basis.data_quality is DataQuality.DEFAULT
    assert "the vehicle weighs 2460 kg empty" in massless.basis.assumptions
    assert build_of(Vehicle("v")) is None
