"""
Capacity: on no leg is more on board than the vehicle can carry, in any dimension.

Hard. A vehicle's capacity of 0 means no limit in that dimension. Reason CAPACITY; cure: send a
bigger vehicle, or another one.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, loads_on_legs, shift_of

REASON = Reason.CAPACITY
CURE = "send a bigger vehicle or another one"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """The greatest excess of each dimension, with the leg where it is."""
    capacity = shift_of(instance, route).vehicle.capacity
    loads = list(loads_on_legs(instance, route))
    for dimension, (name, limit) in enumerate(
        zip(instance.problem.dimensions, capacity, strict=True)
    ):
        worst = max(range(len(loads)), key=lambda leg: loads[leg][dimension])
        excess = loads[worst][dimension] - limit
        if limit and excess > 0:
            # On the first leg the route as a whole is to blame, later the pickup before the leg.
            visit = route.visits[worst - 1] if worst else None
            yield broken(REASON, instance, route, visit, excess_amount=excess, subject=name)
