"""
A day in which everything dies once: nothing is lost, nothing doubled, the day completes.

Method: the day of `make run`, smaller and faster, on a mesh of its own. While everybody works, each
service in turn and then PostgreSQL is killed by SIGKILL and started again; simulated time stands
still while a part is down, the calls under way do not. What was sent is counted by the day itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from clients.day.pace import DayClock
from clients.day.run import Options, run
from clients.day.setting import SEED
from deploy.local.mesh import Mesh
from deploy.local.spans import read
from deploy.table import NAMES
from meshkit.pgtest import open_folder
from services.compliance.domain.ledger import subject_id
from tests.kernels import KERNELS
from tests.mesh.left import Left, again
from tests.mesh.left import read as read_left

pytestmark = [pytest.mark.mesh, pytest.mark.timeout(600)]

DELIVERIES, VEHICLES = 120, 14
FACTOR = 400.0  # a day of ten hours in a minute and a half
WHOLE_DAY_ONLY = {"a_charge"}  # so few deliveries need no van that pays
BETWEEN = timedelta(minutes=40)  # simulated, between two deaths


def options(state: Path) -> Options:
    return Options(
        once=True,
        map_file=None,
        deliveries=DELIVERIES,
        vehicles=VEHICLES,
        factor=FACTOR,
        seed=SEED,
        port_base=0,
        state=state,
        knobs={"planner": KERNELS},
    )


async def kill_each_once(mesh: Mesh, clock: DayClock) -> None:
    """Every service and the database, one after the other, in the middle of the day."""
    await clock.wait(3 * BETWEEN)
    for name in NAMES:
        await mesh.kill(name)
        async with clock.held():
            await mesh.restart(name)
        await clock.wait(BETWEEN)
    await mesh.kill_postgres()
    async with clock.held():
        await mesh.restart_postgres()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, Any]:
    return asyncio.run(run(options(folder), kill_each_once))


def test_nothing_is_lost_or_doubled_when_everything_dies_once(result: dict[str, Any]) -> None:
    assert result["events_sent"] > 1000
    assert result["lost_events"] == 0
    assert result["duplicate_events"] == 0


def test_the_day_completes_all_the_same(result: dict[str, Any]) -> None:
    broken = {name for name, holds in result["invariants"].items() if not holds}

    assert broken <= WHOLE_DAY_ONLY
    assert result["deliveries"] == DELIVERIES
    assert result["plan_violations"] == 0


def test_the_contract_tells_of_every_milligram_from_legs_to_parcels(result: dict[str, Any]) -> None:
    carbon = result["carbon"]

    assert (carbon["uneven"], carbon["leg_milligrams"] > 0) == (0, True)
    assert carbon["shared_milligrams"] + carbon["unshared_milligrams"] == carbon["leg_milligrams"]
    assert carbon["route_milligrams"] == carbon["leg_milligrams"]
    assert carbon["delivery_milligrams"] == carbon["leg_milligrams"]


def test_the_carbon_report_says_what_the_ledger_says_to_the_gram(
    result: dict[str, Any], folder: Path
) -> None:
    pages = PdfReader(folder / "emissions.pdf").pages
    first, text = pages[0].extract_text(), "\n".join(page.extract_text() for page in pages)
    milligrams = result["carbon"]["leg_milligrams"]

    assert f"{milligrams:,}" in first
    assert f"{(milligrams + 500) // 1_000 / 1_000:,.3f} kg" in first
    assert all(word in text for word in ("ISO 14083", "desnz-2025", "primary", "by mass times"))


def test_one_trace_leads_from_the_import_to_the_proof(result: dict[str, Any], folder: Path) -> None:
    trace = read(folder / "traces", result["trace_id"])
    names = {span.name.rpartition("/")[2] for span in trace}

    assert {"BatchCreateDeliveries", "DraftRoutePlan", "SubmitProof"} <= names
    assert {span.service for span in trace} >= {"gateway", *NAMES}


@pytest.fixture(scope="module")
def left(result: dict[str, Any], folder: Path) -> Left:
    return asyncio.run(read_left(folder))


def test_the_carbon_ledger_is_made_again_from_the_event_log_alone(left: Left) -> None:
    made = again(left.legs)
    kept = {subject_id(record.entry.subject): record.entry for record in left.records}

    assert len(kept) > DELIVERIES / 2
    assert kept == made, "to the milligram, with every share and its basis"


def test_what_deliveries_are_charged_with_is_what_the_legs_emitted(left: Left) -> None:
    entries = [record.entry for record in left.records]
    emitted = sum(entry.footprint.co2e.wtw_milligrams for entry in entries)
    charged = sum(share.co2e.wtw_milligrams for entry in entries for share in entry.shares)
    nobodys = sum(entry.footprint.co2e.wtw_milligrams for entry in entries if not entry.shares)

    assert charged + nobodys == emitted > 0
