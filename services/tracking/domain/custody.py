"""
Custody: through whose hands a parcel went, and what does not fit. Pure.

A parcel is in a crew's hands from the last scan that took it (or the pickup on the way) until
something gave it away. A parcel without a barcode cannot be scanned and breaks no chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.words import Source


class Act(StrEnum):
    """What happened to a parcel; meanings stand in the contract."""

    UNSPECIFIED = "UNSPECIFIED"
    LOADED = "LOADED"
    UNLOADED = "UNLOADED"
    HANDED_OVER = "HANDED_OVER"
    RECEIVED = "RECEIVED"
    STORED = "STORED"
    RETURNED = "RETURNED"
    COUNTED = "COUNTED"
    PICKED_UP = "PICKED_UP"
    DELIVERED = "DELIVERED"
    COLLECTED = "COLLECTED"


class Holder(StrEnum):
    """In whose hands a parcel is."""

    UNSPECIFIED = "UNSPECIFIED"
    VEHICLE = "VEHICLE"
    CARRIER = "CARRIER"
    PLACE = "PLACE"
    RECIPIENT = "RECIPIENT"
    OTHER = "OTHER"


class GapKind(StrEnum):
    """What does not fit."""

    UNSCANNED = "UNSCANNED"
    WRONG_VEHICLE = "WRONG_VEHICLE"


ON_THE_WAY = frozenset({Holder.VEHICLE, Holder.CARRIER, Holder.OTHER})
AT_THE_DOOR = frozenset({Act.DELIVERED, Act.STORED})
STILL = frozenset({Act.COUNTED, Act.UNLOADED})  # the hands stay the same


@dataclass(frozen=True, slots=True)
class Step:
    """One change of hands of one parcel; `parcel_id` is its barcode when nobody knows its id."""

    step_id: str
    parcel_id: str
    delivery_id: str
    act: Act
    at: datetime
    recorded_at: datetime
    source: Source
    holder: Holder = Holder.UNSPECIFIED
    holder_id: str = ""
    giver_id: str = ""
    route_id: str = ""
    stop_id: str = ""
    task_id: str = ""
    damaged: bool = False
    expected_route_id: str = ""  # the one that serves it, when it was taken by another


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof as the chain sees it."""

    proof_id: str
    task_id: str
    at: datetime
    route_id: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """What does not fit, and where it shows."""

    kind: GapKind
    at: datetime
    step_id: str = ""
    proof_id: str = ""
    expected_route_id: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """One parcel with its steps, oldest first."""

    parcel_id: str
    barcode: str
    delivery_id: str
    steps: tuple[Step, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def last(self) -> Step | None:
        """The step that says who has it."""
        return next((one for one in reversed(self.steps) if one.act not in STILL), None)


def in_hands(steps: Iterable[Step], at: datetime, task_id: str, route_id: str) -> bool:
    """
    Whether the crew of a route had the parcel at a moment, by the scans before.

    What the task or the route itself gave away counts as still there: that is the handover. What
    another vehicle took must be handed over first.
    """
    held = False
    for step in sorted(steps, key=lambda one: (one.at, one.recorded_at)):
        if step.at > at:
            break
        if step.act in STILL or step.holder is Holder.UNSPECIFIED:
            continue
        if step.holder in ON_THE_WAY:
            free = step.act is Act.HANDED_OVER or "" in (step.route_id, route_id)
            held = free or step.route_id == route_id
        elif step.task_id != task_id and (not route_id or step.route_id != route_id):
            held = False
    return held


def gaps(steps: Sequence[Step], proofs: Iterable[Proved], *, scannable: bool) -> tuple[Gap, ...]:
    """What does not fit in a chain, by time."""
    found = [
        Gap(GapKind.WRONG_VEHICLE, one.at, one.step_id, expected_route_id=one.expected_route_id)
        for one in steps
        if one.expected_route_id
    ]
    if scannable:
        found += _unscanned(steps, proofs)
    return tuple(sorted(found, key=lambda one: (one.at, one.step_id, one.proof_id)))


def _unscanned(steps: Sequence[Step], proofs: Iterable[Proved]) -> Iterator[Gap]:
    """One gap per task: where its outcome shows it, its proofs say nothing more."""
    told: set[str] = set()
    for step in steps:
        own = step.task_id, step.route_id
        if step.act in AT_THE_DOOR and step.task_id and not in_hands(steps, step.at, *own):
            told.add(step.task_id)
            yield Gap(GapKind.UNSCANNED, step.at, step.step_id)
    for proof in proofs:
        own = proof.task_id, proof.route_id
        if proof.task_id not in told and not in_hands(steps, proof.at, *own):
            told.add(proof.task_id)
            yield Gap(GapKind.UNSCANNED, proof.at, proof_id=proof.proof_id)
