"""
Cost and carbon, shared among attempts.

Goal: shares add up to what was paid, to the micro and the milligram, over any grouping, whatever
happened. Method: examples reckoned by hand, and days that Hypothesis thinks up.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tracking.domain.event import StopDeparted
from services.tracking.domain.facets import Facets
from services.tracking.domain.fact import Amount
from services.tracking.domain.heard import CarbonShare, TenderPriced, ZoneCharged
from services.tracking.domain.journal import Event
from services.tracking.domain.metric import Dimension, Granularity, Metric
from services.tracking.domain.route import RateCard
from services.tracking.domain.words import Source
from services.tracking.projections.allocation import allocated, divided
from services.tracking.projections.costs import Books, Cost
from services.tracking.projections.metrics import OVER_DROPS, TERMS, query
from services.tracking.projections.scorecard import tallied
from services.tracking.tests.projections.story import (
    charges,
    completed,
    crew,
    emission,
    failure,
    leg,
    outcome,
    started,
)
from services.tracking.tests.town import at

RATES = RateCard("EUR", 7_000_001, 30_000_000, 200_000, 150_000, 0, 1_000_000)


def borne(events: Sequence[Event]) -> dict[str, Cost]:
    """What each task is charged with."""
    books = Books()
    for event in events:
        books.learn(event)
    return {task: one.cost for task, one in allocated(events, books).of_task.items()}


def test_a_leg_is_charged_to_the_stop_it_leads_to_and_stem_and_way_home_to_all() -> None:
    events: list[Event] = [
        started(1, 2, rates=replace(RATES, fixed_micros=0)),
        leg(1, 0, 5, 10_000, 1, 2, to_stop_id="stp_1"),
        leg(2, 6, 9, 1_000, 2, from_stop_id="stp_1", to_stop_id="stp_2"),
        leg(3, 12, 20, 4_000, from_stop_id="stp_2"),
        outcome(1, 6),
        outcome(2, 12),
    ]
    cost = borne(events)

    assert cost["tsk_1"].distance_micros == 200_000 * 14 // 2
    assert cost["tsk_2"].distance_micros == 200_000 * 14 // 2 + 200_000


def test_time_goes_to_the_stop_it_was_spent_for_and_the_rest_to_all() -> None:
    left = StopDeparted(crew(), "stp_2", at(19), Source.DRIVER, charges(2), arrived_at=at(9))
    events: list[Event] = [
        started(1, 2, rates=RateCard("EUR", hour_micros=3_600_000)),
        leg(2, 6, 9, 0, 2, from_stop_id="stp_1", to_stop_id="stp_2"),
        left,
        outcome(1, 6),
        outcome(2, 12),
        completed(0, 60),
    ]
    cost = borne(events)

    assert cost["tsk_2"].time_micros == (3 + 10) * 60_000 + 47 * 60_000 // 2
    assert cost["tsk_1"].time_micros == 47 * 60_000 // 2


def test_a_failed_attempt_pays_for_itself() -> None:
    cost = borne([started(1, 2, rates=RATES), failure(1, 6), outcome(2, 12)])

    assert (cost["tsk_1"].attempt_micros, cost["tsk_2"].attempt_micros) == (1_000_000, 0)


def test_carbon_goes_where_compliance_says_and_what_it_leaves_to_all() -> None:
    shares = (CarbonShare("del_1", "tsk_1", 600), CarbonShare("del_9", "tsk_9", 400))
    events: list[Event] = [outcome(1, 6), outcome(2, 12), emission(1, 1, shares=shares)]
    made = allocated(events, Books())

    grams = {task: burden.milligrams for task, burden in made.of_task.items()}
    assert grams == {"tsk_1": 600 + 200, "tsk_2": 200}


def test_a_toll_is_a_charge_without_a_zone() -> None:
    events: list[Event] = [
        outcome(1, 6),
        ZoneCharged(crew(), "", Amount("EUR", 5), at(1)),
        ZoneCharged(crew(), "zone-1", Amount("EUR", 7), at(1)),
    ]

    assert borne(events) == {"tsk_1": Cost(toll_micros=5, zone_micros=7)}
    assert (tallied(events).toll_micros, tallied(events).zone_micros) == (5, 7)


def test_a_correction_takes_back_what_was_booked() -> None:
    by = crew("rte_9", carrier_id="car_1")
    first = TenderPriced(by, Amount("EUR", 900), at(0), "tnd_1")
    events: list[Event] = [
        first,
        TenderPriced(by, Amount("EUR", 700), at(1), "tnd_1", 900),
        outcome(1, 6, crew=by),
        outcome(2, 6, crew=by),
    ]

    assert sum(one.carrier_micros for one in borne(events).values()) == 700
    assert tallied(events).carrier_micros == 700


def test_what_nobody_attempted_stays_with_its_event() -> None:
    books = Books()
    events: list[Event] = [started(1, rates=RATES), leg(1, 0, 5, 10_000, 1)]
    for event in events:
        books.learn(event)
    made = allocated(events, books)

    assert made.of_task == {}
    assert [one.cost.total_micros for one in made.left.values()] == [7_000_001, 2_000_000 + 300_000]


@given(st.integers(-(10**13), 10**13), st.dictionaries(st.text(), st.integers(0, 10**6)))
def test_parts_add_up_to_the_amount_and_none_is_off_by_one(
    amount: int, weights: dict[str, int]
) -> None:
    parts = divided(amount, weights)

    assert sum(parts.values()) == (amount if weights else 0)
    total = sum(weights.values())
    if total:
        assert all(abs(parts[key] * total - amount * w) < total for key, w in weights.items())


@st.composite
def days(draw: st.DrawFn) -> list[Event]:
    """A day of up to three routes: legs, waits, failures, charges, prices, carbon, in any order."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, 3))):
        events += draw(routes(number))
    dice = random.Random(draw(st.integers(0, 999)))
    dice.shuffle(events)
    return events


