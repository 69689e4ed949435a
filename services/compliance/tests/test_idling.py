"""
Idling: how long an engine may run at a place, what it burns, emits and costs meanwhile.

Method: a city's rule of three minutes, a school's of one inside it, and one vehicle at a time. The
fuel is checked against the published gallons per hour, worked out by hand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.compliance.domain.episode import IdlingFact, IdlingRuleVersion, judged
from services.compliance.domain.factors import Factor, FactorSet, FactorUnit
from services.compliance.domain.faults import Unsound
from services.compliance.domain.filter import EVERY_VEHICLE, Bounds, VehicleFilter
from services.compliance.domain.footprint import DataQuality, Method, Setting
from services.compliance.domain.geometry import E7, Point
from services.compliance.domain.idle_fuel import FuelPrices, idle_fuel
from services.compliance.domain.idling import (
    Excuse,
    Idled,
    IdlingLimit,
    IdlingRule,
    idling_answer,
)
from services.compliance.domain.vehicle import Category, Fuel, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.tests.places import BIKE, DIESEL_VAN, E_VAN, RECORDED, SQUARE, at

DAY = date(2026, 5, 12)
NOW = at("2026-05-12 09:00")
DIESEL = VehicleFilter(fuels=(Fuel.DIESEL,))
HEAVY = VehicleFilter(fuels=(Fuel.DIESEL,), max_mass_grams=Bounds(min=4_535_924))
FACTORS = FactorSet(
    "test",
    "Test",
    "GB",
    2025,
    "",
    "",
    (Factor("fuel.diesel.liter", FactorUnit.LITER, 2_570_820, 611_010),),
)
SETTING = Setting(FACTORS, "GB")


def rule(
    seconds: int, name: str = "city", wanted: VehicleFilter = DIESEL, *excuses: Excuse
) -> IdlingRule:
    limit = IdlingLimit(timedelta(seconds=seconds), wanted, excuses)
    return IdlingRule(name, (SQUARE,), limit, 350_000_000, "USD")


def idled(seconds: int, vehicle: Vehicle = DIESEL_VAN, *excuses: Excuse) -> Idled:
    return Idled(vehicle, timedelta(seconds=seconds), DAY, frozenset(excuses))


CYCLE = Vehicle("c", Category.CYCLE)
CITY = rule(180, "city", DIESEL, Excuse.LOADING_DEVICE)
SCHOOL = rule(60, "school")


@pytest.mark.parametrize(
    ("rules", "asked", "verdict", "broken"),
    [
        ([], idled(9_999), Verdict.ALLOW, []),
        ([CITY], idled(180), Verdict.ALLOW, []),
        ([CITY], idled(181), Verdict.DENY, ["city"]),
        ([CITY], idled(181, DIESEL_VAN, Excuse.LOADING_DEVICE), Verdict.ALLOW, []),
        ([CITY], idled(181, DIESEL_VAN, Excuse.TRAFFIC), Verdict.DENY, ["city"]),
        ([CITY], idled(181, E_VAN), Verdict.ALLOW, []),
        ([rule(180, "all", EVERY_VEHICLE)], idled(181, E_VAN), Verdict.ALLOW, []),
        ([rule(180, "all", EVERY_VEHICLE)], idled(181), Verdict.DENY, ["all"]),
        ([rule(180, "all", EVERY_VEHICLE)], idled(181, Vehicle("v")), Verdict.DENY, ["all"]),
        ([rule(180, "all", EVERY_VEHICLE)], idled(181, CYCLE), Verdict.ALLOW, []),
        ([CITY, SCHOOL], idled(61), Verdict.DENY, ["school"]),
        ([CITY, SCHOOL], idled(60), Verdict.ALLOW, []),
        ([CITY, SCHOOL], idled(181), Verdict.DENY, ["school", "city"]),  # the shorter limit first
        ([CITY, SCHOOL], idled(181, DIESEL_VAN, Excuse.LOADING_DEVICE), Verdict.DENY, ["school"]),
        ([rule(0, "never")], idled(1), Verdict.DENY, ["never"]),
        ([rule(300, "heavy", HEAVY)], idled(301), Verdict.ALLOW, []),
    ],
)
def test_idling_longer_than_a_limit_of_the_place_is_forbidden(
    rules: list[IdlingRule], asked: Idled, verdict: Verdict, broken: list[str]
) -> None:
    answer = idling_answer(rules, asked)

    assert answer.verdict is verdict
    assert [one.idling_rule_id for one in answer.broken] == broken


def test_what_the_vehicle_does_not_state_is_unknown_and_named() -> None:
    answer = idling_answer([CITY, rule(300, "heavy", HEAVY)], idled(301, Vehicle("v")))

    assert answer.verdict is Verdict.UNKNOWN
    assert answer.missing == ("fuel", "max_mass_grams")


def test_an_unknown_vehicle_within_the_limit_is_allowed_and_beyond_it_excused() -> None:
    unknown = Vehicle("v")

    assert idling_answer([CITY], idled(180, unknown)).verdict is Verdict.ALLOW
    excused = idling_answer([CITY], idled(181, unknown, Excuse.LOADING_DEVICE))
    assert (excused.verdict, excused.excuse) == (Verdict.ALLOW, Excuse.LOADING_DEVICE)


COLD = rule(300, "state", DIESEL, Excuse.LOADING_DEVICE, Excuse.TEMPERATURE)


@pytest.mark.parametrize(
    ("rules", "seconds", "verdict", "missing"),
    [
        ([COLD], 301, Verdict.UNKNOWN, ("temperature",)),
        ([COLD], 300, Verdict.ALLOW, ()),
        ([CITY], 301, Verdict.DENY, ()),  # whose one excuse is told of
        ([CITY, COLD], 301, Verdict.DENY, ()),
    ],
)
def test_an_excuse_that_telematics_do_not_tell_of_is_unknown_and_named(
    rules: list[IdlingRule], seconds: int, verdict: Verdict, missing: tuple[str, ...]
) -> None:
    untold = frozenset({Excuse.TEMPERATURE, Excuse.TRAFFIC})
    answer = idling_answer(rules, replace(idled(seconds), untold=untold))

    assert (answer.verdict, answer.missing) == (verdict, missing)


def test_an_excuse_is_named_only_where_it_was_needed() -> None:
    assert idling_answer([CITY], idled(180, DIESEL_VAN, Excuse.LOADING_DEVICE)).excuse is None
    both = idling_answer([CITY, SCHOOL], idled(181, DIESEL_VAN, Excuse.LOADING_DEVICE))
    assert both.excuse is None


def test_a_fine_has_a_currency_and_a_limit_is_not_negative() -> None:
    with pytest.raises(Unsound):
        IdlingRule("r", (SQUARE,), IdlingLimit(timedelta()), penalty_micros=1)
    with pytest.raises(Unsound):
        IdlingLimit(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("vehicle", "milliliters"),
    [
        (DIESEL_VAN, 644),  # 0.17 gal x 3.785411784 l
        (Vehicle("v", Category.M1, Fuel.PETROL), 606),
        (Vehicle("v", Category.N2, Fuel.DIESEL), 3_180),
        (Vehicle("v", Category.N3, Fuel.DIESEL), 2_423),
        (Vehicle("v", None, Fuel.DIESEL, max_mass_grams=7_500_000), 3_180),
        (Vehicle("v", Category.N1, Fuel.HYBRID_DIESEL), 644),
        (Vehicle("v", None, Fuel.DIESEL), 0),  # of which class is not known
        (Vehicle("v", Category.N1), 0),
        (E_VAN, 0),
        (BIKE, 0),
    ],
)
def test_an_hour_at_idle_burns_what_was_measured_of_the_class(
    vehicle: Vehicle, milliliters: int
) -> None:
    assert idle_fuel(vehicle, timedelta(hours=1), SETTING).milliliters == milliliters


def test_the_gas_of_idling_is_well_to_wheel_and_says_how_it_was_found() -> None:
    found = idle_fuel(DIESEL_VAN, timedelta(minutes=10), SETTING)

    liters = 0.17 * 3.785411784 / 6
    assert found.co2e.ttw_milligrams == round(liters * 2_570_820)
    assert found.co2e.wtt_milligrams == round(liters * 611_010)
    assert found.basis is not None
    assert found.basis.method is Method.IDLING_RATE
    assert found.basis.data_quality is DataQuality.DEFAULT
    assert "0.17 US gal/h" in found.basis.assumptions[0]


def test_without_a_factor_the_fuel_is_told_and_the_gas_is_not() -> None:
    found = idle_fuel(Vehicle("v", Category.N1, Fuel.PETROL), timedelta(hours=1), SETTING)

    assert (found.milliliters, found.basis) == (606, None)


@pytest.mark.parametrize(
    ("prices", "cost", "currency"),
    [
        (FuelPrices("EUR", {Fuel.DIESEL: 1_650_000}), 176_550, "EUR"),  # 107 ml of 1.65 EUR/l
        (FuelPrices("EUR", {Fuel.PETROL: 1_650_000}), 0, ""),
        (FuelPrices(), 0, ""),
    ],
)
def test_an_episode_costs_what_the_fuel_costs_where_a_price_is_known(
    prices: FuelPrices, cost: int, currency: str
) -> None:
    place = Point(60 * E7, 25 * E7)
    fact = IdlingFact("evt", DIESEL_VAN, place, NOW, timedelta(minutes=10), "rte_1")
    version = IdlingRuleVersion(SCHOOL, 3, 3, RECORDED, RECORDED)
    episode = judged(fact, [version], SETTING, prices, episode_id="idl_1", now=NOW)

    assert (episode.fuel_cost_micros, episode.currency_code) == (cost, currency)
    assert (episode.verdict, episode.idling_rule_id) == (Verdict.DENY, "school")
    assert (episode.rule_revision, episode.penalty_micros) == (3, 350_000_000)
    assert episode.end - episode.start == timedelta(minutes=10)


def test_what_stands_in_for_the_fuel_and_the_year_at_idle_is_told() -> None:
    hvo = Vehicle("v", Category.N1, Fuel.DIESEL, renewable_diesel=True)
    found = idle_fuel(hvo, timedelta(minutes=10), Setting(FACTORS, "GB", year=2030))

    assert found.basis is not None
    assert found.basis.assumptions[-2:] == (
        "test is of 2025, not of 2030",
        "renewable diesel (HVO) counts as fossil diesel",
    )
