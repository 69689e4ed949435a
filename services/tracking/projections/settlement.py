"""
Settlements: what carriers and drivers are owed for a period, line by line. Pure.

A line belongs to the period in which it was booked, not to that of the work, and a correction is a
line of its own. So a period that is over gives the same bytes for ever, and the sum of all periods
is what the ledger of prices says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.tracking.domain.event import AmountCollected, RouteCompleted
from services.tracking.domain.heard import TenderPriced
from services.tracking.domain.journal import Event
from services.tracking.domain.report import Row, columns
from services.tracking.domain.words import PaymentMethod
from services.tracking.projections import costs

PRICE, CORRECTION, TIME, CASH, CASH_CORRECTION = (
    "PRICE", "CORRECTION", "TIME", "CASH", "CASH_CORRECTION",
)  # fmt: skip


class CarrierSettlement:
    """One line per price, and one per change of a price."""

    columns = columns(
        "carrier_id",
        "line",
        "tender_id",
        "route_id",
        "agreed_time@",
        "booked_time@",
        "amount_micros#",
        "currency_code",
    )

    def __init__(self) -> None:
        self._lines: list[Row] = []

    def before(self, event: Event) -> None:
        """What was booked before belongs to another period."""

    def day(self, events: Sequence[tuple[Event, datetime]]) -> Iterator[Row]:
        """Its lines are sorted in the end."""
        for event, booked in events:
            if isinstance(event, TenderPriced):
                line = CORRECTION if event.previous_micros else PRICE
                work = event.crew.carrier_id, line, event.tender_id, event.crew.route_id
                price = event.booked_micros, event.price.currency_code
                self._lines.append((*work, event.at, booked, *price))
        yield from ()

    def end(self) -> Iterator[Row]:
        """By carrier, then as they were booked."""
        yield from sorted(self._lines, key=_carrier_order)


class DriverSettlement:
    """Time on routes at their rate cards is owed to a driver; cash taken is owed by them."""

    columns = columns(
        "driver_id",
        "line",
        "route_id",
        "delivery_id",
        "work_time@",
        "booked_time@",
        "worked_seconds#",
        "amount_micros#",
        "currency_code",
    )

    def __init__(self) -> None:
        self._books = costs.Books()
        self._lines: list[Row] = []

    def before(self, event: Event) -> None:
        """A start says the rate card of its route."""
        self._books.learn(event)

    def day(self, events: Sequence[tuple[Event, datetime]]) -> Iterator[Row]:
        """Its lines are sorted in the end."""
        for event, _ in events:
            self._books.learn(event)
        for event, booked in events:
            if isinstance(event, RouteCompleted) and not event.crew.carrier_id:
                self._lines.append(self._time(event, booked))
            if isinstance(event, AmountCollected) and event.method is PaymentMethod.CASH:
                self._lines.append(_cash(event, booked))
        yield from ()

    def end(self) -> Iterator[Row]:
        """By driver, then as they were booked."""
        yield from sorted(self._lines, key=_driver_order)

    def _time(self, event: RouteCompleted, booked: datetime) -> Row:
        rates = self._books.rates(event.crew.route_id)
        seconds = round((event.end - event.start).total_seconds())
        owed = costs.of(event, rates).time_micros
        work = event.crew.driver_id, TIME, event.crew.route_id, "", event.end
        return (*work, booked, seconds, owed, rates.currency_code)


def _cash(event: AmountCollected, booked: datetime) -> Row:
    line = CASH_CORRECTION if event.previous_micros else CASH
    work = event.crew.driver_id, line, event.crew.route_id, event.task.delivery_id, event.at
    return (*work, booked, None, -event.booked_micros, event.amount.currency_code)


def _carrier_order(row: Row) -> tuple[str, ...]:
    carrier, line, tender, route, _, booked, amount, _ = row
    return str(carrier), str(booked), str(tender), str(line), str(route), str(amount)


def _driver_order(row: Row) -> tuple[str, ...]:
    driver, line, route, delivery, work, booked, *_ = row
    return str(driver), str(booked), str(work), str(line), str(route), str(delivery)
