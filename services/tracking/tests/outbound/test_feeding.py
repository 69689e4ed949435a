"""The feeder beside a store that comes and goes: it waits, and goes on."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from meshkit import pulse
from meshkit.clock import StoppedClock
from meshkit.errors import Unavailable
from meshkit.feed import EVENTS
from meshkit.testing import TestMesh
from services.tracking.servicer.common import Desk
from services.tracking.servicer.sending import feeder
from services.tracking.tests.outbound.kit import OUT, happened, subscribed
from services.tracking.tests.outbound.receiver import Receiver
from services.tracking.tests.town import NINE, route
from services.tracking.tests.wire import created, heard, published

pytestmark = pytest.mark.pg

END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"""


async def queued(desk: Desk, count: int) -> None:
    """Returns when so much waits to be sent."""
    async with asyncio.timeout(20):
        while True:
            async with desk.db.worker() as tx:
                if await tx.fetchval("SELECT count(*) FROM webhook_messages") == count:
                    return
            await asyncio.sleep(0.05)


async def test_a_store_that_is_long_away_does_not_end_the_feeding(
    mesh: TestMesh,
    desk: Desk,
    tries: StoppedClock,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "LOST_SECONDS", -1.0)  # a moment without the store is long
    monkeypatch.setattr("services.tracking.adapters.feeder.PAUSE_SECONDS", 0.0)
    await subscribed(mesh, receiver)
    feeding = asyncio.create_task(feeder(desk, tries).run())
    await happened(desk, ("del_1", OUT))
    await queued(desk, 1)

    async with desk.db.worker() as tx:
        await tx.fetch(END_SESSIONS)
    with pytest.raises(Unavailable):  # as the feeder is told, which waits beside us
        await desk.db.pulse.wait_beyond(EVENTS, desk.db.pulse.heads(EVENTS), 10)
    await happened(desk, ("del_2", OUT))
    await queued(desk, 2)
    assert not feeding.done()
    feeding.cancel()


async def test_a_carrier_hears_nothing_of_a_delivery_from_before_it_had_it(
    mesh: TestMesh, desk: Desk, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver, carrier_id="carrier-2")
    await heard(desk, created(1), published(route(1, carrier_id="carrier-2")))
    taken_over = NINE - timedelta(minutes=30)
    await happened(desk, ("del_1", OUT), at=taken_over - timedelta(minutes=1))
    await happened(desk, ("del_1", OUT), at=taken_over + timedelta(minutes=1))

    await feeder(desk, desk.clock).beat()

    async with desk.db.worker() as tx:
        rows = await tx.fetch("SELECT body FROM webhook_messages")
    moments = {json.loads(row["body"])["event_time"] for row in rows}
    assert "2026-05-12T08:31:00Z" in moments
    assert "2026-05-12T08:29:00Z" not in moments
