"""
Reports as tables, from a journal.

Goal: sums agree with the scorecard, day by day and in whatever pieces; settlements are made of
bookings, whatever the time of the work. Method: the story of the other tests, over two days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.tracking.domain.event import AmountCollected
from services.tracking.domain.facets import Facets
from services.tracking.domain.fact import Amount
from services.tracking.domain.heard import TenderPriced, ZoneCharged
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.report import ReportKind, Row
from services.tracking.domain.route import Window
from services.tracking.domain.words import FailureReason, PaymentMethod
from services.tracking.projections.reports import SOURCES, Recorded, rows
from services.tracking.projections.scorecard import tallied
from services.tracking.tests.projections.story import (
    charges,
    completed,
    crew,
    emission,
    failure,
    known,
    leg,
    on,
    outcome,
    started,
)
from services.tracking.tests.projections.test_allocation import RATES
from services.tracking.tests.town import at

SPAN = Window(on(12, 0), on(14, 0))
HIRED = crew("rte_9", driver_id="", carrier_id="car_1")
FIRST = Facets(cell="a", place="plc_7", segment="shop", order_reference="A-1")
DAY: list[Event] = [
    known(1),
    known(2),
    started(1, 2, 3, rates=RATES),
    leg(1, 0, 5, 10_000, 1, 2),
    leg(2, 6, 9, 1_000, 2, from_stop_id="stp_1", to_stop_id="stp_2"),
    outcome(1, 6, facets=FIRST),
    failure(2, 12, facets=replace(FIRST, cell="b")),
    outcome(3, 20),
    emission(1, 300),
    completed(0, 60),
    TenderPriced(HIRED, Amount("EUR", 900), at(0), "tnd_1"),
    replace(outcome(4, 0, crew=HIRED), at=on(13, 10)),
]


def days(events: Sequence[Event]) -> Iterator[list[Recorded]]:
    """Events day by day, each recorded a minute after it happened."""
    for number in (12, 13):
        inside = (one for one in events if moment(one).date().day == number)
        yield [(one, moment(one) + timedelta(minutes=1)) for one in inside]


def table(kind: ReportKind, events: Sequence[Event] = DAY) -> list[dict[str, object]]:
    """The rows of a report by column."""
    report = SOURCES[kind].make(SPAN)
    names = [column.name for column in report.columns]
    return [dict(zip(names, row, strict=True)) for row in rows(report, days(events))]


def total(found: list[dict[str, object]], column: str) -> int:
    """A column, added up."""
    return sum(int(str(row[column] or 0)) for row in found)


ADDING = (ReportKind.ATTEMPTS, ReportKind.DELIVERIES, ReportKind.ROUTES, ReportKind.ZONES)


@pytest.mark.parametrize("kind", ADDING)
def test_what_a_report_adds_up_to_is_the_scorecards(kind: ReportKind) -> None:
    paid = [one for one in DAY if not isinstance(one, TenderPriced)]
    card, found = tallied(paid), table(kind, paid)

    assert total(found, "total_micros") == card.total_micros
    assert total(found, "co2e_milligrams") == card.co2e_milligrams


def test_every_attempt_has_a_row_and_every_failure_its_reason() -> None:
    attempts, failures = table(ReportKind.ATTEMPTS), table(ReportKind.FAILURES)

    assert [row["task_id"] for row in attempts] == ["tsk_1", "tsk_2", "tsk_3", "tsk_4"]
    assert [(row["task_id"], row["failure_reason"]) for row in failures] == [("tsk_2", "NOT_HOME")]
    assert attempts[0]["zone_h3"] == "a"
    assert attempts[3]["fleet"] == "PARTNER"


def test_parts_of_an_attempts_cost_add_up_to_its_total() -> None:
    for row in table(ReportKind.ATTEMPTS):
        parts = [name for name in row if name.endswith("_micros") and name != "total_micros"]
        assert total([row], "total_micros") == sum(total([row], name) for name in parts)


def test_a_delivery_that_goes_on_tomorrow_has_one_row() -> None:
    again = replace(outcome(12, 0, facets=FIRST), at=on(13, 9))
    found = {row["delivery_id"]: row for row in table(ReportKind.DELIVERIES, [*DAY, again])}

    told = found["del_2"]
    assert (told["attempts_count"], told["outcome"]) == (2, "SUCCEEDED")
    assert told["first_failure_reason"] == "NOT_HOME"


def test_the_hottest_zone_stands_first() -> None:
    busy = [outcome(n, 30 + n, facets=Facets(cell="hot")) for n in range(5, 9)]

    assert next(iter(table(ReportKind.ZONES, [*DAY, *busy])))["zone_h3"] == "hot"


# Settlements.


def settled(kind: ReportKind, booked: Sequence[Recorded]) -> list[Row]:
    """A settlement of bookings."""
    return list(rows(SOURCES[kind].make(SPAN), iter([list(booked)])))


def test_a_correction_is_a_line_of_its_own_and_lines_add_up_to_the_last_price() -> None:
    price = TenderPriced(HIRED, Amount("EUR", 900), at(0), "tnd_1")
    less = TenderPriced(HIRED, Amount("EUR", 700), at(1), "tnd_1", 900)
    none = TenderPriced(HIRED, Amount("EUR", 0), at(2), "tnd_1", 700)
    lines = settled(
        ReportKind.CARRIER_SETTLEMENT, [(one, moment(one)) for one in (price, less, none)]
    )

    assert [(row[1], row[6]) for row in lines] == [
        ("PRICE", 900), ("CORRECTION", -200), ("CORRECTION", -700),
    ]  # fmt: skip


def test_a_line_belongs_to_the_period_of_its_booking() -> None:
    """What is booked in the next period changes no byte of this one."""
    price = TenderPriced(HIRED, Amount("EUR", 900), at(0), "tnd_1")
    less = TenderPriced(HIRED, Amount("EUR", 700), at(0), "tnd_1", 900)
    first = settled(ReportKind.CARRIER_SETTLEMENT, [(price, at(0))])
    second = settled(ReportKind.CARRIER_SETTLEMENT, [(less, on(14))])

    assert sum(int(str(row[6])) for row in (*first, *second)) == 700
    assert first == settled(ReportKind.CARRIER_SETTLEMENT, [(price, at(0))])


def test_the_order_in_which_bookings_are_read_does_not_matter() -> None:
    booked = [
        (TenderPriced(crew("r", carrier_id=f"car_{n}"), Amount("EUR", n), at(0), f"t{n}"), at(0))
        for n in (3, 1, 2)
    ]

    assert settled(ReportKind.CARRIER_SETTLEMENT, booked) == settled(
        ReportKind.CARRIER_SETTLEMENT, booked[::-1]
    )


def test_a_driver_is_owed_time_and_owes_cash() -> None:
    cash = AmountCollected(
        crew(),
        charges(1)[0],
        Amount("EUR", 12),
        PaymentMethod.CASH,
        at(10),
        total=Amount("EUR", 12),
    )
    less = replace(cash, total=Amount("EUR", 10), previous_micros=12)
    card = replace(cash, method=PaymentMethod.CARD)
    events: list[Event] = [started(1, rates=RATES), completed(0, 60), cash, less, card]
    lines = settled(ReportKind.DRIVER_SETTLEMENT, [(one, at(100)) for one in events])

    assert sorted((str(row[1]), int(str(row[7]))) for row in lines) == [
        ("CASH", -12), ("CASH_CORRECTION", 2), ("TIME", 30_000_000),
    ]  # fmt: skip


# The digest.


def test_the_digest_names_what_recurs_and_all_failures_of_the_day() -> None:
    report = SOURCES[ReportKind.DAILY_DIGEST].make(SPAN)
    for number in (1, 8, 11):
        moved = failure(2, 0, FailureReason.NO_ACCESS, facets=FIRST)
        report.before(replace(moved, at=datetime(2026, 5, number, tzinfo=UTC)))
    found = list(rows(report, days(DAY)))

    assert [row[:5] for row in found if row[0] in ("ALL", "PLACE")] == [
        ("ALL", "", "NOT_HOME", "CARE", 1),
        ("ALL", "", "NO_ACCESS", "CARE", 0),
        ("PLACE", "plc_7", "NO_ACCESS", "CARE", 0),
    ]
    (place,) = (row for row in found if row[0] == "PLACE")
    assert place[5:] == (datetime(2026, 5, 11, tzinfo=UTC), 3, 3, 2, 0, -1_000)


@pytest.mark.parametrize("kind", [ReportKind.ROUTES, ReportKind.ATTEMPTS])
def test_access_that_zones_charge_after_midnight_is_counted_once(kind: ReportKind) -> None:
    begun = replace(started(1, rates=RATES), access_charge_micros=10)
    charged = ZoneCharged(crew(), "zone-1", Amount("EUR", 10), on(13, 0))
    tomorrow = replace(outcome(2, 0), at=on(13, 1))
    story: list[Event] = [begun, outcome(1, 6), charged, tomorrow]

    assert total(table(kind, story), "zone_charge_micros") == 10
