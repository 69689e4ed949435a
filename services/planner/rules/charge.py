"""
Charge: the battery never falls below its reserve, nor below what must be left at the end.

Hard, for vehicles with a battery. Energy is counted leg by leg with the load on board, the time it
takes and a term per stop. Reason CHARGE; cure: charge before, or send another vehicle.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.problem import MASS
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, legs, loads_on_legs, shift_of

REASON = Reason.CHARGE
CURE = "charge before, or send another vehicle"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """The first leg that ends below the reserve, and a route that ends with too little."""
    battery = shift_of(instance, route).vehicle.battery
    if battery is None:
        return
    levels = list(charge_after_legs(instance, route))
    low = next(
        (leg for leg, level in enumerate(levels) if level < battery.reserve_watt_hours), None
    )
    if low is not None:
        visit = route.visits[low] if low < len(route.visits) else None
        excess = battery.reserve_watt_hours - levels[low]
        yield broken(REASON, instance, route, visit, excess_amount=excess, subject="reserve")
    elif levels[-1] < battery.end_watt_hours:
        excess = battery.end_watt_hours - levels[-1]
        yield broken(REASON, instance, route, excess_amount=excess, subject="end")


def charge_after_legs(instance: Instance, route: Route) -> Iterator[int]:
    """What the battery holds at the end of each leg, in watt hours."""
    shift = shift_of(instance, route)
    level, model = shift.start_charge_watt_hours, shift.vehicle.energy_model
    reached = route.start_second
    for leg, load in zip(legs(instance, route), loads_on_legs(instance, route), strict=True):
        meters = instance.travel_meters(route.shift, leg.here, leg.there)
        level -= model.leg_watt_hours(meters, leg.ready_second - reached, load[MASS])
        level -= model.stop_watt_hours if leg.here != leg.there else 0
        reached = leg.ready_second
        yield level
