"""
From events to custody: the changes of hands that an event means for each parcel. Pure.

Step ids are made from what happened, so a replay gives the same steps, and a scan that is told
twice has one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.tracking.domain.custody import Act, Holder, Step
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Crew, OutcomeRecorded, ParcelScanned
from services.tracking.domain.heard import ParcelsHeld
from services.tracking.domain.journal import Event
from services.tracking.domain.words import Milestone, Outcome, ScanKind, TaskKind
from services.tracking.projections import deliveries

KEY_BYTES = 6  # tells the few steps of one parcel and act apart
PLACES = "plc_"  # how dispatch's ids of places begin
OF_KIND = {
    TaskKind.DELIVERY: Act.DELIVERED,
    TaskKind.UNSPECIFIED: Act.DELIVERED,
    TaskKind.PUDO_DROP: Act.STORED,
    TaskKind.PICKUP: Act.PICKED_UP,
    TaskKind.RETURN: Act.RETURNED,
}
OF_MILESTONE = {
    Milestone.HELD_AT_PUDO: Act.STORED,
    Milestone.COLLECTED: Act.COLLECTED,
    Milestone.RETURNED: Act.RETURNED,
}
Deliveries = Mapping[str, Delivery]


def steps(event: Event, recorded_at: datetime, known: Deliveries) -> Iterator[Step]:
    """The changes of hands that an event means; `known` are the deliveries it names."""
    make = MAKERS.get(type(event))
    for step in make(event, known) if make else ():
        yield replace(step, recorded_at=recorded_at)


def replayed(events: Iterable[tuple[Event, datetime]]) -> dict[str, Step]:
    """Every step by its id, from nothing but the journal; the first of an id stays."""
    known: dict[str, Delivery] = {}
    found: dict[str, Step] = {}
    for event, recorded_at in events:
        for name in deliveries.named(event):
            known[name] = deliveries.apply(known.get(name) or Delivery(name), event)
        for step in steps(event, recorded_at, known):
            found.setdefault(step.step_id, step)
    return found


def _scanned(event: ParcelScanned, _: Deliveries) -> Iterator[Step]:
    scan = event.scan
    holder, holder_id = _holder(event)
    step = _step(scan.parcel_id or scan.barcode, Act(scan.kind), event, event.delivery_id)
    yield replace(
        step,
        holder=holder,
        holder_id=holder_id,
        giver_id=scan.giver_id,
        route_id=event.crew.route_id,
        stop_id=event.stop_id,
        damaged=scan.damaged,
        expected_route_id=event.expected_route_id,
    )


def _outcome(event: OutcomeRecorded, known: Deliveries) -> Iterator[Step]:
    act = OF_KIND.get(event.kind)
    if act is None or event.outcome is not Outcome.SUCCEEDED:
        return
    delivery_id, crew = event.task.delivery_id, event.crew
    holder, holder_id = Holder.RECIPIENT, ""
    if act is Act.PICKED_UP:
        holder, holder_id = _aboard(crew)
    elif act in (Act.STORED, Act.RETURNED):
        holder, holder_id = Holder.PLACE, crew.depot_id if act is Act.RETURNED else ""
    for parcel_id in event.parcel_ids or _parcels(delivery_id, known):
        yield replace(
            _step(parcel_id, act, event, delivery_id),
            holder=holder,
            holder_id=holder_id,
            route_id=crew.route_id,
            stop_id=event.stop_id,
            task_id=event.task.task_id,
        )


def _held(event: ParcelsHeld, known: Deliveries) -> Iterator[Step]:
    act = OF_MILESTONE[event.milestone]
    holder = Holder.RECIPIENT if act is Act.COLLECTED else Holder.PLACE
    for parcel_id in _parcels(event.delivery_id, known):
        step = _step(parcel_id, act, event, event.delivery_id)
        yield replace(step, holder=holder, task_id=event.task_id)


def _step(parcel_id: str, act: Act, event: Any, delivery_id: str) -> Step:
    key = f"{event.at.isoformat()}.{event.source}"
    told_apart = hashlib.blake2s(key.encode(), digest_size=KEY_BYTES).hexdigest()
    name = f"{parcel_id}.{act.lower()}.{told_apart}"
    return Step(name, parcel_id, delivery_id, act, event.at, event.at, event.source)


def _holder(event: ParcelScanned) -> tuple[Holder, str]:
    """In whose hands a scan leaves the parcel."""
    scan, crew = event.scan, event.crew
    match scan.kind:
        case ScanKind.LOADED:
            return _aboard(crew)
        case ScanKind.RECEIVED:
            manned = any((crew.carrier_id, crew.vehicle_id, crew.driver_id))
            at_place = scan.taker_id.startswith(PLACES) or not manned
            return _named(scan.taker_id) if at_place else _aboard(crew)
        case ScanKind.HANDED_OVER if not scan.taker_id and event.stop_id:
            return Holder.RECIPIENT, ""
        case ScanKind.HANDED_OVER:
            return _named(scan.taker_id)
        case ScanKind.STORED | ScanKind.RETURNED:
            return Holder.PLACE, scan.taker_id
        case _:
            return Holder.UNSPECIFIED, ""


def _aboard(crew: Crew) -> tuple[Holder, str]:
    if crew.carrier_id:
        return Holder.CARRIER, crew.carrier_id
    return Holder.VEHICLE, crew.vehicle_id or crew.driver_id


def _named(taker_id: str) -> tuple[Holder, str]:
    if not taker_id:
        return Holder.UNSPECIFIED, ""
    return (Holder.PLACE if taker_id.startswith(PLACES) else Holder.OTHER), taker_id


def _parcels(delivery_id: str, known: Deliveries) -> Iterable[str]:
    delivery = known.get(delivery_id)
    return [parcel.parcel_id for parcel in delivery.parcels] if delivery else ()


MAKERS: dict[type, Callable[[Any, Deliveries], Iterator[Step]]] = {
    ParcelScanned: _scanned,
    OutcomeRecorded: _outcome,
    ParcelsHeld: _held,
}
