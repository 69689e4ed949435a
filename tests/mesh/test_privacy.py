"""
What dispatch knows of a person stays there: no name, number or gate code reaches the planner, a log
or a span.

Method: a delivery with all three is imported, planned, checked, published, watched and inserted on
a real mesh; then every row of the planner's schema, everything it kept of what it was asked, every
log and every span is searched.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from deploy.table import NAMES
from meshkit.auth import Role
from meshkit.client import Bearer, MeshChannel, connect
from meshkit.pgtest import open_folder
from meshkit.testing import plausible
from services.dispatch.tests.office import Office, at
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
    for channel in doors.opened:
        await channel.close()


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
        async with Mesh(state, Plan(gateway=False, knobs={"planner": KERNELS}), base=0) as mesh:
            await plan_a_day(mesh)
            stored = await rows_of_the_planner(mesh)
            await asyncio.sleep(6)  # spans leave in batches of five seconds
            logs = {name: mesh.log(name).encode() for name in NAMES}
            spans = all_files(state.folder("traces"))

    assert b"d1" in stored or b"tsk_" in stored  # what was asked is really there to be searched
    assert b"OptimizeRoutes" in spans
    assert found_in(stored) == []
    assert found_in(spans) == []
    assert {name: found_in(log) for name, log in logs.items()} == {name: [] for name in NAMES}
    assert {name: HOME.findall(log) for name, log in logs.items()} == {name: [] for name in NAMES}
    assert HOME.findall(spans) == []


def all_files(folder: Path) -> bytes:
    """The content of every file below a folder."""
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
