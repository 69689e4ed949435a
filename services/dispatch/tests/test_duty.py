"""
The duty log over the wire: stored once, edited by superseding, read back in order.

Method: a real server over a real PostgreSQL; the clock stands at five in the morning, UTC.
"""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.dispatch.v1 import duty_pb2, shift_pb2
from doorstep.dispatch.v1 import duty_service_pb2 as pb
from doorstep.dispatch.v1 import fleet_service_pb2 as fleet
from meshkit.errors import AlreadyExists, Invalid, NotFound, NotReady
from services.dispatch.tests.office import Office, stamp

pytestmark = pytest.mark.pg


def record(name: str, hour: float, status: str = "DRIVING", **fields: Any) -> Any:
    known = {"duty_record_id": name, "driver_id": "ada", "status": f"DUTY_STATUS_{status}"}
    return duty_pb2.DutyRecord(**known | fields, event_time=stamp(hour))


async def tell(office: Office, one: Any, driver: str = "ada") -> Any:
    request = pb.RecordDutyStatusRequest(record=one)
    return (await office.driver(driver).duty.RecordDutyStatus(request)).record


async def log(office: Office, **fields: Any) -> list[str]:
    request = pb.ListDutyRecordsRequest(driver_id="ada", **fields)
    found = await office.driver("ada").duty.ListDutyRecords(request)
    return [one.duty_record_id for one in found.records]


async def test_a_record_told_twice_is_stored_once(office: Office) -> None:
    await office.hire("ada")

    first = await tell(office, record("r1", 4))
    again = await tell(office, record("r1", 4))

    assert again == first
    assert await log(office) == ["r1"]
    with pytest.raises(AlreadyExists) as caught:
        await tell(office, record("r1", 4, "SLEEPER"))
    assert caught.value.reason == "DUTY_RECORD_EXISTS"


async def test_an_edit_supersedes_and_nothing_is_lost(office: Office) -> None:
    await office.hire("ada")
    await tell(office, record("r1", 3))
    await tell(office, record("r2", 4, "OFF_DUTY"))

    edit = record("r3", 3, "YARD_MOVE", supersedes_id="r1", annotation="in the yard")
    await tell(office, edit)

    assert await log(office) == ["r3", "r2"]
    assert await log(office, superseded_included=True) == ["r1", "r3", "r2"]
    with pytest.raises(NotReady) as caught:
        await tell(office, record("r4", 3, supersedes_id="r1", annotation="again"))
    assert caught.value.reason == "DUTY_RECORD_SUPERSEDED"


@pytest.mark.parametrize("hour", [5.05, -24 * 61])
async def test_a_time_that_cannot_be_is_refused(office: Office, hour: float) -> None:
    await office.hire("ada")

    with pytest.raises(Invalid) as caught:
        await tell(office, record("r1", hour))

    assert caught.value.reason == "DUTY_TIME_IMPLAUSIBLE"


async def test_a_batch_tells_of_each_record(office: Office) -> None:
    await office.hire("ada")
    batch = [record("r2", 4), record("r1", 3), record("r3", 9), record("r4", 3, driver_id="eve")]

    reply = await office.driver("ada").duty.BatchRecordDutyStatus(
        pb.BatchRecordDutyStatusRequest(records=batch)
    )

    assert [result.reason for result in reply.results] == [
        "",
        "",
        "DUTY_TIME_IMPLAUSIBLE",
        "DRIVER_UNKNOWN",
    ]
    assert await log(office) == ["r1", "r2"]


async def test_a_driver_writes_no_other_driver_s_log(office: Office) -> None:
    await office.hire("ada", "bob")

    with pytest.raises(NotFound):
        await tell(office, record("r1", 4), driver="bob")


async def test_a_rest_on_a_started_shift_is_a_break(office: Office) -> None:
    await office.hire("ada")
    await office.start("ada")
    request = fleet.GetShiftRequest(shift_id="shift-ada")

    await tell(office, record("r1", 4.9, "OFF_DUTY"))
    resting = (await office.desk.fleet.GetShift(request)).shift.state
    await tell(office, record("r2", 5, "DRIVING"))
    driving = (await office.desk.fleet.GetShift(request)).shift.state

    assert resting == shift_pb2.SHIFT_STATE_ON_BREAK
    assert driving == shift_pb2.SHIFT_STATE_STARTED
