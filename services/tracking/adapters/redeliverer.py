"""
The redeliverer: looks events up in the feed and puts them into a subscription's queue again.

A page is one transaction, in which the place of the redelivery moves too; a process that dies
leaves the next page to another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from meshkit import feed
from meshkit.clock import Clock
from meshkit.errors import MeshError
from meshkit.feed import Change
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.codec import unpack
from services.tracking.adapters.feeder import (
    OPEN_LANES,
    WAITING_MAX,
    Decode,
    PostgresOutbound,
    Write,
)
from services.tracking.domain.redelivery import Redelivery
from services.tracking.domain.subscription import Subscription
from services.tracking.outbound_ports import Item
from services.tracking.usecases.feeding import chosen

PAGE_ROWS_MAX = 500
PAGE_SEQUENCES_MAX = 20_000  # looked at in one statement, however few are wanted
IDLE_SECONDS = 1.0

CLAIM = """
    SELECT r.tenant, r.redelivery_id, r.subscription_no, r.place_shard, r.place_sequence, r.total,
           r.body, s.body AS subscription
    FROM redeliveries r
    JOIN subscriptions s ON s.tenant = r.tenant AND s.no = r.subscription_no
    WHERE r.state = 'QUEUED' AND r.redelivery_id <> ALL ($2::text[]) AND (
        SELECT count(*) FROM (
            SELECT 1 FROM webhook_messages m
            WHERE m.tenant = r.tenant AND m.subscription_no = r.subscription_no
              AND m.state = 'PENDING' LIMIT $1) w) < $1
    ORDER BY r.redelivery_id LIMIT 1 FOR UPDATE OF r SKIP LOCKED"""

PAGE = """
    SELECT shard, sequence, '' AS cursor, tenant, type, subject, event_id, event_time, record_time,
           traceparent, payload
    FROM feed
    WHERE tenant = $1 AND shard = $2 AND sequence > $3 AND sequence <= $4 AND type = ANY ($5)
      AND (cardinality($6::text[]) = 0 OR event_id = ANY ($6))
      AND ($7::timestamptz IS NULL OR (record_time >= $7 AND record_time < $8))
    ORDER BY sequence LIMIT $9"""

# What waits for another redelivery is left to it; what waits in the ordinary way is taken over.
REQUEUE = """
    INSERT INTO webhook_messages AS m (tenant, subscription_no, event_id, subject, shard, sequence,
                                       record_time, body, state, stored_at, redelivery_id)
    SELECT $1, $2, u.event_id, u.subject, u.shard, u.sequence, u.record_time, u.body, 'PENDING', $3,
           $4
    FROM unnest($5::text[], $6::text[], $7::integer[], $8::bigint[], $9::timestamptz[], $10::text[])
         AS u (event_id, subject, shard, sequence, record_time, body)
    ORDER BY u.shard, u.sequence
    ON CONFLICT (tenant, subscription_no, event_id) DO UPDATE SET
        state = 'PENDING', queued_after = m.attempt_count, tried_at = NULL, redelivery_id = $4,
        stored_at = $3
    WHERE (m.state <> 'PENDING' OR m.redelivery_id = '')
      AND (NOT $11 OR m.delivered_at IS NULL)
    RETURNING m.subject"""

HURRY = """
    UPDATE webhook_lanes SET due_at = $3
    WHERE tenant = $1 AND subscription_no = $2 AND subject = ANY ($4) AND lease_until IS NULL
      AND due_at > $3"""

MOVE = """
    UPDATE redeliveries SET place_shard = $3, place_sequence = $4, total = total + $5
    WHERE tenant = $1 AND redelivery_id = $2"""

SEND = "UPDATE redeliveries SET state = 'RUNNING' WHERE tenant = $1 AND redelivery_id = $2"

END = """
    UPDATE redeliveries SET state = 'DONE', end_time = $3, over_at = clock_timestamp()
    WHERE tenant = $1 AND redelivery_id = $2 AND state = 'RUNNING'
      AND delivered + failed >= total"""

log = structlog.get_logger()


class Redeliverer:
    """Works until cancelled."""

    def __init__(self, db: Database, decode: Decode, write: Write, clock: Clock) -> None:
        self._db = db
        self._decode = decode
        self._write = write
        self._clock = clock

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            try:
                await self.beat()
            except MeshError as error:
                log.warning("redelivering_interrupted", reason=error.reason)
            await asyncio.sleep(IDLE_SECONDS)

    async def beat(self) -> None:
        """Page after page of what there is. What fails is left to the next beat."""
        left: list[str] = []
        while await self._one(left):
            pass

    async def _one(self, left: list[str]) -> bool:
        """One page of one redelivery that is not left; False when there is nothing to do."""
        name = ""
        try:
            async with self._db.worker() as tx:
                row = await tx.fetchrow(CLAIM, WAITING_MAX, left)
                if row is None:
                    return False
                name = row["redelivery_id"]
                await self._step(tx, row)
        except MeshError:
            raise
        except Exception:  # a fault about one redelivery must not stop the others
            log.exception("redelivery_not_fed", redelivery_id=name)
            if not name:
                return False
            left.append(name)
        return True

    async def _step(self, tx: Transaction, row: Any) -> None:
        heads = await feed.heads(tx)
        shard, sequence = max(row["place_shard"], 0), row["place_sequence"]
        if shard not in heads:
            await self._finish(tx, row)
            return
        changes, through = await self._page(tx, row, shard, sequence, heads[shard])
        count = await self._requeue(tx, row, changes)
        place = (shard, through) if through < heads[shard] else (shard + 1, 0)
        await tx.execute(MOVE, row["tenant"], row["redelivery_id"], *place, count)

    async def _page(
        self, tx: Transaction, row: Any, shard: int, after: int, head: int
    ) -> tuple[Sequence[Change], int]:
        """Changes after a place, and how far they reach."""
        order = unpack(row["body"], Redelivery).order
        types = sorted(unpack(row["subscription"], Subscription).types)
        reach = min(after + PAGE_SEQUENCES_MAX, head)
        span = (order.span.start, order.span.end) if order.span else (None, None)
        asked = (types, list(order.event_ids), *span, PAGE_ROWS_MAX)
        rows = await tx.fetch(PAGE, row["tenant"], shard, after, reach, *asked)
        changes = [Change(**dict(one)) for one in rows]
        return changes, changes[-1].sequence if len(changes) == PAGE_ROWS_MAX else reach

    async def _requeue(self, tx: Transaction, row: Any, changes: Sequence[Change]) -> int:
        tenant, number, now = row["tenant"], row["subscription_no"], self._clock.now()
        subscription = unpack(row["subscription"], Subscription)
        order = unpack(row["body"], Redelivery).order
        items = [Item(self._decode(change), change) for change in changes]
        outbound = PostgresOutbound(tx, tenant, number, now)
        wanted = await chosen(outbound, subscription, items)
        if not wanted:
            return 0
        columns = zip(*(self._columns(item) for item in wanted), strict=True)
        arrays = [list(column) for column in columns]
        key = (tenant, number, now, row["redelivery_id"])
        rows = await tx.fetch(REQUEUE, *key, *arrays, order.failed_only)
        await self._open(tx, (tenant, number, now), sorted({one["subject"] for one in rows}))
        return len(rows)

    async def _open(
        self, tx: Transaction, key: tuple[str, int, datetime], subjects: list[str]
    ) -> None:
        if subjects:
            await tx.execute(OPEN_LANES, *key, subjects)
            await tx.execute(HURRY, *key, subjects)

    async def _finish(self, tx: Transaction, row: Any) -> None:
        """Everything is queued; what is sent already may have been all of it."""
        key = (row["tenant"], row["redelivery_id"])
        await tx.execute(SEND, *key)
        await tx.execute(END, *key, self._db.clock.now())

    def _columns(self, item: Item) -> tuple[Any, ...]:
        news = item.news
        place = (news.shard, news.sequence, news.record_time)
        return (news.event_id, news.subject, *place, self._write(item.change, news))
