"""
The notifier: sends what is due to recipients, shared among processes by leases.

Addresses are opened here, for one message at a time, and stand in no log.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from meshkit.clock import Clock
from meshkit.errors import MeshError
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.postgres_notices import PostgresNotices
from services.tracking.adapters.vault import FernetVault
from services.tracking.domain import notice as notices
from services.tracking.domain.notice import Waiting
from services.tracking.domain.subscription import Channel
from services.tracking.outbound_ports import (
    Carrier,
    Claimed,
    Contact,
    Message,
    Recipient,
    Undelivered,
    Words,
)
from services.tracking.ports import World
from services.tracking.usecases import notifying

CLAIMED_MAX = 16  # at once in this process
IDLE_SECONDS = 1.0  # real; between two looks for what is due
TOKEN_BYTES = 16
TOKEN = "{token}"  # noqa: S105 - stands for one in a page's address

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Means:
    """What messages are made and sent with."""

    words: Words
    carriers: Mapping[Channel, Carrier]
    contacts: FernetVault
    page_url: str  # with {token}; empty: messages have no link


class Notifier:
    """Sends until cancelled."""

    def __init__(
        self,
        db: Database,
        worlds: Callable[[Transaction], World],
        means: Means,
        clock: Clock,
    ) -> None:
        self._db = db
        self._store = PostgresNotices(db)
        self._worlds = worlds
        self._means = means
        self._clock = clock  # the machine's; business time is the database's clock

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            try:
                while await self.beat():
                    pass
            except MeshError as error:
                log.warning("notices_wait", reason=error.reason)
            await asyncio.sleep(IDLE_SECONDS)

    async def beat(self) -> int:
        """Sends some of what is due; tells how many were looked at."""
        due = await self._store.claim(self._db.clock.now(), self._clock.now(), CLAIMED_MAX)
        await asyncio.gather(*map(self._guarded, due))
        return len(due)

    async def _guarded(self, claimed: Claimed) -> None:
        try:
            await self._one(claimed)
        except MeshError as error:
            log.warning("notice_left", reason=error.reason)
        except Exception:  # a fault about one must not stop the others; its lease runs out
            log.exception("notice_broke", subscription_no=claimed.subscription_no)

    async def _one(self, claimed: Claimed) -> None:
        tenant, notice = claimed.tenant, claimed.subscription.notice
        found = await self._store.recipient(tenant, claimed.waiting.delivery_id)
        if notice is None or found is None:
            await self._end(claimed, "NO_CONTACT")
            return
        until = notices.quiet_until(notice.quiet, self._db.clock.now(), _zone(found.time_zone))
        if until is not None:
            await self._store.later(claimed, due=until)
            return
        outcome = await self._told(claimed, notice.channel, found)
        if outcome:
            await self._end(claimed, outcome)

    async def _told(self, claimed: Claimed, channel: Channel, found: Recipient) -> str:
        """What became of it; empty when it is tried again later."""
        address = contact_of(self._means.contacts, found.sealed).address(channel)
        carrier = self._means.carriers.get(channel)
        if not address or carrier is None:
            return "NO_CONTACT" if not address else "NO_CHANNEL"
        hashed = address_hash(self._means.contacts, channel, address)
        if await self._store.refuses(claimed.tenant, channel, hashed):
            return "REFUSED"
        message = await self._message(claimed, channel, found, address)
        if message is None:
            return "STALE"
        try:
            await carrier.send(message)
        except Undelivered as failed:
            return await self._failed(claimed, failed)
        return "SENT"

    async def _message(
        self, claimed: Claimed, channel: Channel, found: Recipient, address: str
    ) -> Message | None:
        waiting, notice = claimed.waiting, claimed.subscription.notice
        zone, now = _zone(found.time_zone), self._db.clock.now()
        async with self._db.transaction(claimed.tenant) as tx:
            world = self._worlds(tx)
            told = await notifying.facts(world, waiting)
            if told is None:
                return None
            page = await self._page(world, waiting)
        wanted = (found.language_code, notice.language_code if notice else "")
        language = notices.language(wanted, self._means.words.languages)
        filled = notifying.values(told, waiting, zone, now, page)
        subject, text = self._means.words.written(language, channel, filled)
        return Message(f"{waiting.event_id}.{channel.lower()}", address, subject, text, language)

    async def _page(self, world: World, waiting: Waiting) -> str:
        if not self._means.page_url:
            return ""
        now = self._db.clock.now()
        token = await notifying.link(world, waiting.delivery_id, new_id("lnk"), fresh_token, now)
        return self._means.page_url.replace(TOKEN, token)

    async def _failed(self, claimed: Claimed, failed: Undelivered) -> str:
        pause = notices.retry_after(claimed.waiting.attempt_count + 1)
        log.warning("notice_failed", error=str(failed), final=failed.final or pause is None)
        if failed.final or pause is None:
            return "FAILED"
        await self._store.later(claimed, retry=self._clock.now() + pause)
        return ""

    async def _end(self, claimed: Claimed, outcome: str) -> None:
        await self._store.end(claimed, outcome, self._db.clock.now())
        log.info(
            "notice_ended",
            tenant=claimed.tenant,
            delivery_id=claimed.waiting.delivery_id,
            milestone=claimed.waiting.milestone,
            outcome=outcome,
        )


def contact_of(vault: FernetVault, sealed: str) -> Contact:
    """What dispatch put under its seal; nothing when no key opens it any more."""
    try:
        told = json.loads(vault.open(sealed))
    except ValueError:
        log.error("contact_unreadable")
        return Contact()
    return Contact(str(told.get("email", "")), str(told.get("phone", "")))


def address_hash(vault: FernetVault, channel: Channel, address: str) -> bytes:
    """Under which an address is known that wants no messages."""
    return vault.hash(f"{channel}\n{address.strip().lower()}")


def fresh_token() -> tuple[str, bytes]:
    """A link's token and the hash that is kept of it."""
    packed = base64.b32hexencode(secrets.token_bytes(TOKEN_BYTES)).decode()
    token = packed.rstrip("=").lower()
    return token, hashlib.sha256(token.encode()).digest()


def _zone(name: str) -> tzinfo:
    """A zone by name; UTC, and a word about it, when there is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        log.warning("zone_unknown", time_zone=name)
        return UTC
