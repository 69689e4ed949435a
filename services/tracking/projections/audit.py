"""
From the journal to the audit of one delivery: what an event means for it, and who did it. Pure.

Only what somebody decided or did is told: expectations, risks and legs are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.tracking.domain import event as told
from services.tracking.domain import heard
from services.tracking.domain.audit import Decision, Line, Revision
from services.tracking.domain.crew import Crew
from services.tracking.domain.customer import CustomerContacted, SurveyAnswered
from services.tracking.domain.fact import NAMES, Collection, Failure, Hold, Pickup, Return, Success
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.words import Source

DISPATCH, COMPLIANCE, SYSTEM = "dispatch", "compliance", "system"
BY_TASKS = (
    told.RouteStarted,
    told.StopArrived,
    told.StopDeparted,
    heard.RouteWithdrawn,
    heard.RoutePlaced,
)
OF_DELIVERY = (
    heard.AttemptPlanned,
    heard.DeliveryCancelled,
    heard.ParcelsHeld,
    told.CommentAdded,
    told.ProofAccepted,
    told.ParcelScanned,
    CustomerContacted,
    heard.LinkChanged,
)
OF_TASK = (told.OutcomeRecorded, told.AmountCollected)
OF_INCIDENT = (told.IncidentOpened, told.IncidentAcknowledged, told.IncidentResolved)
# What an audit never leaves out for the sake of what repeats: how it began, came out, was paid.
DECISIVE = [
    kind.__name__
    for kind in (
        *OF_TASK,
        told.ProofAccepted,
        heard.DeliveryKnown,
        heard.AttemptPlanned,
        heard.DeliveryCancelled,
        heard.ParcelsHeld,
        heard.DecisionHeard,
    )
]
DECISIVE_FACTS = [NAMES[kind] for kind in (Success, Failure, Hold, Pickup, Return, Collection)]
OF_DISPATCH = (
    heard.DeliveryKnown,
    heard.AttemptPlanned,
    heard.DeliveryCancelled,
    heard.RoutePlaced,
    heard.RouteWithdrawn,
)


@dataclass(frozen=True, slots=True)
class Row:
    """An event as the journal keeps it."""

    event: Event
    recorded_at: datetime
    trace_id: str


def about(event: Event) -> tuple[str, ...]:
    """Under which ids the audit looks an event up: deliveries, or a decision of compliance."""
    if isinstance(event, heard.DecisionHeard):
        return (event.decision_id,)
    if isinstance(event, heard.DeliveryKnown):
        return (event.digest.delivery_id,)
    if isinstance(event, OF_DELIVERY):
        return (event.delivery_id,) if event.delivery_id else ()
    if isinstance(event, OF_TASK):
        return (event.task.delivery_id,)
    if isinstance(event, SurveyAnswered):
        return (event.attempt.task.delivery_id,)
    if isinstance(event, OF_INCIDENT):
        named = event.incident.about.delivery_id
        return (named,) if named else ()
    if isinstance(event, BY_TASKS):
        removed = event.removed if isinstance(event, heard.RoutePlaced) else ()
        return tuple(dict.fromkeys(task.delivery_id for task in (*event.tasks, *removed)))
    return ()


def lines(rows: Iterable[Row], delivery_id: str) -> Iterator[Line]:
    """What happened to a delivery, in the order of the journal."""
    for row in rows:
        event = row.event
        type_, summary = TELLERS[type(event)](event)
        yield Line(
            type=type_,
            summary=summary,
            at=moment(event),
            recorded_at=row.recorded_at,
            actor=_actor(event),
            trace_id=row.trace_id,
            task_id=_task(event, delivery_id),
            route_id=_crew(event).route_id,
        )


def revisions(rows: Iterable[Row], delivery_id: str) -> Iterator[Revision]:
    """Revisions of routes that carried the delivery, or took it off."""
    for row in rows:
        event = row.event
        if not isinstance(event, heard.RoutePlaced):
            continue
        mine = {task.task_id for task in event.tasks if task.delivery_id == delivery_id}
        shift = next((one for one in event.shifts if one.task_id in mine), None)
        yield Revision(
            crew=event.crew,
            plan_id=event.plan_id,
            cause=event.cause,
            at=event.at,
            trace_id=row.trace_id,
            arrival=shift.arrival if shift else None,
            removed=not mine,
            decision_ids=event.decision_ids,
        )


def decisions(known: Iterable[Revision], rows: Iterable[Row]) -> tuple[Decision, ...]:
    """What compliance decided on these revisions, by time; those whose news has not come last."""
    heard_of = {
        row.event.decision_id: row.event
        for row in rows
        if isinstance(row.event, heard.DecisionHeard)
    }
    found = {}
    for revision in known:
        for name in revision.decision_ids:
            one = heard_of.get(name)
            found[name] = Decision(
                decision_id=name,
                route_id=one.route_id if one else revision.crew.route_id,
                verdict=one.verdict if one else "",
                at=one.at if one else None,
            )
    dated = sorted((d for d in found.values() if d.at), key=lambda d: (d.at, d.decision_id))
    return (*dated, *(d for d in found.values() if d.at is None))


def trace_of(rows: Iterable[Row]) -> str:
    """The trace under which the delivery was accepted; else that of the first news of it."""
    of_news = [row for row in rows if isinstance(row.event, heard.DeliveryKnown)]
    first = next((row for row in of_news if row.event.new), None)  # type: ignore[union-attr]
    found = first or next(iter(of_news), None)
    return found.trace_id if found else ""


def _crew(event: Event) -> Crew:
    if isinstance(event, OF_INCIDENT):
        whom = event.incident.about
        return Crew(whom.route_id, driver_id=whom.driver_id, carrier_id=whom.carrier_id)
    crew = getattr(event, "crew", None)
    return crew if isinstance(crew, Crew) else Crew()


def _task(event: Event, delivery_id: str) -> str:
    if isinstance(event, OF_INCIDENT):
        return event.incident.about.task_id
    if isinstance(event, BY_TASKS):
        mine = (task.task_id for task in event.tasks if task.delivery_id == delivery_id)
        return next(mine, "")
    if isinstance(event, heard.DeliveryKnown):
        return event.digest.task_id
    task = getattr(event, "task", None)
    return str(task.task_id if task else getattr(event, "task_id", ""))


def _actor(event: Event) -> str:
    """Who did it."""
    if isinstance(event, OF_DISPATCH):
        return DISPATCH
    if isinstance(event, told.ProofAccepted):
        return event.submitted_by or SYSTEM
    if isinstance(event, told.CommentAdded):
        return event.author
    if isinstance(event, heard.LinkChanged):
        return event.by
    if isinstance(event, told.IncidentAcknowledged):
        return event.incident.acknowledged_by
    if isinstance(event, told.IncidentResolved):
        return event.incident.ended_by
    if isinstance(event, SurveyAnswered):
        return "recipient"
    return _by_source(getattr(event, "source", Source.SYSTEM), _crew(event))


def _by_source(source: Source, crew: Crew) -> str:
    match source:
        case Source.DRIVER:
            return f"driver:{crew.driver_id}"
        case Source.CARRIER:
            return f"carrier:{crew.carrier_id}"
        case Source.UNSPECIFIED | Source.SYSTEM | Source.GEOFENCE:
            return SYSTEM
        case _:
            return source.lower()


def _words(text: str) -> str:
    return text.lower().replace("_", " ")


def _known(event: heard.DeliveryKnown) -> tuple[str, str]:
    if event.new:
        return "delivery_created", "dispatch accepted the delivery"
    if event.rescheduled:
        return "delivery_rescheduled", "it was moved to another time"
    if event.redirected:
        return "delivery_redirected", "it was moved to another place"
    return "delivery_updated", "what was promised or asked for changed"


def _cancelled(event: heard.DeliveryCancelled) -> tuple[str, str]:
    words = "called off; the goods come back" if event.returning else "called off"
    return "delivery_cancelled", words


def _placed(event: heard.RoutePlaced) -> tuple[str, str]:
    crew = event.crew
    whose = crew.carrier_id or crew.vehicle_id or crew.driver_id or "nobody yet"
    if crew.revision <= 1:
        return "route_published", f"route {crew.route_id} binds {whose}"
    words = f"route {crew.route_id} has revision {crew.revision}: {_words(event.cause)}"
    moved = len(event.added), len(event.removed)
    return "route_revised", f"{words}; {moved[0]} tasks came, {moved[1]} left"


def _outcome(event: told.OutcomeRecorded) -> tuple[str, str]:
    words = f"attempt {event.attempt_number} {_words(event.outcome)}"
    reason = f": {_words(event.reason)}" if event.reason != "UNSPECIFIED" else ""
    hand = f"; handed to {_words(event.handover)}" if event.handover != "UNSPECIFIED" else ""
    return "task_outcome_recorded", f"{words}{reason}{hand}"


def _incident(event: Any) -> tuple[str, str]:
    one = event.incident
    match event:
        case told.IncidentOpened():
            return "incident_opened", f"{_words(one.type)}: {one.summary}"
        case told.IncidentAcknowledged():
            return "incident_acknowledged", f"{_words(one.type)} was taken up"
        case _:
            return "incident_resolved", f"{_words(one.type)} ended: {_words(one.resolution)}"


def _scanned(event: told.ParcelScanned) -> tuple[str, str]:
    name = event.scan.parcel_id or event.scan.barcode
    wrong = "; another route serves it" if event.expected_route_id else ""
    seen = "; seen damaged" if event.scan.damaged else ""
    return "parcel_scanned", f"parcel {name} {_words(event.scan.kind)}{wrong}{seen}"


def _paid(event: told.AmountCollected) -> tuple[str, str]:
    state = _words(event.state) if event.state != "UNSPECIFIED" else "nothing was due"
    return "amount_collected", f"money was collected by {_words(event.method)}: {state}"


def _proof(event: told.ProofAccepted) -> tuple[str, str]:
    kinds = ", ".join(_words(kind) for kind in event.kinds)
    return "proof_accepted", f"a proof was accepted: {kinds}"


TELLERS: dict[type, Callable[[Any], tuple[str, str]]] = {
    heard.DeliveryKnown: _known,
    heard.AttemptPlanned: lambda e: ("task_created", f"attempt {e.attempt_number} was planned"),
    heard.DeliveryCancelled: _cancelled,
    heard.RoutePlaced: _placed,
    heard.RouteWithdrawn: lambda e: ("route_withdrawn", f"route {e.crew.route_id} was taken back"),
    heard.ParcelsHeld: lambda e: ("milestone_reached", f"the parcels: {_words(e.milestone)}"),
    told.RouteStarted: lambda e: ("route_started", f"route {e.crew.route_id} is under way"),
    told.StopArrived: lambda e: ("stop_arrived", "the vehicle reached the stop"),
    told.StopDeparted: lambda e: ("stop_departed", "the vehicle left the stop"),
    told.OutcomeRecorded: _outcome,
    told.ParcelScanned: _scanned,
    told.AmountCollected: _paid,
    told.ProofAccepted: _proof,
    heard.LinkChanged: lambda e: (
        ("tracking_link_revoked", f"link {e.link_id} was revoked")
        if e.revoked
        else ("tracking_link_created", f"link {e.link_id} was made")
    ),
    told.CommentAdded: lambda e: ("comment_added", "a comment was written"),
    told.IncidentOpened: _incident,
    told.IncidentAcknowledged: _incident,
    told.IncidentResolved: _incident,
    CustomerContacted: lambda e: ("customer_contacted", f"contact: {_words(e.contact.topic)}"),
    SurveyAnswered: lambda e: ("survey_answered", "the survey of the attempt was answered"),
}
