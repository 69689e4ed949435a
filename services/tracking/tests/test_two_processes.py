"""
Two processes of tracking over one store: what one writes the other one's watchers see, work is
shared and not doubled, and a commit whose outcome is unknown loses and doubles nothing.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from doorstep.tracking.v1 import (
    ingest_service_pb2,
    ingest_service_pb2_grpc,
    tracking_service_pb2,
    tracking_service_pb2_grpc,
)
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import Unavailable
from meshkit.pgtest import PostgresForTests, opened
from meshkit.postgres import Database
from meshkit.testing import TENANT, Role, TestMesh, serving
from services.tracking.__main__ import desk_of, group_commit, servicers, ticker
from services.tracking.adapters.ingest import Partitions
from services.tracking.config import TrackingSettings
from services.tracking.convert import positions as wire
from services.tracking.domain.batch import Lane
from services.tracking.servicer.common import Desk
from services.tracking.tests.conftest import writing
from services.tracking.tests.test_ingest import batch, positions, sent
from services.tracking.tests.town import MIGRATIONS, at, route
from services.tracking.tests.wire import created, event, heard, published, told

pytestmark = pytest.mark.pg

KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND state = 'active' AND query LIKE '%positions_commit(%'"""


@dataclass(frozen=True, slots=True)
class Process:
    """What one process of tracking has."""

    desk: Desk
    mesh: TestMesh


@pytest.fixture
async def pair(
    postgres: PostgresForTests, clock: StoppedClock
) -> AsyncIterator[tuple[Process, Process]]:
    """Two of them, each with its own connections and server."""
    async with AsyncExitStack() as stack:
        access = await stack.enter_async_context(postgres.access("tracking", MIGRATIONS))
        made = []
        for _ in range(2):
            db = await stack.enter_async_context(opened(access, clock=clock))
            made.append(await _process(stack, db, clock))
        yield made[0], made[1]


async def _process(stack: AsyncExitStack, db: Database, clock: StoppedClock) -> Process:
    await Partitions(db).prepare()
    settings, desk = TrackingSettings(), desk_of(db, clock)
    ingest = await stack.enter_async_context(writing(group_commit(db, settings, clock)))
    made = servicers(desk, settings, ingest)
    mesh = await stack.enter_async_context(serving(*made, service="tracking"))
    return Process(desk, mesh)


def ingest_of(process: Process) -> Any:
    channel = process.mesh.channel(Role.DRIVER)
    return raising(ingest_service_pb2_grpc.IngestServiceStub(channel))


async def epoch_of(process: Process, device_id: str) -> str:
    request = ingest_service_pb2.OpenDeviceRequest(
        request_id=str(uuid.uuid4()), device_id=device_id
    )
    return str((await ingest_of(process).OpenDevice(request)).device.epoch)


async def test_a_watcher_on_one_process_sees_what_the_other_wrote(
    pair: tuple[Process, Process],
) -> None:
    here, there = pair
    await heard(here.desk, created(1), published(route(1)))
    stub = raising(tracking_service_pb2_grpc.TrackingServiceStub(there.mesh.channel(Role.PLATFORM)))
    seen: list[str] = []

    async def watch() -> None:
        request = tracking_service_pb2.WatchEventsRequest(types=["task_outcome_recorded"])
        async for reply in stub.WatchEvents(request):
            seen.extend(one.task_outcome_recorded.task_id for one in reply.changes)
            if seen:
                return

    watching = asyncio.create_task(watch())
    facts = ingest_service_pb2.BatchRecordEventsRequest(events=[event(4, "delivered", 1)])
    await ingest_of(here).BatchRecordEvents(facts)
    async with asyncio.timeout(5):
        await watching

    assert seen == ["tsk_1"]


async def test_a_device_may_change_the_process_in_the_middle_of_its_day(
    pair: tuple[Process, Process],
) -> None:
    here, there = pair
    epoch = await epoch_of(here, "phone-1")

    (first,) = await sent(here.mesh, [batch(epoch, positions(1, 30))])
    (second,) = await sent(there.mesh, [batch(epoch, positions(21, 50))])

    assert (first.accepted_count, second.accepted_count, second.duplicate_count) == (30, 20, 10)
    assert second.acked_through_sequence == 50


