"""What a vehicle is foreseen to take from its battery and to emit. Pure, whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.dispatch.domain.fleet import VehicleAttributes


@dataclass(frozen=True, slots=True)
class Outlook:
    """Terms by kilometer, hour on the way and stop: watt hours, and milligrams of CO2e."""

    factor_set_id: str
    kilometer_watt_hours: int = 0
    hour_watt_hours: int = 0
    stop_watt_hours: int = 0
    kilometer_milligrams: int = 0
    hour_milligrams: int = 0
    stop_milligrams: int = 0


Outlooks = Mapping[VehicleAttributes, Outlook]  # a vehicle that is missing is not foreseen
NOTHING_FORESEEN: Outlooks = {}
