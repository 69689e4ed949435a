"""TrackingService: tenants' own geofences."""

from __future__ import annotations

from functools import partial

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.idempotency import Call, commit_once
from meshkit.postgres import Transaction
from services.tracking.convert.geofences import changed, fence, fence_to_proto
from services.tracking.domain.fence import Fence
from services.tracking.servicer.common import Context, tenant
from services.tracking.servicer.looking import Looking
from services.tracking.usecases import geofences


class Geofences(Looking):
    """Areas that are watched."""

    async def CreateGeofence(
        self, request: pb.CreateGeofenceRequest, context: Context
    ) -> pb.CreateGeofenceResponse:
        asked = fence(request.geofence)

        async def effect(tx: Transaction) -> pb.CreateGeofenceResponse:
            world, now = self._desk.worlds(tx), self._desk.clock.now()
            made = await geofences.create(world, asked, now)
            return pb.CreateGeofenceResponse(geofence=fence_to_proto(made))

        call = Call.of(current_caller(), request)
        return await commit_once(self._desk.db, call, pb.CreateGeofenceResponse, effect)

    async def GetGeofence(
        self, request: pb.GetGeofenceRequest, context: Context
    ) -> pb.GetGeofenceResponse:
        async with self._desk.db.transaction(tenant()) as tx:
            found = await geofences.get(self._desk.worlds(tx), request.geofence_id)
        return pb.GetGeofenceResponse(geofence=fence_to_proto(found))

    async def ListGeofences(
        self, request: pb.ListGeofencesRequest, context: Context
    ) -> pb.ListGeofencesResponse:
        page = paging.page_of(request)
        after = str(page.after[0]) if page.after else None
        async with self._desk.db.transaction(tenant()) as tx:
            found = await self._desk.worlds(tx).fences.page(after, page.limit)
        found, token = page.cut(found, key=lambda one: (one.fence_id,))
        return pb.ListGeofencesResponse(
            geofences=[fence_to_proto(one) for one in found], next_page_token=token
        )

    async def UpdateGeofence(
        self, request: pb.UpdateGeofenceRequest, context: Context
    ) -> pb.UpdateGeofenceResponse:
        async def effect(tx: Transaction) -> pb.UpdateGeofenceResponse:
            world, now = self._desk.worlds(tx), self._desk.clock.now()
            name, change = request.geofence.geofence_id, partial(_changed, request)
            made = await geofences.update(world, name, request.etag, change, now)
            return pb.UpdateGeofenceResponse(geofence=fence_to_proto(made))

        call = Call.of(current_caller(), request)
        return await commit_once(self._desk.db, call, pb.UpdateGeofenceResponse, effect)

    async def DeleteGeofence(
        self, request: pb.DeleteGeofenceRequest, context: Context
    ) -> pb.DeleteGeofenceResponse:
        async def effect(tx: Transaction) -> pb.DeleteGeofenceResponse:
            await geofences.delete(self._desk.worlds(tx), request.geofence_id, request.etag)
            return pb.DeleteGeofenceResponse()

        call = Call.of(current_caller(), request)
        return await commit_once(self._desk.db, call, pb.DeleteGeofenceResponse, effect)


def _changed(request: pb.UpdateGeofenceRequest, known: Fence) -> Fence:
    return changed(known, request)
