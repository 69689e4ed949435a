"""
Who sees what of a delivery: recipients by a link, carriers their own, other tenants nothing.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from doorstep.tracking.v1 import (
    ingest_service_pb2,
    milestone_pb2,
    tracking_service_pb2,
)
from meshkit.clock import StoppedClock
from meshkit.errors import NotFound
from meshkit.testing import Role, TestMesh
from services.tracking.domain.link import LIFE
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import (
    ingest_of,
    planned,
    reported,
    ticked,
    tracking_of,
)
from services.tracking.tests.town import Drive, place
from services.tracking.tests.wire import (
    batch_of,
    event,
)

pytestmark = pytest.mark.pg

pb = ingest_service_pb2


async def test_a_link_shows_one_delivery_as_far_as_its_rules_allow(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    made = await tracking_of(mesh).CreateTrackingLink(
        tracking_service_pb2.CreateTrackingLinkRequest(
            request_id=str(uuid.uuid4()), delivery_id="del_3"
        )
    )
    anybody = tracking_of(mesh, None)
    request = tracking_service_pb2.GetTrackingRequest(token=made.token, delivery_id="del_1")
    ingest = ingest_of(mesh)
    device = await ingest.OpenDevice(
        pb.OpenDeviceRequest(request_id=str(uuid.uuid4()), device_id="phone-1", shift_id="shf_1")
    )
    van = Drive()
    far = [*van.stand(30), *van.to(place(1), 120)]
    clock.move_to(van.at)
    await ingest.BatchRecordPositions(batch_of("phone-1", device.device.epoch, far))
    await ticked(desk)
    before = (await anybody.GetTracking(request)).tracking

    assert before.delivery_id == "del_3", "the token decides"
    assert before.HasField("vehicle_position"), "the third stop: three remain"
    assert before.HasField("eta")
    assert not before.encoded_polyline, "shown when it is next"
    assert not before.route_id + before.stop_id + before.task_id + before.eta.stop_id
    assert not before.HasField("risk")
    await reported(mesh, event(4, "delivered", 3))
    after = (await anybody.GetTracking(request)).tracking
    assert after.state == milestone_pb2.TRACKING_STATE_DELIVERED
    assert not after.HasField("vehicle_position"), "nobody is followed home"

    await tracking_of(mesh).RevokeTrackingLink(
        tracking_service_pb2.RevokeTrackingLinkRequest(
            request_id=str(uuid.uuid4()), link_id=made.link.link_id
        )
    )
    with pytest.raises(NotFound) as caught:
        await anybody.GetTracking(request)
    assert caught.value.reason == "LINK_INVALID"


async def test_a_watch_shows_first_everything_then_changes_and_ends_with_the_delivery(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    request = tracking_service_pb2.WatchTrackingRequest(delivery_id="del_1")
    seen: list[Any] = []
    async for reply in tracking_of(mesh).WatchTracking(request):
        seen.append(reply)
        if len(seen) == 1:
            await reported(mesh, event(4, "delivered", 1))

    assert seen[0].WhichOneof("content") == "snapshot"
    assert seen[-1].WhichOneof("content") == "update"
    assert seen[-1].ended
    assert seen[-1].update.state == milestone_pb2.TRACKING_STATE_DELIVERED


async def test_a_watch_ends_with_its_link(mesh: TestMesh, desk: Desk, clock: StoppedClock) -> None:
    await planned(desk)
    watches = []
    for _ in ("revoked", "expired"):
        made = await tracking_of(mesh).CreateTrackingLink(
            tracking_service_pb2.CreateTrackingLinkRequest(
                request_id=str(uuid.uuid4()), delivery_id="del_3"
            )
        )
        request = tracking_service_pb2.WatchTrackingRequest(token=made.token)
        watch = aiter(tracking_of(mesh, None).WatchTracking(request))
        assert (await anext(watch)).HasField("snapshot")
        watches.append((made.link.link_id, watch))
    (revoked_id, revoked), (_, expired) = watches

    await tracking_of(mesh).RevokeTrackingLink(
        tracking_service_pb2.RevokeTrackingLinkRequest(
            request_id=str(uuid.uuid4()), link_id=revoked_id
        )
    )
    assert await end_of(revoked) == "LINK_INVALID"
    clock.move_to(clock.now() + LIFE)
    assert await end_of(expired) == "LINK_INVALID"


async def end_of(watch: AsyncIterator[Any]) -> str:
    """Why a watch is refused, within some looks."""

    async def to_its_end() -> None:
        async for _ in watch:
            pass

    with pytest.raises(NotFound) as caught:
        await asyncio.wait_for(to_its_end(), 10)
    return caught.value.reason


async def test_a_carrier_sees_nothing_of_others(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(4, "delivered", 1))
    carrier = tracking_of(mesh, Role.CARRIER)

    with pytest.raises(NotFound) as delivery:
        await carrier.GetTracking(tracking_service_pb2.GetTrackingRequest(delivery_id="del_1"))
    with pytest.raises(NotFound) as nothing:
        await carrier.GetTracking(tracking_service_pb2.GetTrackingRequest(delivery_id="del_x"))
    with pytest.raises(NotFound):
        await carrier.GetRouteProgress(
            tracking_service_pb2.GetRouteProgressRequest(route_id="rte_1")
        )

    assert delivery.value.reason == nothing.value.reason == "DELIVERY_UNKNOWN"
    assert not (await carrier.ListEvents(tracking_service_pb2.ListEventsRequest())).events


async def test_another_tenant_sees_nothing(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    stranger = tracking_of(mesh, Role.DISPATCHER, tenant="other")

    with pytest.raises(NotFound):
        await stranger.GetTracking(tracking_service_pb2.GetTrackingRequest(delivery_id="del_1"))
