"""TrackingService, second part: lists of what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit import paging
from meshkit.caller import Caller, Role, current_caller
from meshkit.errors import Invalid, NotFound, Violation
from services.tracking.adapters.world import PostgresWorld
from services.tracking.convert.etas import eta_to_proto
from services.tracking.convert.facts_out import fact_to_proto
from services.tracking.convert.positions import recorded_to_proto
from services.tracking.convert.proofs import media_to_proto, proof_to_proto
from services.tracking.convert.views import entry_to_proto, progress_to_proto
from services.tracking.convert.wire import moment
from services.tracking.domain.link import LinkScope
from services.tracking.domain.route import Window
from services.tracking.domain.view import public
from services.tracking.servicer.common import (
    Context,
    after_of,
    audiences_of,
    delivery_of,
    drives,
    span_of,
    tenant,
)
from services.tracking.servicer.looking import Looking
from services.tracking.servicer.media import PIECE_BYTES_MAX, readable, stored
from services.tracking.usecases.proofs import whole
from services.tracking.usecases.viewing import etas

POSITION_DAYS_MAX = 31
SPAN_DEFAULT = timedelta(hours=24)


class Listing(Looking):
    """Timelines, facts, positions, proofs, files."""

    async def GetTimeline(
        self, request: pb.GetTimelineRequest, context: Context
    ) -> pb.GetTimelineResponse:
        page, link = paging.page_of(request), await self._link(request.token, LinkScope.TRACK)
        caller = current_caller()  # from here on the holder of the link
        delivery_id = link.delivery_id if link else request.delivery_id
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            if link is None:
                await delivery_of(world, delivery_id, caller)
            found = await world.timeline.page(delivery_id, after_of(page, 2), page.limit)
            comments = await world.timeline.comments(delivery_id, audiences_of(caller))
        found, token = page.cut(found, key=lambda one: (one.at, one.entry_id))
        entries = [
            entry_to_proto(
                one,
                [c for c in comments if c.entry_id == one.entry_id],
                recipient=link is not None,
            )
            for one in (public(found) if link else found)
        ]
        return pb.GetTimelineResponse(entries=entries, next_page_token=token)

    async def ListEvents(
        self, request: pb.ListEventsRequest, context: Context
    ) -> pb.ListEventsResponse:
        page, caller = paging.page_of(request), current_caller()
        after = page.after[0] if page.after else 0
        conditions = (*_about(request, caller), list(request.types), *_recorded(request))
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            found = await world.facts.page(int(str(after)), *conditions, page.limit)
        found, token = page.cut(found, key=lambda one: (one[0],))
        return pb.ListEventsResponse(
            events=[fact_to_proto(one) for _, one in found], next_page_token=token
        )

    async def ListPositions(
        self, request: pb.ListPositionsRequest, context: Context
    ) -> pb.ListPositionsResponse:
        page = paging.page_of(request)
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            if request.epoch:
                found = await self._epoch(world, request, page)
                by = _by_sequence
            else:
                found = await self._span(world, request, page)
                by = _by_time
        found, token = page.cut(found, key=by)
        return pb.ListPositionsResponse(
            positions=[recorded_to_proto(one) for one in found], next_page_token=token
        )

    async def BatchGetEtas(
        self, request: pb.BatchGetEtasRequest, context: Context
    ) -> pb.BatchGetEtasResponse:
        caller = current_caller()
        async with self._desk.db.transaction(tenant()) as tx:
            found = await etas(
                self._desk.worlds(tx), request.stop_ids, request.route_ids, request.delivery_ids
            )
        seen = [eta_to_proto(eta) for driven, eta in found if drives(driven.route, caller)]
        return pb.BatchGetEtasResponse(etas=seen)

    async def GetRouteProgress(
        self, request: pb.GetRouteProgressRequest, context: Context
    ) -> pb.GetRouteProgressResponse:
        async with self._desk.db.transaction(tenant()) as tx:
            driven = await self._desk.worlds(tx).routes.get(request.route_id)
        if driven is None or not drives(driven.route, current_caller()):
            raise NotFound(
                "ROUTE_UNKNOWN", f"no route {request.route_id!r}", route_id=request.route_id
            )
        return pb.GetRouteProgressResponse(progress=progress_to_proto(driven))

    async def ListProofs(
        self, request: pb.ListProofsRequest, context: Context
    ) -> pb.ListProofsResponse:
        page, caller = paging.page_of(request), current_caller()
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            if caller.role in (Role.DRIVER, Role.CARRIER):
                named = (request.task_id, request.delivery_id)
                _refuse_nothing_named(*named, "task_id", "delivery_id")
                await _refuse_foreign(world, request, caller)
            after = after_of(page, 2)
            found = await world.proofs.page(request.task_id, request.delivery_id, after, page.limit)
        found, token = page.cut(found, key=lambda one: (one.record_time, one.proof_id))
        return pb.ListProofsResponse(
            proofs=[proof_to_proto(one) for one in found], next_page_token=token
        )

    async def ReadMedia(
        self, request: pb.ReadMediaRequest, context: Context
    ) -> pb.ReadMediaResponse:
        link = await self._link(request.token, LinkScope.TRACK)
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            if not await readable(world, request.sha256, link, current_caller()):
                raise NotFound("MEDIA_UNKNOWN", "no such file, or it is not whole yet")
            file, data = await whole(world, request.sha256, request.offset), b""
            if not file.stored_outside:
                data = await world.media.read(file.sha256, request.offset, PIECE_BYTES_MAX)
        if file.stored_outside:
            data = await stored(self._desk.objects, file, request.offset)
        return pb.ReadMediaResponse(
            data=data, next_offset=request.offset + len(data), media=media_to_proto(file)
        )

    async def _epoch(
        self, world: PostgresWorld, request: pb.ListPositionsRequest, page: paging.Page
    ) -> Any:
        _refuse_nothing_named(request.device_id, "", "device_id", "epoch")
        epoch = _uuid(request.epoch)
        caller = current_caller()
        after = int(str(page.after[0])) if page.after else 0
        found = await world.devices.list_epoch(request.device_id, epoch, after, page.limit)
        return [one for one in found if _sent(one, caller)]

    async def _span(
        self, world: PostgresWorld, request: pb.ListPositionsRequest, page: paging.Page
    ) -> Any:
        caller, span = current_caller(), self._asked_span(request)
        whose = [request.device_id, request.vehicle_id, caller.driver_id or request.driver_id]
        if request.route_id:
            span = await self._route_span(world, request.route_id, whose, span)
        if not any(whose):
            raise Invalid("FIELD_INVALID", "name a device, a vehicle, a driver or a route")
        device_id, vehicle_id, driver_id = whose
        after = after_of(page, 4)
        return await world.devices.page((device_id, vehicle_id, driver_id), span, after, page.limit)

    async def _route_span(
        self, world: PostgresWorld, route_id: str, whose: list[str], span: Window
    ) -> Window:
        driven = await world.routes.get(route_id)
        if driven is None or not drives(driven.route, current_caller()):
            raise NotFound("ROUTE_UNKNOWN", f"no route {route_id!r}", route_id=route_id)
        whose[0] = whose[0] or await world.devices.serving(driven.route)
        start = driven.progress.started_at or driven.route.start_time
        end = driven.progress.ended_at or self._desk.clock.now()
        return Window(start, max(start, end + timedelta(microseconds=1)))

    def _asked_span(self, request: pb.ListPositionsRequest) -> Window:
        if request.HasField("device_interval"):
            return span_of(request, "device_interval", POSITION_DAYS_MAX)
        now = self._desk.clock.now()
        return Window(now - SPAN_DEFAULT, now + SPAN_DEFAULT)


async def _refuse_foreign(world: PostgresWorld, request: Any, caller: Caller) -> None:
    delivery_id = request.delivery_id
    if not delivery_id:
        place = await world.tasks.find(request.task_id)
        delivery_id = place.delivery_id if place else request.task_id
    await delivery_of(world, delivery_id, caller)


def _about(request: pb.ListEventsRequest, caller: Caller) -> tuple[str, ...]:
    """The conditions asked for; drivers and carriers see their own facts, whatever they ask."""
    driver_id = caller.driver_id or request.driver_id
    return (
        request.delivery_id,
        request.task_id,
        request.route_id,
        driver_id,
        request.device_id,
        caller.carrier_id,
    )


def _recorded(request: pb.ListEventsRequest) -> tuple[Any, Any]:
    span = request.record_interval
    return tuple(  # type: ignore[return-value]
        moment(getattr(span, name)) if span.HasField(name) else None
        for name in ("start_time", "end_time")
    )


def _sent(recorded: Any, caller: Caller) -> bool:
    return caller.role is not Role.DRIVER or recorded.driver_id == caller.driver_id


def _by_sequence(one: Any) -> tuple[Any, ...]:
    return (one.fix.sequence,)


def _by_time(one: Any) -> tuple[Any, ...]:
    return one.fix.at, one.device_id, one.fix.epoch, one.fix.sequence


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        fault = Violation("epoch", "is a UUID")
        raise Invalid("FIELD_INVALID", "epoch is a UUID", violations=[fault]) from None


def _refuse_nothing_named(one: str, other: str, *names: str) -> None:
    if not one and not other:
        fault = Violation(names[0], "is needed")
        raise Invalid("FIELD_INVALID", f"name {' or '.join(names)}", violations=[fault])
