"""
Forgetting in time what was sent, and how recipients are reached.

Ages are real time: they bound a disk and what is known of people, not a promise of the business.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import structlog

from meshkit.errors import MeshError
from meshkit.postgres import Database
from services.tracking.domain.words import ENDED_STATES

EVERY_SECONDS = 600.0  # plus a tenth of it at random
ROWS_MAX = 2_000  # in one transaction
KEPT = timedelta(days=8)  # tries and messages; the contract says so of tries
WORK_KEPT = timedelta(days=7)  # redeliveries after their end; ErrorReason WORK_UNKNOWN says so
TOLD_KEPT = timedelta(days=60)
CONTACT_KEPT = timedelta(days=30)  # after the end of the delivery, as long as a link may last
CONTACT_KEPT_MAX = timedelta(days=120)  # whatever became of it

# A message of a subscription that is gone waits for nobody.
MESSAGES = """
    DELETE FROM webhook_messages WHERE (tenant, subscription_no, event_id) IN (
        SELECT m.tenant, m.subscription_no, m.event_id FROM webhook_messages m
        WHERE m.stored_at < clock_timestamp() - $1::interval AND (m.state <> 'PENDING'
            OR NOT EXISTS (SELECT 1 FROM subscriptions s
                           WHERE s.tenant = m.tenant AND s.no = m.subscription_no))
        LIMIT $2)"""

ATTEMPTS = """
    DELETE FROM webhook_attempts WHERE (tenant, attempt_id) IN (
        SELECT tenant, attempt_id FROM webhook_attempts
        WHERE sent_at < clock_timestamp() - $1::interval LIMIT $2)"""

REDELIVERIES = """
    DELETE FROM redeliveries WHERE (tenant, redelivery_id) IN (
        SELECT tenant, redelivery_id FROM redeliveries
        WHERE over_at < clock_timestamp() - $1::interval LIMIT $2)"""

ARRIVALS = """
    DELETE FROM arrivals_told WHERE (tenant, subscription_no, delivery_id) IN (
        SELECT tenant, subscription_no, delivery_id FROM arrivals_told
        WHERE stored_at < clock_timestamp() - $1::interval LIMIT $2)"""

NOTICES = """
    DELETE FROM notices WHERE (tenant, subscription_no, delivery_id) IN (
        SELECT tenant, subscription_no, delivery_id FROM notices
        WHERE stored_at < clock_timestamp() - $1::interval LIMIT $2)"""

ENDED = """
    UPDATE contacts c SET ended_at = clock_timestamp()
    WHERE (tenant, delivery_id) IN (
        SELECT o.tenant, o.delivery_id FROM contacts o
        JOIN deliveries d ON d.tenant = o.tenant AND d.delivery_id = o.delivery_id
        WHERE o.ended_at IS NULL AND d.state = ANY ($1) LIMIT $2)"""

CONTACTS = """
    DELETE FROM contacts WHERE (tenant, delivery_id) IN (
        SELECT tenant, delivery_id FROM contacts
        WHERE ended_at < clock_timestamp() - $1::interval
           OR stored_at < clock_timestamp() - $3::interval LIMIT $2)"""

log = structlog.get_logger()


async def forget_in_time(db: Database) -> None:
    """Forgets now and then, for ever: one of the process's loops."""
    while True:
        try:
            await forget(db)
        except MeshError as error:
            log.warning("forgetting_interrupted", reason=error.reason)
        await asyncio.sleep(EVERY_SECONDS * (1 + random.random() / 10))  # noqa: S311 - jitter


async def forget(db: Database) -> int:
    """Forgets all that is old enough; tells how many rows."""
    ended = sorted(str(state) for state in ENDED_STATES)
    await _all(db, ENDED, ended)
    return sum(
        [
            await _all(db, MESSAGES, KEPT),
            await _all(db, ATTEMPTS, KEPT),
            await _all(db, REDELIVERIES, WORK_KEPT),
            await _all(db, ARRIVALS, TOLD_KEPT),
            await _all(db, NOTICES, TOLD_KEPT),
            await _all(db, CONTACTS, CONTACT_KEPT, CONTACT_KEPT_MAX),
        ]
    )


async def _all(db: Database, statement: str, what: object, *more: object) -> int:
    total = 0
    while True:
        async with db.worker() as tx:
            gone = await tx.execute(statement, what, ROWS_MAX, *more)
        total += gone
        if gone < ROWS_MAX:
            return total
