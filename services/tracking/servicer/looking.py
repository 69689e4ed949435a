"""TrackingService, first part: what deliveries, fleets and feeds look like, now and for ever."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

from doorstep.tracking.v1 import milestone_pb2, tracking_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit.caller import Caller, Role, become, current_caller
from meshkit.drain import until_drained
from meshkit.errors import Invalid, NotFound
from meshkit.watch import HEARTBEAT_SECONDS, serve_watch
from services.tracking.adapters.position_feed import PositionFeed
from services.tracking.adapters.postgres_care import find_link
from services.tracking.convert.chunks import rest_to_wire
from services.tracking.convert.views import view_to_proto
from services.tracking.convert.wire import number, stamp
from services.tracking.domain.link import Link, LinkScope
from services.tracking.domain.words import ENDED_STATES
from services.tracking.servicer.common import Context, Desk, audiences_of, delivery_of, tenant
from services.tracking.servicer.fleet import LOOK_SECONDS, Fleets, Screen, Silence
from services.tracking.usecases.viewing import view

CURSOR_PREFIX = "v1."
LOOKS_MAX = 4  # of watches of deliveries at once: half of the connections are for calls


class Looking:
    """Views and watches."""

    def __init__(self, desk: Desk, positions: PositionFeed) -> None:
        self._desk = desk
        self._positions = positions
        self._fleets = Fleets(desk)
        self._looks = asyncio.Semaphore(LOOKS_MAX)

    async def GetTracking(
        self, request: pb.GetTrackingRequest, context: Context
    ) -> pb.GetTrackingResponse:
        link = await self._link(request.token, LinkScope.TRACK)
        return pb.GetTrackingResponse(tracking=await self._tracking(request, link))

    async def WatchTracking(
        self, request: pb.WatchTrackingRequest, context: Context
    ) -> AsyncIterator[pb.WatchTrackingResponse]:
        if request.cursor and not request.cursor.startswith(CURSOR_PREFIX):
            raise Invalid("CURSOR_INVALID", "not a cursor of WatchTracking")
        async for response in until_drained(self._views(request)):
            yield response

    async def WatchFleet(
        self, request: pb.WatchFleetRequest, context: Context
    ) -> AsyncIterator[pb.WatchFleetResponse]:
        async for response in until_drained(self._fleet(request, tenant())):
            yield response

    async def WatchPositions(
        self, request: pb.WatchPositionsRequest, context: Context
    ) -> AsyncIterator[Any]:  # bytes, which all watchers share
        device_ids = frozenset(request.device_ids)
        with self._positions.watched():
            read = await self._positions.start(request.cursor, at_head=request.start_at_head)
            while True:  # the first answer says where it begins
                rest = rest_to_wire(read.cursor, self._desk.clock.now())
                yield b"".join((*read.positions, rest))
                read = await self._positions.next(
                    read.place, tenant(), device_ids, HEARTBEAT_SECONDS
                )

    async def WatchEvents(
        self, request: pb.WatchEventsRequest, context: Context
    ) -> AsyncIterator[pb.WatchEventsResponse]:
        caller = current_caller()
        of = None if caller.role is Role.SERVICE else caller.required_tenant()
        watched = serve_watch(self._desk.db, request, pb.WatchEventsResponse, tenant=of)
        async for response in watched:
            yield response

    async def _link(self, token: str, scope: LinkScope) -> Link | None:
        """The link of a token, whose holder is the caller from here on; None without a token."""
        if not token:
            if current_caller().role is Role.RECIPIENT:
                raise _no_link()
            return None
        async with self._desk.db.worker() as tx:
            found = await find_link(tx, hashlib.sha256(token.encode()).digest())
        if found is None or not found[1].works(self._desk.clock.now()):
            raise _no_link()
        of, link = found
        if scope not in link.scopes:
            raise _no_link()
        become(Caller(subject=link.link_id, role=Role.RECIPIENT, tenant=of))
        return link

    async def _tracking(self, request: Any, link: Link | None) -> tracking_pb2.Tracking:
        caller, delivery_id = current_caller(), link.delivery_id if link else request.delivery_id
        async with self._desk.db.transaction(caller.required_tenant()) as tx:
            world = self._desk.worlds(tx)
            if link is None:
                await delivery_of(world, delivery_id, caller)
            now = self._desk.clock.now()
            seen = await view(world, delivery_id, link, now, audiences_of(caller))
        return view_to_proto(seen)

    async def _views(
        self, request: pb.WatchTrackingRequest
    ) -> AsyncIterator[pb.WatchTrackingResponse]:
        known, silence, first = request.cursor, Silence(), not request.cursor
        while True:
            async with self._looks:
                # Asked anew each time: a link that was revoked or has expired ends its watches.
                link = await self._link(request.token, LinkScope.TRACK)
                seen = await self._tracking(request, link)
            cursor = _cursor(seen)
            ended = seen.state in ENDED
            if cursor != known or first or silence.is_long or ended:
                yield self._told(seen, cursor, known, first=first, ended=ended)
                known, silence, first = cursor, Silence(), False
            if ended:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _told(
        self, seen: tracking_pb2.Tracking, cursor: str, known: str, *, first: bool, ended: bool
    ) -> pb.WatchTrackingResponse:
        now = stamp(self._desk.clock.now())
        message = pb.WatchTrackingResponse(cursor=cursor, server_time=now, ended=ended)
        if first:
            message.snapshot.CopyFrom(seen)
        elif cursor != known:
            message.update.CopyFrom(seen)
        return message

    async def _fleet(
        self, request: pb.WatchFleetRequest, of: str
    ) -> AsyncIterator[pb.WatchFleetResponse]:
        screen, silence, first = Screen(request), Silence(), True
        while True:
            fleet = await self._fleets.now(of)
            news, gone = screen.news(fleet), screen.gone(fleet)
            if news or gone or first or silence.is_long:
                yield pb.WatchFleetResponse(
                    vehicles=news,
                    gone_vehicle_ids=gone,
                    snapshot=first,
                    server_time=stamp(self._desk.clock.now()),
                )
                silence, first = Silence(), False
            await asyncio.sleep(LOOK_SECONDS)


ENDED = frozenset(number(milestone_pb2.TrackingState, state) for state in ENDED_STATES)


def _cursor(seen: tracking_pb2.Tracking) -> str:
    """A digest of what is seen, without what only the passing of time changes."""
    still = tracking_pb2.Tracking()
    still.CopyFrom(seen)
    still.ClearField("view_time")
    still.vehicle_position.ClearField("age_duration")
    for name in ("compute_time", "position_age_duration"):
        still.eta.ClearField(name)
        still.risk.eta.ClearField(name)
    still.risk.ClearField("compute_time")
    return CURSOR_PREFIX + hashlib.sha256(_bytes(still)).hexdigest()[:32]


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


def _no_link() -> NotFound:
    return NotFound("LINK_INVALID", "this link does not work")
