"""Messages to recipients that wait, and the contacts that they need, of every tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from meshkit.postgres import Database, Transaction
from services.tracking.adapters.codec import unpack
from services.tracking.domain import notice as notices
from services.tracking.domain.notice import Waiting
from services.tracking.domain.subscription import Channel, Subscription
from services.tracking.domain.words import Milestone
from services.tracking.outbound_ports import Claimed, Recipient, SealedContact

CONNECTIONS_MAX = 1  # used at once: positions are stored through the same few
LEASE = timedelta(seconds=90)  # real time, beyond every channel's timeout

CLAIM = """
    WITH picked AS (
        SELECT n.tenant, n.subscription_no, n.delivery_id, s.body AS subscription
        FROM notices n
        JOIN subscriptions s ON s.tenant = n.tenant AND s.no = n.subscription_no
            AND s.state = 'ACTIVE'
        WHERE n.event_id <> '' AND n.due_at <= $1 AND n.retry_at <= $2
          AND (n.lease_until IS NULL OR n.lease_until < $2)
        ORDER BY n.due_at LIMIT $3 FOR UPDATE OF n SKIP LOCKED
    )
    UPDATE notices n SET lease_until = $2::timestamptz + $4::interval, holder = $5
    FROM picked p
    WHERE n.tenant = p.tenant AND n.subscription_no = p.subscription_no
      AND n.delivery_id = p.delivery_id
    RETURNING n.tenant, n.subscription_no, n.delivery_id, n.event_id, n.milestone, n.happened_at,
              n.sent_at, n.attempt_count, p.subscription"""

RECIPIENT = """
    SELECT c.sealed, c.language_code, coalesce(z.time_zone, t.time_zone, '') AS time_zone
    FROM contacts c
    LEFT JOIN civil_zones z ON z.tenant = c.tenant AND z.place_id = c.place_id
    LEFT JOIN civil_zones t ON t.tenant = c.tenant AND t.place_id = ''
    WHERE c.tenant = $1 AND c.delivery_id = $2"""

REFUSED = """
    SELECT EXISTS (SELECT 1 FROM refused_notices
        WHERE tenant = $1 AND channel = $2 AND address_hash = $3)"""

HELD = """
    SELECT event_id, milestone, happened_at FROM notices
    WHERE tenant = $1 AND subscription_no = $2 AND delivery_id = $3 AND holder = $4 FOR UPDATE"""

# What came while it was sent waits its turn.
ENDED = """
    UPDATE notices SET event_id = $5, due_at = $6, attempt_count = 0, outcome = $7,
        sent_at = CASE WHEN $7 = 'SENT' THEN $8 ELSE sent_at END,
        lease_until = NULL, holder = NULL
    WHERE tenant = $1 AND subscription_no = $2 AND delivery_id = $3 AND holder = $4"""

LATER = """
    UPDATE notices SET due_at = greatest(due_at, coalesce($5, due_at)),
        retry_at = coalesce($6, retry_at),
        attempt_count = attempt_count + CASE WHEN $6::timestamptz IS NULL THEN 0 ELSE 1 END,
        lease_until = NULL, holder = NULL
    WHERE tenant = $1 AND subscription_no = $2 AND delivery_id = $3 AND holder = $4"""

# Not by EXCLUDED: whoever writes contacts may not read them.
PUT_CONTACT = """
    INSERT INTO contacts (delivery_id, sealed, language_code, place_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant, delivery_id) DO UPDATE SET
        sealed = $2, language_code = $3, place_id = $4, stored_at = clock_timestamp()"""

DROP_CONTACT = "DELETE FROM contacts WHERE delivery_id = $1"

PUT_ZONE = """
    INSERT INTO civil_zones (place_id, time_zone) VALUES ($1, $2)
    ON CONFLICT (tenant, place_id) DO UPDATE SET time_zone = EXCLUDED.time_zone"""

DROP_ZONE = "DELETE FROM civil_zones WHERE place_id = $1"

ACCEPT = "DELETE FROM refused_notices WHERE tenant = doorstep_tenant() AND address_hash = ANY ($1)"

REFUSE = """
    INSERT INTO refused_notices (tenant, channel, address_hash)
    SELECT doorstep_tenant(), u.channel, u.hash FROM unnest($1::text[], $2::bytea[])
        AS u (channel, hash) ON CONFLICT DO NOTHING"""


class PostgresNotices:
    """The store of the notifier."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._gate = asyncio.Semaphore(CONNECTIONS_MAX)

    async def claim(self, now: datetime, real: datetime, limit: int) -> Sequence[Claimed]:
        """Messages that are due by business time, for this process alone for a while."""
        holder = uuid4()
        async with self._gate, self._db.worker() as tx:
            rows = await tx.fetch(CLAIM, now, real, limit, LEASE, holder)
        return [
            Claimed(
                row["tenant"],
                row["subscription_no"],
                unpack(row["subscription"], Subscription),
                _waiting(row),
                holder,
            )
            for row in rows
        ]

    async def recipient(self, tenant: str, delivery_id: str) -> Recipient | None:
        """How a recipient is reached; None when that is not known."""
        async with self._gate, self._db.worker() as tx:
            return await recipient(tx, tenant, delivery_id)

    async def refuses(self, tenant: str, channel: Channel, address_hash: bytes) -> bool:
        """Whether messages by this way are unwelcome."""
        async with self._gate, self._db.worker() as tx:
            return bool(await tx.fetchval(REFUSED, tenant, channel, address_hash))

    async def end(self, claimed: Claimed, outcome: str, now: datetime) -> None:
        """Notes what became of a message. What took its place meanwhile waits on."""
        sent = now if outcome == "SENT" else claimed.waiting.sent_at
        async with self._gate, self._db.worker() as tx:
            row = await tx.fetchrow(HELD, *_key(claimed))
            if row is None:
                return
            fresh = row["event_id"] != claimed.waiting.event_id
            due = notices.due(Milestone(row["milestone"]), row["happened_at"], sent)
            left = row["event_id"] if fresh else ""
            await tx.execute(ENDED, *_key(claimed), left, due, outcome, now)

    async def later(
        self, claimed: Claimed, due: datetime | None = None, retry: datetime | None = None
    ) -> None:
        """Puts a message off: until a business moment, or after a failed try until a real one."""
        async with self._gate, self._db.worker() as tx:
            await tx.execute(LATER, *_key(claimed), due, retry)


