"""
Reports from the journal, as tables. Pure.

A report is given the events of one UTC day after the other, so that no more than two days of them
are kept; what it adds up over days it tells at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise
from typing import Protocol

from services.tracking.domain import cause
from services.tracking.domain.customer import CustomerContacted, SurveyAnswered
from services.tracking.domain.event import (
    AmountCollected,
    OutcomeRecorded,
    RouteCompleted,
    RouteStarted,
)
from services.tracking.domain.heard import (
    DeliveryCancelled,
    DeliveryKnown,
    TenderPriced,
    ZoneCharged,
)
from services.tracking.domain.journal import Event
from services.tracking.domain.report import Column, ReportKind, Row
from services.tracking.domain.route import Window
from services.tracking.projections.digest import Digest
from services.tracking.projections.metrics import MEASURED
from services.tracking.projections.settlement import CarrierSettlement, DriverSettlement
from services.tracking.projections.tables import Attempts, Deliveries, Routes, Zones

ROUTE_DAYS = timedelta(days=2)  # a route that is under way started at most so long ago
Recorded = tuple[Event, datetime]  # with the moment of its record


class Report(Protocol):
    """A table in the making."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns."""

    def before(self, event: Event) -> None:
        """Takes in what lies before the period."""

    def day(self, events: Sequence[Recorded]) -> Iterator[Row]:
        """The rows that a day's events are complete with."""

    def end(self) -> Iterator[Row]:
        """All other rows."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a report is made of: types of events, and how far before the period which of them."""

    make: Callable[[Window], Report]
    types: tuple[type, ...]
    back_types: tuple[type, ...] = (RouteStarted,)
    back: timedelta = ROUTE_DAYS


SOURCES = {
    ReportKind.ATTEMPTS: Source(lambda _: Attempts(), MEASURED),
    ReportKind.FAILURES: Source(lambda _: Attempts(failures_only=True), MEASURED),
    ReportKind.DELIVERIES: Source(
        lambda _: Deliveries(),
        (*MEASURED, DeliveryKnown, DeliveryCancelled, CustomerContacted, SurveyAnswered),
    ),
    ReportKind.ROUTES: Source(lambda _: Routes(), MEASURED),
    ReportKind.ZONES: Source(lambda _: Zones(), MEASURED),
    ReportKind.CARRIER_SETTLEMENT: Source(lambda _: CarrierSettlement(), (TenderPriced,), ()),
    ReportKind.DRIVER_SETTLEMENT: Source(
        lambda _: DriverSettlement(), (RouteStarted, RouteCompleted, AmountCollected)
    ),
    ReportKind.DAILY_DIGEST: Source(
        Digest, (OutcomeRecorded,), (OutcomeRecorded,), cause.LOOK_BACK
    ),
}


def rows(report: Report, days: Iterator[Sequence[Recorded]]) -> Iterator[Row]:
    """The whole table, day by day; what zones charge the next day is known before."""
    for events, later in pairwise(chain(days, [()])):
        for event, _ in later:
            if isinstance(event, ZoneCharged):
                report.before(event)
        yield from report.day(events)
    yield from report.end()
