"""
Stamping: what events are split by later is written into them when they are recorded. Pure.

`usecases.recording` does it, once, with the deliveries as they are at that moment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace

from services.tracking.domain.customer import CustomerContacted
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import (
    AmountCollected,
    OutcomeRecorded,
    StopArrived,
    StopDeparted,
)
from services.tracking.domain.facets import Facets, cell_of
from services.tracking.domain.journal import Event
from services.tracking.domain.past import address_of
from services.tracking.domain.words import FailureReason, Outcome

Deliveries = Mapping[str, Delivery]
UNSTATED = "UNSPECIFIED"


def needed(event: Event) -> tuple[str, ...]:
    """The deliveries whose circumstances an event is stamped with."""
    match event:
        case OutcomeRecorded() | AmountCollected():
            return (event.task.delivery_id,)
        case StopArrived() | StopDeparted():
            return tuple(dict.fromkeys(task.delivery_id for task in event.tasks))
        case CustomerContacted():
            return (event.delivery_id,)
        case _:
            return ()


def stamped(event: Event, known: Deliveries, order: Collection[Delivery] = ()) -> Event:
    """The event with its facets; `order`: all deliveries of the order that it is about."""
    mine = [known[name] for name in needed(event) if name in known]
    if not mine:
        return event
    match event:
        case OutcomeRecorded():
            before = earlier(mine[0], order)
            return replace(
                event,
                facets=facets_of(mine, event.place_id),
                earlier_attempts=sum(map(tried, before)),
                earlier_reason=_reason([*before, mine[0]]),
            )
        case StopDeparted():
            return replace(event, facets=facets_of(mine, event.place_id))
        case StopArrived() | AmountCollected() | CustomerContacted():
            return replace(event, facets=facets_of(mine))
        case _:
            return event


def facets_of(deliveries: Sequence[Delivery], place_id: str = "") -> Facets:
    """What deliveries have in common."""
    each = [_facets(one, place_id) for one in deliveries]
    values = {f.name: {getattr(one, f.name) for one in each} for f in fields(Facets)}
    return Facets(**{name: found.pop() for name, found in values.items() if len(found) == 1})


def _facets(one: Delivery, place_id: str) -> Facets:
    address = address_of(one.location) if one.location else ""
    return Facets(
        cell=cell_of(one.location),
        depot_id=one.depot_id,
        territory_id=one.territory_id,
        service_level="" if one.service_level == UNSTATED else one.service_level,
        segment=one.segment,
        slot=one.promise_out or one.promise,
        place=place_id or address,
        region=one.region,
        order_reference=one.order_reference,
    )


def earlier(delivery: Delivery, order: Collection[Delivery]) -> list[Delivery]:
    """The deliveries of the same order that were created before this one, oldest first."""
    before = [one for one in order if _precedes(one, delivery)]
    return sorted(before, key=lambda one: (str(one.created_at), one.delivery_id))


def _precedes(one: Delivery, other: Delivery) -> bool:
    """At the same moment, the one that was called off was first."""
    if one.delivery_id == other.delivery_id or not (one.created_at and other.created_at):
        return False
    if one.created_at == other.created_at:
        return one.cancelled and not other.cancelled
    return one.created_at < other.created_at


def tried(delivery: Delivery) -> int:
    """
    How many attempts a delivery stands for. One that was called off counts as one at least: else
    an order created again would hide that it was not delivered at first.
    """
    ended = delivery.attempt_number if delivery.closed else delivery.attempt_number - 1
    return max(ended, int(delivery.cancelled))


def _reason(deliveries: Sequence[Delivery]) -> FailureReason:
    """Why the attempt before failed."""
    failed = [one.reason for one in deliveries if one.outcome is Outcome.FAILED]
    return failed[-1] if failed else FailureReason.UNSPECIFIED
