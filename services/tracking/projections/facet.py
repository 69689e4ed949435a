"""
The value of a dimension for an event: what it is split by. Pure.

It is read off the event as it was stamped; empty where the event has none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.tracking.domain.crew import Crew
from services.tracking.domain.customer import SurveyAnswered
from services.tracking.domain.event import (
    IdlingEnded,
    IncidentOpened,
    LegCompleted,
    OutcomeRecorded,
)
from services.tracking.domain.facets import NO_FACETS, Facets, cell_of
from services.tracking.domain.heard import EmissionRecorded
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.metric import Dimension, Metric
from services.tracking.domain.route import Window
from services.tracking.domain.words import FailureReason, Outcome, VehicleKind
from services.tracking.projections.costs import Books

Kinds = dict[str, VehicleKind]
OWN, PARTNER = "OWN", "PARTNER"
NONE = "UNSPECIFIED"


def value(books: Books, kinds: Kinds, event: Event, metric: Metric, by: Dimension) -> str:
    """The value of a dimension for what an event adds to a metric."""
    match by:
        case Dimension.HOUR:
            return f"{moment(event):%Y-%m-%dT%H}"
        case Dimension.DAY:
            return f"{moment(event):%Y-%m-%d}"
        case Dimension.INCIDENT_TYPE:
            return event.incident.type if isinstance(event, IncidentOpened) else ""
    attempt = event.attempt if isinstance(event, SurveyAnswered) else event
    if by is Dimension.FAILURE_REASON:
        return _reason(attempt, metric)
    if by is Dimension.ZONE:
        return _zone(attempt)
    if by in OF_CREW:
        return str(OF_CREW[by](crew_of(books, attempt), kinds, attempt))
    return str(OF_FACETS[by](_facets(attempt), attempt))


def crew_of(books: Books, event: Event) -> Crew:
    """Who did it."""
    if isinstance(event, EmissionRecorded):
        started = books.started.get(event.route_id)
        return started.crew if started else Crew(route_id=event.route_id)
    if isinstance(event, IncidentOpened):
        about = event.incident.about
        return Crew(
            route_id=about.route_id,
            driver_id=about.driver_id,
            vehicle_id=about.vehicle_id,
            carrier_id=about.carrier_id,
        )
    crew = getattr(event, "crew", None)
    return crew if isinstance(crew, Crew) else Crew()


def _facets(event: Event) -> Facets:
    facets = getattr(event, "facets", NO_FACETS)
    return facets if isinstance(facets, Facets) else NO_FACETS


def _reason(event: Event, metric: Metric) -> str:
    """Why it failed; of a first attempt that is not in sight, why that one did."""
    if not isinstance(event, OutcomeRecorded):
        return ""
    if event.outcome is Outcome.FAILED:
        return event.reason
    root = event.earlier_reason if metric is Metric.FIRST_ATTEMPT_SUCCESS else None
    return root if root and event.order_attempt > 1 and root != FailureReason.UNSPECIFIED else ""


def _zone(event: Event) -> str:
    match event:
        case LegCompleted():
            return cell_of(event.end_point)
        case IdlingEnded():
            return cell_of(event.location)
        case IncidentOpened():
            return cell_of(event.incident.location)
        case _:
            return _facets(event).cell


def _kind(crew: Crew, kinds: Kinds, _: Event) -> str:
    told = crew.vehicle_kind if crew.vehicle_kind != NONE else kinds.get(crew.route_id, "")
    return "" if told == NONE else told


def _slot(facets: Facets, event: Event) -> str:
    window = getattr(event, "promise", None) or facets.slot
    if not isinstance(window, Window):
        return ""
    return f"{window.start:%Y-%m-%dT%H:%M}/{window.end:%Y-%m-%dT%H:%M}"


def _attempt(_: Facets, event: Event) -> object:
    return event.order_attempt if isinstance(event, OutcomeRecorded) else ""


OF_CREW: dict[Dimension, Callable[[Crew, Kinds, Event], object]] = {
    Dimension.ROUTE: lambda crew, *_: crew.route_id,
    Dimension.DRIVER: lambda crew, *_: crew.driver_id,
    Dimension.VEHICLE: lambda crew, *_: crew.vehicle_id,
    Dimension.VEHICLE_KIND: _kind,
    Dimension.CARRIER: lambda crew, *_: crew.carrier_id,
    Dimension.FLEET: lambda crew, *_: PARTNER if crew.carrier_id else OWN,
    Dimension.DEPOT: lambda crew, _, event: crew.depot_id or _facets(event).depot_id,
}
OF_FACETS: dict[Dimension, Callable[[Facets, Any], object]] = {
    Dimension.TERRITORY: lambda facets, _: facets.territory_id,
    Dimension.REGION: lambda facets, _: facets.region,
    Dimension.SERVICE_LEVEL: lambda facets, _: facets.service_level,
    Dimension.SEGMENT: lambda facets, _: facets.segment,
    Dimension.PLACE: lambda facets, _: facets.place,
    Dimension.PROMISE_WINDOW: _slot,
    Dimension.ATTEMPT_NUMBER: _attempt,
}
