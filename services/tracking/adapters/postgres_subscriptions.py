"""Subscriptions, their secrets, tries and redeliveries, of one tenant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from meshkit import feed
from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.attempt import Attempt
from services.tracking.domain.redelivery import Redelivery, WorkState
from services.tracking.domain.subscription import Subscription
from services.tracking.outbound_ports import Known

LOCK_COUNT = "SELECT pg_advisory_xact_lock(hashtextextended('subscriptions.' || $1, 0))"

COUNT = "SELECT count(*) FROM subscriptions"

ADD = """
    INSERT INTO subscriptions (subscription_id, kind, state, owner_carrier_id, place, body)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING no"""

FIND = "SELECT no, body FROM subscriptions WHERE subscription_id = $1"

LOCK = FIND + " FOR UPDATE"

LIST = """
    SELECT no, body FROM subscriptions
    WHERE ($1 = '' OR owner_carrier_id = $1) AND subscription_id > $2
    ORDER BY subscription_id LIMIT $3"""

SAVE = """
    UPDATE subscriptions SET state = $2, body = $3,
        failing_since = CASE WHEN $4 THEN NULL ELSE failing_since END
    WHERE no = $1"""

DUE_NOW = """
    UPDATE webhook_lanes SET due_at = '-infinity'
    WHERE subscription_no = $1 AND lease_until IS NULL"""

# What was to be sent again counts there as failed.
EXPIRE = """
    WITH old AS (
        SELECT event_id, redelivery_id FROM webhook_messages
        WHERE subscription_no = $1 AND state = 'PENDING' AND record_time < $2 FOR UPDATE),
    given_up AS (
        UPDATE webhook_messages m SET
            state = 'EXHAUSTED', exhausted_at = clock_timestamp(), redelivery_id = ''
        FROM old WHERE m.subscription_no = $1 AND m.event_id = old.event_id)
    UPDATE redeliveries r SET failed = r.failed + o.many
    FROM (SELECT redelivery_id, count(*) AS many FROM old GROUP BY 1) o
    WHERE r.redelivery_id = o.redelivery_id"""

END_EXPIRED = """
    UPDATE redeliveries SET state = 'DONE', end_time = $2, over_at = clock_timestamp()
    WHERE subscription_no = $1 AND state = 'RUNNING' AND delivered + failed >= total"""

REMOVE = """
    WITH lanes AS (DELETE FROM webhook_lanes WHERE subscription_no = $1),
    waiting AS (DELETE FROM webhook_messages WHERE subscription_no = $1 AND state = 'PENDING'),
    messages AS (DELETE FROM notices WHERE subscription_no = $1),
    secrets AS (DELETE FROM subscription_secrets WHERE subscription_no = $1),
    work AS (
        UPDATE redeliveries SET state = 'CANCELLED', end_time = $2, over_at = clock_timestamp()
        WHERE subscription_no = $1 AND state IN ('QUEUED', 'RUNNING'))
    DELETE FROM subscriptions WHERE no = $1"""

PUT_SEALED = "SELECT subscription_secret_put($1, $2, $3)"

ADD_ATTEMPT = """
    INSERT INTO webhook_attempts (attempt_id, subscription_no, event_id, state, sent_at, body)
    VALUES ($1, $2, $3, $4, $5, $6)"""

LIST_ATTEMPTS = """
    SELECT body FROM webhook_attempts
    WHERE subscription_no = $1 AND (NOT $2 OR state <> 'SUCCEEDED') AND ($3 = '' OR event_id = $3)
      AND ($4::timestamptz IS NULL OR (sent_at, attempt_id) < ($4, $5))
    ORDER BY sent_at DESC, attempt_id DESC LIMIT $6"""

ADD_REDELIVERY = """
    INSERT INTO redeliveries (redelivery_id, subscription_no, state, body)
    VALUES ($1, $2, $3, $4)"""

GET_REDELIVERY = """
    SELECT state, total, delivered, failed, end_time, body FROM redeliveries
    WHERE redelivery_id = $1"""

CANCEL_REDELIVERY = """
    UPDATE redeliveries SET state = 'CANCELLED', end_time = $2, over_at = clock_timestamp()
    WHERE redelivery_id = $1 AND state IN ('QUEUED', 'RUNNING') RETURNING subscription_no"""

LET_GO = """
    UPDATE webhook_messages SET redelivery_id = '', state = CASE
        WHEN delivered_at IS NOT NULL THEN 'DELIVERED'
        WHEN exhausted_at IS NOT NULL THEN 'EXHAUSTED' ELSE 'PENDING' END
    WHERE subscription_no = $1 AND redelivery_id = $2 AND state = 'PENDING'"""


class PostgresSubscriptions:
    """Implements `outbound_ports.Subscriptions`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def count(self) -> int:
        """How many there are, held until the transaction ends."""
        await self._tx.fetchval(LOCK_COUNT, self._tx.tenant)
        return int(await self._tx.fetchval(COUNT))

    async def add(self, subscription: Subscription) -> int | None:
        """Keeps a new one, which reads the feed from here on; None when the name is taken."""
        one = subscription
        place = json.dumps(await feed.heads(self._tx))
        kind = "NOTICE" if one.notice else "WEBHOOK"
        row = (one.subscription_id, kind, one.state, one.owner_carrier_id, place, pack(one))
        number = await self._tx.fetchval(ADD, *row)
        return None if number is None else int(number)

    async def find(self, subscription_id: str) -> Known | None:
        """One by name."""
        return _known(await self._tx.fetchrow(FIND, subscription_id))

    async def lock(self, subscription_id: str) -> Known | None:
        """The same, held until the transaction ends."""
        return _known(await self._tx.fetchrow(LOCK, subscription_id))

    async def page(self, owner: str, after: str, limit: int) -> Sequence[Known]:
        """Subscriptions by name; a carrier's own."""
        rows = await self._tx.fetch(LIST, owner, after, limit)
        return [Known(row["no"], unpack(row["body"], Subscription)) for row in rows]

    async def save(self, known: Known, *, revived: bool) -> None:
        """Keeps it. `revived`: what waits for it is due now, and its failures are forgotten."""
        one = known.subscription
        await self._tx.execute(SAVE, known.no, one.state, pack(one), revived)
        if revived:
            await self._tx.execute(DUE_NOW, known.no)

    async def expire(self, known: Known, before: datetime, at: datetime) -> None:
        """Gives up what waits for it and was recorded before a moment; ends work that is over."""
        await self._tx.execute(EXPIRE, known.no, before)
        await self._tx.execute(END_EXPIRED, known.no, at)

    async def remove(self, known: Known, at: datetime) -> None:
        """Forgets it and what waits for it; tries stay until they are old."""
        await self._tx.execute(REMOVE, known.no, at)

    async def keep_secret(self, no: int, sealed: str, overlap_until: datetime) -> None:
        """Puts a secret in the place of the present one, which signs beside it until then."""
        await self._tx.fetchval(PUT_SEALED, no, sealed, overlap_until)

    async def attempt(self, no: int, attempt: Attempt) -> None:
        """Keeps a try."""
        one = attempt
        row = (one.attempt_id, no, one.event_id, one.state, one.send_time, pack(one))
        await self._tx.execute(ADD_ATTEMPT, *row)

    async def attempts(
        self, no: int, failed_only: bool, event_id: str, after: tuple[Any, ...], limit: int
    ) -> Sequence[Attempt]:
        """Tries, latest first."""
        rows = await self._tx.fetch(LIST_ATTEMPTS, no, failed_only, event_id, *after, limit)
        return [unpack(row["body"], Attempt) for row in rows]


