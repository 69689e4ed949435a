"""
The fleet of each tenant as it is now: looked up once a second, however many watch it.

What a watcher is told is one state per vehicle and second: what changed inside its part of the map,
and once more a vehicle that left it or is gone, so that nobody keeps it on the screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from doorstep.tracking.v1 import tracking_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit.watch import HEARTBEAT_SECONDS
from services.tracking.convert.views import idle_to_proto, vehicle_to_proto
from services.tracking.domain.fix import RecordedFix
from services.tracking.domain.progress import RunState
from services.tracking.ports import Driven
from services.tracking.servicer.common import Desk

LOOK_SECONDS = 1.0  # the promise of 1 Hz
TENANTS_MAX = 1_000  # pictures kept; each is dropped when it is a second old and asked for again
UNDER_WAY = (RunState.PUBLISHED, RunState.ACTIVE)

Seen = tuple[tracking_pb2.FleetVehicle, bytes]  # a vehicle, and its bytes to compare


class Fleets:
    """What the vehicles of each tenant do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked: dict[str, tuple[float, asyncio.Task[Sequence[Seen]]]] = {}

    async def now(self, of: str) -> Sequence[Seen]:
        """All vehicles of a tenant, at most a second old."""
        at, (since, looking) = _now(), self._looked.get(of, (-LOOK_SECONDS, None))
        if looking is None or at - since >= LOOK_SECONDS:
            if len(self._looked) >= TENANTS_MAX:
                self._looked.clear()
            looking = asyncio.create_task(self._look(of))
            self._looked[of] = at, looking
        return await asyncio.shield(looking)  # one watcher that leaves ends nobody else's look

    async def _look(self, of: str) -> Sequence[Seen]:
        async with self._desk.db.transaction(of) as tx:
            world, now = self._desk.worlds(tx), self._desk.clock.now()
            routes = await world.routes.page(UNDER_WAY, (), ())
            latest = await world.devices.latest()
        at_work = {
            one.route.vehicle.vehicle_id or one.route.route_id: one for one in in_turn(routes)
        }
        busy = [vehicle_to_proto(driven, now) for driven in at_work.values()]
        names = {one.vehicle_id for one in busy} | {one.driver_id for one in busy if one.driver_id}
        free = [one for one in latest if not names & {one.vehicle_id, one.driver_id}]
        idle = [idle_to_proto(one) for one in newest(free)]
        return [(one, one.SerializeToString(deterministic=True)) for one in (*busy, *idle)]


def in_turn(routes: Iterable[Driven]) -> list[Driven]:
    """The routes of a vehicle as they displace one another: the one under way comes last."""
    return sorted(
        routes,
        key=lambda one: (one.progress.state is RunState.ACTIVE, -one.route.start_time.timestamp()),
    )


def newest(latest: Iterable[RecordedFix]) -> list[RecordedFix]:
    """One position of each vehicle, whichever of its devices took it last."""
    in_order = sorted(latest, key=lambda one: (one.fix.at, one.device_id))
    return list({one.vehicle_id or one.device_id: one for one in in_order}.values())


class Screen:
    """What one watcher has been told."""

    def __init__(self, request: pb.WatchFleetRequest) -> None:
        self._request = request
        self._vehicles, self._routes = set(request.vehicle_ids), set(request.route_ids)
        self._told: dict[str, bytes] = {}

    def news(self, fleet: Sequence[Seen]) -> list[tracking_pb2.FleetVehicle]:
        """What it has not been told yet."""
        return [one for one, raw in fleet if self._is_asked(one) and self._is_new(one, raw)]

    def gone(self, fleet: Sequence[Seen]) -> list[str]:
        """What it was told of and is not part of the answer any more; each once."""
        here = {_key(one) for one, _ in fleet if self._is_asked(one)}
        lost = sorted(self._told.keys() - here)
        for key in lost:
            del self._told[key]
        return lost

    def _is_asked(self, one: tracking_pb2.FleetVehicle) -> bool:
        vehicle = not self._vehicles or one.vehicle_id in self._vehicles
        return vehicle and (not self._routes or one.route_id in self._routes)

    def _is_new(self, one: tracking_pb2.FleetVehicle, raw: bytes) -> bool:
        key = _key(one)
        if not inside(self._request, one):
            return self._told.pop(key, None) is not None
        before = self._told.get(key)
        self._told[key] = raw
        return before != raw


def _key(one: tracking_pb2.FleetVehicle) -> str:
    return str(one.vehicle_id or one.route_id)


class Silence:
    """How long a watch has said nothing."""

    def __init__(self) -> None:
        self._since = _now()

    @property
    def is_long(self) -> bool:
        """Whether it should speak, because the next look may come after the heartbeat is due."""
        return _now() - self._since > HEARTBEAT_SECONDS - 2 * LOOK_SECONDS


def inside(request: pb.WatchFleetRequest, one: tracking_pb2.FleetVehicle) -> bool:
    """Whether a vehicle is in the part of the map; one without a place is everywhere."""
    if not request.HasField("viewport") or not one.HasField("location"):
        return True
    low, high, at = request.viewport.southwest, request.viewport.northeast, one.location
    if not low.latitude <= at.latitude <= high.latitude:
        return False
    if low.longitude <= high.longitude:
        return bool(low.longitude <= at.longitude <= high.longitude)
    return bool(at.longitude >= low.longitude or at.longitude <= high.longitude)  # over 180 degrees


def _now() -> float:
    return asyncio.get_running_loop().time()
