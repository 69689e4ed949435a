"""
Events sent again: those of an interval, or those named, under the ids they had.

Method: a real server, store and receiver; pages and tries are given by hand.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from google.type.interval_pb2 import Interval

from doorstep.tracking.v1 import metric_pb2, subscription_pb2
from doorstep.tracking.v1 import subscription_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.errors import Invalid, NotFound
from meshkit.testing import Role, TestMesh
from services.tracking.convert.wire import interval
from services.tracking.domain.route import Window
from services.tracking.servicer.common import Desk
from services.tracking.tests.outbound.kit import (
    DONE,
    NEAR,
    OUT,
    Sending,
    happened,
    request_id,
    subscribed,
    subscriptions_of,
    webhook,
)
from services.tracking.tests.outbound.receiver import Receiver, Taken, status
from services.tracking.tests.outbound.test_webhooks import in_order, set_state
from services.tracking.tests.town import NINE

pytestmark = pytest.mark.pg


def since(start: timedelta, span: timedelta = timedelta(hours=6)) -> Interval:
    made = interval(Window(NINE + start, NINE + start + span))
    assert made is not None
    return made


def milestone_of(taken: Taken) -> str:
    return str(taken.envelope["data"]["milestone"])


async def ordered(mesh: TestMesh, **fields: Any) -> Any:
    request = pb.StartRedeliveryRequest(request_id=request_id(), subscription_id="shop", **fields)
    return (await subscriptions_of(mesh).StartRedelivery(request)).redelivery


async def state_of(mesh: TestMesh, redelivery_id: str) -> Any:
    request = pb.GetRedeliveryRequest(redelivery_id=redelivery_id)
    return (await subscriptions_of(mesh).GetRedelivery(request)).redelivery


async def test_an_interval_is_sent_again_under_the_same_ids_in_order(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver, clock: StoppedClock
) -> None:
    await subscribed(mesh, receiver)
    for milestone in (OUT, NEAR, DONE):
        await happened(desk, *((f"del_{n}", milestone) for n in range(3)))
        clock.advance(timedelta(hours=1))
    await sending.beat()
    early = [one for one in receiver.taken if milestone_of(one) != "MILESTONE_DELIVERED"]
    before, receiver.taken = [one.envelope["id"] for one in early], []
    started = await ordered(mesh, interval=since(timedelta(), timedelta(hours=2)))
    await sending.beat()
    ended = await state_of(mesh, started.redelivery_id)

    assert started.state == metric_pb2.WORK_STATE_QUEUED
    assert sorted(receiver.ids) == sorted(before)
    assert in_order(receiver.taken)
    assert ended.state == metric_pb2.WORK_STATE_DONE
    assert (ended.total_count, ended.delivered_count, ended.failed_count) == (6, 6, 0)
    assert ended.HasField("end_time")


async def test_what_came_before_the_subscription_can_be_brought(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await happened(desk, ("del_1", OUT), ("del_2", OUT))
    await subscribed(mesh, receiver)
    await sending.beat()
    assert not receiver.taken

    await ordered(mesh, interval=since(-timedelta(hours=1)))
    await sending.beat()
    assert {one.envelope["subject"] for one in receiver.taken} == {"del_1", "del_2"}


async def test_events_are_named_and_of_those_only_failed_ones(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    await happened(desk, *((f"del_{n}", OUT) for n in range(4)))
    await sending.feeder.beat()
    good, bad = status(200), status(500)
    receiver.answer = bad
    await sending.courier.beat()
    ids = sorted(receiver.ids)
    receiver.answer = good
    named = await ordered(mesh, event_ids=ids[:2])
    await sending.beat()
    delivered = receiver.ids[4:]
    receiver.taken = []
    failed = await ordered(mesh, event_ids=[*ids, "evt_none"], failed_only=True)
    await sending.beat()

    assert sorted(delivered) == ids[:2], "at once, and not by the schedule"
    assert sorted(receiver.ids) == ids[2:]
    assert (await state_of(mesh, named.redelivery_id)).delivered_count == 2
    assert (await state_of(mesh, failed.redelivery_id)).total_count == 2


async def test_a_cancelled_one_sends_no_more(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    await happened(desk, *((f"del_{n}", OUT) for n in range(3)))
    await sending.beat()
    receiver.answer, receiver.taken = status(500), []
    started = await ordered(mesh, interval=since(-timedelta(hours=1)))
    await sending.beat()
    stub = subscriptions_of(mesh)
    cancel = pb.CancelRedeliveryRequest(
        request_id=request_id(), redelivery_id=started.redelivery_id
    )
    ended = (await stub.CancelRedelivery(cancel)).redelivery
    again = (await stub.CancelRedelivery(cancel)).redelivery
    tried = len(receiver.taken)

    assert ended == again
    assert ended.state == metric_pb2.WORK_STATE_CANCELLED
    assert tried == 3
    await sending.pass_time(timedelta(days=1), timedelta(hours=6))
    assert len(receiver.taken) == tried, "they had been delivered before"


async def test_one_whose_events_are_given_up_ends(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver, clock: StoppedClock
) -> None:
    await subscribed(mesh, receiver)
    await happened(desk, ("del_1", OUT), ("del_2", OUT))
    await sending.beat()
    receiver.answer = status(410)
    started = await ordered(mesh, interval=since(-timedelta(hours=1)))
    await sending.beat()
    assert (await state_of(mesh, started.redelivery_id)).state == metric_pb2.WORK_STATE_RUNNING
    clock.advance(timedelta(days=8))
    await set_state(mesh, subscription_pb2.SUBSCRIPTION_STATE_ACTIVE)
    ended = await state_of(mesh, started.redelivery_id)

    assert ended.state == metric_pb2.WORK_STATE_DONE
    assert (ended.total_count, ended.delivered_count, ended.failed_count) == (2, 0, 2)
    assert ended.HasField("end_time")


async def test_a_watch_tells_the_end(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    started = await ordered(mesh, interval=since(-timedelta(hours=1)))
    request = pb.WatchRedeliveryRequest(redelivery_id=started.redelivery_id)
    states = []

    async def watch() -> None:
        async for one in subscriptions_of(mesh).WatchRedelivery(request):
            states.append(one.redelivery.state)
            if len(states) == 1:
                await sending.beat()

    async with asyncio.timeout(10):
        await watch()

    assert states[0] == metric_pb2.WORK_STATE_QUEUED
    assert states[-1] == metric_pb2.WORK_STATE_DONE


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"interval": since(timedelta()), "event_ids": ["evt_1"]},
        {"interval": since(timedelta(), timedelta(days=8))},
        {"interval": Interval()},
    ],
)
async def test_what_to_send_again_is_said_in_one_way(
    mesh: TestMesh, receiver: Receiver, asked: dict[str, Any]
) -> None:
    await subscribed(mesh, receiver)
    with pytest.raises(Invalid) as caught:
        await ordered(mesh, **asked)

    assert caught.value.reason == "INTERVAL_INVALID"


async def test_a_carrier_sees_its_own_redeliveries_only(mesh: TestMesh, receiver: Receiver) -> None:
    await subscribed(mesh, receiver)
    started = await ordered(mesh, event_ids=["evt_1"])
    carrier = subscriptions_of(mesh, Role.CARRIER)
    await carrier.CreateSubscription(webhook(receiver.url, "own"))
    mine = await carrier.StartRedelivery(
        pb.StartRedeliveryRequest(
            request_id=request_id(), subscription_id="own", event_ids=["evt_1"]
        )
    )
    own = pb.GetRedeliveryRequest(redelivery_id=mine.redelivery.redelivery_id)
    assert (await carrier.GetRedelivery(own)).redelivery == mine.redelivery
    with pytest.raises(NotFound) as caught:
        await carrier.GetRedelivery(pb.GetRedeliveryRequest(redelivery_id=started.redelivery_id))

    assert caught.value.reason == "WORK_UNKNOWN"
