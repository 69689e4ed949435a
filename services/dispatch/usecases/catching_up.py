"""
Vehicles drive on while a change is worked out: brings its orders up to where they are by then.

Pricing takes seconds, in which a busy vehicle may reach a stop. What it has reached falls out of
the orders, the rest keeps its order, and what was to come first comes next.
"""

from __future__ import annotations

from meshkit.errors import Conflict, NotReady
from services.dispatch.domain.route import Route, frozen_count
from services.dispatch.usecases.scene import Orders, Scene


def caught_up(orders: Orders, then: Scene, now: Scene) -> Orders:
    """Orders made for one scene, as they are in the same scene later."""
    return {name: _caught_up(name, order, then, now) for name, order in orders.items()}


def _caught_up(route_id: str, order: list[str], then: Scene, now: Scene) -> list[str]:
    renamed = {old.task_id: now.pickups[name].task_id for name, old in then.pickups.items()}
    gone = set(then.sequences[route_id]) - set(now.sequences[route_id])
    kept = [renamed.get(name, name) for name in order if name not in gone]
    return [*_now_needed(route_id, kept, now), *kept]


def _now_needed(route_id: str, order: list[str], now: Scene) -> list[str]:
    """Pickups that became necessary: the vehicle has left the depot meanwhile."""
    return [
        pickup.task_id
        for name, pickup in now.pickups.items()
        if name in order and pickup.task_id not in order and now.needs_pickup(name, route_id)
    ]


def goes_on(seen: Route, after: Route) -> bool:
    """Whether all that a vehicle has reached by now comes first in a revision."""
    reached = [stop.stop_id for stop in seen.stops[: frozen_count(seen)]]
    return reached == [stop.stop_id for stop in after.stops[: len(reached)]]


def overtaken(error: NotReady) -> Conflict:
    """What was possible when the caller asked is not any more: he should look again."""
    return Conflict("REVISION_STALE", f"overtaken meanwhile: {error.reason}, {error}")
