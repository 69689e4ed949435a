"""
What the past is learned from: attempts, legs, starts, and expectations with what came. Pure.

They are read off the events of the journal, or brought from a file; those from a file carry the
name of their import, so that it can be withdrawn as a whole.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.tracking.domain.calibration import Mark
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import (
    Charge,
    LegCompleted,
    OutcomeRecorded,
    RouteStarted,
    StopArrived,
    StopDeparted,
)
from services.tracking.domain.geo import Point
from services.tracking.domain.journal import Event
from services.tracking.domain.pace import Driven
from services.tracking.domain.service_time import Traits
from services.tracking.domain.words import FailureReason, Outcome

DIGEST_BYTES = 10
E5 = 100_000  # a kerb is told apart to the meter, as dispatch's positions are
WORK_DAYS, SLOT_HOURS = 5, 4
# What failed because of the place or its people; a breakdown says nothing about the next visit.
THEIRS = frozenset(
    {
        FailureReason.NOT_HOME,
        FailureReason.REFUSED,
        FailureReason.WRONG_ADDRESS,
        FailureReason.NO_ACCESS,
        FailureReason.PAYMENT_FAILED,
        FailureReason.ID_CHECK_FAILED,
        FailureReason.LOCKER_FULL,
        FailureReason.PUDO_CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One stop that was served: how long."""

    at: datetime
    traits: Traits
    seconds: int
    shift: str = ""
    import_id: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt at a task: whether it failed, and where the hand-over was."""

    at: datetime
    traits: Traits
    failed: bool
    drop: Point | None = None
    import_id: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """How long after its planned start a route left."""

    at: datetime
    late_seconds: float


@dataclass(frozen=True, slots=True)
class Judged:
    """An expectation with the arrival that came."""

    at: datetime
    mark: Mark


Piece = Visit | Try | Start | Judged | Driven


def slot_of(at: datetime, zone: str = "UTC") -> str:
    """The slot of a moment in a time zone: kind of day, and four hours of it, as people live."""
    at = at.astimezone(ZoneInfo(zone))
    day = "weekday" if at.weekday() < WORK_DAYS else "weekend"
    return f"{day}.{at.hour // SLOT_HOURS * SLOT_HOURS:02}"


def address_of(kerb: Point) -> str:
    """The name of an address: a digest, so that nobody reads a position off it."""
    text = f"{round(kerb.latitude * E5)},{round(kerb.longitude * E5)}"
    digest = hashlib.blake2s(text.encode(), digest_size=DIGEST_BYTES).digest()
    return f"adr_{b32encode(digest).decode().lower()}"


def traits_of(
    deliveries: Sequence[Delivery], task_count: int, driver_id: str = "", place_id: str = ""
) -> Traits:
    """What is known of a stop at which some deliveries are handed over."""
    kerb = next((one.location for one in deliveries if one.location), None)
    floors = [one.floor for one in deliveries if one.floor is not None]
    parcels = sum(max(1, len(one.parcels)) for one in deliveries)
    return Traits(
        place=place_id or (address_of(kerb) if kerb else ""),
        building=next((one.building for one in deliveries if one.building), ""),
        floor=max(floors, key=abs, default=None),
        lift=all(one.lift for one in deliveries) if deliveries else False,
        driver_id=driver_id,
        mass_grams=sum(one.mass_grams for one in deliveries),
        parcel_count=max(1, parcels),
        task_count=max(1, task_count),
    )


def named(event: Event) -> tuple[str, ...]:
    """The deliveries that must be known to read an event."""
    match event:
        case StopDeparted():
            return tuple(one.delivery_id for one in event.tasks)
        case OutcomeRecorded():
            return (event.task.delivery_id,)
        case _:
            return ()


def pieces(event: Event, known: Mapping[str, Delivery]) -> Iterator[tuple[str, Piece]]:
    """What an event says for later, each with the key under which it counts once."""
    match event:
        case RouteStarted() if event.planned_at and not event.crew.carrier_id:
            late = (event.at - event.planned_at).total_seconds()
            yield f"start.{event.crew.route_id}", Start(event.at, late)
        case StopArrived():
            for mark in event.marks:
                key = f"mark.{event.crew.route_id}.{event.stop_id}.{mark.horizon_minutes}"
                yield key, Judged(event.at, mark)
        case StopDeparted() if event.opened_at:
            seconds = round((event.at - event.opened_at).total_seconds())
            traits = _traits(event.tasks, known, event.crew.driver_id, event.place_id)
            visit = Visit(event.at, traits, max(0, seconds), event.crew.route_id)
            yield f"visit.{event.crew.route_id}.{event.stop_id}", visit
        case OutcomeRecorded() if event.outcome is Outcome.SUCCEEDED or event.reason in THEIRS:
            failed = event.outcome is Outcome.FAILED
            traits = _traits((event.task,), known, event.crew.driver_id, event.place_id)
            yield f"try.{event.task.task_id}", Try(event.at, traits, failed, event.location)
        case LegCompleted() if event.planned_seconds:
            driven = (event.end - event.start).total_seconds()
            leg = Driven(event.crew.driver_id, event.end, event.planned_seconds, driven)
            yield f"leg.{event.leg_id}", leg


def _traits(
    tasks: tuple[Charge, ...], known: Mapping[str, Delivery], driver_id: str, place_id: str
) -> Traits:
    deliveries = [known[one.delivery_id] for one in tasks if one.delivery_id in known]
    return traits_of(deliveries, len(tasks), driver_id, place_id)
