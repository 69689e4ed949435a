"""
Charge: the battery never falls below its reserve, nor below what must be left at the end.

Hard, for vehicles with a battery. Energy is counted leg by leg with the load on board, the time it
takes and a term per stop. Reason CHARGE; cure: charge before, or send another vehicle.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.problem import MASS
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Walk

REASON = Reason.CHARGE
CURE = "charge before, or send another vehicle"


def violations(walk: Walk) -> Iterator[Violation]:
    """The first leg that ends below the reserve, and a route that ends with too little."""
    battery = walk.shift.vehicle.battery
    if battery is None:
        return
    levels = list(charge_after_legs(walk))
    reserve = battery.reserve_watt_hours
    low = next((leg for leg, level in enumerate(levels) if level < reserve), None)
    if low is not None:
        visit = walk.legs[low].visit
        yield walk.broken(REASON, visit, excess_amount=reserve - levels[low], subject="reserve")
    elif levels[-1] < battery.end_watt_hours:
        excess = battery.end_watt_hours - levels[-1]
        yield walk.broken(REASON, excess_amount=excess, subject="end")


def charge_after_legs(walk: Walk) -> Iterator[int]:
    """What the battery holds at the end of each leg, in watt hours."""
    level, model = walk.shift.start_charge_watt_hours, walk.shift.vehicle.energy_model
    reached = walk.route.start_second
    for leg, load in zip(walk.legs, walk.loads, strict=True):
        level -= model.leg_watt_hours(leg.meters, leg.ready_second - reached, load[MASS])
        level -= model.stop_watt_hours if leg.here != leg.there else 0
        reached = leg.ready_second
        yield level