async def test_positions_of_two_writers_have_one_order_without_gaps(
    pair: tuple[Process, Process],
) -> None:
    devices = [f"phone-{n}" for n in range(12)]
    epochs = {name: await epoch_of(pair[0], name) for name in devices}

    async def all_of(process: Process, mine: list[str]) -> None:
        for first in range(1, 200, 20):
            batches = [batch(epochs[n], positions(first, first + 19), n) for n in mine]
            await sent(process.mesh, batches)

    await asyncio.gather(all_of(pair[0], devices[:6]), all_of(pair[1], devices[6:]))

    async with pair[0].desk.db.worker() as tx:
        rows = await tx.fetch(
            "SELECT shard, min(feed_sequence) AS low, max(feed_sequence) AS high,"
            " count(*) AS many, sum(cardinality(times)) AS held"
            " FROM position_chunks GROUP BY shard"
        )
        stored = await tx.fetchval("SELECT count(*) FROM positions")
    assert all(row["low"] == 1 and row["high"] == row["many"] for row in rows)
    assert sum(row["held"] for row in rows) == stored == 12 * 200


async def test_two_processes_that_tick_at_once_tell_everything_once(
    pair: tuple[Process, Process], clock: StoppedClock
) -> None:
    here, there = pair
    await heard(here.desk, *(created(n) for n in (1, 2, 3)), published(route()))
    facts = ingest_service_pb2.BatchRecordEventsRequest(
        events=[event(0, "route_start", route_id="rte_1"), event(4, "delivered", 1)]
    )
    await ingest_of(here).BatchRecordEvents(facts)
    clock.move_to(at(6))

    tickers = [ticker(one.desk, TrackingSettings(tick_seconds=0.000001)) for one in pair]
    for _ in range(5):
        await asyncio.gather(*(one.beat() for one in tickers for _ in range(3)))

    etas = await told(there.desk, "eta_changed")
    first = [one for one in etas if not one.eta_changed.HasField("previous_arrival_time")]
    assert len(first) == len({one.eta_changed.eta.stop_id for one in first}) == 2
    assert len(await told(there.desk, "leg_completed")) == 1


async def test_a_commit_whose_outcome_is_unknown_is_sent_again_and_stored_once(
    pair: tuple[Process, Process], clock: StoppedClock
) -> None:
    here, _ = pair
    epoch = uuid.UUID(await epoch_of(here, "phone-1"))
    ingest = group_commit(here.desk.db, TrackingSettings(), clock)
    sent_by_hand = wire.batch(
        (TENANT, "phone-1", epoch), 3, Lane.LIVE, positions(1, 400), clock.now()
    )

    async with writing(ingest):
        async with here.desk.db.worker() as tx:  # the commit waits for the heads, and dies waiting
            await tx.fetch("SELECT 1 FROM feed_head WHERE feed = 'positions' FOR UPDATE")
            lost = await ingest.enqueue(sent_by_hand, wait=True)
            await _kill_the_writer(here.desk.db)
            with pytest.raises(Unavailable) as caught:
                await lost
        answer = await (await ingest.enqueue(sent_by_hand, wait=True))

    assert caught.value.reason == "OUTCOME_UNKNOWN"
    assert answer.acked_through == 400
    async with here.desk.db.worker() as tx:
        assert await tx.fetchval("SELECT count(*) FROM positions") == 400


async def test_a_writer_goes_on_whatever_way_its_store_breaks_off(
    pair: tuple[Process, Process], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, db = pair[0], pair[0].desk.db
    epoch = uuid.UUID(await epoch_of(here, "phone-1"))
    connect, breaks = db.connect, [asyncpg.InternalClientError("unknown protocol state"), OSError()]

    async def breaking() -> Any:
        if breaks:
            raise breaks.pop()
        return await connect()

    monkeypatch.setattr(db, "connect", breaking)
    sent_by_hand = wire.batch(
        (TENANT, "phone-1", epoch), 3, Lane.LIVE, positions(1, 10), clock.now()
    )
    async with writing(group_commit(db, TrackingSettings(), clock)) as ingest:
        async with asyncio.timeout(10):
            answer = await (await ingest.enqueue(sent_by_hand, wait=True))

    assert (answer.acked_through, breaks) == (10, [])


async def _kill_the_writer(db: Database) -> None:
    """Ends the writer's session in the middle of its commit, as soon as that has begun."""
    for _ in range(500):
        async with db.worker() as tx:  # a transaction sees the sessions of its begin
            if await tx.fetch(KILL):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("no commit came")
