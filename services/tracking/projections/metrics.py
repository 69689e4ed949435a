"""
From the journal to metrics, split by whatever was asked. Pure.

Each event adds to the numerator or the denominator of some metrics; sums of both are exact over any
grouping, which ratios would not be. What an event is split by stands in the event; only cost and
carbon are shared first, by `allocation`, among the attempts of each route.
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
from services.tracking.domain.words import Answer, Outcome
from services.tracking.projections.allocation import Allocation, Burden, allocated
from services.tracking.projections.costs import DROPS, Books
from services.tracking.projections.facet import Kinds, value
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
        Metric.ATTEMPTS,
        Metric.STOPS,
    }
)
TERMS = {
    Metric.COST_TIME: "time_micros",
    Metric.COST_DISTANCE: "distance_micros",
    Metric.COST_FIXED: "fixed_micros",
    Metric.COST_ENERGY: "energy_micros",
    Metric.COST_TOLL: "toll_micros",
    Metric.COST_ZONE_CHARGE: "zone_micros",
    Metric.COST_PARTNER_FEE: "carrier_micros",
    Metric.COST_REATTEMPT: "attempt_micros",
}
OVER_DROPS = (*TERMS, Metric.COST_PER_DROP, Metric.CO2E_PER_DROP)
Key = tuple[Metric, datetime | None, tuple[str, ...]]


@dataclass(slots=True)
class Context:
    """What all events together say about each."""

    books: Books = field(default_factory=Books)
    kinds: Kinds = field(default_factory=dict)  # of vehicle, by route
    first: dict[str, OutcomeRecorded] = field(default_factory=dict)  # attempt, by order
    touched: dict[str, OutcomeRecorded] = field(default_factory=dict)  # first, by delivery
    shares: Allocation = field(default_factory=Allocation)

    @classmethod
    def of(cls, events: Sequence[Event], beside: Iterable[Event] = ()) -> Context:
        """What there is to know."""
        known = cls()
        for other in beside:
            known.books.learn(other)
        for event in events:
            known.books.learn(event)
            known._learn(event)
        known.shares = allocated(events, known.books)
        return known

    def _learn(self, event: Event) -> None:
        match event:
            case LegCompleted():
                self.kinds[event.crew.route_id] = event.vehicle.kind
            case OutcomeRecorded() if event.kind in DROPS:
                seen = self.first.get(event.order, event)
                self.first[event.order] = min(seen, event, key=_age)
                name = event.task.delivery_id
                met = self.touched.get(name, event)
                self.touched[name] = min(met, event, key=_age)


def query(
    events: Sequence[Event],
    metrics: Collection[Metric],
    dimensions: Sequence[Dimension],
    filters: Sequence[tuple[Dimension, Collection[str]]],
    granularity: Granularity,
    beside: Iterable[Event] = (),
) -> list[Number]:
    """The metrics, by time and group; `beside`: starts before the events, zone charges after."""
    context = Context.of(events, beside)
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for place, event in enumerate(events):
        for sample in samples(context, event, place):
            if sample.metric not in metrics:
                continue
            about = context.books, context.kinds, event, sample.metric
            if not all(value(*about, by) in allowed for by, allowed in filters):
                continue
            group = tuple(value(*about, by) for by in dimensions)
            both = sums[sample.metric, _slice(moment(event), granularity), group]
            both[0] += sample.numerator
            both[1] += sample.denominator
    return [
        Number(*key, numerator, 1 if key[0] in OVER_ONE else denominator)
        for key, (numerator, denominator) in sorted(sums.items(), key=_order)
    ]


def samples(context: Context, event: Event, place: int) -> Iterator[Sample]:
    """What one event, at its place, adds to which metrics."""
    make = MAKERS.get(type(event))
    if make:
        yield from make(event)
    if isinstance(event, OutcomeRecorded):
        yield from _of_order(context, event)
    yield from _burdened(_burden(context, event, place))


def _of_order(context: Context, event: OutcomeRecorded) -> Iterator[Sample]:
    if event is context.first.get(event.order):
        won = event.outcome is Outcome.SUCCEEDED and event.order_attempt == 1
        yield Sample(Metric.FIRST_ATTEMPT_SUCCESS, won, 1)
    if event is context.touched.get(event.task.delivery_id):
        yield Sample(Metric.CONTACTS, 0, 1)


def _burden(context: Context, event: Event, place: int) -> Burden:
    """What it is charged with; a task's burden is told once, with its first outcome."""
    if isinstance(event, OutcomeRecorded) and event.kind in DROPS:
        return context.shares.of_task.pop(event.task.task_id, Burden())
    return context.shares.left.get(place, Burden())


def _burdened(burden: Burden) -> Iterator[Sample]:
    if burden.milligrams:
        yield Sample(Metric.CO2E_PER_DROP, burden.milligrams)
        yield Sample(Metric.CO2E_PER_GRAM, burden.milligrams)
    if total := burden.cost.total_micros:
        yield Sample(Metric.COST_PER_DROP, total)
    for metric, term in TERMS.items():
        if amount := getattr(burden.cost, term):
            yield Sample(metric, amount)


def _age(event: OutcomeRecorded) -> tuple[datetime, str]:
    return event.at, event.task.task_id


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
    yield Sample(Metric.ATTEMPTS, 1, 1)
    yield Sample(Metric.REATTEMPTS, event.order_attempt > 1, 1)
    if event.promise is not None:
        yield Sample(Metric.SLOT_FAILURES, not event.on_time, 1)
    if not won:
        yield Sample(Metric.FAILED_ATTEMPTS, 1, 1)
        return
    yield Sample(Metric.DELIVERED, 1, 1)
    for metric in OVER_DROPS:
        yield Sample(metric, 0, 1)
    yield Sample(Metric.CO2E_PER_GRAM, 0, event.task.mass_grams)
    yield Sample(Metric.CLIMBED_FLOORS, event.climbed_floors, 1)
    yield Sample(Metric.EFFORT, event.climbed_floors * event.task.mass_grams, 1)
    if event.promise is not None:
        yield Sample(Metric.ON_TIME_PROMISE, event.on_time, 1)


def _arrival(event: StopArrived) -> Iterable[Sample]:
    yield Sample(Metric.STOPS, 1, 1)
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
    AmountCollected: lambda event: [Sample(Metric.COLLECTED_AMOUNT, event.booked_micros, 1)],
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
