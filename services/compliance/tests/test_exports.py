"""
Reports as files: what they say, read back by other readers than ours, and that none gets lost.

Method: a real server on a real port over a real store, with the runner of the process beside it; a
ledger of 80 routes, so that the table has several pages, is compared with GetEmissionReport.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from google.type.interval_pb2 import Interval
from pypdf import PdfReader

from doorstep.compliance.v1 import emission_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import Exhausted, Invalid, NotFound
from meshkit.postgres import Database
from meshkit.testing import Role, TestMesh
from services.compliance.__main__ import export_runner
from services.compliance.adapters.postgres_exports import PostgresExportQueue
from services.compliance.config import ComplianceSettings
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests import wire
from services.compliance.tests.places import at

pytestmark = pytest.mark.pg

NOON = at("2026-05-12 09:00")
ROUTES = 80
MAY = Interval(
    start_time=moment_to_proto(at("2026-05-01 00:00")),
    end_time=moment_to_proto(at("2026-06-01 00:00")),
)
VAN = vehicle_pb2.Vehicle(
    vehicle_id="van",
    category=vehicle_pb2.VEHICLE_CATEGORY_N1,
    fuel=vehicle_pb2.FUEL_DIESEL,
    unladen_mass_grams=2_000_000,
)
SECONDS_MAX = 60
DECIMAL = re.compile(r"-?\d+(\.\d+)?")  # iLEAP 1.0.0, 6.6.5


@pytest.fixture
def emissions(mesh: TestMesh) -> Any:
    return raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
async def running(db: Database, clock: StoppedClock) -> AsyncIterator[None]:
    """The runner of the process."""
    task = asyncio.create_task(export_runner(db, ComplianceSettings(), clock).run())
    yield
    task.cancel()
    await asyncio.wait([task])


def leg(number: int, country_code: str = "GB", **more: Any) -> emission_pb2.EmissionLeg:
    """One leg of a route of its own, with two deliveries; every fourth is metered."""
    metered = {"fuel_milliliters": 1_000 + number} if number % 4 == 0 else {}
    known: dict[str, Any] = {
        "leg_id": f"l{number}",
        "route_id": f"route-{number:03d}",
        "vehicle": VAN,
        "country_code": country_code,
        "interval": Interval(
            start_time=moment_to_proto(NOON),
            end_time=moment_to_proto(NOON + timedelta(minutes=10)),
        ),
        "distance_meters": 10_000 + 7 * number,
        "loads": [
            emission_pb2.DeliveryLoad(delivery_id=f"d{number}", mass_grams=3_001),
            emission_pb2.DeliveryLoad(
                delivery_id=f"d{number}.b", mass_grams=999, shortest_distance_meters=4_000
            ),
        ],
    }
    return emission_pb2.EmissionLeg(**(known | metered | more))


async def fill(emissions: Any, *legs: emission_pb2.EmissionLeg) -> None:
    depot = emission_pb2.HubOperation(
        hub_operation_id="h1",
        hub_id="depot",
        country_code="GB",
        interval=leg(0).interval,
        grid_energy_watt_hours=12_345,
        loads=[emission_pb2.DeliveryLoad(delivery_id="d1", mass_grams=3_001)],
    )
    empty = leg(900, loads=[])
    await emissions.RecordActuals(
        pb.RecordActualsRequest(
            request_id=wire.request_id(),
            legs=[*(leg(number) for number in range(ROUTES)), empty, *legs],
            hub_operations=[depot],
        )
    )


def order(form: Any, dimension: Any = emission_pb2.REPORT_DIMENSION_ROUTE) -> Any:
    return pb.StartEmissionReportExportRequest(
        request_id=wire.request_id(), interval=MAY, dimension=dimension, format=form
    )


async def start(emissions: Any, request: Any) -> str:
    answer = await emissions.StartEmissionReportExport(request)
    return str(answer.export.export_id)


async def ended(emissions: Any, export_id: str) -> Any:
    """The export as its watch tells it last."""
    async with asyncio.timeout(SECONDS_MAX):
        request = pb.WatchEmissionReportExportRequest(export_id=export_id)
        told = [news.export async for news in emissions.WatchEmissionReportExport(request)]
    return told[-1]


async def file(emissions: Any, form: Any) -> bytes:
    done = await ended(emissions, await start(emissions, order(form)))
    assert done.state == pb.REPORT_EXPORT_STATE_DONE, done.failure
    return bytes(done.content)


async def report(emissions: Any) -> Any:
    return await emissions.GetEmissionReport(
        pb.GetEmissionReportRequest(
            interval=MAY, dimension=emission_pb2.REPORT_DIMENSION_ROUTE, page_size=1_000
        )
    )


def kilograms(milligrams: int) -> str:
    """To the gram, half up, by another way than the report's own."""
    return f"{(milligrams + 500) // 1_000 / 1_000:,.3f}"


