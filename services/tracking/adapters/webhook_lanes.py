"""
The queue of webhooks by subject: who sends what now, and what came of it.

A lane is claimed by a lease. Whoever holds it sends the lane's messages one after another, so
their order holds; a sender that dies leaves it to others when the lease runs out, and what it had
sent but not noted is sent again under the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog

from meshkit.errors import NotReady
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.attempt import (
    RECOVERED_AFTER,
    Attempt,
    AttemptState,
    Reply,
    Round,
    judged,
)
from services.tracking.domain.subscription import Subscription
from services.tracking.outbound_ports import Lane, Letter, Outcome, Turn

LEASE = timedelta(seconds=60)  # beyond a try's timeout and all that stands around it
UNDER_WAY_MAX = 8  # lanes of one subscription at a time, so that a slow receiver leaves room
CONNECTIONS_MAX = 2  # used at once: positions are stored through the same few
SPREAD_SECONDS = 30  # over which a backlog is sent to a receiver that came back

CLAIM = """
    WITH busy AS (
        SELECT tenant, subscription_no, count(*) AS many FROM webhook_lanes
        WHERE lease_until >= $1 GROUP BY 1, 2
    ), ranked AS (
        SELECT l.tenant, l.subscription_no, l.subject, l.due_at,
               coalesce(b.many, 0) + row_number() OVER (
                   PARTITION BY l.tenant, l.subscription_no ORDER BY l.due_at, l.subject) AS place
        FROM webhook_lanes l
        JOIN subscriptions s ON s.tenant = l.tenant AND s.no = l.subscription_no
            AND s.state = 'ACTIVE'
        LEFT JOIN busy b ON b.tenant = l.tenant AND b.subscription_no = l.subscription_no
        WHERE l.due_at <= $1 AND (l.lease_until IS NULL OR l.lease_until < $1)
    ), picked AS (
        SELECT l.tenant, l.subscription_no, l.subject FROM webhook_lanes l
        JOIN ranked r USING (tenant, subscription_no, subject)
        WHERE r.place <= $2 AND l.due_at <= $1 AND (l.lease_until IS NULL OR l.lease_until < $1)
        ORDER BY r.place, r.due_at LIMIT $3 FOR UPDATE OF l SKIP LOCKED
    )
    UPDATE webhook_lanes l SET lease_until = $1::timestamptz + $4::interval, holder = $5
    FROM picked p
    WHERE l.tenant = p.tenant AND l.subscription_no = p.subscription_no AND l.subject = p.subject
    RETURNING l.tenant, l.subscription_no, l.subject"""

HOLD = """
    UPDATE webhook_lanes SET lease_until = $5::timestamptz + $6::interval
    WHERE tenant = $1 AND subscription_no = $2 AND subject = $3 AND holder = $4"""

NEXT = """
    SELECT m.event_id, m.body, m.attempt_count, m.queued_after, m.tried_at, m.redelivery_id,
           s.body AS subscription
    FROM webhook_messages m
    JOIN subscriptions s ON s.tenant = m.tenant AND s.no = m.subscription_no AND s.state = 'ACTIVE'
    WHERE m.tenant = $1 AND m.subscription_no = $2 AND m.subject = $3 AND m.state = 'PENDING'
    ORDER BY m.shard, m.sequence LIMIT 1"""

SECRETS = """
    SELECT sealed, CASE WHEN previous_until > $3 THEN previous ELSE '' END AS previous
    FROM subscription_secrets WHERE tenant = $1 AND subscription_no = $2"""

ANY_LEFT = """
    SELECT EXISTS (SELECT 1 FROM webhook_messages
        WHERE tenant = $1 AND subscription_no = $2 AND subject = $3 AND state = 'PENDING')"""

LOCK = """
    SELECT 1 FROM webhook_lanes
    WHERE tenant = $1 AND subscription_no = $2 AND subject = $3 AND holder = $4 FOR UPDATE"""

CLOSE = """
    DELETE FROM webhook_lanes
    WHERE tenant = $1 AND subscription_no = $2 AND subject = $3 AND holder = $4"""

RELEASE = """
    UPDATE webhook_lanes SET lease_until = NULL, holder = NULL, due_at = coalesce($5, due_at)
    WHERE tenant = $1 AND subscription_no = $2 AND subject = $3 AND holder = $4"""

MARK = """
    UPDATE webhook_messages SET
        state = $4, attempt_count = $5, tried_at = coalesce(tried_at, $6),
        delivered_at = CASE WHEN $4 = 'DELIVERED' THEN coalesce(delivered_at, $6)
                            ELSE delivered_at END,
        exhausted_at = CASE WHEN $4 = 'EXHAUSTED' THEN $6 ELSE exhausted_at END,
        redelivery_id = CASE WHEN $4 = 'PENDING' THEN redelivery_id ELSE '' END
    WHERE tenant = $1 AND subscription_no = $2 AND event_id = $3"""

KEEP_ATTEMPT = """
    INSERT INTO webhook_attempts (tenant, attempt_id, subscription_no, event_id, state, sent_at,
                                  body)
    VALUES ($1, $2, $3, $4, $5, $6, $7)"""

FAILING = """
    UPDATE subscriptions SET failing_since = coalesce(failing_since, $3)
    WHERE tenant = $1 AND no = $2 RETURNING failing_since"""

WORKS = """
    WITH before AS (
        SELECT failing_since FROM subscriptions
        WHERE tenant = $1 AND no = $2 AND failing_since IS NOT NULL FOR UPDATE)
    UPDATE subscriptions s SET failing_since = NULL FROM before b
    WHERE s.tenant = $1 AND s.no = $2 RETURNING b.failing_since"""

CATCH_UP = """
    UPDATE webhook_lanes SET due_at = $3::timestamptz + random() * make_interval(secs => $4)
    WHERE tenant = $1 AND subscription_no = $2 AND lease_until IS NULL AND due_at > $3"""

REDELIVERED = """
    UPDATE redeliveries SET delivered = delivered + $3, failed = failed + $4
    WHERE tenant = $1 AND redelivery_id = $2"""

END_REDELIVERY = """
    UPDATE redeliveries SET state = 'DONE', end_time = $3, over_at = clock_timestamp()
    WHERE tenant = $1 AND redelivery_id = $2 AND state = 'RUNNING'
      AND delivered + failed >= total"""

Open = Callable[[str], str]  # a secret from under its seal; ValueError when no key fits

log = structlog.get_logger()


class WebhookLanes:
    """The store of the courier. Moments are the machine's, given by the caller."""

    def __init__(self, db: Database, unseal: Open) -> None:
        self._db = db
        self._unseal = unseal
        self._gate = asyncio.Semaphore(CONNECTIONS_MAX)

    async def claim(self, now: datetime, limit: int) -> Sequence[Lane]:
        """Lanes that are due, for this process alone until the lease ends."""
        holder = uuid4()
        async with self._gate, self._db.worker() as tx:
            rows = await tx.fetch(CLAIM, now, UNDER_WAY_MAX, limit, LEASE, holder)
        return [Lane(r["tenant"], r["subscription_no"], r["subject"], holder) for r in rows]

    async def next(self, lane: Lane, now: datetime) -> Turn | None:
        """The lane's next message; None when nothing is left, or the lane is another's."""
        async with self._gate, self._db.worker() as tx:
            if not await tx.execute(HOLD, *_key(lane), now, LEASE):
                return None
            row = await tx.fetchrow(NEXT, *_key(lane)[:3])
            if row is None:
                await self._close(tx, lane)
                return None
            of = (lane.tenant, lane.subscription_no)
            secrets = await secrets_of(tx, *of, now, self._unseal)
        subscription = unpack(row["subscription"], Subscription)
        letter = Letter(subscription.url, row["event_id"], row["body"], secrets)
        before = Round(row["attempt_count"], row["queued_after"], row["tried_at"])
        return Turn(lane, subscription, letter, before, row["redelivery_id"])

    async def note(self, turn: Turn, reply: Reply, now: datetime, chance: float) -> Outcome:
        """Keeps what came of a try; the lane of a failed one is released until the next is due."""
        lane = turn.lane
        named = (turn.subscription.subscription_id, turn.letter.event_id)
        attempt = judged(new_id("att"), named, turn.round, reply, now, chance)
        async with self._gate, self._db.worker() as tx:
            await self._mark(tx, turn, attempt, now)
            failing_since = await self._health(tx, lane, attempt, now)
            await self._count(tx, turn, attempt)
            if attempt.state is AttemptState.FAILED:
                await tx.execute(RELEASE, *_key(lane), attempt.next_time)
        return Outcome(attempt.state, failing_since)

    async def release(self, lane: Lane) -> None:
        """Leaves a lane to whoever comes next."""
        async with self._gate, self._db.worker() as tx:
            await tx.execute(RELEASE, *_key(lane), None)

    async def _close(self, tx: Transaction, lane: Lane) -> None:
        """Closes an empty lane; its row is locked before the look, so nothing slips in between."""
        if await tx.fetchval(LOCK, *_key(lane)) is None:
            return
        if await tx.fetchval(ANY_LEFT, *_key(lane)[:3]):  # it came just now, or all is on hold
            await tx.execute(RELEASE, *_key(lane), None)
        else:
            await tx.execute(CLOSE, *_key(lane))

    async def _mark(self, tx: Transaction, turn: Turn, attempt: Attempt, now: datetime) -> None:
        key = (turn.lane.tenant, turn.lane.subscription_no, attempt.event_id)
        await tx.execute(MARK, *key, _STATES[attempt.state], attempt.number, now)
        await keep_attempt(tx, turn.lane.tenant, turn.lane.subscription_no, attempt)

    async def _health(
        self, tx: Transaction, lane: Lane, attempt: Attempt, now: datetime
    ) -> datetime | None:
        of = (lane.tenant, lane.subscription_no)
        if attempt.state is not AttemptState.SUCCEEDED:
            since: datetime = await tx.fetchval(FAILING, *of, now)
            return since
        failed_since: datetime | None = await tx.fetchval(WORKS, *of)
        if failed_since is not None and now - failed_since >= RECOVERED_AFTER:
            await tx.execute(CATCH_UP, *of, now, SPREAD_SECONDS)
        return failed_since

    async def _count(self, tx: Transaction, turn: Turn, attempt: Attempt) -> None:
        if turn.redelivery_id and attempt.state is not AttemptState.FAILED:
            succeeded = attempt.state is AttemptState.SUCCEEDED
            key = (turn.lane.tenant, turn.redelivery_id)
            await tx.execute(REDELIVERED, *key, int(succeeded), int(not succeeded))
            await tx.execute(END_REDELIVERY, *key, self._db.clock.now())


