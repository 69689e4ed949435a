"""
Learning, over a real server and store: what facts leave behind, versions, imports, calibration.

Method: a past of forty attempts comes from a file; a run is made by hand, as the slow beat does.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from google.type.interval_pb2 import Interval

from doorstep.tracking.v1 import (
    analytics_service_pb2,
    learning_pb2,
    learning_service_pb2_grpc,
    metric_pb2,
)
from doorstep.tracking.v1 import learning_service_pb2 as pb
from meshkit.client import raising
from meshkit.errors import NotFound, NotReady
from meshkit.testing import Role, TestMesh
from services.tracking.adapters.attempt_runner import AttemptRunner
from services.tracking.adapters.heavy_process import harvested, learned
from services.tracking.adapters.learner import Learner
from services.tracking.convert.wire import stamp
from services.tracking.domain.past import address_of
from services.tracking.servicer.common import Desk
from services.tracking.servicer.learning import DeskStudy
from services.tracking.tests.calls import analytics_of, planned, reported, ticked
from services.tracking.tests.town import NINE, at, place
from services.tracking.tests.wire import event

pytestmark = pytest.mark.pg

HEADER = "arrive_time,service_seconds,outcome,failure_reason,latitude,longitude,floor,driver_id"
HERE = f"{place(1).latitude},{place(1).longitude}"
THERE = f"{place(2).latitude},{place(2).longitude}"


def row(day: int, seconds: object, where: str, outcome: str = "SUCCEEDED", why: str = "") -> str:
    """One attempt of the past."""
    came = (NINE - timedelta(days=day)).isoformat()
    return f"{came},{seconds},{outcome},{why},{where},2,d"


def past() -> bytes:
    """Forty attempts: quick at the first door, slow at the second, where every other one fails."""
    quick = [row(day, 60 + day % 5, HERE) for day in range(1, 21)]
    slow = [
        row(day, 600 + day, THERE, *(("FAILED", "NOT_HOME") if day % 2 else ("SUCCEEDED", "")))
        for day in range(1, 21)
    ]
    return "\n".join([HEADER, *quick, *slow]).encode()


def learning_of(mesh: TestMesh) -> Any:
    channel = mesh.channel(Role.DISPATCHER)
    return raising(learning_service_pb2_grpc.LearningServiceStub(channel))


async def imported(mesh: TestMesh, desk: Desk, content: bytes, **fields: Any) -> Any:
    """An import that has been worked on."""
    stub = learning_of(mesh)
    request = pb.StartAttemptImportRequest(
        request_id=str(uuid.uuid4()),
        content=content,
        **{"format": learning_pb2.ATTEMPT_FORMAT_CSV, **fields},
    )
    begun = (await stub.StartAttemptImport(request)).attempt_import
    assert begun.state == metric_pb2.WORK_STATE_QUEUED
    assert await AttemptRunner(desk.db, harvested, DeskStudy(desk).finish).work_once()
    asked = pb.GetAttemptImportRequest(import_id=begun.import_id)
    return (await stub.GetAttemptImport(asked)).attempt_import


async def run_over(desk: Desk) -> None:
    """A look, and the run that it asks for."""
    async with desk.db.worker() as tx:
        await tx.execute("UPDATE learning SET looked_at = '-infinity'")
    assert await Learner(desk.db, DeskStudy(desk), learned, seconds=60).beat()


async def estimates(mesh: TestMesh, **fields: Any) -> dict[str, Any]:
    """By subject."""
    request = analytics_service_pb2.ListServiceTimeEstimatesRequest(page_size=1_000, **fields)
    found = (await analytics_of(mesh).ListServiceTimeEstimates(request)).estimates
    return {one.subject: one for one in found}


async def test_what_a_file_says_of_two_doors_is_learned(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    assert await estimates(mesh) == {}
    done = await imported(mesh, desk, past())
    await run_over(desk)

    found = await estimates(mesh)

    assert (done.state, done.attempt_count) == (metric_pb2.WORK_STATE_DONE, 40)
    quick, slow = (found[address_of(place(number))] for number in (1, 2))
    assert 55 < quick.median_seconds < 90
    assert 400 < slow.median_seconds < 700
    assert quick.median_seconds <= quick.mean_seconds < quick.p90_seconds
    assert (quick.sample_count, quick.version) == (20, 1)
    assert (quick.failure_ratio, slow.failure_ratio) == (0, 0.5)
    assert slow.slot_failures[0].failure_ratio > 0.3 > quick.slot_failures[0].failure_ratio
    assert {"floors.2.stairs", "driver.d"} <= found.keys()


async def test_a_delivery_has_an_estimate_and_its_route_goes_by_it(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    await imported(mesh, desk, past())
    await run_over(desk)
    await ticked(desk)

    found = await estimates(mesh, delivery_ids=["del_1", "del_2", "del_9"])

    assert found.keys() == {"del_1", "del_2"}
    assert found["del_2"].mean_seconds > 3 * found["del_1"].mean_seconds
    async with desk.db.transaction("acme") as tx:
        driven = await desk.worlds(tx).routes.get("rte_1")
    assert driven is not None
    services = driven.progress.services
    assert services["stp_2"].median_seconds > 3 * services["stp_1"].median_seconds
    third = next(eta for eta in driven.etas if eta.stop_id == "stp_3")
    assert third.p50 > third.planned_at + timedelta(minutes=1)  # 3 min planned, over 8 learned
    assert [eta.failure is not None for eta in driven.etas] == [True] * 3


async def test_an_import_that_was_undone_is_learned_from_no_more(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    done = await imported(mesh, desk, past())
    await imported(mesh, desk, past())
    await run_over(desk)
    both = await estimates(mesh)
    request = pb.UndoAttemptImportRequest(request_id=str(uuid.uuid4()), import_id=done.import_id)
    undone = (await learning_of(mesh).UndoAttemptImport(request)).attempt_import
    await run_over(desk)

    left = await estimates(mesh)

    name = address_of(place(1))
    assert undone.HasField("undo_time")
    assert (both[name].sample_count, left[name].sample_count) == (40, 20)
    assert left[name].version == both[name].version + 1


async def undone(mesh: TestMesh, import_id: str) -> None:
    """An import that was withdrawn."""
    request = pb.UndoAttemptImportRequest(request_id=str(uuid.uuid4()), import_id=import_id)
    await learning_of(mesh).UndoAttemptImport(request)


async def test_nothing_is_left_of_the_only_import_once_it_was_undone(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    done = await imported(mesh, desk, past())
    await run_over(desk)
    await undone(mesh, done.import_id)

    await run_over(desk)

    assert await estimates(mesh) == {}


async def test_an_import_undone_during_a_run_is_forgotten_by_the_next(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    done = await imported(mesh, desk, past())

    async def meanwhile(*given: Any) -> Any:
        found = await learned(*given)
        await undone(mesh, done.import_id)
        return found

    assert await Learner(desk.db, DeskStudy(desk), meanwhile, seconds=60).beat()
    before = await estimates(mesh)
    await run_over(desk)

    assert before[address_of(place(1))].version == 1
    assert await estimates(mesh) == {}


async def test_slots_are_of_the_time_zone_that_a_tenant_lives_in(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    async with desk.db.transaction("acme") as tx:
        await desk.worlds(tx).contacts.put_zone("", "Australia/Sydney")
    await imported(mesh, desk, past())
    await run_over(desk)

    found = await estimates(mesh)

    slots = {one.slot for name in found for one in found[name].slot_failures}
    assert slots == {"weekday.16", "weekend.16"}  # nine in UTC is seven in the evening there


async def test_an_earlier_version_can_be_put_in_force_and_given_back(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    stub = learning_of(mesh)
    for _ in range(2):
        await imported(mesh, desk, past())
        await run_over(desk)
    adopt = pb.AdoptServiceTimeVersionRequest(request_id=str(uuid.uuid4()), version=1)
    first = (await stub.AdoptServiceTimeVersion(adopt)).version
    await imported(mesh, desk, past())
    await run_over(desk)  # what is learned meanwhile does not take its place
    held = await estimates(mesh)
    versions = (await stub.ListServiceTimeVersions(pb.ListServiceTimeVersionsRequest())).versions
    latest = pb.AdoptServiceTimeVersionRequest(request_id=str(uuid.uuid4()))
    back = (await stub.AdoptServiceTimeVersion(latest)).version

    assert (first.version, first.in_force, first.adopted) == (1, True, True)
    assert {one.version for one in held.values()} == {1}
    assert [(one.version, one.in_force) for one in versions] == [(3, False), (2, False), (1, True)]
    assert [one.stop_count for one in versions] == [120, 80, 40]
    assert (back.version, back.adopted) == (3, False)
    with pytest.raises(NotFound, match="version 9"):
        await stub.AdoptServiceTimeVersion(
            pb.AdoptServiceTimeVersionRequest(request_id=str(uuid.uuid4()), version=9)
        )


async def test_a_faulty_file_brings_nothing_and_names_every_fault(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    bad = [
        HEADER,
        row(1, 60, HERE),
        row(2, "soon", HERE),
        row(3, 60, "60.1,"),
        row(4, "", HERE, "FAILED"),
        f"yesterday,-3,PERHAPS,,{HERE},900,d",
    ]
    done = await imported(mesh, desk, "\n".join(bad).encode())

    assert done.state == metric_pb2.WORK_STATE_FAILED
    assert [fault.path for fault in done.faults] == [
        "rows[1].service_seconds",
        "rows[2].latitude",
        "rows[3].failure_reason",
        "rows[4].arrive_time",
        "rows[4].outcome",
        "rows[4].service_seconds",
        "rows[4].floor",
    ]
    with pytest.raises(NotReady):
        await learning_of(mesh).UndoAttemptImport(
            pb.UndoAttemptImportRequest(request_id=str(uuid.uuid4()), import_id=done.import_id)
        )


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"PAR1 is no header\n"])
async def test_a_file_that_is_none_is_said_to_be_none(
    mesh: TestMesh, desk: Desk, content: bytes
) -> None:
    await planned(desk)
    parquet = learning_pb2.ATTEMPT_FORMAT_PARQUET
    if content:
        done = await imported(mesh, desk, content, format=parquet)

        assert (done.state, len(done.faults)) == (metric_pb2.WORK_STATE_FAILED, 1)


async def test_a_check_says_what_would_be_imported_and_imports_nothing(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    done = await imported(mesh, desk, past(), validate_only=True)
    async with desk.db.transaction("acme") as tx:
        kept = await desk.worlds(tx).past.visits_since(None)

    assert (done.state, done.attempt_count, kept) == (metric_pb2.WORK_STATE_DONE, 40, 0)


async def test_parquet_says_the_same_as_cells(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    done = await imported(
        mesh, desk, as_parquet(past()), format=learning_pb2.ATTEMPT_FORMAT_PARQUET
    )
    await run_over(desk)

    assert (list(done.faults), done.attempt_count) == ([], 40)
    assert (await estimates(mesh))[address_of(place(1))].sample_count == 20


def as_parquet(content: bytes) -> bytes:
    """The same table as Parquet, with types."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        source, goal = f"{folder}/in.csv", f"{folder}/out.parquet"
        with open(source, "wb") as file:
            file.write(content)
        engine.execute(f"COPY (SELECT * FROM read_csv('{source}')) TO '{goal}' (FORMAT parquet)")
        with open(goal, "rb") as made:
            return made.read()


