"""A service with a store and a feed, for meshkit's own tests: entries that are written once."""

# ruff: noqa: N802 the contract names the methods

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from meshkit.caller import Role, current_caller
from meshkit.feed import Draft
from meshkit.idempotency import Call, commit_once
from meshkit.postgres import Database, Transaction
from meshkit.tests.compiled import compiled
from meshkit.watch import serve_watch

pb, pb_grpc = compiled("meshtest/v1/journal_service.proto")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADD = "INSERT INTO entries (tenant, entry_id, text) VALUES (doorstep_tenant(), $1, $2)"
COUNT = "SELECT count(*) FROM entries"
IDS = "SELECT entry_id FROM entries ORDER BY entry_id"


def written(entry_id: str, text: str = "", tenant: str = "") -> Draft:
    """The change that tells of a new entry."""
    payload = pb.EntryWritten(entry_id=entry_id, text=text).SerializeToString()
    return Draft("entry_written", entry_id, NOON, payload, tenant)


async def write(tx: Transaction, entry_id: str, text: str = "") -> None:
    """Adds an entry and tells of it."""
    await tx.execute(ADD, entry_id, text)
    tx.append(written(entry_id, text))


async def write_each(db: Database, tenant: str, *entry_ids: str) -> None:
    """Adds entries, each in a transaction of its own."""
    for entry_id in entry_ids:
        async with db.transaction(tenant) as tx:
            await write(tx, entry_id)


async def write_and_fail(db: Database, tenant: str, entry_id: str) -> None:
    """Adds an entry, then raises LookupError inside the same transaction."""
    async with db.transaction(tenant) as tx:
        await write(tx, entry_id)
        raise LookupError


async def entry_ids(db: Database, tenant: str) -> list[str]:
    """What a tenant has."""
    async with db.transaction(tenant) as tx:
        return [row["entry_id"] for row in await tx.fetch(IDS)]


def write_request(entry_id: str, text: str = "", request_id: str = "", **more: Any) -> Any:
    """A request to write, with a fresh id unless one is given."""
    given = request_id or str(uuid.uuid4())
    return pb.WriteRequest(request_id=given, entry_id=entry_id, text=text, **more)


class JournalServicer(pb_grpc.JournalServiceServicer):  # type: ignore[misc, name-defined]
    """Written as services write theirs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def Write(self, request: Any, context: Any) -> Any:
        call = Call.of(current_caller(), request)
        return await commit_once(self._db, call, pb.WriteResponse, partial(self._write, request))

    async def WatchEvents(self, request: Any, context: Any) -> AsyncIterator[Any]:
        caller = current_caller()
        tenant = None if caller.role is Role.SERVICE else caller.required_tenant()
        async for answer in serve_watch(self._db, request, pb.WatchEventsResponse, tenant=tenant):
            yield answer

    async def _write(self, request: Any, tx: Transaction) -> Any:
        await write(tx, request.entry_id, request.text)
        return pb.WriteResponse(entry_id=request.entry_id, count=await tx.fetchval(COUNT))
