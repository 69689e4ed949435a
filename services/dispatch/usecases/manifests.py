"""Manifests: a route at one revision with all that its driver needs, and nothing of others."""

from __future__ import annotations

from collections.abc import Sequence

from meshkit.caller import Caller
from services.dispatch.domain.manifest import Manifest, manifest_of
from services.dispatch.domain.route import Route, RouteState
from services.dispatch.ports import RouteFilter, Slice, Stores
from services.dispatch.usecases.shifts import ROUTES_MAX, seen

TOLD = (RouteState.PUBLISHED, RouteState.ACTIVE)


async def of_shift(stores: Stores, caller: Caller, shift_id: str) -> list[Manifest]:
    """The manifests of a shift's binding routes, by name. Raises NotFound for another's shift."""
    seen(await stores.shifts.find(shift_id), caller, shift_id)
    which = RouteFilter(shift_id=shift_id, states=TOLD)
    found = await stores.routes.list_page(which, Slice(None, ROUTES_MAX))
    return [await of_route(stores, route) for route in found]


async def of_route(stores: Stores, route: Route) -> Manifest:
    """The manifest of a route as it stands now."""
    return (await _of_routes(stores, [route]))[0]


async def now(stores: Stores, route_id: str) -> Manifest | None:
    """The manifest of a route by name; None when there is no such route."""
    route = await stores.routes.find(route_id)
    return None if route is None else await of_route(stores, route)


async def _of_routes(stores: Stores, found: Sequence[Route]) -> list[Manifest]:
    names = sorted({d for route in found for d in route.delivery_ids})
    deliveries = await stores.deliveries.find_all(names)
    tasks = await stores.tasks.find_all([t for route in found for t in route.task_ids])
    is_open = frozenset(name for name, task in tasks.items() if task.is_open)
    return [manifest_of(route, deliveries, is_open) for route in found]
