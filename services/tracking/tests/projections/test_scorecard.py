"""
The day in numbers.

Method: days so small that every number can be reckoned by hand, and is, in the table beside it.
Then the laws: the order and the repetition of events change nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from services.tracking.domain.event import (
    IncidentOpened,
    IncidentResolved,
    ProofAccepted,
    VehicleCharged,
)
from services.tracking.domain.fact import Amount
from services.tracking.domain.heard import TenderPriced, ZoneCharged
from services.tracking.domain.incident import (
    About,
    Alarm,
    IncidentType,
    Resolution,
    ended,
    opened,
)
from services.tracking.domain.journal import Event
from services.tracking.domain.route import RateCard, Window
from services.tracking.domain.scorecard import Scorecard
from services.tracking.domain.words import FailureReason, TaskKind
from services.tracking.projections.scorecard import tallied
from services.tracking.tests.projections.story import (
    PROMISE,
    arrived,
    cancelled,
    completed,
    crew,
    emission,
    failure,
    known,
    leg,
    outcome,
    quote,
    seconds,
    started,
)
from services.tracking.tests.town import at

EURO = 1_000_000
RATES = RateCard(
    "EUR",
    fixed_micros=20 * EURO,
    hour_micros=30 * EURO,
    kilometer_micros=EURO // 5,
    failed_attempt_micros=4 * EURO,
)
CHARGE = ZoneCharged(crew(), "zone-1", Amount("EUR", 5 * EURO), at(5))

# One van, two hours, 40 km of which 10 empty. Deliveries 1 and 2 succeed, 3 fails, 4 is never
# reached, 5 was called off in time.
DAY: list[Event] = [
    *(known(n) for n in (1, 2, 3, 4, 5)),
    cancelled(5, -10),
    started(1, 2, 3, 4, rates=RATES),
    leg(1, 0, 40, 10_000, 1, 2, 3),
    outcome(1, 45),
    leg(2, 50, 80, 20_000, 2, 3),
    outcome(2, 85),
    failure(3, 90),
    leg(3, 95, 120, 10_000),
    completed(0, 120),
    emission(1, 3_000),
    emission(2, 5_000, other_factor_set_ids=("grid-2024",)),
    emission(3, 1_000),
]


def card(*events: Event) -> Scorecard:
    """The scorecard of some events."""
    return tallied(events)


def test_deliveries_are_counted_by_how_they_ended() -> None:
    day = card(*DAY)

    assert (day.deliveries, day.delivered, day.failed, day.unserved) == (4, 2, 1, 1)
    assert day.cancelled == 1
    assert (day.attempts, day.attempted) == (3, 3)
    assert day.failures == ((FailureReason.NOT_HOME, 1),)
    assert day.delivered_grams == 4_000


def test_the_day_costs_its_time_its_way_and_its_failures() -> None:
    day = card(*DAY)

    assert day.fixed_micros == 20 * EURO
    assert day.time_micros == 60 * EURO  # two hours at 30
    assert day.distance_micros == 8 * EURO  # 40 km at 0.20, the empty ones too
    assert day.attempt_micros == 4 * EURO
    assert day.total_micros == 92 * EURO  # 46 a drop
    assert day.currency_code == "EUR"


def test_the_day_emits_what_all_of_its_legs_do() -> None:
    day = card(*DAY)

    assert day.co2e_milligrams == 9_000_000  # 4.5 kg a drop, 2.25 kg a kilogram
    assert day.unaccounted_legs == 0
    assert day.factor_sets == ("grid-2024", "uk-2026")
    assert (day.meters, day.empty_meters, day.planned_meters) == (40_000, 10_000, 40_000)


# On time.


@pytest.mark.parametrize(
    ("when", "on_time"),
    [
        (at(0) - seconds(1e-6), 0),
        (at(0), 1),
        (at(120) - seconds(1e-6), 1),
        (at(120), 0),
    ],
)
def test_a_promise_holds_from_its_start_and_up_to_its_end(when: datetime, on_time: int) -> None:
    day = card(replace(outcome(1, 0), at=when))

    assert (day.promised, day.on_time) == (1, on_time)


def test_a_failed_attempt_inside_the_promise_is_not_on_time() -> None:
    day = card(failure(1, 10))

    assert (day.promised, day.on_time) == (0, 0)


def test_what_was_never_promised_is_neither_on_time_nor_late() -> None:
    day = card(outcome(1, 10, promise=None))

    assert (day.delivered, day.promised, day.on_time) == (1, 0, 0)


def test_a_promise_that_was_made_after_it_went_out_moves_nothing() -> None:
    later = Window(at(300), at(360))

    assert card(known(1), started(1), known(1, 5, promise=later), outcome(1, 10)).on_time == 1


# Attempts.


@pytest.mark.parametrize(
    ("events", "attempts", "attempted", "first"),
    [
        ([outcome(1, 10)], 1, 1, 1),
        ([failure(1, 10)], 1, 1, 0),
        ([failure(1, 10), outcome(11, 60)], 2, 1, 0),
        ([failure(1, 10), outcome(11, 60), outcome(2, 20)], 3, 2, 1),
        ([outcome(11, 60)], 1, 1, 0),  # its first attempt was another day: no first success
        ([outcome(1, 10, kind=TaskKind.PUDO_DROP)], 1, 1, 1),
        ([outcome(1, 10, kind=TaskKind.PICKUP)], 0, 0, 0),
        ([failure(1, 10), outcome(11, 60, kind=TaskKind.RETURN)], 1, 1, 0),
    ],
)
def test_a_first_attempt_is_the_first_and_no_other(
    events: Sequence[Event], attempts: int, attempted: int, first: int
) -> None:
    day = card(*events)

    assert (day.attempts, day.attempted) == (attempts, attempted)
    assert day.first_attempt_successes == first


def test_a_delivery_is_judged_by_its_last_attempt() -> None:
    again = card(known(1), failure(1, 10), outcome(11, 60))

    assert (again.delivered, again.failed) == (1, 0)
    assert again.deliveries == 1


def test_goods_that_went_back_were_not_delivered() -> None:
    back = card(known(1), failure(1, 10), outcome(11, 60, kind=TaskKind.RETURN))

    assert (back.delivered, back.failed, back.unserved) == (0, 1, 0)


def test_a_delivery_called_off_on_the_way_still_counts() -> None:
    away = card(known(1), started(1), cancelled(1, 10, returning=True))

    assert (away.deliveries, away.unserved, away.cancelled) == (1, 1, 0)


def test_the_most_frequent_failure_stands_first() -> None:
    day = card(
        failure(1, 10, FailureReason.REFUSED), failure(2, 20), failure(3, 30), failure(11, 90)
    )

    assert day.failures == ((FailureReason.NOT_HOME, 3), (FailureReason.REFUSED, 1))


# Money.


def test_a_zone_costs_what_was_charged_and_else_what_was_planned() -> None:
    planned = replace(started(1, rates=RATES), access_charge_micros=7 * EURO)

    assert card(planned).zone_micros == 7 * EURO
    assert card(planned, CHARGE).zone_micros == 5 * EURO
    assert card(planned, CHARGE, replace(CHARGE, at=at(50))).zone_micros == 10 * EURO


def test_energy_charged_on_the_way_is_paid_where_kilometers_do_not_pay_it() -> None:
    charged = VehicleCharged(crew(), 10_000, at(60), cost=Amount("EUR", 6 * EURO))
    by_power = replace(RATES, kilowatt_hour_micros=EURO)

    assert card(started(1, rates=RATES), charged).energy_micros == 6 * EURO
    assert card(started(1, rates=by_power), charged).energy_micros == 0


def test_a_carrier_is_paid_its_price_and_nothing_by_the_kilometer() -> None:
    hired = crew(carrier_id="car-1", driver_id="", shift_id="")
    price = TenderPriced(hired, Amount("SEK", 80 * EURO), at(-30))

    day = card(price, started(1, by=hired), leg(1, 0, 40, 10_000, 1, crew=hired))

    assert (day.carrier_micros, day.total_micros) == (80 * EURO, 80 * EURO)
    assert day.currency_code == "SEK"


# Emissions.


def test_a_corrected_record_stands_for_the_one_it_replaces() -> None:
    first, second = emission(1, 3_000), emission(1, 2_500, record_id="emr_9")

    day = card(leg(1, 0, 40, 10_000, 1), first, replace(second, replaced_record_id="emr_1"))

    assert day.co2e_milligrams == 2_500_000


def test_a_leg_that_compliance_has_not_told_of_is_said_to_be_missing() -> None:
    legs = [leg(1, 0, 40, 10_000, 1), leg(2, 50, 80, 20_000, 2)]

    assert card(*legs, emission(1, 3_000)).unaccounted_legs == 1


@pytest.mark.parametrize(
    ("flags", "notes"),
    [
        ({}, ()),
        ({"country_mismatch": True}, ("co2e: factors of another country, flagged DEFAULT",)),
        ({"default_quality": True}, ("co2e: default factors of a class of vehicles",)),
        (
            {"default_quality": True, "country_mismatch": True},
            ("co2e: factors of another country, flagged DEFAULT",),
        ),
    ],
)
def test_a_reader_is_told_what_not_to_trust(flags: dict[str, bool], notes: tuple[str, ...]) -> None:
    assert card(emission(1, 3_000, **flags)).notes == notes


# Arrivals.


def test_arrivals_are_timely_up_to_ten_minutes_either_way() -> None:
    day = card(*(arrived(n, 60 + off, 60) for n, off in enumerate((-10.1, -10, 0, 10, 10.1), 1)))

    assert (day.arrivals, day.timely_arrivals) == (5, 3)
    assert day.deviation_seconds == 0


def test_arrivals_are_held_against_the_last_interval_that_was_told() -> None:
    told = quote(10, 20, 25, 30)
    day = card(
        *(arrived(n, when, last_quote=told) for n, when in enumerate((19.9, 20, 30, 30.1), 1)),
        arrived(9, 25),
    )

    assert (day.quoted_arrivals, day.inside_quotes) == (4, 2)


# The rest.


def test_incidents_and_proofs_are_counted_once_each() -> None:
    one = opened(Alarm(IncidentType.STALLED, About(route_id="rte_1"), "", at(5)), "inc_1", at(5))
    two = replace(one, incident_id="inc_2")
    proof = ProofAccepted("prf_1", "tsk_1", "del_1", (), at(9), at(10))

    day = card(
        IncidentOpened(one),
        IncidentOpened(two),
        IncidentResolved(ended(one, "system", at(9), Resolution.RECOVERED)),
        proof,
        proof,
    )

    assert (day.incidents, day.ended_incidents, day.proofs) == (2, 1, 1)


def test_nothing_happened_is_a_card_of_zeros() -> None:
    assert card() == Scorecard()


def test_the_card_of_a_crew_is_about_what_it_took_along() -> None:
    whole, own = tallied(DAY), tallied(DAY, whole=False)

    assert (whole.deliveries, own.deliveries) == (4, 4)
    assert tallied([known(8), *DAY]).deliveries == 5
    assert tallied([known(8), *DAY], whole=False).deliveries == 4


@pytest.mark.parametrize("seed", range(10))
def test_neither_order_nor_repetition_of_events_changes_a_number(seed: int) -> None:
    dice = random.Random(seed)
    events = [*DAY, CHARGE, replace(CHARGE, zone_id="zone-2")]
    shuffled = [*events, *dice.choices(events, k=10)]
    dice.shuffle(shuffled)

    assert tallied(shuffled) == tallied(events)


def test_the_promise_of_the_tests_is_two_hours() -> None:
    assert Window(at(0), at(120)) == PROMISE  # the bounds above rest on it
