"""AnalyticsService, second part: reports for download."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import analytics_service_pb2_grpc as pb_grpc
from meshkit.caller import current_caller
from meshkit.drain import until_drained
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from meshkit.watch import HEARTBEAT_SECONDS
from services.tracking.adapters.postgres_exports import PostgresExports
from services.tracking.convert import exports as wire
from services.tracking.domain.report import ReportExport, ReportOrder
from services.tracking.servicer.common import Context, Desk, span_of, tenant
from services.tracking.usecases import exports

DAYS_MAX = 366  # of an interval; the contract states it
LOOK_SECONDS = 1.0  # how often a watch looks: the one who makes a report may be another process


class Exporting(pb_grpc.AnalyticsServiceServicer):
    """Started, looked at, watched, stopped; `adapters.report_runner` makes them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def StartReportExport(
        self, request: pb.StartReportExportRequest, context: Context
    ) -> pb.StartReportExportResponse:
        order = wire.order(request, span_of(request, "interval", DAYS_MAX))
        call = Call.of(current_caller(), request)
        effect = partial(self._start, order)
        return await commit_once(self._desk.db, call, pb.StartReportExportResponse, effect)

    async def GetReportExport(
        self, request: pb.GetReportExportRequest, context: Context
    ) -> pb.GetReportExportResponse:
        found = await self._export(tenant(), request.export_id)
        return pb.GetReportExportResponse(export=wire.export_to_proto(found))

    async def WatchReportExport(
        self, request: pb.WatchReportExportRequest, context: Context
    ) -> AsyncIterator[pb.WatchReportExportResponse]:
        async for response in until_drained(self._watched(tenant(), request.export_id)):
            yield response

    async def CancelReportExport(
        self, request: pb.CancelReportExportRequest, context: Context
    ) -> pb.CancelReportExportResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._cancel, request.export_id)
        return await commit_once(self._desk.db, call, pb.CancelReportExportResponse, effect)

    async def _start(self, order: ReportOrder, tx: Transaction) -> pb.StartReportExportResponse:
        now = self._desk.clock.now()
        made = await exports.start(PostgresExports(tx), order, now, new_id)
        return pb.StartReportExportResponse(export=wire.export_to_proto(made))

    async def _cancel(self, export_id: str, tx: Transaction) -> pb.CancelReportExportResponse:
        now = self._desk.clock.now()
        ended = await exports.cancel(PostgresExports(tx), export_id, now)
        return pb.CancelReportExportResponse(export=wire.export_to_proto(ended))

    async def _watched(
        self, whose: str, export_id: str
    ) -> AsyncIterator[pb.WatchReportExportResponse]:
        loop, told, until = asyncio.get_running_loop(), None, 0.0
        while told is None or not told.over:
            found = await self._export(whose, export_id)
            if found != told:
                yield pb.WatchReportExportResponse(export=wire.export_to_proto(found))
            elif loop.time() >= until:
                yield pb.WatchReportExportResponse()
            else:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            told, until = found, loop.time() + HEARTBEAT_SECONDS

    async def _export(self, whose: str, export_id: str) -> ReportExport:
        async with self._desk.db.transaction(whose) as tx:
            return await exports.find(PostgresExports(tx), export_id)
