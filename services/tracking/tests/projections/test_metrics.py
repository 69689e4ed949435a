"""
Metrics by whatever they are split by.

Method: the definitions stand in the contract's Metric; each has a case here whose numerator and
denominator are reckoned by hand. A metric that the scorecard knows too must agree with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.tracking.domain.event import (
    AmountCollected,
    IdlingEnded,
    IncidentOpened,
    LegCompleted,
    OutcomeRecorded,
    RouteCompleted,
    RouteStarted,
    StopDeparted,
    VehicleCharged,
)
from services.tracking.domain.fact import Amount
from services.tracking.domain.heard import EmissionRecorded, TenderPriced, ZoneCharged
from services.tracking.domain.incident import About, Alarm, IncidentType, opened
from services.tracking.domain.journal import Event
from services.tracking.domain.metric import Dimension, Granularity, Metric, Number
from services.tracking.domain.words import FailureReason, PaymentMethod, Source, TaskKind
from services.tracking.projections.metrics import MEASURED, query
from services.tracking.projections.scorecard import COUNTS as SCORED
from services.tracking.projections.scorecard import tallied
from services.tracking.tests.projections.story import (
    arrived,
    charges,
    completed,
    crew,
    emission,
    failure,
    leg,
    on,
    outcome,
    quote,
    started,
)
from services.tracking.tests.projections.test_scorecard import DAY, EURO, RATES
from services.tracking.tests.town import DEPOT, at

M, D = Metric, Dimension
INCIDENT = IncidentOpened(
    opened(Alarm(IncidentType.STALLED, About(route_id="rte_1"), "", at(5)), "inc_1", at(5))
)
COLLECTED = AmountCollected(
    crew(), charges(1)[0], Amount("EUR", 12 * EURO), PaymentMethod.CARD, at(10)
)
IDLING = IdlingEnded(crew(), at(5), 240, DEPOT, auxiliary_needed=False)
LEFT = StopDeparted(crew(), "stp_1", at(11), Source.DRIVER, charges(1), None, at(8))


def numbers(
    events: Sequence[Event],
    metric: Metric,
    *by: Dimension,
    only: tuple[Dimension, Sequence[str]] | None = None,
    cut: Granularity = Granularity.TOTAL,
) -> list[Number]:
    """One metric, split."""
    return query(events, [metric], by, [only] if only else [], cut)


def measured(events: Sequence[Event], metric: Metric) -> tuple[int, int]:
    """One metric of everything."""
    (number,) = numbers(events, metric)
    return number.numerator, number.denominator


def split(events: Sequence[Event], metric: Metric, by: Dimension) -> dict[str, tuple[int, int]]:
    """One metric by one dimension."""
    return {n.group[0]: (n.numerator, n.denominator) for n in numbers(events, metric, by)}


@pytest.mark.parametrize(
    ("metric", "events", "numerator", "denominator"),
    [
        # Counts and sums over 1: the ratio is the number itself.
        (M.DELIVERED, DAY, 2, 1),
        (M.FAILED_ATTEMPTS, DAY, 1, 1),
        (M.DISTANCE, DAY, 40_000, 1),
        (M.INCIDENTS, [INCIDENT, INCIDENT], 2, 1),
        (M.IDLING, [IDLING, IDLING], 480, 1),
        (M.COLLECTED_AMOUNT, [COLLECTED, COLLECTED], 24 * EURO, 1),
        # Shares.
        (M.ON_TIME_PROMISE, [outcome(1, 10), outcome(2, 120), failure(3, 10)], 1, 2),
        (M.ON_TIME_PROMISE, [outcome(1, 10), outcome(2, 10, promise=None)], 1, 1),
        (M.FIRST_ATTEMPT_SUCCESS, DAY, 2, 3),
        (M.FIRST_ATTEMPT_SUCCESS, [failure(1, 10), outcome(11, 60), outcome(2, 20)], 1, 2),
        (M.FIRST_ATTEMPT_SUCCESS, [outcome(11, 60), outcome(2, 20)], 1, 2),
        (M.REATTEMPTS, [failure(1, 10), outcome(11, 60), outcome(2, 20)], 1, 3),
        (M.EMPTY_DISTANCE, DAY, 10_000, 40_000),
        (M.DISTANCE_ADHERENCE, [leg(1, 0, 9, 1_100, 1, planned_meters=1_000)], 1_100, 1_000),
        (
            M.DISTANCE_ADHERENCE,
            [leg(1, 0, 9, 900, 1), leg(2, 9, 20, 500, planned_meters=0)],
            900,
            900,
        ),
        (M.SEQUENCE_ADHERENCE, [arrived(1, 8), arrived(2, 5, in_sequence=False)], 1, 2),
        (M.TIME_ADHERENCE, [arrived(1, 18, 8), arrived(2, 18.1, 8), arrived(3, 9)], 1, 2),
        (M.DWELL, [LEFT, replace(LEFT, at=at(13))], 480, 2),
        (M.CLIMBED_FLOORS, [outcome(1, 10, climbed_floors=5), outcome(2, 20)], 5, 2),
        # Money and carbon over drops.
        (M.COST_PER_DROP, DAY, 92 * EURO, 2),
        (M.CO2E_PER_DROP, DAY, 9_000_000, 2),
        (M.CO2E_PER_GRAM, DAY, 9_000_000, 4_000),
    ],
)
def test_a_metric_is_what_the_contract_defines(
    metric: Metric, events: Sequence[Event], numerator: int, denominator: int
) -> None:
    assert measured(events, metric) == (numerator, denominator)


@pytest.mark.parametrize(
    ("told", "arrival", "kept"),
    [
        (quote(29, 55, 60, 65), 70, 1),  # 41 min before, off by exactly ten
        (quote(29, 55, 60, 65), 70.1, 0),
        (quote(29, 55, 60, 65), 50, 1),
    ],
)
def test_an_expectation_counts_if_it_was_told_half_an_hour_before(
    told: object, arrival: float, kept: int
) -> None:
    assert measured([arrived(1, arrival, early_quote=told)], M.ON_TIME_ETA) == (kept, 1)


def test_an_arrival_without_a_quote_says_nothing_about_quotes() -> None:
    assert numbers([arrived(1, 8)], M.ON_TIME_ETA) == []
    assert numbers([arrived(1, 8)], M.WINDOW_ACCURACY) == []


def test_accuracy_asks_for_both_ends_and_calibration_for_the_later_one() -> None:
    told = quote(10, 20, 25, 30)
    came: list[Event] = [
        arrived(n, when, last_quote=told) for n, when in enumerate((19, 20, 30, 31), 1)
    ]

    assert measured(came, M.WINDOW_ACCURACY) == (2, 4)
    assert measured(came, M.CALIBRATION_P90) == (3, 4)


def test_pickups_calls_and_returns_are_no_drops() -> None:
    beside: list[Event] = [outcome(n, 10, kind=kind) for n, kind in enumerate(
        (TaskKind.PICKUP, TaskKind.PRE_CALL, TaskKind.RETURN), 1
    )]  # fmt: skip

    assert numbers(beside, M.DELIVERED) == []
    assert numbers(beside, M.REATTEMPTS) == []


# Agreement with the scorecard.


@pytest.mark.parametrize(
    "events",
    [
        DAY,
        [replace(started(1, rates=RATES), access_charge_micros=7 * EURO), outcome(1, 10)],
        [
            replace(started(1, rates=RATES), access_charge_micros=7 * EURO),
            ZoneCharged(crew(), "zone-1", Amount("EUR", 5 * EURO), at(5)),
            outcome(1, 10),
        ],
        [
            started(1, rates=RATES),
            VehicleCharged(crew(), 10_000, at(60), cost=Amount("EUR", 6 * EURO)),
            outcome(1, 10),
        ],
        [started(1, rates=RATES), failure(1, 10, kind=TaskKind.PICKUP), outcome(2, 10)],
    ],
)
def test_cost_per_drop_is_the_scorecards_cost(events: Sequence[Event]) -> None:
    card = tallied(events)

    assert measured(events, M.COST_PER_DROP) == (card.total_micros, card.delivered)


@pytest.mark.parametrize(
    "kind",
    [
        RouteStarted,
        RouteCompleted,
        LegCompleted,
        OutcomeRecorded,
        TenderPriced,
        VehicleCharged,
        ZoneCharged,
        EmissionRecorded,
    ],
)
def test_whatever_costs_or_emits_is_read_from_the_journal(kind: type) -> None:
    assert kind in MEASURED
    assert kind in SCORED


def test_a_corrected_emission_is_counted_once_as_on_the_scorecard() -> None:
    first = emission(1, 3_000)
    second = emission(1, 2_500, record_id="emr_9", replaced_record_id="emr_1")
    events: list[Event] = [outcome(1, 10), first, second]

    assert measured(events, M.CO2E_PER_DROP) == (tallied(events).co2e_milligrams, 1)


# Splitting.


def test_failures_are_split_by_reason_and_successes_have_none() -> None:
    events: list[Event] = [
        failure(1, 10),
        failure(2, 20, FailureReason.REFUSED),
        failure(3, 30),
        outcome(4, 9),
    ]

    assert split(events, M.FAILED_ATTEMPTS, D.FAILURE_REASON) == {
        "NOT_HOME": (2, 1),
        "REFUSED": (1, 1),
    }
    assert split(events, M.DELIVERED, D.FAILURE_REASON) == {"": (1, 1)}


@pytest.mark.parametrize(
    ("by", "value"),
    [
        (D.ROUTE, "rte_1"),
        (D.DRIVER, "driver-1"),
        (D.VEHICLE, "van-1"),
        (D.CARRIER, ""),
        (D.DEPOT, "plc_1"),
        (D.HOUR, "2026-05-12T09"),
        (D.DAY, "2026-05-12"),
        (D.ATTEMPT_NUMBER, "1"),
        (D.PROMISE_WINDOW, "2026-05-12T09:00/2026-05-12T11:00"),
        (D.INCIDENT_TYPE, ""),
        (D.VEHICLE_KIND, "VAN"),
    ],
)
def test_a_drop_has_a_value_of_every_dimension(by: Dimension, value: str) -> None:
    events: list[Event] = [outcome(1, 10), leg(1, 0, 9, 1_000, 1)]

    assert list(split(events, M.DELIVERED, by)) == [value]


def test_incidents_are_split_by_their_type_and_route() -> None:
    assert split([INCIDENT], M.INCIDENTS, D.INCIDENT_TYPE) == {"STALLED": (1, 1)}
    assert split([INCIDENT], M.INCIDENTS, D.ROUTE) == {"rte_1": (1, 1)}


def test_carbon_and_money_go_to_the_crew_of_their_route() -> None:
    other = crew("rte_2", driver_id="driver-2")
    events: list[Event] = [
        started(1, rates=RATES),
        started(2, by=other, rates=RATES),
        outcome(1, 10),
        outcome(2, 20, crew=other),
        emission(1, 3_000),
        emission(2, 500, leg_id="rte_2.1", route_id="rte_2"),
        completed(0, 120),
        completed(0, 60, other),
    ]

    assert split(events, M.CO2E_PER_DROP, D.DRIVER) == {
        "driver-1": (3_000_000, 1),
        "driver-2": (500_000, 1),
    }
    assert split(events, M.COST_PER_DROP, D.DRIVER) == {
        "driver-1": (80 * EURO, 1),
        "driver-2": (50 * EURO, 1),
    }


def test_a_first_attempt_counts_in_the_hour_in_which_it_was_made() -> None:
    events: list[Event] = [failure(1, 10), outcome(11, 70), outcome(2, 80)]

    assert split(events, M.FIRST_ATTEMPT_SUCCESS, D.HOUR) == {
        "2026-05-12T09": (0, 1),
        "2026-05-12T10": (1, 1),
    }


def test_a_filter_keeps_what_has_one_of_its_values() -> None:
    events: list[Event] = [failure(1, 10), failure(2, 20, FailureReason.REFUSED), failure(3, 30)]
    only = D.FAILURE_REASON, ["REFUSED", "NO_ACCESS"]

    assert [n.numerator for n in numbers(events, M.FAILED_ATTEMPTS, only=only)] == [1]


def test_groups_add_up_to_the_whole() -> None:
    whole = measured(DAY, M.EMPTY_DISTANCE)
    parts = split(DAY, M.EMPTY_DISTANCE, D.HOUR)

    assert len(parts) > 1
    assert tuple(map(sum, zip(*parts.values(), strict=True))) == whole


@pytest.mark.parametrize(
    ("cut", "starts"),
    [
        (Granularity.TOTAL, [None]),
        (Granularity.DAY, [on(12, 0), on(13, 0)]),
        (Granularity.HOUR, [on(12, 9), on(12, 10), on(13, 9)]),
    ],
)
def test_time_is_cut_at_whole_hours_and_days(cut: Granularity, starts: list[object]) -> None:
    ends = (on(12, 9, 59), on(12, 10), on(13, 9))
    events: list[Event] = [replace(outcome(n, 0), at=when) for n, when in enumerate(ends, 1)]

    assert [number.slice_start for number in numbers(events, M.DELIVERED, cut=cut)] == starts


def test_a_metric_that_was_not_asked_for_is_not_given() -> None:
    assert {number.metric for number in query(DAY, [M.DWELL], [], [], Granularity.TOTAL)} == set()


def test_access_that_zones_charge_the_next_day_is_not_counted_twice() -> None:
    first: list[Event] = [replace(started(1, rates=RATES), access_charge_micros=10 * EURO)]
    second: list[Event] = [ZoneCharged(crew(), "zone-1", Amount("EUR", 10 * EURO), at(20))]

    metric, whole = [M.COST_ZONE_CHARGE], Granularity.TOTAL

    days = [(first, second), (second, first)]
    paid = [one for day, rest in days for one in query(day, metric, (), (), whole, rest)]
    together = query([*first, *second], metric, (), (), whole)

    assert sum(one.numerator for one in paid) == 10 * EURO
    assert [one.numerator for one in together] == [10 * EURO]
    assert [tallied(day, beside=rest).zone_micros for day, rest in days] == [0, 10 * EURO]
