"""
Several processes send at once, and one dies in the middle of it.

Method: two databases over one store play two processes in step; a third one is a process indeed and
is killed after its receiver has taken a message and before it could note that.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meshkit.clock import StoppedClock
from meshkit.pgtest import PostgresForTests, opened
from meshkit.roles import Access
from meshkit.testing import TestMesh, serving
from services.tracking.__main__ import desk_of
from services.tracking.config import TrackingSettings
from services.tracking.servicer import sending as wiring
from services.tracking.servicer.common import Desk
from services.tracking.servicer.subscriptions import SubscriptionServicer
from services.tracking.servicer.way import Way
from services.tracking.tests.outbound.kit import (
    DONE,
    NEAR,
    OUT,
    Sending,
    attempts,
    happened,
    sending_of,
    subscribed,
)
from services.tracking.tests.outbound.receiver import Receiver, Taken, status
from services.tracking.tests.outbound.test_webhooks import in_order

pytestmark = pytest.mark.pg

WAY_OF = (OUT, NEAR, DONE)
BEYOND_LEASE = timedelta(minutes=2)


@pytest.fixture
def clock() -> StoppedClock:
    """The machine's time: a process of its own knows no other."""
    return StoppedClock(datetime.now(UTC))


@pytest.fixture
async def access(postgres: PostgresForTests, shared: Access) -> Access:
    """A store that several processes open."""
    await postgres.emptied(shared)
    return shared


@pytest.fixture
async def desks(access: Access, clock: StoppedClock) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two processes."""
    async with AsyncExitStack() as stack:
        one, two = [
            desk_of(await stack.enter_async_context(opened(access, clock=clock)), clock)
            for _ in range(2)
        ]
        yield one, two


@pytest.fixture
async def mesh(desks: tuple[Desk, Desk], way: Way) -> AsyncIterator[TestMesh]:
    """The first one's server."""
    async with serving(SubscriptionServicer(desks[0], way), service="tracking") as mesh:
        yield mesh


async def test_two_processes_share_the_work_and_double_none_of_it(
    mesh: TestMesh,
    desks: tuple[Desk, Desk],
    way: Way,
    tries: StoppedClock,
    receiver: Receiver,
) -> None:
    secret = await subscribed(mesh, receiver)

    async def slowly(taken: Taken, writer: Any) -> None:
        await asyncio.sleep(0.01)
        await status(200)(taken, writer)

    receiver.answer = slowly
    await happened(desks[0], *((f"del_{n}", one) for one in WAY_OF for n in range(20)))
    senders = [sending_of(desk, way, tries) for desk in desks]

    await senders[0].feeder.beat()

    async def work(sending: Sending) -> int:
        sent = 0
        while len(receiver.taken) < 60:
            sent += await sending.courier.beat()
            await asyncio.sleep(0.005)
        return sent

    shares = await asyncio.gather(*map(work, senders))
    assert sum(shares) == 60
    assert all(shares), f"both worked: {shares}"
    assert len({one.verified(secret)["id"] for one in receiver.taken}) == len(receiver.taken) == 60
    assert in_order(receiver.taken)
    assert not receiver.crowded


async def test_a_sender_killed_between_send_and_mark_sends_again_under_the_same_id(
    mesh: TestMesh,
    desks: tuple[Desk, Desk],
    way: Way,
    access: Access,
    settings: TrackingSettings,
    receiver: Receiver,
) -> None:
    secret = await subscribed(mesh, receiver)
    took = asyncio.Event()

    async def keep_waiting(_: Taken, __: object) -> None:
        took.set()
        await asyncio.sleep(60)

    receiver.answer = keep_waiting
    await happened(desks[0], ("del_1", OUT), ("del_1", DONE))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.tracking.tests.outbound.sender"),
        *(access.app_url, access.worker_url, str(settings.seal_key_file)),
    )
    async with asyncio.timeout(60):
        await took.wait()
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    receiver.answer = status(200)
    now = StoppedClock(datetime.now(UTC))
    survivor = sending_of(desks[0], way, now)

    assert await survivor.beat() == 0, "its lease still holds"
    now.advance(BEYOND_LEASE)
    assert await survivor.beat() == 2
    assert [one.verified(secret)["data"]["milestone"] for one in receiver.taken] == [
        "MILESTONE_OUT_FOR_DELIVERY",
        "MILESTONE_DELIVERED",
    ]
    assert len(await attempts(mesh)) == 2, "what was not noted left no trace"


async def test_the_loops_of_a_process_send_by_themselves(
    mesh: TestMesh,
    desks: tuple[Desk, Desk],
    way: Way,
    receiver: Receiver,
) -> None:
    await subscribed(mesh, receiver)
    all_there, plain = asyncio.Event(), status(200)

    async def count(taken: Taken, writer: asyncio.StreamWriter) -> None:
        await plain(taken, writer)
        if len(receiver.taken) == 99:
            all_there.set()

    receiver.answer = count
    courier = wiring.courier(desks[1], way)
    assert courier is not None
    loops = asyncio.gather(wiring.feeder(desks[1]).run(), courier.run())
    try:
        await happened(desks[0], *((f"del_{n}", OUT) for n in range(100)))
        async with asyncio.timeout(60):
            await all_there.wait()
    finally:
        loops.cancel()
        await asyncio.gather(loops, return_exceptions=True)

    assert len(set(receiver.ids)) >= 99
