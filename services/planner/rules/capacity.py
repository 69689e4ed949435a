"""
Capacity: on no leg is more on board than the vehicle can carry, in any dimension.

Hard. Deliveries from the depot are on board from the start or from the reload before them, pickups
to the reload after them or the end, what is picked up for a delivery up to that. A vehicle's
capacity of 0 means no limit in that dimension. Reason CAPACITY; cure: send a bigger vehicle, or
another one.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Walk

REASON = Reason.CAPACITY
CURE = "send a bigger vehicle or another one"


def violations(walk: Walk) -> Iterator[Violation]:
    """The greatest excess of each dimension, with the leg where it is."""
    names = walk.instance.problem.dimensions
    for dimension, limit in enumerate(walk.shift.vehicle.capacity):
        if not limit:
            continue
        amounts = [load[dimension] for load in walk.loads]
        excess = max(amounts) - limit
        if excess > 0:
            # On the first leg the route as a whole is to blame, later what was taken in before.
            worst = amounts.index(max(amounts))
            visit = walk.route.visits[worst - 1] if worst else None
            yield walk.broken(REASON, visit, excess_amount=excess, subject=names[dimension])
