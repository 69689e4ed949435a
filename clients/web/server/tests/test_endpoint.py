"""
A phone with OsmAnd's protocol on the real mesh: each fix is kept once, under its driver.

Method: dispatch, tracking, edge process and gateway as processes, on real sockets; devices hold
real keys. Requests go through the gateway, but for the bounds that the edge process keeps itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.spans import SPANS
from deploy.local.state import State
from deploy.local.supervisor import RestartPolicy
from doorstep.dispatch.v1 import access_service_pb2 as access_pb
from doorstep.dispatch.v1 import driver_pb2, fleet_service_pb2, key_pb2, tenant_pb2, user_pb2
from doorstep.dispatch.v1 import fleet_service_pb2_grpc as fleet_grpc
from doorstep.dispatch.v1.access_service_pb2_grpc import AccessServiceStub
from doorstep.tracking.v1 import tracking_service_pb2 as tracking_pb
from doorstep.tracking.v1.tracking_service_pb2_grpc import TrackingServiceStub
from meshkit.caller import Caller, Role
from meshkit.client import Bearer, connect, raising
from meshkit.pgtest import open_folder

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="module"),
]
TENANT = "acme"
LATITUDE = 60.1699
AWAY = 503


@dataclass
class Town:
    """A running mesh with one tenant, and a key for whom the tests need one."""

    mesh: Mesh
    client: httpx.AsyncClient

    async def key(self, driver: str = "", role: str = "DRIVER") -> str:
        """What a phone is set up with. A driver is hired on the way."""
        operator = Bearer(self.mesh.token(Caller("operator", Role.OPERATOR)))
        platform = Bearer(self.mesh.token(Caller("platform", Role.PLATFORM, TENANT)))
        address = self.mesh.address("gateway")
        async with (
            connect(address, tokens=operator) as above,
            connect(address, tokens=platform) as ours,
        ):
            if driver:
                made = driver_pb2.Driver(driver_id=driver, display_name="Ada L.")
                hire = fleet_service_pb2.CreateDriverRequest(request_id=str(uuid4()), driver=made)
                await raising(fleet_grpc.FleetServiceStub(ours)).CreateDriver(hire)
            asked = key_pb2.Key(
                tenant_id=TENANT,
                role=user_pb2.AccessRole.Value(f"ACCESS_ROLE_{role}"),
                driver_id=driver,
            )
            request = access_pb.CreateKeyRequest(request_id=str(uuid4()), key=asked)
            answer = await raising(AccessServiceStub(above)).CreateKey(request)
        return f"{answer.key.key_id}.{answer.secret}"

    async def kept(self, driver: str) -> list[Any]:
        """What tracking has of a driver, in the order of time; asked past the gateway."""
        platform = Bearer(self.mesh.token(Caller("platform", Role.PLATFORM, TENANT)))
        async with connect(self.mesh.address("tracking"), tokens=platform) as channel:
            request = tracking_pb.ListPositionsRequest(driver_id=driver, page_size=1_000)
            page = await raising(TrackingServiceStub(channel)).ListPositions(request)
        return list(page.positions)

    async def send(self, key: str, taken: datetime, **told: str | float) -> httpx.Response:
        """One fix, as OsmAnd sends it."""
        fix: dict[str, str | float] = {
            "id": key,
            "lat": LATITUDE,
            "lon": 24.9384,
            "timestamp": int(taken.timestamp()),
        }
        return await self.client.get("/osmand", params=fix | told)

    async def sent(self, key: str, taken: datetime) -> httpx.Response:
        """The same, again and again until somebody is there to take it."""
        while (answer := await self.send(key, taken)).status_code == AWAY:
            pass
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town() -> AsyncIterator[Town]:
    # A process that was killed stays so until a test starts it again.
    plan = Plan(services=("dispatch", "tracking"), restart=RestartPolicy(enabled=False))
    with open_folder() as folder:
        async with (
            Mesh(State(folder), plan, base=0) as mesh,
            httpx.AsyncClient(base_url=mesh.gateway_url, timeout=30) as client,
        ):
            operator = Bearer(mesh.token(Caller("operator", Role.OPERATOR)))
            async with connect(mesh.address("gateway"), tokens=operator) as above:
                tenant = tenant_pb2.Tenant(tenant_id=TENANT, currency_code="EUR")
                request = access_pb.CreateTenantRequest(request_id=str(uuid4()), tenant=tenant)
                await raising(AccessServiceStub(above)).CreateTenant(request)
            while (await client.get("/osmand")).status_code == AWAY:
                pass  # the gateway asks the edge process for its health first
            yield Town(mesh, client)


async def test_a_fix_is_kept_once_however_often_it_is_sent(town: Town) -> None:
    key, now = await town.key("ada"), datetime.now(UTC).replace(microsecond=0)
    for second in (3, 1, 2, 3, 3, 1):
        taken = now - timedelta(seconds=second)
        sent = await town.send(key, taken, speed=10, bearing=90, accuracy=4.2, batt=77)
        assert sent.status_code == 200, sent.text
    await town.mesh.restart("web")  # forgets everything, and knows the same names again
    assert (await town.sent(key, now - timedelta(seconds=2))).status_code == 200

    found = await town.kept("ada")
    times = [one.position.device_time.ToDatetime(UTC) for one in found]
    assert times == [now - timedelta(seconds=second) for second in (3, 2, 1)]
    first = found[0].position
    assert first.location.latitude == LATITUDE
    assert first.accuracy_meters == 5
    assert (first.speed_centimeters_per_second, first.heading_degrees) == (514, 90)


async def test_a_phone_s_backlog_of_days_is_kept_whole_and_in_place(town: Town) -> None:
    key, now = await town.key("bob"), datetime.now(UTC).replace(microsecond=0)
    taken = [now - timedelta(hours=hours) for hours in range(22, 0, -3)]
    for moment in [*taken, *taken]:
        assert (await town.send(key, moment)).status_code == 200

    found = await town.kept("bob")
    assert [one.position.device_time.ToDatetime(UTC) for one in found] == taken


async def test_a_form_and_the_json_of_traccar_client_are_taken_as_well(town: Town) -> None:
    key, now = await town.key("cyd"), datetime.now(UTC).replace(microsecond=0)
    form = {"id": key, "lat": "60.1", "lon": "24.9", "timestamp": now.isoformat()}
    coords = {"latitude": 60.2, "longitude": 24.9, "accuracy": 3, "speed": 2, "heading": -1}
    location = {"timestamp": (now - timedelta(seconds=1)).isoformat(), "coords": coords}

    told = await town.client.post("/osmand", data=form)
    body = await town.client.post("/osmand", json={"device_id": key, "location": location})

    assert (told.status_code, body.status_code) == (200, 200)
    places = [one.position.location.latitude for one in await town.kept("cyd")]
    assert places == [60.2, 60.1]


async def test_whoever_has_no_key_learns_nothing(town: Town) -> None:
    key, now = await town.key("dan"), datetime.now(UTC)
    for wrong in ("", "dan", f"{key}x", "key_unknown." + "s" * 43, "a" * 3_000):
        for _ in range(2):
            answer = await town.send(wrong, now)
            assert answer.status_code == 401
            assert answer.json() == {"reason": "DEVICE_KEY_WRONG", "fields": []}


async def test_a_key_that_may_do_more_than_a_device_is_refused(town: Town) -> None:
    answer = await town.send(await town.key(role="PLATFORM"), datetime.now(UTC))

    assert (answer.status_code, answer.json()["reason"]) == (403, "KEY_ROLE_FORBIDDEN")


async def test_what_can_never_be_kept_is_answered_so_that_it_is_not_sent_for_ever(
    town: Town,
) -> None:
    key = await town.key("eve")
    nowhere = await town.send(key, datetime.now(UTC), lat=0, lon=0)
    unread = await town.client.get("/osmand", params={"id": key, "lat": "x"})

    assert nowhere.status_code == 200
    assert await town.kept("eve") == []
    assert unread.status_code == 400
    assert unread.json() == {"reason": "FIX_INVALID", "fields": ["lat", "lon", "timestamp"]}


async def test_nothing_beyond_the_bounds_is_read(town: Town) -> None:
    big = b"x" * 20_000
    through = await town.client.post("/osmand", content=big)
    async with httpx.AsyncClient(base_url=f"http://{town.mesh.address('web')}") as past:
        direct = await past.post("/osmand", content=big)
        fields = await past.get("/osmand?" + urlencode({f"f{n}": n for n in range(100)}))
        other = await past.put("/osmand")

    assert through.status_code == direct.status_code == 413
    assert (fields.status_code, other.status_code) == (400, 405)


async def test_while_tracking_is_down_the_phone_keeps_its_fix(town: Town) -> None:
    key, now = await town.key("fay"), datetime.now(UTC).replace(microsecond=0)
    assert (await town.send(key, now - timedelta(seconds=9))).status_code == 200
    await town.mesh.kill("tracking")
    refused = await town.send(key, now)
    await town.mesh.restart("tracking")

    assert (refused.status_code, refused.headers["retry-after"]) == (AWAY, "5")
    assert (await town.sent(key, now)).status_code == 200
    assert len(await town.kept("fay")) == 2


async def test_neither_keys_nor_places_stand_in_any_log_or_trace(town: Town) -> None:
    key = await town.key("gil")
    await town.send(key, datetime.now(UTC), lat="61.2345", lon="25.6789")
    await town.send(f"{key}x", datetime.now(UTC), lat="61.2345", lon="25.6789")

    traces = town.mesh.state.folder("traces") / SPANS
    while "record_fix" not in traces.read_text():  # noqa: ASYNC110 - written by another process
        await asyncio.sleep(0.2)
    names = ("web", "gateway", "tracking", "dispatch")
    for text in (traces.read_text(), *(town.mesh.log(name) for name in names)):
        assert key.partition(".")[2] not in text
        assert "61.2345" not in text
    lines = [json.loads(line) for line in town.mesh.log("web").splitlines()]
    assert {"DEVICE_KEY_WRONG"} <= {line.get("reason") for line in lines}
