"""
Reports for download: from the order to the file, by a process of its own.

Method: a day is reported over a real server; reports of it are ordered by rpc, made by the runner
with its real child process, read by ReadMedia, and compared with what rpcs say about the same day.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import os
import signal
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from google.type.interval_pb2 import Interval
from pypdf import PdfReader

from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import metric_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as media_pb
from meshkit.clock import StoppedClock
from meshkit.errors import MeshError
from meshkit.testing import TestMesh
from services.tracking.__main__ import reporter
from services.tracking.adapters import report_process
from services.tracking.config import TrackingSettings
from services.tracking.convert.wire import stamp
from services.tracking.formats.question import ask
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import analytics_of, tracking_of
from services.tracking.tests.test_figures import worked
from services.tracking.tests.town import NINE, at
from services.tracking.usecases import exports

pytestmark = pytest.mark.pg

CHILD_SECONDS_MAX = 30
DAY = Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(hours=3)))
KINDS = [name for name in pb.ReportKind.keys() if not name.endswith("UNSPECIFIED")]  # noqa: SIM118


def order(kind: str, form: str = "CSV") -> pb.StartReportExportRequest:
    """A report of the day."""
    return pb.StartReportExportRequest(
        request_id=str(uuid.uuid4()),
        interval=DAY,
        kind=pb.ReportKind.Value(f"REPORT_KIND_{kind.removeprefix('REPORT_KIND_')}"),
        format=pb.ReportFormat.Value(f"REPORT_FORMAT_{form}"),
    )


async def made(mesh: TestMesh, desk: Desk, asked: pb.StartReportExportRequest) -> Any:
    """The export after the runner had its turn."""
    started = (await analytics_of(mesh).StartReportExport(asked)).export
    await reporter(desk, TrackingSettings()).step()
    request = pb.GetReportExportRequest(export_id=started.export_id)
    return (await analytics_of(mesh).GetReportExport(request)).export


async def file_of(mesh: TestMesh, sha256: str) -> bytes:
    """A file by its hash."""
    content, whole = b"", False
    while not whole:
        request = media_pb.ReadMediaRequest(sha256=sha256, offset=len(content))
        reply = await tracking_of(mesh).ReadMedia(request)
        content += reply.data
        whole = reply.next_offset >= reply.media.total_bytes
    return content


async def table(mesh: TestMesh, desk: Desk, kind: str) -> list[dict[str, str]]:
    """A report as rows by column."""
    export = await made(mesh, desk, order(kind))
    assert export.error_message == ""
    content = await file_of(mesh, export.media_sha256)
    assert hashlib.sha256(content).hexdigest() == export.media_sha256
    return list(csv.DictReader(io.StringIO(content.decode())))


def total(rows: list[dict[str, str]], column: str) -> int:
    """A column, added up."""
    return sum(int(row[column] or 0) for row in rows)


@pytest.fixture
async def day(mesh: TestMesh, desk: Desk, clock: StoppedClock) -> None:
    """The day of `test_figures`, and an hour after it."""
    await worked(mesh, desk, clock)
    clock.move_to(at(240))


async def test_every_kind_is_made_and_agrees_with_the_scorecard(
    mesh: TestMesh, desk: Desk, day: None
) -> None:
    card = (await analytics_of(mesh).GetScorecard(pb.GetScorecardRequest(interval=DAY))).scorecard
    tables = {kind: await table(mesh, desk, kind) for kind in KINDS}

    for kind in ("ATTEMPTS", "DELIVERIES", "ROUTES", "ZONES"):
        rows = tables[f"REPORT_KIND_{kind}"]
        assert total(rows, "total_micros") == card.cost.total_micros, kind
        assert total(rows, "co2e_milligrams") == card.co2e_milligrams, kind
    assert [row["failure_reason"] for row in tables["REPORT_KIND_FAILURES"]] == ["NOT_HOME"]
    assert total(tables["REPORT_KIND_ROUTES"], "driven_meters") == card.distance_meters
    (line,) = tables["REPORT_KIND_DRIVER_SETTLEMENT"]
    assert (line["driver_id"], int(line["amount_micros"])) == ("driver-1", card.cost.time_micros)
    digest = tables["REPORT_KIND_DAILY_DIGEST"]
    assert [(row["common"], row["failure_reason"], row["owner"]) for row in digest] == [
        ("ALL", "NOT_HOME", "CARE")
    ]


async def test_every_form_holds_the_same_table(
    mesh: TestMesh, desk: Desk, day: None, tmp_path: Path
) -> None:
    rows = await table(mesh, desk, "ATTEMPTS")
    files = {}
    for form in ("PARQUET", "XLSX", "PDF"):
        export = await made(mesh, desk, order("ATTEMPTS", form))
        files[form] = await file_of(mesh, export.media_sha256)
    path = tmp_path / "attempts.parquet"
    path.write_bytes(files["PARQUET"])
    out = io.StringIO()
    ask(
        path,
        "select outcome, count(*) n, sum(total_micros) s from export group by 1 order by 1",
        out,
    )

    found = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [(one["outcome"], one["n"]) for one in found] == [("FAILED", "1"), ("SUCCEEDED", "2")]
    assert total(found, "s") == total(rows, "total_micros")
    assert files["XLSX"][:2] == b"PK"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["PDF"])).pages)
    assert all(row["task_id"] in text for row in rows)


async def test_a_question_reads_nothing_but_the_export(tmp_path: Path) -> None:
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("x\n1\n")
    other.write_text("x\n2\n")

    with pytest.raises(duckdb.PermissionException):
        ask(path, f"select * from read_csv('{other}')", io.StringIO())
    with pytest.raises(ValueError, match=r"\.parquet or \.csv"):
        ask(tmp_path / "a.txt", "select 1", io.StringIO())


async def test_an_export_that_is_cancelled_ends_and_its_process_with_it(
    mesh: TestMesh, desk: Desk, day: None
) -> None:
    stub = analytics_of(mesh)
    export = (await stub.StartReportExport(order("ATTEMPTS"))).export
    watch = stub.WatchReportExport(pb.WatchReportExportRequest(export_id=export.export_id))
    first = (await anext(aiter(watch))).export.state
    request = pb.CancelReportExportRequest(request_id=str(uuid.uuid4()), export_id=export.export_id)
    ended = (await stub.CancelReportExport(request)).export
    again = (await stub.CancelReportExport(request)).export

    assert first == metric_pb2.WORK_STATE_QUEUED
    assert ended.state == again.state == metric_pb2.WORK_STATE_CANCELLED
    assert await reporter(desk, TrackingSettings()).step() is False


async def test_a_report_that_is_cancelled_while_it_is_made_kills_its_process(
    mesh: TestMesh, desk: Desk, day: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "RENEW_SECONDS", 0.05)
    stub = analytics_of(mesh)
    export = (await stub.StartReportExport(order("ATTEMPTS"))).export
    work = asyncio.create_task(reporter(desk, TrackingSettings()).step())
    async with asyncio.timeout(CHILD_SECONDS_MAX):
        while not (children := _children()):  # noqa: ASYNC110 nothing tells us
            await asyncio.sleep(0.002)
    os.kill(children[0], signal.SIGSTOP)  # else a quick machine is done before anybody cancels
    asked = pb.CancelReportExportRequest(request_id=str(uuid.uuid4()), export_id=export.export_id)
    await stub.CancelReportExport(asked)
    await work
    found = await stub.GetReportExport(pb.GetReportExportRequest(export_id=export.export_id))

    assert found.export.state == metric_pb2.WORK_STATE_CANCELLED
    assert not _children()


def _children() -> list[int]:
    """Processes of ours that make a report."""
    mine = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    pids = map(int, Path(mine).read_text().split())
    return [pid for pid in pids if b"offline.report" in _command(pid)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:  # it ended meanwhile
        return b""


async def test_a_watch_tells_the_end_of_a_report(mesh: TestMesh, desk: Desk, day: None) -> None:
    stub = analytics_of(mesh)
    export = (await stub.StartReportExport(order("ZONES"))).export
    work = asyncio.create_task(reporter(desk, TrackingSettings()).step())
    request = pb.WatchReportExportRequest(export_id=export.export_id)
    states = [
        one.export.state async for one in stub.WatchReportExport(request) if one.HasField("export")
    ]
    await work

    assert states[-1] == metric_pb2.WORK_STATE_DONE


async def test_a_settlement_of_a_period_that_is_not_over_is_refused(
    mesh: TestMesh, desk: Desk, day: None, clock: StoppedClock
) -> None:
    clock.move_to(NINE + timedelta(hours=3, minutes=4))
    with pytest.raises(MeshError) as caught:
        await analytics_of(mesh).StartReportExport(order("CARRIER_SETTLEMENT"))

    assert caught.value.reason == "INTERVAL_INVALID"
    clock.move_to(NINE + timedelta(hours=3, minutes=5))
    await analytics_of(mesh).StartReportExport(order("CARRIER_SETTLEMENT"))


async def test_an_export_that_is_not_known_says_so(mesh: TestMesh) -> None:
    with pytest.raises(MeshError) as caught:
        await analytics_of(mesh).GetReportExport(pb.GetReportExportRequest(export_id="exp_none"))

    assert caught.value.reason == "WORK_UNKNOWN"


async def test_pages_of_the_journal_come_to_the_same_report(
    mesh: TestMesh, desk: Desk, day: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await made(mesh, desk, order("ATTEMPTS"))
    monkeypatch.setattr(report_process, "PAGE_ROWS", 2)
    paged = await made(mesh, desk, order("ATTEMPTS"))

    assert paged.media_sha256 == whole.media_sha256
    assert paged.progress_ratio == 1
