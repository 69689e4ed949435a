"""
The feed under pressure: many writers, a crash in the middle, several processes.

Goal: nothing acknowledged is lost, nothing is told twice, and no sequence is skipped. Method:
writers note what was acknowledged to them, a watcher notes what it was told, and both are compared
with the store; lengths of transactions are drawn from a printed seed. Every wait has a bound.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import defaultdict
from contextlib import aclosing

import pytest

from meshkit import roles
from meshkit.caller import Caller, Role
from meshkit.embedded import EmbeddedPostgres
from meshkit.errors import Exhausted, Unavailable
from meshkit.feed import Change
from meshkit.idempotency import Call, commit_once
from meshkit.migrate import migrate
from meshkit.pgtest import PostgresForTests, open_folder, opened
from meshkit.postgres import Database, Transaction
from meshkit.roles import Access
from meshkit.tests.conftest import MIGRATIONS
from meshkit.tests.journal import entry_ids, pb, write, write_request
from meshkit.watch import watch

pytestmark = pytest.mark.pg

SEED = 4711
WRITERS = 8
TRANSACTION_SECONDS_MAX = 0.015
TENANTS = ("acme", "bolt", "cade")
WAIT_SECONDS = 60


class Told:
    """What a watcher was told; refuses a gap and a repetition as they come."""

    def __init__(self) -> None:
        self.last: dict[int, int] = defaultdict(int)
        self.subjects: list[str] = []
        self.cursor = ""

    def note(self, change: Change) -> None:
        """One more change."""
        assert change.sequence == self.last[change.shard] + 1, change
        self.last[change.shard] = change.sequence
        self.subjects.append(change.subject)
        self.cursor = change.cursor


async def watch_until(db: Database, told: Told, done: asyncio.Event, written: set[str]) -> None:
    """Watches, and watches again from the last cursor, until all that was written was told."""
    while not (done.is_set() and len(told.subjects) >= len(written)):
        try:
            async with aclosing(watch(db, cursor=told.cursor, heartbeat_seconds=0.2)) as batches:
                async for batch in batches:
                    for change in batch.changes:
                        told.note(change)
                    if done.is_set() and len(told.subjects) >= len(written):
                        return
        except Unavailable:
            await asyncio.sleep(0.1)  # the store is being restarted, within the test's bound


async def test_eight_writers_are_told_gapless_and_once(db: Database) -> None:
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    written: set[str] = set()

    async def writer(number: int) -> None:
        for turn in range(60):
            name, tenant = f"w{number}-{turn}", rng.choice(TENANTS)
            async with db.transaction(tenant) as tx:
                await write(tx, name)
                await asyncio.sleep(rng.uniform(0, TRANSACTION_SECONDS_MAX))  # the work
            written.add(name)

    told, done = Told(), asyncio.Event()
    async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(watch_until(db, told, done, written))
        await asyncio.gather(*(writer(number) for number in range(WRITERS)))
        done.set()

    assert sorted(told.subjects) == sorted(written)
    assert len(written) == WRITERS * 60


async def test_a_crash_of_the_server_loses_and_doubles_nothing() -> None:
    print(f"seed {SEED}")
    with open_folder() as folder, EmbeddedPostgres(folder / "pg") as server:
        access = await _made(server)
        async with opened(access) as db:
            await _write_through_a_crash(server, db)


async def _write_through_a_crash(server: EmbeddedPostgres, db: Database) -> None:
    rng = random.Random(SEED)
    acknowledged: set[str] = set()
    asked: set[str] = set()
    told, done = Told(), asyncio.Event()
    async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(watch_until(db, told, done, asked))
        writers = [
            group.create_task(_persist(db, rng, f"w{number}", asked, acknowledged))
            for number in range(WRITERS)
        ]
        for _ in range(2):
            await asyncio.sleep(0.5)  # somewhere in the middle of the work
            await asyncio.to_thread(_crash, server)
        await asyncio.gather(*writers)
        done.set()
    stored = [name for tenant in TENANTS for name in await entry_ids(db, tenant)]

    assert acknowledged == asked
    assert sorted(stored) == sorted(asked)
    assert sorted(told.subjects) == sorted(asked)


async def _persist(
    db: Database, rng: random.Random, name: str, asked: set[str], acknowledged: set[str]
) -> None:
    """Writes entries one after another, each repeated with its request id until acknowledged."""
    for turn in range(40):
        entry = f"{name}-{turn}"
        asked.add(entry)
        call = Call.of(Caller(name, Role.DISPATCHER, rng.choice(TENANTS)), write_request(entry))

        async def effect(tx: Transaction, entry: str = entry) -> object:
            await write(tx, entry)
            await asyncio.sleep(rng.uniform(0, TRANSACTION_SECONDS_MAX))  # the work
            return pb.WriteResponse(entry_id=entry)

        while entry not in acknowledged:
            try:
                await commit_once(db, call, pb.WriteResponse, effect)
                acknowledged.add(entry)
            except (Unavailable, Exhausted):
                await asyncio.sleep(0.05)  # as a client would, within the test's bound


def _crash(server: EmbeddedPostgres) -> None:
    server.kill()
    server.start()


async def _made(server: EmbeddedPostgres) -> Access:
    access = await roles.provision(server.admin_url, "journal")
    await migrate(server.admin_url, "journal", MIGRATIONS)
    return access


WRITING = """
import asyncio, sys
from meshkit.pgtest import opened
from meshkit.roles import Access
from meshkit.tests.journal import write_each

async def main(app_url, worker_url, *names):
    async with opened(Access("journal", app_url, worker_url)) as db:
        await write_each(db, "acme", *names)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_watcher_in_one_process_sees_what_another_wrote(
    postgres: PostgresForTests,
) -> None:
    names = [f"e{i:02}" for i in range(30)]
    async with postgres.access("journal", MIGRATIONS) as access, opened(access) as db:
        told, done = Told(), asyncio.Event()
        async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(watch_until(db, told, done, set(names)))
            await asyncio.gather(*(_elsewhere(access, names[i::2]) for i in range(2)))
            done.set()

    assert sorted(told.subjects) == names


async def _elsewhere(access: Access, names: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITING, access.app_url, access.worker_url, *names
    )
    assert await process.wait() == 0
