"""
What carriers and drivers are owed, from the feed to the settlement.

Method: prices, their corrections and takings come in as dispatch and drivers tell them; settlements
are made by the process that makes reports; their lines are compared with the ledger of prices.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from google.type.interval_pb2 import Interval

from doorstep.dispatch.v1 import event_pb2
from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import tracking_event_pb2
from meshkit.clock import StoppedClock
from meshkit.errors import MeshError
from meshkit.testing import TENANT, TestMesh
from services.tracking.__main__ import reporter
from services.tracking.config import TrackingSettings
from services.tracking.convert.wire import stamp
from services.tracking.servicer import analytics
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import analytics_of, planned, reported
from services.tracking.tests.test_exports import file_of
from services.tracking.tests.test_figures import DAY
from services.tracking.tests.town import NINE, at
from services.tracking.tests.wire import event, heard

pytestmark = pytest.mark.pg


def accepted(units: int, tender: str = "tnd_1") -> event_pb2.Change:
    """A carrier accepted a tender at a price."""
    change = event_pb2.Change(tenant=TENANT, event_time=stamp(at(0)), event_id=str(uuid.uuid4()))
    told = change.tender_accepted
    told.tender_id, told.carrier_id, told.route_id = tender, "car_1", f"rte_{tender}"
    told.price.currency_code, told.price.units = "EUR", units
    return change


def fell_off(tender: str = "tnd_1") -> event_pb2.Change:
    """A carrier gave it back."""
    change = event_pb2.Change(tenant=TENANT, event_time=stamp(at(30)), event_id=str(uuid.uuid4()))
    change.tender_fell_off.tender_id, change.tender_fell_off.carrier_id = tender, "car_1"
    return change


def collected(minutes: float, units: int, corrects: str = "") -> tracking_event_pb2.TrackingEvent:
    """A driver took cash for the first delivery."""
    taken = event(minutes, "amount_collected", 1, corrected_event_id=corrects)
    taken.amount_collected.amount.currency_code = "EUR"
    taken.amount_collected.amount.units = units
    taken.amount_collected.method = tracking_event_pb2.PAYMENT_METHOD_CASH
    return taken


async def lines(mesh: TestMesh, desk: Desk, kind: int, start: float, end: float) -> list[list[str]]:
    """A settlement of a period, without its header."""
    period = Interval(start_time=stamp(at(start)), end_time=stamp(at(end)))
    request = pb.StartReportExportRequest(
        request_id=str(uuid.uuid4()),
        interval=period,
        kind=kind,  # type: ignore[arg-type]
    )
    name = (await analytics_of(mesh).StartReportExport(request)).export.export_id
    await reporter(desk, TrackingSettings()).step()
    found = await analytics_of(mesh).GetReportExport(pb.GetReportExportRequest(export_id=name))
    content = await file_of(mesh, found.export.media_sha256)
    return [line.split(",") for line in content.decode().splitlines()[1:]]


async def paid(mesh: TestMesh) -> int:
    """What carriers are paid, as the scorecard says."""
    request = pb.GetScorecardRequest(interval=DAY)
    return int((await analytics_of(mesh).GetScorecard(request)).scorecard.cost.carrier_micros)


async def test_a_correction_is_settled_in_the_period_of_its_booking_and_no_other(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    kind = pb.REPORT_KIND_CARRIER_SETTLEMENT
    await heard(desk, accepted(90), accepted(90), accepted(50, "tnd_2"))
    clock.move_to(at(70))
    first = await lines(mesh, desk, kind, 0, 60)
    await heard(desk, accepted(70), fell_off("tnd_2"))
    clock.move_to(at(130))
    again = await lines(mesh, desk, kind, 0, 60)
    second = await lines(mesh, desk, kind, 60, 120)

    assert first == again
    assert [(row[1], row[2], int(row[6])) for row in first] == [
        ("PRICE", "tnd_1", 90_000_000), ("PRICE", "tnd_2", 50_000_000),
    ]  # fmt: skip
    assert [(row[1], row[2], int(row[6])) for row in second] == [
        ("CORRECTION", "tnd_1", -20_000_000), ("CORRECTION", "tnd_2", -50_000_000),
    ]  # fmt: skip
    assert sum(int(row[6]) for row in (*first, *second)) == await paid(mesh) == 70_000_000


async def test_cash_that_is_corrected_is_owed_once(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    taken = collected(4, 12)
    await reported(mesh, taken, collected(5, 10, corrects=taken.event_id))
    clock.move_to(at(130))
    found = await lines(mesh, desk, pb.REPORT_KIND_DRIVER_SETTLEMENT, 0, 60)

    assert [(row[1], int(row[7])) for row in found] == [
        ("CASH", -12_000_000), ("CASH_CORRECTION", 2_000_000),
    ]  # fmt: skip


async def test_more_events_than_one_call_reads_are_refused(
    mesh: TestMesh, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await heard(desk, accepted(90), accepted(50, "tnd_2"))
    monkeypatch.setattr(analytics, "EVENTS_MAX", 1)
    period = Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(hours=1)))
    with pytest.raises(MeshError) as caught:
        await analytics_of(mesh).GetScorecard(pb.GetScorecardRequest(interval=period))

    assert caught.value.reason == "EVENTS_EXCEEDED"