async def secrets_of(
    tx: Transaction, tenant: str, number: int, now: datetime, unseal: Open
) -> tuple[str, ...]:
    """
    What a subscription signs by, the present one first, on a worker's transaction.

    Raises NotReady `SEAL_KEY_MISSING` when no key opens any: nothing ever goes out unsigned.
    """
    row = await tx.fetchrow(SECRETS, tenant, number, now)
    sealed = (row["sealed"], row["previous"]) if row else ()
    found = tuple(text for one in sealed if one and (text := _opened(one, unseal)))
    if not found:
        raise NotReady("SEAL_KEY_MISSING", "no key that is there opens its secret: rotate it")
    return found


def _opened(sealed: str, unseal: Open) -> str:
    try:
        return unseal(sealed)
    except ValueError:
        log.error("secret_unreadable")
        return ""


async def keep_attempt(tx: Transaction, tenant: str, number: int, attempt: Attempt) -> None:
    """Keeps a try, on a worker's transaction."""
    one = attempt
    row = (one.attempt_id, number, one.event_id, one.state, one.send_time, pack(one))
    await tx.execute(KEEP_ATTEMPT, tenant, *row)


def _key(lane: Lane) -> tuple[Any, ...]:
    return lane.tenant, lane.subscription_no, lane.subject, lane.holder


_STATES = {
    AttemptState.SUCCEEDED: "DELIVERED",
    AttemptState.FAILED: "PENDING",
    AttemptState.EXHAUSTED: "EXHAUSTED",
}
