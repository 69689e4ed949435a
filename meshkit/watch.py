"""
Watching a feed: every change once, in order, for as long as the reader likes, from its cursor on.

A watcher holds one batch and no more: the next is read when the reader asks for it. So a reader
that stands still costs one batch of memory, and one that comes back resumes by its cursor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from google.protobuf.message import Message

from meshkit import cursor as cursors
from meshkit import feed, pg_errors
from meshkit.caller import MESH_DOMAIN
from meshkit.cursor import Positions
from meshkit.errors import Exhausted, Invalid, Violation
from meshkit.feed import EVENTS, Batch, Change
from meshkit.postgres import Database

HEARTBEAT_SECONDS = 15.0  # the longest silence of a watch
WATCHERS_MAX = 200  # of one database in one process; each holds at most one batch

Response = TypeVar("Response", bound=Message)


async def watch(
    db: Database,
    *,
    cursor: str = "",
    types: Collection[str] = (),
    tenant: str | None = None,
    start_at_head: bool = False,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncGenerator[Batch, None]:
    """
    Tells every change after `cursor` ("": from the oldest kept), then waits for more, without end.

    Changes of some types or all, of one tenant or (None) all. A batch without changes is a
    heartbeat; its cursor may have moved on past changes that were not asked for.

    Raises Gone `CURSOR_COMPACTED` (`oldest_cursor` in its metadata), Invalid `CURSOR_INVALID`,
    Exhausted `WATCHERS_EXHAUSTED`, Unavailable `STORE_UNAVAILABLE`.
    """
    with _counted(db):
        place = await _start(db, cursor, start_at_head)
        while True:
            batch = await _next(db, place, types, tenant, heartbeat_seconds)
            place = batch.positions
            yield batch


async def serve_watch(
    db: Database, request: Any, response: type[Response], *, tenant: str | None
) -> AsyncGenerator[Response, None]:
    """
    The whole of a WatchEvents method: reads the request, makes the contract's responses.

    `tenant` is None for callers that may see every tenant (SERVICE), else the caller's own.
    """
    _check_types(response, request.types)
    async for batch in watch(
        db,
        cursor=request.cursor,
        types=frozenset(request.types),
        tenant=tenant,
        start_at_head=request.start_at_head,
    ):
        yield to_response(response, batch, db)


def to_response(response: type[Response], batch: Batch, db: Database) -> Response:
    """A batch as the contract's WatchEventsResponse."""
    message: Any = response()
    message.cursor = batch.cursor
    message.server_time.FromDatetime(db.clock.now())
    for change in batch.changes:
        to_message(change, message.changes.add())
    return message  # type: ignore[no-any-return]


def to_message(change: Change, message: Any) -> None:
    """Fills in the contract's Change. A type that this release does not know leaves it empty."""
    for name in ("shard", "sequence", "cursor", "tenant", "event_id", "subject", "traceparent"):
        setattr(message, name, getattr(change, name))
    message.event_time.FromDatetime(change.event_time)
    message.record_time.FromDatetime(change.record_time)
    if change.type in event_types(message):
        event = getattr(message, change.type)
        event.SetInParent()
        event.MergeFromString(change.payload)


def event_types(change: Any) -> frozenset[str]:
    """The names of the events that a Change message may carry."""
    return frozenset(field.name for field in change.DESCRIPTOR.oneofs_by_name["event"].fields)


def _check_types(response: type[Message], asked: Collection[str]) -> None:
    changes: Any = response.DESCRIPTOR.fields_by_name["changes"].message_type
    known = {field.name for field in changes.oneofs_by_name["event"].fields}
    bad = [
        Violation(f"types[{index}]", "no event has this name", "EVENT_TYPE_UNKNOWN")
        for index, name in enumerate(asked)
        if name not in known
    ]
    if bad:
        raise Invalid(
            "EVENT_TYPE_UNKNOWN", "no such type of event", domain=MESH_DOMAIN, violations=bad
        )


async def _start(db: Database, cursor: str, start_at_head: bool) -> Positions:
    async with db.worker() as tx:
        heads = await feed.heads(tx)
        if cursor:
            return _resumed(cursors.unpack(db.schema, cursor), heads)
        return heads if start_at_head else await feed.oldest(tx)


def _resumed(place: Positions, heads: Positions) -> Positions:
    if any(sequence > heads.get(shard, 0) for shard, sequence in place.items()):
        raise cursors.invalid("it is ahead of the feed, which may have been restored from a backup")
    return {shard: place.get(shard, 0) for shard in heads}


async def _next(
    db: Database, place: Positions, types: Collection[str], tenant: str | None, seconds: float
) -> Batch:
    """The next batch with changes; or one without, when none came for so many seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while await db.pulse.wait_beyond(EVENTS, place, until - loop.time()):
        batch = await _read(db, place, types, tenant)
        if batch.positions == place:  # the feed went back under us: its store was replaced
            raise pg_errors.unavailable()
        if batch.changes or loop.time() >= until:
            return batch
        place = batch.positions
    return Batch((), cursors.pack(db.schema, place), place)


async def _read(
    db: Database, place: Positions, types: Collection[str], tenant: str | None
) -> Batch:
    heads = db.pulse.heads(EVENTS)
    shards = 1 + max((*place, *heads))  # the pulse may know of some only, or of more than we do
    after = {shard: place.get(shard, 0) for shard in range(shards)}
    behind = [shard for shard, head in heads.items() if head > after[shard]]
    async with db.worker() as tx:
        return await feed.read(tx, db.schema, after, among=behind, types=types, tenant=tenant)


@contextmanager
def _counted(db: Database) -> Iterator[None]:
    if db.watchers >= WATCHERS_MAX:
        raise Exhausted(
            "WATCHERS_EXHAUSTED",
            f"{WATCHERS_MAX} watches are open here, the most there may be",
            domain=MESH_DOMAIN,
            retry_after=pg_errors.RETRY_AFTER,
        )
    db.watchers += 1
    try:
        yield
    finally:
        db.watchers -= 1
