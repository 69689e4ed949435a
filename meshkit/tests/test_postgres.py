"""
Transactions: whose rows they see, and what the store's failures become.

Method: a real server, a database per test; failures are real ones (a session killed, a pool too
small, a statement too slow).
"""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace

import asyncpg
import pytest

from meshkit.errors import AlreadyExists, Conflict, Exhausted, NotReady, Unavailable
from meshkit.pgtest import PostgresForTests, opened
from meshkit.postgres import Database, Limits
from meshkit.tests.conftest import MIGRATIONS
from meshkit.tests.journal import ADD, COUNT, entry_ids, write, write_and_fail, write_each

pytestmark = pytest.mark.pg

KEEPALIVE = {
    "idle": socket.TCP_KEEPIDLE,
    "interval": socket.TCP_KEEPINTVL,
    "count": socket.TCP_KEEPCNT,
}


async def test_what_a_block_did_is_there_after_it(db: Database) -> None:
    await write_each(db, "acme", "a", "b")

    assert await entry_ids(db, "acme") == ["a", "b"]


async def test_an_error_in_a_block_undoes_all_of_it(db: Database) -> None:
    with pytest.raises(LookupError):
        await write_and_fail(db, "acme", "a")

    assert await entry_ids(db, "acme") == []


async def test_a_tenant_sees_its_own_rows_only(db: Database) -> None:
    await write_each(db, "acme", "a")
    await write_each(db, "bolt", "b")

    assert await entry_ids(db, "acme") == ["a"]
    assert await entry_ids(db, "bolt") == ["b"]


async def test_a_worker_sees_every_tenant(db: Database) -> None:
    await write_each(db, "acme", "a")
    await write_each(db, "bolt", "b")

    async with db.worker() as tx:
        assert await tx.fetchval(COUNT) == 2


async def test_the_app_cannot_write_a_row_of_another_tenant(db: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction("acme") as tx:
            await tx.execute(
                "INSERT INTO entries (tenant, entry_id, text) VALUES ('bolt', 'b', '')"
            )


async def test_a_reused_connection_forgets_its_tenant(postgres: PostgresForTests) -> None:
    async with postgres.fresh("journal", MIGRATIONS, limits=Limits(app_connections=1)) as db:
        async with db.transaction("acme") as tx:
            assert await tx.fetchval("SELECT doorstep_tenant()") == "acme"
        async with db._app.transaction({}) as connection:  # the same one, without set_config
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant"):
                await connection.fetchval(COUNT)


@pytest.mark.parametrize("tenant", ["", None])
async def test_no_transaction_begins_without_a_tenant(db: Database, tenant: str) -> None:
    with pytest.raises(ValueError, match="needs a tenant"):
        async with db.transaction(tenant):
            pass


async def test_a_killed_session_is_unavailable_and_the_next_call_works(db: Database) -> None:
    async def write_while_killed() -> None:
        async with db.transaction("acme") as tx:
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            async with db.transaction("acme") as other:
                await other.fetchval("SELECT pg_terminate_backend($1)", pid)
            await write(tx, "a")

    with pytest.raises(Unavailable) as caught:
        await write_while_killed()

    assert caught.value.reason == "STORE_UNAVAILABLE"
    assert caught.value.retry_after is not None
    assert await entry_ids(db, "acme") == []


async def test_a_full_pool_is_exhausted_within_its_time(postgres: PostgresForTests) -> None:
    limits = Limits(app_connections=1, acquire_seconds=0.2)
    async with (
        postgres.fresh("journal", MIGRATIONS, limits=limits) as db,
        db.transaction("acme"),
    ):
        begun = time.monotonic()
        with pytest.raises(Exhausted) as caught:
            async with db.transaction("acme"):
                pass

    assert caught.value.reason == "STORE_BUSY"
    assert time.monotonic() - begun < 1


async def test_a_slow_statement_is_ended_by_the_server(postgres: PostgresForTests) -> None:
    async with postgres.fresh("journal", MIGRATIONS, limits=Limits(statement_seconds=0.2)) as db:
        with pytest.raises(Exhausted):
            async with db.transaction("acme") as tx:
                await tx.fetchval("SELECT pg_sleep(20)")


async def test_a_peer_that_vanishes_is_noticed_by_both_ends(db: Database) -> None:
    connection = await db.connect()
    asked = [await connection.fetchval(f"SHOW tcp_keepalives_{name}") for name in KEEPALIVE]
    sock = connection._transport.get_extra_info("socket")
    ours = [sock.getsockopt(socket.IPPROTO_TCP, option) for option in KEEPALIVE.values()]
    await connection.close()

    assert list(map(int, asked)) == ours == [20, 5, 3]


async def test_a_taken_name_already_exists(db: Database) -> None:
    await write_each(db, "acme", "a")

    with pytest.raises(AlreadyExists):
        await write_each(db, "acme", "a")


async def test_inside_the_block_an_adapter_sees_which_constraint_it_was(db: Database) -> None:
    await write_each(db, "acme", "a")

    async def add() -> None:
        async with db.transaction("acme") as tx:
            try:
                await tx.execute(ADD, "a", "")
            except asyncpg.UniqueViolationError as error:
                raise NotReady("ENTRY_TAKEN", str(error.constraint_name)) from error

    with pytest.raises(NotReady, match="entries_pkey"):
        await add()


async def test_a_deadlock_is_a_conflict_for_one_of_the_two(db: Database) -> None:
    await write_each(db, "acme", "a", "b")
    both_hold_one = asyncio.Barrier(2)

    async def take(first: str, second: str) -> None:
        async with db.transaction("acme") as tx:
            await tx.execute("UPDATE entries SET text = 'x' WHERE entry_id = $1", first)
            await both_hold_one.wait()
            await tx.execute("UPDATE entries SET text = 'x' WHERE entry_id = $1", second)

    ends = await asyncio.gather(take("a", "b"), take("b", "a"), return_exceptions=True)

    assert [type(end) for end in ends if end is not None] == [Conflict]


async def test_a_cancelled_block_leaves_nothing(db: Database) -> None:
    entered = asyncio.Event()

    async def linger() -> None:
        async with db.transaction("acme") as tx:
            await write(tx, "a")
            entered.set()
            await asyncio.sleep(60)  # cancelled below

    task = asyncio.create_task(linger())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await entry_ids(db, "acme") == []


async def test_a_snapshot_stands_still_while_others_write(db: Database) -> None:
    await write_each(db, "acme", "a")

    async with db.snapshot("acme") as now:
        await write_each(db, "acme", "b")
        assert await now.fetchval(COUNT) == 1


async def test_a_snapshot_cannot_write(db: Database) -> None:
    with pytest.raises(Unavailable):
        async with db.snapshot("acme") as now:
            await now.fetch(ADD, "a", "")


async def test_a_schema_that_was_never_migrated_is_not_ready(postgres: PostgresForTests) -> None:
    async with postgres.access("journal", MIGRATIONS) as access:
        unmade = replace(access, schema="elsewhere")
        with pytest.raises(NotReady, match="elsewhere"):
            async with opened(unmade):
                pass


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    nobody = "postgresql://x:y@127.0.0.1:1/doorstep"

    with pytest.raises(Unavailable):
        async with Database.open("journal", app_url=nobody, worker_url=nobody):
            pass
