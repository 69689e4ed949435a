"""Who drives what, and which task it is about: what nearly every event says. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.tracking.domain.words import TaskKind, VehicleKind


@dataclass(frozen=True, slots=True)
class Crew:
    """Who drives what on which route: said in every event, so that readers need to ask nobody."""

    route_id: str = ""
    revision: int = 0
    shift_id: str = ""
    driver_id: str = ""
    vehicle_id: str = ""
    carrier_id: str = ""
    depot_id: str = ""
    vehicle_kind: VehicleKind = VehicleKind.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Charge:
    """One task of a stop or leg, with its delivery and mass; on a leg, how far its goods go."""

    task_id: str
    delivery_id: str
    mass_grams: int = 0
    kind: TaskKind = TaskKind.DELIVERY
    item_count: int = 0  # 0: not known
    great_circle_meters: int = 0  # 0: not known
