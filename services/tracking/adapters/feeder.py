"""
The feeder: takes changes from the feed into the queues of subscriptions, shared among processes.

A subscription is claimed by its row's lock, one batch at a time. One whose queue is full waits, and
its changes with it, in the feed, which keeps them longer than they are sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from meshkit import cursor, feed
from meshkit.clock import Clock
from meshkit.errors import Gone, MeshError
from meshkit.feed import EVENTS, Change
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.codec import unpack
from services.tracking.domain import notice as notices
from services.tracking.domain.subscription import News, Subscription
from services.tracking.domain.words import Milestone
from services.tracking.outbound_ports import Item, Queued
from services.tracking.usecases.feeding import feed as feed_subscription

WAITING_MAX = 10_000  # webhooks of one subscription in the queue; the others wait in the feed
IDLE_SECONDS = 2.0  # between two looks when nothing is heard; a change wakes before
PAUSE_SECONDS = 0.1  # so that a busy feed makes ten rounds a second, and not one for each change
BATCHES_MAX = 100  # of one beat, so that a busy subscription shares the process with the loops

# Active, and something of its tenant lies beyond its place. Those tried in this beat are left out.
CLAIM = """
    SELECT s.tenant, s.no, s.kind, s.place, s.body FROM subscriptions s
    WHERE s.state = 'ACTIVE' AND s.no <> ALL ($1::bigint[]) AND EXISTS (
        SELECT 1 FROM feed_head h JOIN feed f ON f.tenant = s.tenant AND f.shard = h.shard
            AND f.sequence > coalesce((s.place ->> h.shard::text)::bigint, 0)
        WHERE h.feed = 'events')
    ORDER BY s.no LIMIT 1 FOR UPDATE OF s SKIP LOCKED"""

WAITING = """
    SELECT count(*) FROM (
        SELECT 1 FROM webhook_messages
        WHERE tenant = $1 AND subscription_no = $2 AND state = 'PENDING' LIMIT $3) w"""

MOVE = "UPDATE subscriptions SET place = $3 WHERE tenant = $1 AND no = $2"

CARRIERS_OF_ROUTES = """
    SELECT route_id, carrier_id FROM routes WHERE tenant = $1 AND route_id = ANY ($2)"""

CARRIERS_OF_DELIVERIES = """
    SELECT delivery_id, coalesce(body ->> 'carrier_id', '') AS carrier_id,
           (body ->> 'carrier_since')::timestamptz AS since FROM deliveries
    WHERE tenant = $1 AND delivery_id = ANY ($2)"""

ARRIVALS = """
    SELECT delivery_id, arrival FROM arrivals_told
    WHERE tenant = $1 AND subscription_no = $2 AND delivery_id = ANY ($3)"""

TOLD = """
    INSERT INTO arrivals_told (tenant, subscription_no, delivery_id, arrival)
    SELECT $1, $2, u.delivery_id, u.arrival
    FROM unnest($3::text[], $4::timestamptz[]) AS u (delivery_id, arrival)
    ON CONFLICT (tenant, subscription_no, delivery_id) DO UPDATE SET arrival = EXCLUDED.arrival"""

QUEUE = """
    INSERT INTO webhook_messages (tenant, subscription_no, event_id, subject, shard, sequence,
                                  record_time, body, state, stored_at)
    SELECT $1, $2, u.event_id, u.subject, u.shard, u.sequence, u.record_time, u.body, 'PENDING', $3
    FROM unnest($4::text[], $5::text[], $6::integer[], $7::bigint[], $8::timestamptz[], $9::text[])
         AS u (event_id, subject, shard, sequence, record_time, body)
    ON CONFLICT DO NOTHING"""

# An update even where the lane is there: its row is locked, so whoever is about to close the lane
# looks again after this transaction and finds what came.
OPEN_LANES = """
    INSERT INTO webhook_lanes AS l (tenant, subscription_no, subject, due_at)
    SELECT DISTINCT $1, $2::bigint, u.subject, $3::timestamptz
    FROM unnest($4::text[]) AS u (subject) ORDER BY 3
    ON CONFLICT (tenant, subscription_no, subject) DO UPDATE SET due_at = l.due_at"""

NOTICES = """
    SELECT delivery_id, event_id, milestone, sent_at FROM notices
    WHERE tenant = $1 AND subscription_no = $2 AND delivery_id = ANY ($3) FOR UPDATE"""

PUT_NOTICE = """
    INSERT INTO notices AS n (tenant, subscription_no, delivery_id, event_id, milestone,
                              happened_at, due_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (tenant, subscription_no, delivery_id) DO UPDATE SET
        event_id = EXCLUDED.event_id, milestone = EXCLUDED.milestone,
        happened_at = EXCLUDED.happened_at, due_at = EXCLUDED.due_at, attempt_count = 0,
        retry_at = '-infinity', stored_at = clock_timestamp()"""

log = structlog.get_logger()

Decode = Callable[[Change], News]
Write = Callable[[Change, News], str]


class PostgresOutbound:
    """Implements `outbound_ports.Outbound` on a worker's transaction."""

    def __init__(self, tx: Transaction, tenant: str, number: int, now: datetime) -> None:
        self._tx = tx
        self._key = (tenant, number)
        self._now = now

    async def carriers(self, news: Sequence[News]) -> Mapping[str, str]:
        """Whose each event is, by its id, where the event does not say it itself."""
        tenant = self._key[0]
        routes = await self._tx.fetch(CARRIERS_OF_ROUTES, tenant, [n.route_id for n in news])
        names = [n.delivery_id for n in news if not n.route_id]
        deliveries = await self._tx.fetch(CARRIERS_OF_DELIVERIES, tenant, names)
        of_route = {row["route_id"]: row["carrier_id"] for row in routes}
        of_delivery = {row["delivery_id"]: row for row in deliveries}
        return {
            n.event_id: of_route.get(n.route_id, "")
            if n.route_id
            else _carrier(of_delivery.get(n.delivery_id), n)
            for n in news
        }

    async def arrivals(self, delivery_ids: Collection[str]) -> dict[str, datetime]:
        """The arrivals told last."""
        rows = await self._tx.fetch(ARRIVALS, *self._key, list(delivery_ids))
        return {row["delivery_id"]: row["arrival"] for row in rows}

    async def told(self, arrivals: Mapping[str, datetime]) -> None:
        """Notes what is told now."""
        await self._tx.execute(TOLD, *self._key, list(arrivals), list(arrivals.values()))

    async def queue(self, messages: Sequence[Queued]) -> None:
        """Puts webhooks into the queue; one that is there stays."""
        if messages:
            columns = [list(column) for column in zip(*map(_row, messages), strict=True)]
            await self._tx.execute(QUEUE, *self._key, self._now, *columns)
            subjects = sorted({one.news.subject for one in messages})
            await self._tx.execute(OPEN_LANES, *self._key, self._now, subjects)

    async def notices(self, news: Sequence[News]) -> None:
        """Puts messages to recipients up, each in the place of the one that waits."""
        names = list({n.delivery_id for n in news})
        rows = await self._tx.fetch(NOTICES, *self._key, names) if names else []
        waiting = {r["delivery_id"]: Milestone(r["milestone"]) for r in rows if r["event_id"]}
        sent = {row["delivery_id"]: row["sent_at"] for row in rows}
        for one in news:
            before = waiting.get(one.delivery_id)
            if before is None or notices.displaces(one.milestone, before):
                due = notices.due(one.milestone, one.event_time, sent.get(one.delivery_id))
                row = (one.delivery_id, one.event_id, one.milestone, one.event_time, due)
                await self._tx.execute(PUT_NOTICE, *self._key, *row)
                waiting[one.delivery_id] = one.milestone


class Feeder:
    """Feeds until cancelled. `clock` is the machine's, by which tries are counted."""

    def __init__(self, db: Database, decode: Decode, write: Write, clock: Clock) -> None:
        self._db = db
        self._decode = decode
        self._write = write
        self._clock = clock

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            place = dict(self._db.pulse.heads(EVENTS))
            try:
                await self.beat()
                await asyncio.sleep(PAUSE_SECONDS)
                await self._db.pulse.wait_beyond(EVENTS, place, IDLE_SECONDS)
            except MeshError as error:  # of the wait as well: it says when the store is long away
                log.warning("feeding_interrupted", reason=error.reason)
                await asyncio.sleep(IDLE_SECONDS)

    async def beat(self) -> int:
        """Takes in what there is; tells how much was queued."""
        left: list[int] = []  # for the next beat: full, or at fault
        queued = 0
        for _ in range(BATCHES_MAX):
            fed = await self._one(left)
            if fed is None:
                break
            queued += fed
        return queued

    async def _one(self, left: list[int]) -> int | None:
        """One batch of one subscription; None when there is none to be fed."""
        number = 0
        try:
            async with self._db.worker() as tx:
                row = await tx.fetchrow(CLAIM, left)
                if row is None:
                    return None
                number = row["no"]
                if await self._is_full(tx, row):
                    left.append(number)
                    return 0
                return await self._feed(tx, row)
        except MeshError:
            raise
        except Exception:  # a fault about one subscription must not stop the others
            log.exception("subscription_not_fed", subscription_no=number)
            left.append(number)
            return 0

    async def _is_full(self, tx: Transaction, row: Any) -> bool:
        if row["kind"] != "WEBHOOK":
            return False
        waiting = await tx.fetchval(WAITING, row["tenant"], row["no"], WAITING_MAX)
        return int(waiting) >= WAITING_MAX

    async def _feed(self, tx: Transaction, row: Any) -> int:
        tenant, number = row["tenant"], row["no"]
        subscription = unpack(row["body"], Subscription)
        batch = await self._read(tx, tenant, json.loads(row["place"]), subscription)
        items = [Item(self._decode(change), change) for change in batch.changes]
        outbound = PostgresOutbound(tx, tenant, number, self._clock.now())
        now = self._db.clock.now()

        def write(item: Item) -> str:
            return self._write(item.change, item.news)

        queued = await feed_subscription(outbound, subscription, items, now, write)
        await tx.execute(MOVE, tenant, number, json.dumps(batch.positions))
        return queued

    async def _read(
        self, tx: Transaction, tenant: str, place: dict[str, int], subscription: Subscription
    ) -> feed.Batch:
        """The next changes. What the feed forgot meanwhile is older than anything that is sent."""
        after = {shard: place.get(str(shard), 0) for shard in await feed.heads(tx)}
        types = sorted(subscription.types)
        try:
            return await feed.read(tx, self._db.schema, after, types=types, tenant=tenant)
        except Gone as gone:
            oldest = cursor.unpack(self._db.schema, gone.metadata["oldest_cursor"])
            return await feed.read(tx, self._db.schema, oldest, types=types, tenant=tenant)


def _carrier(delivery: Any, news: News) -> str:
    """Whose the delivery is; nobody's before that carrier had it."""
    if delivery is None or delivery["since"] is None or news.event_time < delivery["since"]:
        return ""
    return str(delivery["carrier_id"])


def _row(one: Queued) -> tuple[Any, ...]:
    news = one.news
    place = (news.shard, news.sequence, news.record_time)
    return (news.event_id, news.subject, *place, one.body)
