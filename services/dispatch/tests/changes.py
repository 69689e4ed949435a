"""What the tests of changes to bound routes share: two routes, and how far their vehicles are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.dispatch.v1 import route_pb2, task_pb2
from meshkit.clock import StoppedClock
from meshkit.testing import TENANT
from services.dispatch.domain.route import Progress, StopState
from services.dispatch.servicer.tools import Tools
from services.dispatch.tests.conftest import MORNING
from services.dispatch.tests.office import Office, ask

ACTIVE = route_pb2.ROUTE_STATE_ACTIVE


def base(route: Any) -> dict[str, Any]:
    return {"route_id": route.route_id, "base_revision": route.revision}


def tasks_of(route: Any) -> list[str]:
    return [task.task_id for stop in route.stops for task in stop.tasks]


async def two_routes(office: Office) -> tuple[Any, Any]:
    """Ada's route with two stops and Bob's with one."""
    await office.hire("ada", capacity_mass_grams=20_000)
    await office.hire("bob", capacity_mass_grams=50_000)
    await office.order("d1", "d2", "d3")
    ada, bob = await office.plan_day()
    assert (len(ada.stops), len(bob.stops)) == (2, 1)
    return ada, bob


async def reach(kit: Tools, route: Any, rank: int, state: StopState) -> None:
    """The vehicle at a stop, as tracking would report it."""
    progress = Progress(route.route_id, route.stops[rank].stop_id, state)
    async with kit.db.transaction(TENANT) as tx:
        await kit.stores(tx).routes.save_progress(progress)


async def reassign(office: Office, routes: list[Any], moves: list[Any], **fields: Any) -> Any:
    request = ask(pb.ReassignStopsRequest, routes=map(base, routes), moves=moves, **fields)
    return await office.desk.dispatch.ReassignStops(request)


def kinds(route: Any) -> list[str]:
    names = (task_pb2.TaskType.Name(t.type) for stop in route.stops for t in stop.tasks)
    return [name.removeprefix("TASK_TYPE_") for name in names]


async def on_the_road(office: Office, kit: Tools, clock: StoppedClock, *routes: Any) -> list[Any]:
    """These routes, driven: each vehicle has left the depot at six."""
    clock.move_to(MORNING + timedelta(hours=1, minutes=1))
    for route in routes:
        await office.start(route.driver_id)
    return [r for r in await office.routes(routes[0].route_plan_id) if r.state == ACTIVE]
