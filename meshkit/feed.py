"""
The feed: every change of a service, in one gapless and resumable order per shard.

Writing: `tx.append(Draft(...))` inside a transaction of `meshkit.postgres`. The rows get their
numbers in the last statement before the commit, under the lock of the shard's head row, so a number
becomes visible only after all smaller ones: a reader that has seen 7 will never find a new 6.

Reading: `read` takes one bounded batch, `meshkit.watch` goes on for ever, `meshkit.follow` consumes
another service's feed. What a shard holds in order is one tenant's changes; two tenants may share a
shard, and two shards have no order between them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from meshkit import cursor
from meshkit.cursor import Positions
from meshkit.errors import Gone
from meshkit.ids import new_id

EVENTS = "events"  # the feed of domain events; a service may number others, see `advance`
SHARDS_DEFAULT = 4
BATCH_CHANGES_MAX = 500
BATCH_BYTES_MAX = 512 * 1024  # of payload; a message may have 4 MiB, and every watcher holds one
WINDOW_MAX = 10_000  # sequences one read looks at, so that a narrow filter cannot scan for ever
COMPACT_ROWS_MAX = 5_000  # deleted in one transaction


class Statements(Protocol):
    """Whatever runs statements: a Transaction, a Snapshot or a bare connection."""

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """All rows of a query."""


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A change to be appended. `type` is the name of the event's field in the contract's Change, and
    `payload` that field's message, serialised; `subject` is the id of what changed.

    `tenant` may stay empty where the transaction has one; `traceparent` is filled in by `append`.
    """

    type: str
    subject: str
    event_time: datetime
    payload: bytes
    tenant: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A change as the feed tells it. `cursor` is the place right after it, in this reading."""

    shard: int
    sequence: int
    cursor: str
    tenant: str
    type: str
    subject: str
    event_id: str
    event_time: datetime
    record_time: datetime
    traceparent: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What a read found, and the place after it. Without changes, a new place is progress too."""

    changes: tuple[Change, ...]
    cursor: str
    positions: Positions


