"""ZoneService: stretches of curb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once
from meshkit.postgres import Database, Transaction
from services.compliance.convert import curbs as wire
from services.compliance.ports import CurbShelf, StreetStore
from services.compliance.usecases import curbs
from services.compliance.usecases.offload import INLINE_MAX, offloaded

Context = ServicerContext[Any, Any]


class CurbZones(pb_grpc.ZoneServiceServicer):
    """Stretches of curb, and which of them suit a stop."""

    _db: Database
    _clock: Clock
    _streets: Callable[[Transaction], StreetStore]
    _curbs: CurbShelf

    async def CreateCurbZone(
        self, request: pb.CreateCurbZoneRequest, context: Context
    ) -> pb.CreateCurbZoneResponse:
        zone = wire.curb_zone_from_proto(request.curb_zone)

        async def effect(tx: Transaction) -> pb.CreateCurbZoneResponse:
            made = await curbs.create_curb_zone(self._streets(tx), zone, self._clock.now())
            return pb.CreateCurbZoneResponse(curb_zone=wire.curb_zone_to_proto(made))

        call = Call.of(current_caller(), request)
        return await commit_once(self._db, call, pb.CreateCurbZoneResponse, effect)

    async def GetCurbZone(
        self, request: pb.GetCurbZoneRequest, context: Context
    ) -> pb.GetCurbZoneResponse:
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await curbs.get_curb_zone(self._streets(tx), request.curb_zone_id)
        return pb.GetCurbZoneResponse(curb_zone=wire.curb_zone_to_proto(found))

    async def ListCurbZones(
        self, request: pb.ListCurbZonesRequest, context: Context
    ) -> pb.ListCurbZonesResponse:
        page = paging.page_of(request)
        after = str(page.after[0]) if page.after else ""
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await self._streets(tx).curb_zones(after, page.limit)
        shown, token = page.cut(found, key=lambda version: (version.zone.curb_zone_id,))
        return pb.ListCurbZonesResponse(
            curb_zones=[wire.curb_zone_to_proto(version) for version in shown],
            next_page_token=token,
        )

    async def UpdateCurbZone(
        self, request: pb.UpdateCurbZoneRequest, context: Context
    ) -> pb.UpdateCurbZoneResponse:
        change, name = wire.curb_zone_change(request), request.curb_zone.curb_zone_id

        async def effect(tx: Transaction) -> pb.UpdateCurbZoneResponse:
            store, now = self._streets(tx), self._clock.now()
            made = await curbs.update_curb_zone(store, name, request.etag, change, now)
            return pb.UpdateCurbZoneResponse(curb_zone=wire.curb_zone_to_proto(made))

        call = Call.of(current_caller(), request)
        return await commit_once(self._db, call, pb.UpdateCurbZoneResponse, effect)

    async def FindCurbZones(
        self, request: pb.FindCurbZonesRequest, context: Context
    ) -> pb.FindCurbZonesResponse:
        page, search = paging.page_of(request), wire.curb_search(request)
        tenant = current_caller().required_tenant()
        curbside = await self._curbs.curbside(tenant)
        found = await offloaded(
            INLINE_MAX + 1, curbs.nearest, curbside, search, _after(page), page.limit
        )
        near, token = page.cut(found, key=lambda n: (n.distance_millimeters, n.curb_zone_id))
        async with self._db.transaction(tenant) as tx:
            wanted = [(one.curb_zone_id, one.revision) for one in near]
            versions = await self._streets(tx).curb_zone_revisions(wanted)
        suited = await offloaded(INLINE_MAX + 1, curbs.suited, search, near, versions)
        return pb.FindCurbZonesResponse(
            findings=[wire.finding_to_proto(finding) for finding in suited],
            next_page_token=token,
        )


def _after(page: paging.Page) -> tuple[int, str] | None:
    if page.after is None:
        return None
    distance, curb_zone_id = page.after
    return int(distance), str(curb_zone_id)  # type: ignore[arg-type]
