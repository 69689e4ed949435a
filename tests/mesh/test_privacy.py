"""
What dispatch knows of a person stays there: no name, number or gate code reaches the planner, a log
or a span.

Method: on a real mesh, deliveries with all three are imported, planned, checked, published, and a
late one is inserted; what the planner was asked is asked again as an optimization, and watched to
its end. Every row of the planner's schema, everything it kept of what it was asked, everything it
told, every log and every span is searched.
"""

from __future__ import annotations

import asyncio
import re
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from deploy.table import NAMES
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as planner_grpc
from meshkit.auth import Role
from meshkit.client import Bearer, MeshChannel, connect, raising
from meshkit.clock import Pace, write_pace
from meshkit.pgtest import open_folder
from meshkit.testing import plausible
from services.dispatch.tests.changes import reassign, tasks_of
from services.dispatch.tests.office import DAY, Office, at
from tests.kernels import KERNELS

pytestmark = [pytest.mark.mesh, pytest.mark.timeout(400)]

NAME, NUMBER, GATE_CODE = "Wilhelmina Quackenbush", "+358409876543", "7391#KEY"
PLANTED = {
    "recipient": {"display_name": NAME, "phone_number": NUMBER},
    "access_profile": {"gate_code": GATE_CODE, "note": f"code {GATE_CODE}, ask for {NAME}"},
    "instructions": f"call {NUMBER}, the gate opens with {GATE_CODE}",
    "address": {"region_code": "FI", "recipients": [NAME], "address_lines": ["Quackenbush gate"]},
}
SECRETS = [word.encode() for word in ("Wilhelmina", "Quackenbush", "409876543", "7391#KEY")]
DOOR = at(60.170123, 24.942345)
HOME = re.compile(rb"60\.1701|24\.9423")  # the door, to ten meters
COLUMNS = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'planner' AND table_type = 'BASE TABLE'"""


LARGEST = "SELECT request FROM planner.requests ORDER BY octet_length(request) DESC LIMIT 1"
MORNING = DAY + timedelta(hours=5)  # before the shift begins: everything is still to be done


class Doors:
    """The mesh as an Office wants it: a channel for anybody."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self.opened: list[MeshChannel] = []

    def channel(self, role: Role, **fields: Any) -> MeshChannel:
        """A channel to dispatch with a token of that role."""
        token = self._mesh.token(plausible(role, **fields))
        channel = connect(self._mesh.address("dispatch"), tokens=Bearer(token))
        self.opened.append(channel)
        return channel


async def plan_a_day(mesh: Mesh) -> None:
    """Everything in which dispatch asks the planner."""
    doors = Doors(mesh)
    office = Office(doors)  # type: ignore[arg-type]
    await office.open()
    await office.hire("ada")
    await office.order("d1", "d2", "d3", location=DOOR, **PLANTED)
    routes = await office.plan_day()
    assert routes[0].stops
    await insert_late(office, routes)
    for channel in doors.opened:
        await channel.close()


async def insert_late(office: Office, routes: list[Any]) -> None:
    """One more delivery of the same kind, where it costs least."""
    (task,) = await office.order("late", location=DOOR, **PLANTED)
    reply = await reassign(office, routes, [{"task_id": task, "cheapest": {}}])
    assert task in tasks_of(reply.routes[0])


async def watch_it_again(mesh: Mesh) -> bytes:
    """What dispatch asked for the day, as an optimization: all that its watch tells."""
    request = pb.StartOptimizationRequest(
        request_id=str(uuid.uuid4()), problem=(await asked_of_the_planner(mesh)).problem
    )
    request.options.search_duration.FromSeconds(2)
    bearer = Bearer(mesh.token(plausible(Role.DISPATCHER)))
    async with connect(mesh.address("planner"), tokens=bearer) as channel:
        stub = raising(planner_grpc.PlannerServiceStub(channel))
        own = (await stub.StartOptimization(request)).optimization.optimization_id
        watch = stub.WatchOptimization(pb.WatchOptimizationRequest(optimization_id=own))
        told = [news async for news in watch]
    assert told[-1].plan.routes
    return b"\n".join(news.SerializeToString() for news in told)


async def asked_of_the_planner(mesh: Mesh) -> pb.OptimizeRoutesRequest:
    """The largest request that it kept."""
    connection = await asyncpg.connect(mesh.admin_url)
    try:
        kept = await connection.fetchval(LARGEST)
    finally:
        await connection.close()
    return pb.OptimizeRoutesRequest.FromString(zlib.decompress(kept))


async def rows_of_the_planner(mesh: Mesh) -> bytes:
    """Every row of its schema as text, and what its compressed columns hold."""
    whole: list[bytes] = []
    connection = await asyncpg.connect(mesh.admin_url)
    try:
        for (table,) in await connection.fetch(COLUMNS):
            rows = await connection.fetch(f'SELECT * FROM planner."{table}"')
            whole += [part for row in rows for part in parts_of(row.values())]
    finally:
        await connection.close()
    return b"\n".join(whole)


def parts_of(values: Iterator[object]) -> Iterator[bytes]:
    """Values as bytes, compressed ones as they are read."""
    for value in values:
        if not isinstance(value, bytes):
            yield str(value).encode()
            continue
        yield value
        try:
            yield zlib.decompress(value)
        except zlib.error:
            continue


def found_in(text: bytes) -> list[bytes]:
    return [secret for secret in SECRETS if secret in text]


async def test_nothing_of_a_person_leaves_dispatch() -> None:
    with open_folder() as folder:
        state = State(folder)
        write_pace(state.clock_file, Pace(datetime.now(UTC), MORNING, 1.0))
        plan = Plan(gateway=False, simulated=True, knobs={"planner": KERNELS})
        async with Mesh(state, plan, base=0) as mesh:
            await plan_a_day(mesh)
            told = await watch_it_again(mesh)
            stored = await rows_of_the_planner(mesh)
            await asyncio.sleep(6)  # spans leave in batches of five seconds
            logs = {name: mesh.log(name).encode() for name in NAMES}
            spans = all_files(state.folder("traces"))

    assert b"d1" in stored or b"tsk_" in stored  # what was asked is really there to be searched
    for asked in (b"OptimizeRoutes", b"ProposeInsertions", b"WatchOptimization"):
        assert asked in spans
    assert found_in(stored) == []
    assert found_in(told) == []
    assert found_in(spans) == []
    assert {name: found_in(log) for name, log in logs.items()} == {name: [] for name in NAMES}
    assert {name: HOME.findall(log) for name, log in logs.items()} == {name: [] for name in NAMES}
    assert HOME.findall(spans) == []


def all_files(folder: Path) -> bytes:
    """The content of every file below a folder."""
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