def shard_of(key: str, shards: int) -> int:
    """The shard of a key (a tenant, for domain events): the same in every process and release."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") % shards


async def heads(on: Statements, feed: str = EVENTS) -> dict[int, int]:
    """The last sequence of every shard."""
    return {row["shard"]: row["sequence"] for row in await on.fetch(HEADS, feed)}


async def oldest(on: Statements, feed: str = EVENTS) -> dict[int, int]:
    """The place before the oldest change that is kept: where a reader without a cursor begins."""
    return {row["shard"]: row["oldest"] - 1 for row in await on.fetch(HEADS, feed)}


async def open_shards(on: Statements, feed: str, shards: int) -> None:
    """
    Makes the head rows of a feed where they are missing. More shards than before are welcome; a
    tenant's changes may then continue in another shard, without order to its older ones.
    """
    await on.fetch(OPEN_SHARDS, feed, shards)


async def advance(on: Statements, feed: str, counts: Mapping[int, int]) -> dict[int, int]:
    """
    Takes `counts[shard]` numbers of each shard of a feed that the caller stores in a table of its
    own, and returns the first of each. Ask in the last statements of the transaction, for it holds
    the head rows until the commit; and never for 0 numbers.
    """
    shards = sorted(counts)
    rows = await on.fetch(ADVANCE, feed, shards, [counts[shard] for shard in shards])
    return {row["advanced"]: row["first_sequence"] for row in rows}


async def append(
    on: Statements, drafts: Sequence[Draft], shards: int, recorded: datetime
) -> dict[int, int]:
    """Stores and numbers changes, as a transaction does at its end. Returns the new heads."""
    columns: list[list[Any]] = [
        [shard_of(draft.tenant, shards) for draft in drafts],
        [draft.tenant for draft in drafts],
        [draft.type for draft in drafts],
        [draft.subject for draft in drafts],
        [new_id("evt") for _ in drafts],
        [draft.event_time for draft in drafts],
        [recorded] * len(drafts),
        [draft.traceparent for draft in drafts],
        [draft.payload for draft in drafts],
    ]
    return {row["advanced"]: row["last_sequence"] for row in await on.fetch(APPEND, *columns)}


async def read(
    on: Statements,
    schema: str,
    after: Positions,
    *,
    among: Iterable[int] | None = None,
    types: Iterable[str] = (),
    tenant: str | None = None,
    limit: int = BATCH_CHANGES_MAX,
) -> Batch:
    """
    One batch after a place, of some types or all, of one tenant or all. `schema` marks cursors;
    `among` names the shards worth a look (all of them, if None).

    Raises Gone `CURSOR_COMPACTED`, with the oldest cursor that still works in its metadata, when
    changes after that place are no longer kept.
    """
    shards = sorted(after if among is None else among)
    each = max(1, limit // max(1, len(shards)))
    rows = await on.fetch(
        READ,
        shards,
        [after[shard] for shard in shards],
        list(types),
        tenant,
        each,
        BATCH_BYTES_MAX // max(1, len(shards)),
        WINDOW_MAX,
    )
    _refuse_compacted(schema, after, rows)
    return _batch(schema, after, rows)


async def compact(on: Statements, keep: timedelta) -> int:
    """
    Forgets changes older than `keep`, up to `COMPACT_ROWS_MAX` a shard, and tells how many; call it
    on a worker's transaction until it answers 0. A reader further behind gets `CURSOR_COMPACTED`.
    """
    gone = {row["shard"]: row["through"] for row in await on.fetch(DOOMED, keep, COMPACT_ROWS_MAX)}
    shards = sorted(gone)
    through = [gone[shard] for shard in shards]
    deleted = await on.fetch(DELETE, shards, through) if gone else []
    if deleted:  # the heads are taken last here too, so that nobody who appends waits for this
        await on.fetch(MOVE_OLDEST, shards, through)
    return len(deleted)


def _batch(schema: str, after: Positions, rows: Sequence[Any]) -> Batch:
    positions = dict(after)
    changes: list[Change] = []
    for row in rows:
        if row["sequence"] is not None:
            positions[row["shard"]] = row["sequence"]
            changes.append(_change(row, cursor.pack(schema, positions)))
        if row["is_last"] and not row["has_more"]:
            positions[row["shard"]] = row["reach"]
    return Batch(tuple(changes), cursor.pack(schema, positions), positions)


def _change(row: Any, token: str) -> Change:
    return Change(
        shard=row["shard"],
        sequence=row["sequence"],
        cursor=token,
        tenant=row["tenant"],
        type=row["type"],
        subject=row["subject"],
        event_id=row["event_id"],
        event_time=row["event_time"],
        record_time=row["record_time"],
        traceparent=row["traceparent"],
        payload=row["payload"],
    )


def _refuse_compacted(schema: str, after: Positions, rows: Sequence[Any]) -> None:
    kept = {row["shard"]: row["oldest"] - 1 for row in rows}
    if any(after[shard] < before for shard, before in kept.items()):
        oldest_place = {shard: max(after[shard], kept.get(shard, 0)) for shard in after}
        raise compacted(cursor.pack(schema, oldest_place))


def compacted(oldest_cursor: str) -> Gone:
    """The error of a reader whose place is no longer kept: list anew, then go on from here."""
    return Gone(
        "CURSOR_COMPACTED",
        "changes after this cursor are no longer kept: read a snapshot, then watch from its cursor",
        oldest_cursor=oldest_cursor,
    )


HEADS = "SELECT shard, sequence, oldest FROM feed_head WHERE feed = $1"

OPEN_SHARDS = """
    INSERT INTO feed_head (feed, shard) SELECT $1, generate_series(0, $2::integer - 1)
    ON CONFLICT DO NOTHING"""

ADVANCE = "SELECT advanced, first_sequence FROM feed_advance($1, $2::integer[], $3::bigint[])"

APPEND = """
    SELECT advanced, last_sequence
    FROM feed_append($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[],
                     $6::timestamptz[], $7::timestamptz[], $8::text[], $9::bytea[])"""

# One statement, hence one snapshot: what it finds cannot be compacted between two of its parts. A
# shard without a row still answers with one, so that the reader learns how far it may move on.
READ = """
    SELECT p.shard, h.oldest, least(h.sequence, p.after + $7) AS reach,
           f.sequence, f.tenant, f.type, f.subject, f.event_id, f.event_time, f.record_time,
           f.traceparent, f.payload,
           coalesce(f.is_last, true) AS is_last, coalesce(f.has_more, false) AS has_more
    FROM unnest($1::integer[], $2::bigint[]) AS p (shard, after)
    JOIN feed_head h ON h.feed = 'events' AND h.shard = p.shard
    LEFT JOIN LATERAL (
        SELECT b.*, row_number() OVER (ORDER BY b.sequence DESC) = 1 AS is_last,
               b.found = $5 OR count(*) OVER () < b.found AS has_more
        FROM (
            SELECT c.*, count(*) OVER () AS found,
                   row_number() OVER (ORDER BY c.sequence) AS place,
                   sum(octet_length(c.payload)) OVER (ORDER BY c.sequence) AS bytes_through
            FROM (
                SELECT sequence, tenant, type, subject, event_id, event_time, record_time,
                       traceparent, payload
                FROM feed
                WHERE shard = p.shard AND sequence > p.after
                  AND sequence <= least(h.sequence, p.after + $7)
                  AND (cardinality($3::text[]) = 0 OR type = ANY ($3))
                  AND ($4::text IS NULL OR tenant = $4)
                ORDER BY sequence LIMIT $5
            ) c
        ) b
        WHERE b.bytes_through <= $6 OR b.place = 1
    ) f ON true
    ORDER BY p.shard, f.sequence"""

DOOMED = """
    SELECT h.shard, max(f.sequence) AS through
    FROM feed_head h CROSS JOIN LATERAL (
        SELECT sequence, stored_at FROM feed
        WHERE shard = h.shard AND sequence >= h.oldest ORDER BY sequence LIMIT $2
    ) f
    WHERE h.feed = 'events' AND f.stored_at < clock_timestamp() - $1::interval
    GROUP BY h.shard"""

DELETE = """
    DELETE FROM feed f USING unnest($1::integer[], $2::bigint[]) AS d (shard, through)
    WHERE f.shard = d.shard AND f.sequence <= d.through
    RETURNING f.sequence"""

MOVE_OLDEST = "SELECT feed_forget($1::integer[], $2::bigint[])"
