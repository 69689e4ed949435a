"""Reports about attempts, deliveries, routes and zones, with what each cost and emitted. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from services.tracking.domain.customer import CustomerContacted, SurveyAnswered
from services.tracking.domain.event import (
    LegCompleted,
    OutcomeRecorded,
    RouteCompleted,
    RouteStarted,
    StopArrived,
)
from services.tracking.domain.facets import NO_FACETS, Facets
from services.tracking.domain.heard import DeliveryCancelled, DeliveryKnown, ZoneCharged
from services.tracking.domain.journal import Event
from services.tracking.domain.metric import Dimension, Granularity, Metric
from services.tracking.domain.report import Cell, Row, columns
from services.tracking.domain.words import Outcome
from services.tracking.projections.allocation import Burden
from services.tracking.projections.costs import DROPS
from services.tracking.projections.facet import OWN, PARTNER
from services.tracking.projections.metrics import Context, query

Recorded = tuple[Event, datetime]
FACETS = (
    "order_reference", "zone_h3", "place", "depot_id", "territory_id", "region", "service_level",
    "segment", "slot_start_time@", "slot_end_time@",
)  # fmt: skip
COSTS = (
    "total_micros#", "time_micros#", "distance_micros#", "fixed_micros#", "energy_micros#",
    "toll_micros#", "zone_charge_micros#", "partner_fee_micros#", "reattempt_micros#",
    "currency_code", "co2e_milligrams#",
)  # fmt: skip


class Daily:
    """What every report that reckons day by day has: earlier starts, and zone charges."""

    def __init__(self) -> None:
        self._before: dict[tuple[type, str], RouteStarted | ZoneCharged] = {}

    def before(self, event: Event) -> None:
        """A start says the rate card of its route, a charge that access is not counted besides."""
        if isinstance(event, RouteStarted) or (isinstance(event, ZoneCharged) and event.zone_id):
            self._before[type(event), event.crew.route_id] = event

    def _context(self, events: Sequence[Event]) -> Context:
        context = Context.of(events, self._before.values())
        for event in events:
            self.before(event)
        return context


class Attempts(Daily):
    """Every attempt to hand over, with all that it can be split by: what questions are put to."""

    columns = columns(
        "attempt_time@", "delivery_id", "task_id", "outcome", "failure_reason", "handover",
        "order_attempt#", "on_time#", "driver_id", "route_id", "vehicle_id", "vehicle_kind",
        "carrier_id", "fleet", "stop_id", *FACETS, "mass_grams#", "climbed_floors#", *COSTS,
    )  # fmt: skip

    def __init__(self, *, failures_only: bool = False) -> None:
        super().__init__()
        self._failures_only = failures_only

    def day(self, events: Sequence[Recorded]) -> Iterator[Row]:
        """Its attempts, in order."""
        context = self._context([event for event, _ in events])
        for one in _drops(events):
            if one.outcome is Outcome.FAILED or not self._failures_only:
                yield _attempt(context, one)

    def end(self) -> Iterator[Row]:
        """Nothing is left."""
        yield from ()


def _attempt(context: Context, one: OutcomeRecorded) -> Row:
    crew, promised = one.crew, one.promise is not None
    return (
        one.at,
        one.task.delivery_id,
        one.task.task_id,
        one.outcome,
        one.reason if one.outcome is Outcome.FAILED else "",
        one.handover if one.outcome is Outcome.SUCCEEDED else "",
        one.order_attempt,
        int(one.on_time) if promised else None,
        crew.driver_id,
        crew.route_id,
        crew.vehicle_id,
        _known(crew.vehicle_kind),
        crew.carrier_id,
        PARTNER if crew.carrier_id else OWN,
        one.stop_id,
        *_facets(one.facets),
        one.task.mass_grams,
        one.climbed_floors,
        *_burden(context, one.crew.route_id, context.shares.of_task.get(one.task.task_id)),
    )


@dataclass(slots=True)
class _Story:
    """What became of one delivery."""

    facets: Facets = NO_FACETS
    created: datetime | None = None
    attempts: int = 0
    first_reason: str = ""
    last: OutcomeRecorded | None = None
    cancelled: bool = False
    contacts: int = 0
    score: int | None = None
    burden: Burden = field(default_factory=Burden)
    currency: str = ""


class Deliveries(Daily):
    """Every delivery with its facts."""

    columns = columns(
        "delivery_id", "outcome", "end_time@", "attempts_count#", "first_failure_reason",
        "on_time#", "cancelled#", "contacts_count#", "survey_score#", "created_time@", *FACETS,
        *COSTS,
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._stories: dict[str, _Story] = defaultdict(_Story)

    def day(self, events: Sequence[Recorded]) -> Iterator[Row]:
        """A delivery may go on tomorrow."""
        context = self._context([event for event, _ in events])
        for event, _ in events:
            self._beside(event)
        for one in _drops(events):
            story, task_id = self._stories[one.task.delivery_id], one.task.task_id
            story.attempts += 1
            if one.outcome is Outcome.FAILED and not story.first_reason:
                story.first_reason = one.reason
            story.last, story.facets = one, one.facets
            story.burden += context.shares.of_task.get(task_id, Burden())
            story.currency = story.currency or context.books.rates(one.crew.route_id).currency_code
        yield from ()

    def end(self) -> Iterator[Row]:
        """By delivery."""
        for delivery_id, story in sorted(self._stories.items()):
            yield delivery_id, *_told(story)

    def _beside(self, event: Event) -> None:
        match event:
            case DeliveryKnown():
                story = self._stories[event.digest.delivery_id]
                story.created = story.created or event.at
            case DeliveryCancelled():
                self._stories[event.delivery_id].cancelled = True
            case CustomerContacted() if not event.contact.outbound:
                self._stories[event.delivery_id].contacts += 1
            case SurveyAnswered():
                self._stories[event.attempt.task.delivery_id].score = event.answers.score


def _told(story: _Story) -> Row:
    last = story.last
    return (
        last.outcome if last else "",
        last.at if last else None,
        story.attempts,
        story.first_reason,
        int(last.on_time) if last and last.promise else None,
        int(story.cancelled),
        story.contacts,
        story.score,
        story.created,
        *_facets(story.facets),
        *_paid(story.burden, story.currency),
    )


@dataclass(slots=True)
class _Drive:
    """What became of one route."""

    done: RouteCompleted | None = None
    start: datetime | None = None
    driver_id: str = ""
    vehicle_id: str = ""
    carrier_id: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    burden: Burden = field(default_factory=Burden)
    currency: str = ""


class Routes(Daily):
    """Every route, planned and driven."""

    columns = columns(
        "route_id", "driver_id", "vehicle_id", "carrier_id", "start_time@", "end_time@",
        "stops_count#", "attempts_count#", "delivered_count#", "driven_meters#",
        "empty_meters#", "planned_meters#", "planned_seconds#", *COSTS,
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._drives: dict[str, _Drive] = defaultdict(_Drive)

    def day(self, events: Sequence[Recorded]) -> Iterator[Row]:
        """A route may go on tomorrow."""
        only = [event for event, _ in events]
        context = self._context(only)
        for place, event in enumerate(only):
            route_id = context.books.route_of(event)
            if not route_id:
                continue
            drive = self._drives[route_id]
            drive.burden += context.shares.left.get(place, Burden())
            drive.currency = drive.currency or context.books.rates(route_id).currency_code
            _drive(drive, event)
        for one in _drops(events):
            share = context.shares.of_task.get(one.task.task_id, Burden())
            self._drives[one.crew.route_id].burden += share
        yield from ()

    def end(self) -> Iterator[Row]:
        """By route."""
        for route_id, one in sorted(self._drives.items()):
            done, counts = one.done, one.counts
            yield (
                route_id,
                one.driver_id,
                one.vehicle_id,
                one.carrier_id,
                one.start,
                done.end if done else None,
                *(counts[name] for name in ("stops", "attempts", "delivered", "meters", "empty")),
                done.planned_meters if done else None,
                done.planned_seconds if done else None,
                *_paid(one.burden, one.currency),
            )


def _drive(drive: _Drive, event: Event) -> None:
    crew = getattr(event, "crew", None)
    if crew is not None:
        drive.driver_id = drive.driver_id or crew.driver_id
        drive.vehicle_id = drive.vehicle_id or crew.vehicle_id
        drive.carrier_id = drive.carrier_id or crew.carrier_id
    match event:
        case RouteStarted():
            drive.start = event.at
        case RouteCompleted():
            drive.done, drive.start = event, drive.start or event.start
        case LegCompleted():
            drive.counts["meters"] += event.meters
            drive.counts["empty"] += event.meters if event.empty else 0
        case StopArrived():
            drive.counts["stops"] += 1
        case OutcomeRecorded() if event.kind in DROPS:
            drive.counts["attempts"] += 1
            drive.counts["delivered"] += event.outcome is Outcome.SUCCEEDED


class Zones(Daily):
    """Every H3 cell, hottest first: where demand, failures, waiting, stairs and cost gather."""

    METRICS: ClassVar = {
        Metric.ATTEMPTS: "attempts_count#",
        Metric.DELIVERED: "delivered_count#",
        Metric.FAILED_ATTEMPTS: "failures_count#",
        Metric.SLOT_FAILURES: "slot_failures_count#",
        Metric.STOPS: "stops_count#",
        Metric.DWELL: "dwell_seconds#",
        Metric.IDLING: "idling_seconds#",
        Metric.CLIMBED_FLOORS: "climbed_floors#",
        Metric.EFFORT: "effort_gram_floors#",
        Metric.COST_PER_DROP: "total_micros#",
        Metric.CO2E_PER_DROP: "co2e_milligrams#",
    }
    columns = columns("zone_h3", *METRICS.values())

    def __init__(self) -> None:
        super().__init__()
        self._sums: dict[str, Counter[Metric]] = defaultdict(Counter)

    def day(self, events: Sequence[Recorded]) -> Iterator[Row]:
        """Adds a day up."""
        only = [event for event, _ in events]
        asked = tuple(self.METRICS), (Dimension.ZONE,), (), Granularity.TOTAL
        for number in query(only, *asked, beside=self._before.values()):
            self._sums[number.group[0]][number.metric] += number.numerator
        for event in only:
            self.before(event)
        yield from ()

    def end(self) -> Iterator[Row]:
        """By attempts, then by cell."""
        hot = sorted(self._sums.items(), key=lambda one: (-one[1][Metric.ATTEMPTS], one[0]))
        for cell, sums in hot:
            yield cell, *(sums[metric] for metric in self.METRICS)


def _drops(events: Sequence[Recorded]) -> list[OutcomeRecorded]:
    found = [one for one, _ in events if isinstance(one, OutcomeRecorded) and one.kind in DROPS]
    return sorted(found, key=lambda one: (one.at, one.task.task_id))


def _facets(one: Facets) -> tuple[Cell, ...]:
    window = (one.slot.start, one.slot.end) if one.slot else (None, None)
    place = one.order_reference, one.cell, one.place, one.depot_id
    return (*place, one.territory_id, one.region, one.service_level, one.segment, *window)


def _burden(context: Context, route_id: str, burden: Burden | None) -> tuple[Cell, ...]:
    return _paid(burden or Burden(), context.books.rates(route_id).currency_code)


def _paid(burden: Burden, currency: str) -> tuple[Cell, ...]:
    cost = burden.cost
    return (
        cost.total_micros,
        cost.time_micros,
        cost.distance_micros,
        cost.fixed_micros,
        cost.energy_micros,
        cost.toll_micros,
        cost.zone_micros,
        cost.carrier_micros,
        cost.attempt_micros,
        currency,
        burden.milligrams,
    )


def _known(word: str) -> str:
    return "" if word == "UNSPECIFIED" else word
