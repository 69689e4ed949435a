"""DutyService: the log. What is computed from it answers UNIMPLEMENTED as yet."""

from __future__ import annotations

from typing import Any

from doorstep.dispatch.v1 import duty_service_pb2 as pb
from doorstep.dispatch.v1 import duty_service_pb2_grpc as pb_grpc
from meshkit import paging, validate
from meshkit.caller import current_caller
from meshkit.errors import MeshError
from services.dispatch.convert import nouns, requests
from services.dispatch.convert.codec import invalid
from services.dispatch.domain.duty import DutyRecord
from services.dispatch.servicer.tools import Tools, slice_of
from services.dispatch.usecases import duty
from services.dispatch.usecases.common import own_driver, required


class DutyServicer(pb_grpc.DutyServiceServicer):
    """Duty records. Each is named by the device that made it, so a repetition has no effect."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def RecordDutyStatus(
        self, request: pb.RecordDutyStatusRequest, context: Any
    ) -> pb.RecordDutyStatusResponse:
        asked = nouns.DUTY_RECORD.decode(request.record, "record.")
        async with self._tools.reading()() as stores:
            stored = await duty.record(stores, current_caller(), asked, self._tools.now())
        return pb.RecordDutyStatusResponse(record=nouns.DUTY_RECORD.encode(stored))

    async def BatchRecordDutyStatus(
        self, request: pb.BatchRecordDutyStatusRequest, context: Any
    ) -> pb.BatchRecordDutyStatusResponse:
        read = [_read(record, f"records[{rank}].") for rank, record in enumerate(request.records)]
        sound = [one for one in read if isinstance(one, DutyRecord)]
        async with self._tools.reading()() as stores:
            stored = await duty.record_all(stores, current_caller(), sound, self._tools.now())
        outcomes = iter(stored)
        results = (
            _result(next(outcomes) if isinstance(one, DutyRecord) else duty.Recorded(None, one))
            for one in read
        )
        return pb.BatchRecordDutyStatusResponse(results=results)

    async def ListDutyRecords(
        self, request: pb.ListDutyRecordsRequest, context: Any
    ) -> pb.ListDutyRecordsResponse:
        page = paging.page_of(request)
        mine = own_driver(current_caller(), request.driver_id)
        async with self._tools.reading()() as stores:
            driver = await stores.drivers.find(request.driver_id) if mine else None
            required(driver, "DRIVER_UNKNOWN", request.driver_id)
            found = await stores.duty_log.list_page(
                request.driver_id,
                requests.window(request, "interval"),
                request.superseded_included,
                slice_of(page),
            )
        found, token = page.cut(
            found, key=lambda record: (record.event_time, record.duty_record_id)
        )
        records = map(nouns.DUTY_RECORD.encode, found)
        return pb.ListDutyRecordsResponse(records=records, next_page_token=token)


def _read(record: Any, at: str) -> DutyRecord | MeshError:
    if faults := list(validate.violations(record, at)):
        return invalid(faults)
    try:
        return nouns.DUTY_RECORD.decode(record, at)
    except MeshError as fault:
        return fault


def _result(one: duty.Recorded) -> pb.RecordDutyStatusResult:
    if one.record is not None:
        return pb.RecordDutyStatusResult(record=nouns.DUTY_RECORD.encode(one.record))
    fault = one.fault
    assert fault is not None  # noqa: S101 - a record that was not stored says why
    return pb.RecordDutyStatusResult(code=fault.code, reason=fault.reason, detail=str(fault))
