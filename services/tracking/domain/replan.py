"""What a revision of the plan changed for one delivery, and what moved it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.words import PlanCause

OTHERS_MAX = 20  # deliveries named as what moved it; the contract states it


@dataclass(frozen=True, slots=True)
class PlanShift:
    """The planned arrival of one task, now and before; the route before where it was another."""

    task_id: str
    arrival: datetime
    previous_arrival: datetime | None = None
    previous_route_id: str = ""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What changed for one delivery. `added` and `removed` are deliveries on the same route."""

    cause: PlanCause
    revision: int
    arrival: datetime | None = None
    previous_arrival: datetime | None = None
    previous_route_id: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