@st.composite
def routes(draw: st.DrawFn, number: int) -> list[Event]:
    """One route."""
    rates = RateCard("EUR", *(draw(st.integers(0, 10**8)) for _ in range(6)))
    carrier = draw(st.sampled_from(["", "car_1"]))
    by = crew(f"rte_{number}", carrier_id=carrier, vehicle_id=f"van-{number}")
    tasks = [10 * rank + number for rank in range(draw(st.integers(0, 6)))]
    events: list[Event] = [started(*tasks, by=by, rates=rates), completed(0, 307, by)]
    if carrier:
        events.append(TenderPriced(by, Amount("EUR", draw(st.integers(0, 10**9))), at(0), "t"))
    if draw(st.booleans()):
        zone = draw(st.sampled_from(["", "zone-1"]))
        events.append(ZoneCharged(by, zone, Amount("EUR", draw(st.integers(0, 10**7))), at(3)))
    before = ""
    for rank, task in enumerate(tasks):
        stop, minutes = f"stp_{number}_{draw(st.integers(0, 3))}", 13 * rank
        length = draw(st.integers(0, 50_000))
        loaded = tasks if draw(st.booleans()) else ()
        driven = leg(rank, minutes, minutes + 7, length, *loaded, crew=by, from_stop_id=before)
        events.append(replace(driven, to_stop_id=stop))
        events.append(
            emission(rank, length / 7, route_id=by.route_id, record_id=f"e{number}{rank}")
        )
        tried = failure if draw(st.booleans()) else outcome
        cell = draw(st.sampled_from(["a", "b", ""]))
        if draw(st.booleans()):
            events.append(tried(task, minutes + 9, crew=by, stop_id=stop, facets=Facets(cell=cell)))
        before = stop
    return events


@settings(max_examples=150, deadline=None)
@given(days())
def test_terms_add_up_to_the_total_over_any_zone_and_hour(events: list[Event]) -> None:
    card, asked = tallied(_once(events)), tuple(OVER_DROPS)
    groups = (Dimension.ZONE, Dimension.HOUR, Dimension.DRIVER)
    parts = query(_once(events), asked, groups, (), Granularity.HOUR)
    sums = dict.fromkeys(Metric, 0)
    for part in parts:
        sums[part.metric] += part.numerator

    assert sums[Metric.COST_PER_DROP] == card.total_micros
    assert sum(sums[term] for term in TERMS) == card.total_micros
    assert {term: sums[term] for term in TERMS} == {
        term: getattr(card, name) for term, name in TERMS.items()
    }
    assert sums[Metric.CO2E_PER_DROP] == card.co2e_milligrams


def _once(events: Sequence[Event]) -> list[Event]:
    """The day as the journal has it: every attempt and leg once."""
    return list({_name(event): event for event in events}.values())


def _name(event: Event) -> object:
    task, leg_id = getattr(event, "task", None), getattr(event, "leg_id", None)
    record = getattr(event, "record_id", None)
    return record or (task.task_id if task else leg_id or event)


@pytest.mark.parametrize("by", [Dimension.ZONE, Dimension.HOUR, Dimension.DRIVER, Dimension.PLACE])
def test_every_group_of_a_route_bears_a_part(by: Dimension) -> None:
    events: list[Event] = [
        started(1, 2, rates=RATES),
        outcome(1, 6, facets=Facets(cell="a", place="p")),
        outcome(2, 66, facets=Facets(cell="b", place="q")),
    ]
    parts = query(events, [Metric.COST_FIXED], (by,), (), Granularity.TOTAL)

    assert sum(one.numerator for one in parts) == RATES.fixed_micros
    assert all(one.numerator for one in parts)
