"""Finding the route, the stop and the crew that a fact is about, by whatever it names."""

from __future__ import annotations

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Crew
from services.tracking.domain.fact import Fact
from services.tracking.domain.incident import About
from services.tracking.domain.wording import crew, crew_of
from services.tracking.domain.words import Source
from services.tracking.ports import Driven, World

OWN_ONLY = (Source.DRIVER, Source.CARRIER)  # who may speak of their own work only


async def route_of(world: World, fact: Fact) -> tuple[Driven | None, str]:
    """The route and stop that a fact is about, by whatever it names."""
    route_id, stop_id = fact.route_id, fact.stop_id
    if not route_id and fact.task_id:
        place = await world.tasks.find(fact.task_id)
        route_id = place.route_id if place else ""
    if not route_id and stop_id:
        route_id = await world.routes.with_stop(fact.driver_id, fact.carrier_id, stop_id)
    driven = await world.routes.lock(route_id) if route_id else None
    if driven is not None and not stop_id and fact.task_id:
        stop = driven.route.stop_of(fact.task_id)
        return (driven, stop.stop_id) if stop else (None, "")
    return driven, stop_id


def theirs(driven: Driven, fact: Fact) -> bool:
    """Whether who reports is who drives. Dispatchers and the platform may speak for anybody."""
    if fact.source is Source.DRIVER:
        return driven.route.driver_id == fact.driver_id
    if fact.source is Source.CARRIER:
        return driven.route.carrier_id == fact.carrier_id
    return True


async def crew_for(world: World, fact: Fact) -> Crew | None:
    """Who did it, by the route where one is known; None on a route that is not theirs."""
    driven = await world.routes.get(fact.route_id) if fact.route_id else None
    if driven is None:
        return crew_of(fact)
    return crew(driven.route) if theirs(driven, fact) else None


async def delivery_for(world: World, fact: Fact) -> Delivery | None:
    """The delivery that a fact is about, when who reports may speak of it."""
    place = await world.tasks.find(fact.task_id) if fact.task_id else None
    delivery_id = fact.delivery_id or (place.delivery_id if place else "")
    known = (await world.deliveries.get([delivery_id])).get(delivery_id) if delivery_id else None
    if known is None or (place is not None and place.delivery_id != delivery_id):
        return None
    if fact.source not in OWN_ONLY:
        return known
    route_id = place.route_id if place else known.route_id
    driven = await world.routes.get(route_id) if route_id else None
    return known if driven is not None and theirs(driven, fact) else None


async def about(world: World, task_id: str, delivery_id: str) -> About:
    """Whom an incident about a task concerns: its stop, and who drives there."""
    place = await world.tasks.find(task_id)
    driven = await world.routes.get(place.route_id) if place and place.route_id else None
    if driven is None:
        return About(task_id=task_id, delivery_id=delivery_id)
    stop, by = driven.route.stop_of(task_id), crew(driven.route)
    return About(
        task_id=task_id,
        delivery_id=delivery_id,
        stop_id=stop.stop_id if stop else "",
        route_id=by.route_id,
        vehicle_id=by.vehicle_id,
        driver_id=by.driver_id,
        carrier_id=by.carrier_id,
    )
