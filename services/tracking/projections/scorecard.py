"""
From the journal to a scorecard. Pure: the same events give the same numbers, in whatever order.

Events are counted once by what they are about (a task's outcome, a leg, a record), never by how
often they were told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from services.tracking.domain.event import (
    IncidentOpened,
    IncidentResolved,
    LegCompleted,
    OutcomeRecorded,
    ProofAccepted,
    RouteCompleted,
    RouteStarted,
    StopArrived,
    VehicleCharged,
)
from services.tracking.domain.heard import (
    DeliveryCancelled,
    DeliveryKnown,
    EmissionRecorded,
    TenderPriced,
    ZoneCharged,
)
from services.tracking.domain.journal import Event
from services.tracking.domain.scorecard import Scorecard
from services.tracking.domain.words import Outcome
from services.tracking.projections import costs

TIMELY = timedelta(minutes=10)  # features, section 9
Paid = (
    RouteStarted
    | RouteCompleted
    | LegCompleted
    | OutcomeRecorded
    | TenderPriced
    | VehicleCharged
    | ZoneCharged
)


@dataclass(slots=True)
class Tally:
    """What was counted so far. One per scorecard; `add` every event, then ask for `card`."""

    whole: bool = (
        True  # False: only what the crew of a filter did; then deliveries are those it took
    )
    before: Mapping[str, RouteStarted] = field(default_factory=dict)  # starts of earlier days
    zoned: Collection[str] = ()  # routes that zones charge on later days
    known: dict[str, DeliveryKnown] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    outcomes: dict[str, OutcomeRecorded] = field(default_factory=dict)  # by task
    legs: dict[str, LegCompleted] = field(default_factory=dict)
    started: dict[str, RouteStarted] = field(default_factory=dict)
    completed: dict[str, RouteCompleted] = field(default_factory=dict)
    arrivals: dict[tuple[str, str], StopArrived] = field(default_factory=dict)
    emissions: dict[str, EmissionRecorded] = field(default_factory=dict)
    prices: dict[TenderPriced, TenderPriced] = field(default_factory=dict)
    zones: dict[tuple[str, str, datetime], ZoneCharged] = field(default_factory=dict)
    charged: dict[tuple[str, datetime], VehicleCharged] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    proofs: set[str] = field(default_factory=set)

    def add(self, event: Event) -> None:
        """Counts one event."""
        count = COUNTS.get(type(event))
        if count:
            count(self, event)

    def card(self) -> Scorecard:
        """The numbers of what was added."""
        return _with_arrivals(self, _with_work(self, _with_cost(self, _deliveries(self))))

    @property
    def deliveries(self) -> set[str]:
        """Those that the scorecard is about."""
        touched = self.taken | {one.task.delivery_id for one in self.outcomes.values()}
        return set(self.known) | touched if self.whole else touched

    @property
    def drops(self) -> list[OutcomeRecorded]:
        """Attempts at handing over."""
        return [one for one in self.outcomes.values() if one.kind in costs.DROPS]


def tallied(
    events: Iterable[Event], *, whole: bool = True, beside: Iterable[Event] = ()
) -> Scorecard:
    """The scorecard of some events; `beside`: starts before them, zone charges after."""
    books = costs.Books()
    for other in beside:
        books.learn(other)
    tally = Tally(whole=whole, before=books.started, zoned=books.zoned)
    for event in events:
        tally.add(event)
    return tally.card()


def _deliveries(tally: Tally) -> Scorecard:
    drops = sorted(tally.drops, key=lambda one: one.at)
    last = {one.task.delivery_id: one for one in drops}
    won = {i: one for i, one in last.items() if one.outcome is Outcome.SUCCEEDED}
    promised = [one for one in won.values() if one.promise is not None]
    first = [one for one in drops if one.order_attempt == 1]
    alive = tally.deliveries - (tally.cancelled - set(last))
    failures = Counter(one.reason for one in drops if one.outcome is Outcome.FAILED)
    return Scorecard(
        deliveries=len(alive),
        delivered=len(won.keys() & alive),
        failed=len((last.keys() - won.keys()) & alive),
        unserved=len(alive - last.keys()),
        cancelled=len(tally.cancelled - set(last)),
        attempts=len(drops),
        failures=tuple(failures.most_common()),
        promised=len(promised),
        on_time=sum(one.on_time for one in promised),
        attempted=len({one.order for one in drops}),
        first_attempt_successes=sum(one.outcome is Outcome.SUCCEEDED for one in first),
        delivered_grams=sum(one.task.mass_grams for one in won.values()),
    )


def _with_cost(tally: Tally, card: Scorecard) -> Scorecard:
    total, paid = costs.Cost(), list(_paid(tally))
    books = costs.Books(dict(tally.before), set(tally.zoned))
    for event in paid:
        books.learn(event)
    for event in paid:
        total += books.cost(event)
    parts = {part.name: getattr(total, part.name) for part in fields(total)}
    return replace(card, **parts, currency_code=_currency(tally))


def _paid(tally: Tally) -> Iterator[Paid]:
    yield from tally.started.values()
    yield from tally.completed.values()
    yield from tally.legs.values()
    yield from tally.drops
    yield from tally.prices.values()
    yield from tally.charged.values()
    yield from tally.zones.values()


def _currency(tally: Tally) -> str:
    begun = (*tally.started.values(), *tally.before.values())
    cards = [one.rates.currency_code for one in begun if one.rates]
    prices = [one.price.currency_code for one in tally.prices.values()]
    return next((code for code in (*cards, *prices) if code), "")


def _with_work(tally: Tally, card: Scorecard) -> Scorecard:
    legs = tally.legs.values()
    replaced = {one.replaced_record_id for one in tally.emissions.values()}
    emissions = [one for i, one in tally.emissions.items() if i not in replaced]
    accounted = {one.leg_id for one in emissions}
    return replace(
        card,
        meters=sum(leg.meters for leg in legs),
        empty_meters=sum(leg.meters for leg in legs if leg.empty),
        planned_meters=sum(leg.planned_meters for leg in legs),
        co2e_milligrams=sum(one.milligrams for one in emissions),
        unaccounted_legs=len(tally.legs.keys() - accounted),
        factor_sets=_factor_sets(emissions),
        notes=_notes(emissions),
        routes=len(tally.started),
        completed_routes=len(tally.completed),
        incidents=len(tally.opened),
        ended_incidents=len(tally.opened & tally.ended),
        proofs=len(tally.proofs),
    )


def _factor_sets(emissions: list[EmissionRecorded]) -> tuple[str, ...]:
    named = {name for one in emissions for name in (one.factor_set_id, *one.other_factor_set_ids)}
    return tuple(sorted(named - {""}))


def _notes(emissions: list[EmissionRecorded]) -> tuple[str, ...]:
    notes = []
    if any(one.country_mismatch for one in emissions):
        notes.append("co2e: factors of another country, flagged DEFAULT")
    if any(one.default_quality and not one.country_mismatch for one in emissions):
        notes.append("co2e: default factors of a class of vehicles")
    return tuple(notes)


def _with_arrivals(tally: Tally, card: Scorecard) -> Scorecard:
    arrivals = list(tally.arrivals.values())
    off = [(one.at - one.planned_at) for one in arrivals if one.planned_at]
    quoted = [one for one in arrivals if one.last_quote]
    inside = [one for one in quoted if one.last_quote and _inside(one)]
    return replace(
        card,
        arrivals=len(arrivals),
        timely_arrivals=sum(abs(one) <= TIMELY for one in off),
        deviation_seconds=round(sum(one.total_seconds() for one in off)),
        quoted_arrivals=len(quoted),
        inside_quotes=len(inside),
    )


def _inside(arrival: StopArrived) -> bool:
    quote = arrival.last_quote
    return quote is not None and quote.p10 <= arrival.at <= quote.p90


def _known(tally: Tally, event: DeliveryKnown) -> None:
    tally.known[event.digest.delivery_id] = event


def _cancelled(tally: Tally, event: DeliveryCancelled) -> None:
    if not event.returning:
        tally.cancelled.add(event.delivery_id)


def _started(tally: Tally, event: RouteStarted) -> None:
    tally.started.setdefault(event.crew.route_id, event)
    tally.taken.update(task.delivery_id for task in event.tasks)


COUNTS: dict[type, Callable[[Tally, Any], object]] = {
    DeliveryKnown: _known,
    DeliveryCancelled: _cancelled,
    RouteStarted: _started,
    OutcomeRecorded: lambda t, e: t.outcomes.setdefault(e.task.task_id, e),
    LegCompleted: lambda t, e: t.legs.setdefault(e.leg_id, e),
    RouteCompleted: lambda t, e: t.completed.setdefault(e.crew.route_id, e),
    StopArrived: lambda t, e: t.arrivals.setdefault((e.crew.route_id, e.stop_id), e),
    EmissionRecorded: lambda t, e: t.emissions.setdefault(e.record_id, e),
    TenderPriced: lambda t, e: t.prices.setdefault(e, e),
    ZoneCharged: lambda t, e: t.zones.setdefault((e.crew.vehicle_id, e.zone_id, e.at), e),
    VehicleCharged: lambda t, e: t.charged.setdefault((e.crew.vehicle_id, e.end), e),
    IncidentOpened: lambda t, e: t.opened.add(e.incident.incident_id),
    IncidentResolved: lambda t, e: t.ended.add(e.incident.incident_id),
    ProofAccepted: lambda t, e: t.proofs.add(e.proof_id),
}
