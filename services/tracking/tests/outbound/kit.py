"""How the tests subscribe, let things happen, and let days of tries pass."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from doorstep.tracking.v1 import event_pb2, milestone_pb2, subscription_pb2
from doorstep.tracking.v1 import subscription_service_pb2 as pb
from doorstep.tracking.v1 import subscription_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.feed import Draft
from meshkit.testing import TENANT, Role, TestMesh
from services.tracking.adapters.courier import Courier
from services.tracking.adapters.feeder import Feeder
from services.tracking.adapters.redeliverer import Redeliverer
from services.tracking.convert.wire import stamp
from services.tracking.servicer import sending as wiring
from services.tracking.servicer.common import Desk
from services.tracking.servicer.way import Way
from services.tracking.tests.outbound.receiver import Receiver

OUT, NEAR, DONE = (
    milestone_pb2.MILESTONE_OUT_FOR_DELIVERY,
    milestone_pb2.MILESTONE_ARRIVING,
    milestone_pb2.MILESTONE_DELIVERED,
)


@dataclass(frozen=True, slots=True)
class Sending:
    """What a process does in its loops, by hand."""

    feeder: Feeder
    courier: Courier
    redeliverer: Redeliverer
    clock: StoppedClock

    async def beat(self) -> int:
        """Takes in all there is and sends all that is due; tells how many tries that took."""
        await self.redeliverer.beat()
        await self.feeder.beat()
        return await self.courier.beat()

    async def pass_time(self, span: timedelta, step: timedelta = timedelta(minutes=10)) -> int:
        """Lets a span of tries pass, step by step."""
        tries = 0
        for _ in range(int(span / step)):
            self.clock.advance(step)
            tries += await self.beat()
        return tries


def sending_of(desk: Desk, way: Way, clock: StoppedClock) -> Sending:
    """The sending side of a process."""
    courier = wiring.courier(desk, way, clock)
    assert courier is not None
    return Sending(wiring.feeder(desk, clock), courier, wiring.redeliverer(desk, clock), clock)


def subscriptions_of(mesh: TestMesh, role: Role | None = Role.PLATFORM, **who: Any) -> Any:
    return raising(pb_grpc.SubscriptionServiceStub(mesh.channel(role, **who)))


def request_id() -> str:
    return str(uuid.uuid4())


def webhook(url: str, name: str = "shop", **fields: Any) -> pb.CreateSubscriptionRequest:
    """A subscription to be made."""
    target = subscription_pb2.WebhookTarget(url=url)
    one = subscription_pb2.Subscription(subscription_id=name, webhook=target, **fields)
    return pb.CreateSubscriptionRequest(request_id=request_id(), subscription=one)


async def subscribed(mesh: TestMesh, receiver: Receiver, name: str = "shop", **fields: Any) -> str:
    """A subscription of the platform's; tells its secret."""
    request = webhook(receiver.url, name, **fields)
    return str((await subscriptions_of(mesh).CreateSubscription(request)).secret)


async def got(mesh: TestMesh, name: str = "shop") -> subscription_pb2.Subscription:
    """A subscription as it is now."""
    request = pb.GetSubscriptionRequest(subscription_id=name)
    found: subscription_pb2.Subscription = (
        await subscriptions_of(mesh).GetSubscription(request)
    ).subscription
    return found


async def attempts(mesh: TestMesh, name: str = "shop", **fields: Any) -> list[Any]:
    """Its tries, latest first."""
    request = pb.ListWebhookAttemptsRequest(subscription_id=name, page_size=1000, **fields)
    return list((await subscriptions_of(mesh).ListWebhookAttempts(request)).attempts)


def expected(arrival: datetime) -> Callable[[Any], None]:
    """Fills in when a vehicle is expected."""
    return lambda message: message.eta.arrival_p50_time.CopyFrom(stamp(arrival))


async def happened(
    desk: Desk,
    *reached: tuple[str, Any],
    at: datetime | None = None,
    fill: Callable[[Any], None] = lambda _: None,
) -> None:
    """Milestones of deliveries, told on the feed in this order."""
    when = at or desk.clock.now()
    async with desk.db.transaction(TENANT) as tx:
        for delivery_id, milestone in reached:
            message = event_pb2.MilestoneReached(delivery_id=delivery_id, milestone=milestone)
            fill(message)
            payload = message.SerializeToString()
            tx.append(Draft("milestone_reached", delivery_id, when, payload))