@pytest.mark.usefixtures("running")
async def test_the_pdf_says_what_the_ledger_says_to_the_gram(emissions: Any) -> None:
    await fill(emissions, leg(901, "FI"))
    known = await report(emissions)

    content = await file(emissions, pb.REPORT_FORMAT_PDF)
    reader = PdfReader(BytesIO(content))
    pages = [page.extract_text() for page in reader.pages]
    text = "\n".join(pages)
    total = known.total.co2e

    for amount in (total.wtw_milligrams, total.wtt_milligrams, total.ttw_milligrams):
        assert kilograms(amount) in pages[0]
        assert f"{amount:,}" in pages[0]  # and as the ledger keeps it
    for row in known.rows:
        figures = [row.co2e.wtw_milligrams, row.co2e.wtt_milligrams, row.co2e.ttw_milligrams]
        line = rf"{row.key}\s+" + r"\s+".join(map(re.escape, map(kilograms, figures)))
        assert len(re.findall(line, text)) == 1, row.key
    assert "ISO 14083:2023" in text
    assert "well to wheel" in text
    assert "by mass times distance" in text
    assert "desnz-2025" in text
    assert "Open Government Licence v3.0" in text
    assert "DESNZ/DEFRA 2025" in text
    assert f"primary {known.total.primary_ratio * 100:.1f} %" in text
    assert "made for another country: data quality DEFAULT" in text
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    assert reader.metadata is not None
    assert "acme" in str(reader.metadata.title)


@pytest.mark.usefixtures("running")
async def test_the_same_ledger_is_written_as_the_same_csv(emissions: Any) -> None:
    await fill(emissions, leg(902, route_id="=HYPERLINK(0)"), leg(903, route_id='a,"b"'))
    known = await report(emissions)

    first = await file(emissions, pb.REPORT_FORMAT_CSV)
    second = await file(emissions, pb.REPORT_FORMAT_CSV)
    rows = list(csv.DictReader(StringIO(first.decode("utf-8"), newline="")))
    *groups, total = rows

    assert first == second
    assert first.count(b"\r\n") == len(rows) + 1  # RFC 4180
    assert {row["key"] for row in groups} == {
        f"'{row.key}" if row.key.startswith("=") else row.key for row in known.rows
    }
    assert total["row"] == "total"
    for stage in ("wtw", "wtt", "ttw"):
        amounts = [int(row[f"co2e_{stage}_milligrams"]) for row in groups]
        stated = getattr(known.total.co2e, f"{stage}_milligrams")
        assert sum(amounts) == int(total[f"co2e_{stage}_milligrams"]) == stated
    assert {row["standard"] for row in rows} == {"ISO 14083:2023 and GLEC Framework v3, WTW"}
    assert {row["factor_set_ids"] for row in rows} == {"desnz-2025"}


@pytest.mark.usefixtures("running")
async def test_shipments_and_the_rest_add_up_to_the_total_in_the_shape_of_ileap(
    emissions: Any,
) -> None:
    await fill(emissions)
    total = (await report(emissions)).total.co2e

    document = json.loads(await file(emissions, pb.REPORT_FORMAT_ILEAP_JSON))
    tces = [tce for shipment in document["shipmentFootprints"] for tce in shipment["tces"]]
    tocs = {toc["tocId"]: toc for toc in document["tocs"]}
    hocs = {hoc["hocId"]: hoc for hoc in document["hocs"]}

    for name, stated in (("WTW", total.wtw_milligrams), ("TTW", total.ttw_milligrams)):
        parts = [milligrams(tce[f"co2e{name}"]) for tce in tces]
        assert sum(parts) + milligrams(document["unallocated"][f"co2e{name}"]) == stated
    assert milligrams(document["unallocated"]["co2eWTW"]) > 0
    for tce in tces:
        assert ("tocId" in tce) != ("hocId" in tce)
        assert tce.get("tocId") in tocs or tce.get("hocId") in hocs
        (kilometers,) = tce["distance"].values()
        assert float(tce["transportActivity"]) == pytest.approx(
            float(kilometers) * float(tce["mass"]) / 1_000, abs=1e-9
        )
    assert set(hocs) == {"depot"}
    (chain,) = [s["tces"] for s in document["shipmentFootprints"] if s["shipmentId"] == "d1"]
    assert [tce["prevTceIds"] for tce in chain] == [[], [chain[0]["tceId"]]]
    toc = tocs["road-n1-diesel-gb"]
    assert toc["energyCarriers"][0]["energyCarrier"] == "Diesel"
    activity = sum(float(tce["transportActivity"]) for tce in tces if "tocId" in tce)
    road = sum(milligrams(tce["co2eWTW"]) for tce in tces if "tocId" in tce)
    whole = road + milligrams(document["unallocated"]["co2eWTW"])
    assert float(toc["co2eIntensityWTW"]) == pytest.approx(whole / 1e6 / activity, rel=1e-6)
    assert all(DECIMAL.fullmatch(text) for text in decimals(document))


