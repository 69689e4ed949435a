"""
From the journal to metrics, split by whatever was asked. Pure.

Each event adds to the numerator or the denominator of some metrics; sums of both are exact over any
grouping, which ratios would not be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.tracking.domain.customer import CustomerContacted, SurveyAnswered, recommends
from services.tracking.domain.event import (
    AmountCollected,
    Crew,
    IdlingEnded,
    IncidentOpened,
    LegCompleted,
    OutcomeRecorded,
    RouteCompleted,
    RouteStarted,
    StopArrived,
    StopDeparted,
    VehicleCharged,
)
from services.tracking.domain.heard import EmissionRecorded, TenderPriced, ZoneCharged
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.metric import Dimension, Granularity, Metric, Number, Sample
from services.tracking.domain.route import RateCard
from services.tracking.domain.words import Answer, Outcome
from services.tracking.projections import costs
from services.tracking.projections.costs import DROPS
from services.tracking.projections.scorecard import TIMELY

ETA_TOLERANCE = timedelta(minutes=10)  # features, section 9: on_time_eta
CUTS = {
    Granularity.HOUR: {"minute": 0, "second": 0, "microsecond": 0},
    Granularity.DAY: {"hour": 0, "minute": 0, "second": 0, "microsecond": 0},
}
OVER_ONE = frozenset(  # the contract has them over 1
    {
        Metric.DELIVERED,
        Metric.FAILED_ATTEMPTS,
        Metric.DISTANCE,
        Metric.INCIDENTS,
        Metric.IDLING,
        Metric.COLLECTED_AMOUNT,
    }
)
Key = tuple[Metric, datetime | None, tuple[str, ...]]


@dataclass(slots=True)
class Context:
    """What earlier events of a route say about later ones."""

    started: dict[str, RouteStarted] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # of vehicle, by route
    zoned: set[str] = field(default_factory=set)  # routes that were charged by zones
    replaced: set[str] = field(default_factory=set)  # records that another one corrects
    first: dict[str, OutcomeRecorded] = field(default_factory=dict)  # attempt, by delivery

    def learn(self, event: Event) -> None:
        """Remembers what other events need to know."""
        match event:
            case RouteStarted():
                self.started[event.crew.route_id] = event
            case LegCompleted():
                self.kinds[event.crew.route_id] = event.vehicle.kind
            case ZoneCharged():
                self.zoned.add(event.crew.route_id)
            case EmissionRecorded():
                self.replaced.add(event.replaced_record_id)
            case OutcomeRecorded() if event.kind in DROPS:
                known = self.first.get(event.task.delivery_id, event)
                self.first[event.task.delivery_id] = min(known, event, key=lambda one: one.at)

    def rates(self, route_id: str) -> RateCard:
        """The rate card of a route; nothing costs anything where none is known."""
        started = self.started.get(route_id)
        return (started.rates if started else None) or RateCard()

    def crew(self, event: Event) -> Crew:
        """Who did it."""
        if isinstance(event, EmissionRecorded):
            started = self.started.get(event.route_id)
            return started.crew if started else Crew(route_id=event.route_id)
        if isinstance(event, IncidentOpened):
            about = event.incident.about
            return Crew(
                route_id=about.route_id,
                driver_id=about.driver_id,
                vehicle_id=about.vehicle_id,
                carrier_id=about.carrier_id,
            )
        return getattr(event, "crew", Crew())


def query(
    events: Sequence[Event],
    metrics: Collection[Metric],
    dimensions: Sequence[Dimension],
    filters: Sequence[tuple[Dimension, Collection[str]]],
    granularity: Granularity,
) -> list[Number]:
    """The metrics, by time and group."""
    context = Context()
    for event in events:
        context.learn(event)
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for event in events:
        if not all(value(context, event, by) in allowed for by, allowed in filters):
            continue
        group = tuple(value(context, event, by) for by in dimensions)
        for sample in samples(context, event):
            if sample.metric in metrics:
                both = sums[sample.metric, _slice(moment(event), granularity), group]
                both[0] += sample.numerator
                both[1] += sample.denominator
    return [
        Number(*key, numerator, 1 if key[0] in OVER_ONE else denominator)
        for key, (numerator, denominator) in sorted(sums.items(), key=_order)
    ]


def samples(context: Context, event: Event) -> Iterator[Sample]:
    """What one event adds to which metrics."""
    make = MAKERS.get(type(event))
    if make:
        yield from make(event)
    if isinstance(event, EmissionRecorded) and event.record_id not in context.replaced:
        yield Sample(Metric.CO2E_PER_DROP, event.milligrams)
        yield Sample(Metric.CO2E_PER_GRAM, event.milligrams)
    if isinstance(event, OutcomeRecorded) and event is context.first.get(event.task.delivery_id):
        won = event.outcome is Outcome.SUCCEEDED and event.attempt_number == 1
        yield Sample(Metric.FIRST_ATTEMPT_SUCCESS, won, 1)
        yield Sample(Metric.CONTACTS, 0, 1)
    if spent := _spent(context, event):
        yield Sample(Metric.COST_PER_DROP, spent)


def _spent(context: Context, event: Event) -> int:
    """Its cost; with a start goes what access was planned to cost, unless a charge was reported."""
    route_id = context.crew(event).route_id
    spent = costs.of(event, context.rates(route_id)).total_micros
    if isinstance(event, RouteStarted) and route_id not in context.zoned:
        spent += event.access_charge_micros
    return spent


def value(context: Context, event: Event, by: Dimension) -> str:
    """The value of a dimension for an event; empty where it has none."""
    read = READERS.get(by)
    return str(read(context, event)) if read else ""


def _slice(at: datetime, granularity: Granularity) -> datetime | None:
    cut = CUTS.get(granularity)
    return at.replace(**cut) if cut else None  # type: ignore[arg-type]


def _order(item: tuple[Key, list[int]]) -> tuple[str, str, tuple[str, ...]]:
    (metric, at, group), _ = item
    return metric, str(at or ""), group


def _outcome(event: OutcomeRecorded) -> Iterable[Sample]:
    if event.kind not in DROPS:
        return
    won = event.outcome is Outcome.SUCCEEDED
    yield Sample(Metric.REATTEMPTS, event.attempt_number > 1, 1)
    if not won:
        yield Sample(Metric.FAILED_ATTEMPTS, 1, 1)
        return
    yield Sample(Metric.DELIVERED, 1, 1)
    yield Sample(Metric.COST_PER_DROP, 0, 1)
    yield Sample(Metric.CO2E_PER_DROP, 0, 1)
    yield Sample(Metric.CO2E_PER_GRAM, 0, event.task.mass_grams)
    yield Sample(Metric.CLIMBED_FLOORS, event.climbed_floors, 1)
    if event.promise is not None:
        yield Sample(Metric.ON_TIME_PROMISE, event.on_time, 1)


def _arrival(event: StopArrived) -> Iterable[Sample]:
    yield Sample(Metric.SEQUENCE_ADHERENCE, event.in_sequence, 1)
    if event.planned_at:
        yield Sample(Metric.TIME_ADHERENCE, abs(event.at - event.planned_at) <= TIMELY, 1)
    if (early := event.early_quote) is not None:
        yield Sample(Metric.ON_TIME_ETA, abs(event.at - early.p50) <= ETA_TOLERANCE, 1)
    if (last := event.last_quote) is not None:
        yield Sample(Metric.WINDOW_ACCURACY, last.p10 <= event.at <= last.p90, 1)
        yield Sample(Metric.CALIBRATION_P90, event.at <= last.p90, 1)


def _departure(event: StopDeparted) -> Iterable[Sample]:
    if event.arrived_at:
        yield Sample(Metric.DWELL, round((event.at - event.arrived_at).total_seconds()), 1)


def _leg(event: LegCompleted) -> Iterable[Sample]:
    yield Sample(Metric.DISTANCE, event.meters, 1)
    yield Sample(Metric.EMPTY_DISTANCE, event.meters if event.empty else 0, event.meters)
    if event.planned_meters:
        yield Sample(Metric.DISTANCE_ADHERENCE, event.meters, event.planned_meters)


def _survey(event: SurveyAnswered) -> Iterable[Sample]:
    if event.answers.score is not None:
        yield Sample(Metric.RECOMMENDATION, recommends(event.answers.score), 1)
    for metric, answer in (
        (Metric.PROOF_CLEAR, event.answers.proof_clear),
        (Metric.COURTESY, event.answers.courteous),
        (Metric.TIME_KEPT, event.answers.time_kept),
    ):
        if answer is not Answer.UNSPECIFIED:
            yield Sample(metric, answer is Answer.YES, 1)


def _contact(event: CustomerContacted) -> Iterable[Sample]:
    if not event.contact.outbound:
        yield Sample(Metric.CONTACTS, 1)


MAKERS: dict[type, Callable[[Any], Iterable[Sample]]] = {
    OutcomeRecorded: _outcome,
    StopArrived: _arrival,
    StopDeparted: _departure,
    LegCompleted: _leg,
    SurveyAnswered: _survey,
    CustomerContacted: _contact,
    IncidentOpened: lambda _: [Sample(Metric.INCIDENTS, 1, 1)],
    IdlingEnded: lambda event: [Sample(Metric.IDLING, event.seconds, 1)],
    AmountCollected: lambda event: [Sample(Metric.COLLECTED_AMOUNT, event.amount.micros, 1)],
}
MEASURED = (
    *MAKERS,
    EmissionRecorded,
    RouteStarted,
    RouteCompleted,
    TenderPriced,
    VehicleCharged,
    ZoneCharged,
)

READERS: dict[Dimension, Callable[[Context, Any], object]] = {
    Dimension.ROUTE: lambda context, event: context.crew(event).route_id,
    Dimension.DRIVER: lambda context, event: context.crew(event).driver_id,
    Dimension.VEHICLE: lambda context, event: context.crew(event).vehicle_id,
    Dimension.CARRIER: lambda context, event: context.crew(event).carrier_id,
    Dimension.DEPOT: lambda context, event: context.crew(event).depot_id,
    Dimension.HOUR: lambda _, event: f"{moment(event):%Y-%m-%dT%H}",
    Dimension.DAY: lambda _, event: f"{moment(event):%Y-%m-%d}",
    Dimension.FAILURE_REASON: lambda _, event: (
        event.reason if getattr(event, "outcome", None) is Outcome.FAILED else ""
    ),
    Dimension.ATTEMPT_NUMBER: lambda _, event: getattr(event, "attempt_number", ""),
    Dimension.PROMISE_WINDOW: lambda _, event: _promise(getattr(event, "promise", None)),
    Dimension.VEHICLE_KIND: lambda context, event: context.kinds.get(
        context.crew(event).route_id, ""
    ),
    Dimension.INCIDENT_TYPE: lambda _, event: (
        event.incident.type if isinstance(event, IncidentOpened) else ""
    ),
}


def _promise(window: Any) -> str:
    return f"{window.start:%Y-%m-%dT%H:%M}/{window.end:%Y-%m-%dT%H:%M}" if window else ""
