"""ZoneService: imports of zones from files, each a stored operation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once, recall
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from meshkit.watch import HEARTBEAT_SECONDS
from services.compliance.adapters.postgres_imports import NUMBERS, PostgresImports, rung
from services.compliance.convert.imports.files import refuse_unreadable
from services.compliance.convert.zone_imports import import_from_proto, import_to_proto
from services.compliance.domain.zone_import import ZoneImport
from services.compliance.usecases import zone_imports

Context = ServicerContext[Any, Any]


class ZoneImports(pb_grpc.ZoneServiceServicer):
    """Imports of zones."""

    _db: Database
    _clock: Clock

    async def StartZoneImport(
        self, request: pb.StartZoneImportRequest, context: Context
    ) -> pb.StartZoneImportResponse:
        call = await asyncio.to_thread(Call.of, current_caller(), request)
        answer = await recall(self._db, call, pb.StartZoneImportResponse)
        if answer is not None:
            return answer
        asked = import_from_proto(request, new_id("imp"), self._clock.now())
        await asyncio.to_thread(refuse_unreadable, asked.format, request.content)

        async def effect(tx: Transaction) -> pb.StartZoneImportResponse:
            store = PostgresImports(tx)
            own = await zone_imports.start_import(store, asked, request.content)
            return pb.StartZoneImportResponse(zone_import=import_to_proto(own))

        answer = await commit_once(self._db, call, pb.StartZoneImportResponse, effect)
        rung(self._db)
        return answer

    async def GetZoneImport(
        self, request: pb.GetZoneImportRequest, context: Context
    ) -> pb.GetZoneImportResponse:
        found = await self._import(request.import_id)
        return pb.GetZoneImportResponse(zone_import=import_to_proto(found))

    async def WatchZoneImport(
        self, request: pb.WatchZoneImportRequest, context: Context
    ) -> AsyncIterator[pb.WatchZoneImportResponse]:
        seen: ZoneImport | None = None
        while True:
            place = dict(self._db.pulse.heads(NUMBERS))
            found = await self._import(request.import_id)
            if found != seen:
                seen = found
                yield pb.WatchZoneImportResponse(zone_import=import_to_proto(found))
            if found.is_over:
                return
            if not await self._db.pulse.wait_beyond(NUMBERS, place, HEARTBEAT_SECONDS):
                yield pb.WatchZoneImportResponse()

    async def CancelZoneImport(
        self, request: pb.CancelZoneImportRequest, context: Context
    ) -> pb.CancelZoneImportResponse:
        call = Call.of(current_caller(), request)

        async def effect(tx: Transaction) -> pb.CancelZoneImportResponse:
            store, now = PostgresImports(tx), self._clock.now()
            own = await zone_imports.cancel_import(store, request.import_id, now)
            return pb.CancelZoneImportResponse(zone_import=import_to_proto(own))

        answer = await commit_once(self._db, call, pb.CancelZoneImportResponse, effect)
        rung(self._db)
        return answer

    async def _import(self, import_id: str) -> ZoneImport:
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            return await zone_imports.get_import(PostgresImports(tx), import_id)