def milligrams(kilograms: str) -> int:
    whole, _, part = kilograms.partition(".")
    return int(whole) * 1_000_000 + int(part.ljust(6, "0"))


def decimals(document: Any) -> list[str]:
    """What iLEAP has as decimals."""
    names = {"mass", "transportActivity", "co2eWTW", "co2eTTW", "co2eIntensityWTW", "actual", "sfd"}
    if isinstance(document, list):
        return [text for item in document for text in decimals(item)]
    if not isinstance(document, dict):
        return []
    own = [value for name, value in document.items() if name in names]
    return own + [text for value in document.values() for text in decimals(value)]


async def test_what_was_started_before_a_restart_is_written_after_it(
    emissions: Any, db: Database, clock: StoppedClock
) -> None:
    await fill(emissions)
    export_id = await start(emissions, order(pb.REPORT_FORMAT_CSV))
    lost = PostgresExportQueue(db)
    claim = await lost.claim()
    assert claim is not None
    assert await lost.claim() is None  # somebody has it
    async with db.worker() as tx:
        await tx.execute("UPDATE emission_exports SET lease_until = clock_timestamp()")
    task = asyncio.create_task(export_runner(db, ComplianceSettings(), clock).run())

    done = await ended(emissions, export_id)

    task.cancel()
    await asyncio.wait([task])
    assert done.state == pb.REPORT_EXPORT_STATE_DONE
    assert not await lost.finish(claim, b"late", NOON)  # whoever was lost writes no more
    answer = await emissions.GetEmissionReportExport(
        pb.GetEmissionReportExportRequest(export_id=export_id)
    )
    assert answer.export == done
    assert done.media_type.startswith("text/csv")


async def test_a_cancelled_export_stays_cancelled_and_one_that_ended_as_it_is(
    emissions: Any, db: Database, clock: StoppedClock
) -> None:
    first = await start(emissions, order(pb.REPORT_FORMAT_PDF))
    cancel = pb.CancelEmissionReportExportRequest(request_id=wire.request_id(), export_id=first)

    once = await emissions.CancelEmissionReportExport(cancel)
    again = await emissions.CancelEmissionReportExport(cancel)

    assert once == again
    assert once.export.state == pb.REPORT_EXPORT_STATE_CANCELLED
    task = asyncio.create_task(export_runner(db, ComplianceSettings(), clock).run())
    second = await start(emissions, order(pb.REPORT_FORMAT_CSV))
    assert (await ended(emissions, second)).state == pb.REPORT_EXPORT_STATE_DONE
    late = pb.CancelEmissionReportExportRequest(request_id=wire.request_id(), export_id=second)
    kept = (await emissions.CancelEmissionReportExport(late)).export
    task.cancel()
    await asyncio.wait([task])
    assert kept.state == pb.REPORT_EXPORT_STATE_DONE
    assert not kept.content  # which only Get and Watch send
    assert (await ended(emissions, first)).state == pb.REPORT_EXPORT_STATE_CANCELLED


async def test_a_start_that_is_repeated_starts_one(emissions: Any) -> None:
    request = order(pb.REPORT_FORMAT_PDF)

    assert await start(emissions, request) == await start(emissions, request)


async def test_not_more_than_ten_are_written_at_a_time(emissions: Any) -> None:
    for _ in range(10):
        await start(emissions, order(pb.REPORT_FORMAT_PDF))

    with pytest.raises(Exhausted) as caught:
        await start(emissions, order(pb.REPORT_FORMAT_PDF))

    assert caught.value.reason == "EXPORTS_BUSY"


async def test_a_period_without_an_end_is_refused(emissions: Any) -> None:
    request = order(pb.REPORT_FORMAT_PDF)
    request.interval.ClearField("end_time")

    with pytest.raises(Invalid) as caught:
        await start(emissions, request)

    assert [v.field for v in caught.value.violations] == ["interval"]


async def test_another_tenant_finds_no_export(emissions: Any, mesh: TestMesh) -> None:
    export_id = await start(emissions, order(pb.REPORT_FORMAT_PDF))
    rival = raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM, tenant="rival")))

    for call in (
        rival.GetEmissionReportExport(pb.GetEmissionReportExportRequest(export_id=export_id)),
        rival.CancelEmissionReportExport(
            pb.CancelEmissionReportExportRequest(request_id=wire.request_id(), export_id=export_id)
        ),
    ):
        with pytest.raises(NotFound) as caught:
            await call
        assert caught.value.reason == "EXPORT_UNKNOWN"