class PostgresRedeliveries:
    """Implements `outbound_ports.Redeliveries`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, redelivery: Redelivery, subscription_no: int) -> None:
        """Keeps a new one."""
        one = redelivery
        await self._tx.execute(
            ADD_REDELIVERY, one.redelivery_id, subscription_no, one.state, pack(one)
        )

    async def get(self, redelivery_id: str) -> Redelivery | None:
        """One by name."""
        row = await self._tx.fetchrow(GET_REDELIVERY, redelivery_id)
        return redelivery_of(row) if row else None

    async def cancel(self, redelivery_id: str, at: datetime) -> None:
        """Ends it; what waits only for its sake is as it was before."""
        number = await self._tx.fetchval(CANCEL_REDELIVERY, redelivery_id, at)
        if number is not None:
            await self._tx.execute(LET_GO, number, redelivery_id)


def redelivery_of(row: Any) -> Redelivery:
    """A redelivery as ordered, with how far it has come."""
    ordered = unpack(row["body"], Redelivery)
    return Redelivery(
        ordered.redelivery_id,
        ordered.subscription_id,
        ordered.order,
        ordered.create_time,
        WorkState(row["state"]),
        row["total"],
        row["delivered"],
        row["failed"],
        row["end_time"],
    )


def _known(row: Any) -> Known | None:
    return Known(row["no"], unpack(row["body"], Subscription)) if row else None
