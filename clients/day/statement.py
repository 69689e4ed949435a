"""The day's carbon report as a finance officer gets it: a PDF, ordered through the contract."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime

from clients.day.gate import Api
from clients.day.retry import persist
from clients.day.stopped import Stopped
from clients.day.wire import interval, new_uuid
from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb

LOOK_SECONDS = 0.5
LOOKS_MAX = 240  # two minutes: the report of a day takes some seconds


async def statement(api: Api, start: datetime, end: datetime, dice: random.Random) -> bytes:
    """The report by delivery; raises Stopped when it is not written."""
    order = pb.StartEmissionReportExportRequest(
        request_id=new_uuid(dice.getrandbits(128)),
        interval=interval(start, end),
        dimension=emission_pb2.REPORT_DIMENSION_DELIVERY,
        format=pb.REPORT_FORMAT_PDF,
    )
    started = await persist(lambda: api.emissions.StartEmissionReportExport(order), dice)
    request = pb.GetEmissionReportExportRequest(export_id=started.export.export_id)
    for _ in range(LOOKS_MAX):
        reply = await persist(lambda: api.emissions.GetEmissionReportExport(request), dice)
        if reply.export.state == pb.REPORT_EXPORT_STATE_DONE:
            return reply.export.content
        if reply.export.state != pb.REPORT_EXPORT_STATE_RUNNING:
            break
        await asyncio.sleep(LOOK_SECONDS)
    raise Stopped(f"no carbon report was written: {reply.export.failure or 'it still runs'}")
