"""
What the work costs, event by event.

Method: a rate card of round numbers, so that every cost can be reckoned in the head. Money is in
millionths; `EURO` says how many.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.tracking.domain.event import VehicleCharged
from services.tracking.domain.fact import Amount
from services.tracking.domain.heard import TenderPriced, ZoneCharged
from services.tracking.domain.journal import Event
from services.tracking.domain.route import RateCard, Vehicle
from services.tracking.domain.words import Fuel, TaskKind, VehicleKind
from services.tracking.projections.costs import Cost, of
from services.tracking.tests.projections.story import (
    arrived,
    completed,
    crew,
    failure,
    known,
    leg,
    outcome,
    started,
)
from services.tracking.tests.town import at

EURO = 1_000_000
RATES = RateCard(
    "EUR",
    fixed_micros=20 * EURO,
    hour_micros=30 * EURO,
    kilometer_micros=EURO // 5,
    kilowatt_hour_micros=EURO // 2,
    liter_micros=2 * EURO,
    failed_attempt_micros=4 * EURO,
)
NO_POWER_PRICE = replace(RATES, kilowatt_hour_micros=0)
DIESEL = Vehicle("van-2", VehicleKind.VAN, Fuel.DIESEL, milliliters_per_hundred_kilometers=10_000)
CHARGED = VehicleCharged(crew(), 10_000, at(60), cost=Amount("EUR", 6 * EURO))


@pytest.mark.parametrize(
    ("event", "cost"),
    [
        (started(1), Cost(fixed_micros=20 * EURO)),
        (completed(0, 120), Cost(time_micros=60 * EURO)),
        (completed(0, 1), Cost(time_micros=EURO // 2)),
        (failure(1, 10), Cost(attempt_micros=4 * EURO)),
        (outcome(1, 10), Cost()),
        (arrived(1, 8), Cost()),
        (known(1), Cost()),
        (ZoneCharged(crew(), "zone-1", Amount("EUR", 5 * EURO), at(5)), Cost(zone_micros=5 * EURO)),
        (
            TenderPriced(crew(carrier_id="car-1"), Amount("EUR", 80 * EURO), at(-30)),
            Cost(carrier_micros=80 * EURO),
        ),
    ],
)
def test_each_event_costs_what_the_rate_card_says(event: Event, cost: Cost) -> None:
    assert of(event, RATES) == cost


@pytest.mark.parametrize("kind", [TaskKind.PICKUP, TaskKind.RETURN, TaskKind.PRE_CALL])
def test_only_a_failed_handover_is_a_failed_attempt(kind: TaskKind) -> None:
    assert of(failure(1, 10, kind=kind), RATES) == Cost()


@pytest.mark.parametrize("empty", [False, True])
def test_an_empty_kilometer_costs_what_a_loaded_one_does(empty: bool) -> None:
    numbers = () if empty else (1,)

    cost = of(leg(1, 0, 10, 10_000, *numbers, watt_hours=0), RATES)

    assert cost == Cost(distance_micros=2 * EURO)


def test_measured_energy_goes_before_the_vehicles_consumption() -> None:
    measured = of(leg(1, 0, 10, 10_000, 1, watt_hours=3_000), RATES)
    estimated = of(leg(1, 0, 10, 10_000, 1), RATES)  # 200 Wh a kilometer

    assert measured.energy_micros == round(1.5 * EURO)
    assert estimated.energy_micros == 1 * EURO


def test_fuel_costs_what_the_vehicle_burns() -> None:
    cost = of(leg(1, 0, 60, 50_000, 1, vehicle=DIESEL), RATES)

    assert cost.energy_micros == 10 * EURO  # five liters


def test_energy_is_paid_once_by_the_kilometer_or_at_the_charger() -> None:
    driven = leg(1, 0, 10, 10_000, 1)

    assert of(CHARGED, RATES) == Cost()
    assert of(CHARGED, NO_POWER_PRICE) == Cost(energy_micros=6 * EURO)
    assert of(driven, NO_POWER_PRICE).energy_micros == 0


def test_nothing_costs_anything_without_a_rate_card_but_what_carries_its_price() -> None:
    unpriced: list[Event] = [
        started(1),
        completed(0, 120),
        leg(1, 0, 10, 10_000, 1),
        failure(1, 10),
    ]

    assert [of(event, RateCard()) for event in unpriced] == [Cost()] * 4
    assert of(CHARGED, RateCard()).energy_micros == 6 * EURO


def test_costs_add_up_part_by_part() -> None:
    both = Cost(time_micros=1, zone_micros=2) + Cost(time_micros=3, carrier_micros=4)

    assert both == Cost(time_micros=4, zone_micros=2, carrier_micros=4)
    assert both.total_micros == 10