async def recipient(tx: Transaction, tenant: str, delivery_id: str) -> Recipient | None:
    """How a recipient is reached, on a worker's transaction."""
    row = await tx.fetchrow(RECIPIENT, tenant, delivery_id)
    if row is None:
        return None
    return Recipient(row["sealed"].decode(), row["language_code"], row["time_zone"])


class PostgresContacts:
    """Implements `outbound_ports.Contacts`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def put(self, contact: SealedContact) -> None:
        """Keeps how a recipient is reached; forgets it where there is no way."""
        one = contact
        if one.sealed:
            row = (one.delivery_id, one.sealed, one.language_code, one.place_id)
            await self._tx.execute(PUT_CONTACT, *row)
        else:
            await self._tx.execute(DROP_CONTACT, one.delivery_id)

    async def put_zone(self, place_id: str, time_zone: str) -> None:
        """Keeps the zone of a place, or that it has none; under an empty name the tenant's."""
        if time_zone:
            await self._tx.execute(PUT_ZONE, place_id, time_zone)
        else:
            await self._tx.execute(DROP_ZONE, place_id)


async def set_refused(
    tx: Transaction, hashes: dict[Channel, bytes], refused: Sequence[Channel]
) -> list[Channel]:
    """Sets by which ways nobody is told at these addresses; tells by which that holds now."""
    held = [one for one in refused if one in hashes]
    await tx.execute(ACCEPT, list(set(hashes.values())))
    await tx.execute(REFUSE, [str(one) for one in held], [hashes[one] for one in held])
    return held


def _waiting(row: Any) -> Waiting:
    return Waiting(
        row["delivery_id"],
        row["event_id"],
        Milestone(row["milestone"]),
        row["happened_at"],
        row["sent_at"],
        row["attempt_count"],
    )


def _key(claimed: Claimed) -> tuple[Any, ...]:
    return claimed.tenant, claimed.subscription_no, claimed.waiting.delivery_id, claimed.holder
