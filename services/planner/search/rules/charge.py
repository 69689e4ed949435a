"""
Charge: the battery's level is followed along the timed route, leg by leg, by the exact pass.

Energy depends on the load on board and on waiting, so there is no useful bound in constant time.
"""

from __future__ import annotations

from services.planner.domain.shift import Shift


def battery_of(shift: Shift) -> tuple[int, ...]:
    """A shift's battery and what driving takes from it, as the fields of BATTERY."""
    battery, model = shift.vehicle.battery, shift.vehicle.energy_model
    if battery is None:
        return (0,) * 7
    limits = (battery.reserve_watt_hours, battery.end_watt_hours)
    return (shift.start_charge_watt_hours, *limits, *model.terms)
