"""Reports as files: a part of EmissionsService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from meshkit.watch import HEARTBEAT_SECONDS
from services.compliance.adapters.postgres_exports import ExportBell, PostgresExports, told
from services.compliance.convert.exports import export_to_proto, order_from_proto
from services.compliance.domain.statement import Export
from services.compliance.usecases import exports

Context = ServicerContext[Any, Any]


class Exports(pb_grpc.EmissionsServiceServicer):
    """Started, looked at, watched, stopped; `adapters.export_runner` writes them."""

    _db: Database
    _clock: Clock

    async def StartEmissionReportExport(
        self, request: pb.StartEmissionReportExportRequest, context: Context
    ) -> pb.StartEmissionReportExportResponse:
        order = order_from_proto(request)

        async def effect(tx: Transaction) -> pb.StartEmissionReportExportResponse:
            store, now = PostgresExports(tx), self._clock.now()
            export = await exports.start_export(store, order, now, new_id)
            shown = export_to_proto(export, with_content=False)
            return pb.StartEmissionReportExportResponse(export=shown)

        call = Call.of(current_caller(), request)
        answer = await commit_once(self._db, call, pb.StartEmissionReportExportResponse, effect)
        told(self._db)
        return answer

    async def GetEmissionReportExport(
        self, request: pb.GetEmissionReportExportRequest, context: Context
    ) -> pb.GetEmissionReportExportResponse:
        found = await self._export(current_caller().required_tenant(), request.export_id)
        shown = export_to_proto(found, with_content=True)
        return pb.GetEmissionReportExportResponse(export=shown)

    async def WatchEmissionReportExport(
        self, request: pb.WatchEmissionReportExportRequest, context: Context
    ) -> AsyncIterator[pb.WatchEmissionReportExportResponse]:
        tenant, bell = current_caller().required_tenant(), ExportBell(self._db)
        until = 0.0
        while True:
            bell.note()
            found, now = await self._export(tenant, request.export_id), _now()
            if found.is_over or now >= until:
                until = now + HEARTBEAT_SECONDS
                shown = export_to_proto(found, with_content=True)
                yield pb.WatchEmissionReportExportResponse(export=shown)
            if found.is_over:
                return
            await bell.wait(until - now)

    async def CancelEmissionReportExport(
        self, request: pb.CancelEmissionReportExportRequest, context: Context
    ) -> pb.CancelEmissionReportExportResponse:
        async def effect(tx: Transaction) -> pb.CancelEmissionReportExportResponse:
            store, now = PostgresExports(tx), self._clock.now()
            export = await exports.cancel_export(store, request.export_id, now)
            shown = export_to_proto(export, with_content=False)
            return pb.CancelEmissionReportExportResponse(export=shown)

        call = Call.of(current_caller(), request)
        answer = await commit_once(self._db, call, pb.CancelEmissionReportExportResponse, effect)
        told(self._db)
        return answer

    async def _export(self, tenant: str, export_id: str) -> Export:
        async with self._db.transaction(tenant) as tx:
            return await exports.get_export(PostgresExports(tx), export_id)


def _now() -> float:
    return asyncio.get_running_loop().time()