async def test_an_import_that_waits_can_be_cancelled_and_then_is_not_worked_on(
    mesh: TestMesh, desk: Desk
) -> None:
    stub = learning_of(mesh)
    request = pb.StartAttemptImportRequest(
        request_id=str(uuid.uuid4()),
        content=past(),
        format=learning_pb2.ATTEMPT_FORMAT_CSV,
    )
    begun = (await stub.StartAttemptImport(request)).attempt_import
    again = (await stub.StartAttemptImport(request)).attempt_import
    cancel = pb.CancelAttemptImportRequest(request_id=str(uuid.uuid4()), import_id=begun.import_id)
    ended = (await stub.CancelAttemptImport(cancel)).attempt_import
    watched = [
        one.attempt_import.state
        async for one in stub.WatchAttemptImport(
            pb.WatchAttemptImportRequest(import_id=begun.import_id)
        )
    ]

    assert again == begun
    assert ended.state == metric_pb2.WORK_STATE_CANCELLED
    assert watched == [metric_pb2.WORK_STATE_CANCELLED]
    assert not await AttemptRunner(desk.db, harvested, DeskStudy(desk).finish).work_once()


async def test_facts_of_a_route_leave_stops_attempts_and_judged_expectations(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    await ticked(desk)
    await reported(mesh, *drive())
    await ticked(desk)
    async with desk.db.transaction("acme") as tx:
        rows = await tx.fetch("SELECT kind, count(*) AS many FROM past GROUP BY kind")
        before = (await desk.worlds(tx).past.today()).calibration
    await run_over(desk)
    async with desk.db.transaction("acme") as tx:
        after = (await desk.worlds(tx).past.today()).calibration
    request = pb.GetEtaCalibrationRequest(
        interval=Interval(start_time=stamp(at(-60)), end_time=stamp(at(600)))
    )
    horizons = (await learning_of(mesh).GetEtaCalibration(request)).horizons

    kept = {row["kind"]: row["many"] for row in rows}
    assert kept == {"Start": 1, "Visit": 2, "Try": 2, "Driven": 2, "Judged": 2}
    assert before != after
    assert sum(one.arrival_count for one in horizons) == 2
    assert all(0 <= one.inside_count <= one.below_p90_count for one in horizons)


def drive() -> Iterator[Any]:
    """Two stops, served as planned."""
    yield event(0, "route_start", route_id="rte_1")
    for number, minutes in ((1, 2), (2, 7)):
        yield event(minutes, "arrived", number)
        yield event(minutes + 2, "delivered", number)
        yield event(minutes + 3, "departed", number)
