"""
The notifier: sends what is due to recipients, shared among processes by leases.

Addresses are opened here, for one message at a time, and stand in no log.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from meshkit.clock import Clock
from meshkit.errors import MeshError, NotReady
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.postgres_notices import PostgresNotices
from services.tracking.adapters.vault import FernetVault
from services.tracking.domain import notice as notices
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
TOKEN_BYTES = 16  # of 32 that a hash has; the others name the link
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
            log.warning("notice_left", reason=error.reason)  # its lease runs out
        except Exception:  # a fault about one must not stop the others
            log.exception("notice_broke", subscription_no=claimed.subscription_no)
            with suppress(MeshError):
                await self._broke(claimed)

    async def _broke(self, claimed: Claimed) -> None:
        """A fault counts as a failed try: one that stays does not come back for ever."""
        if outcome := await self._failed(claimed, Undelivered("a fault on our side")):
            await self._end(claimed, outcome)

    async def _one(self, claimed: Claimed) -> None:
        tenant, notice = claimed.tenant, claimed.subscription.notice
        found = await self._store.recipient(tenant, claimed.waiting.delivery_id)
        if notice is None or found is None:
            await self._end(claimed, "NO_CONTACT")
            return
        zone = _zone(found.time_zone)
        if notice.quiet is not None and zone is None:  # left to its lease, until it is told
            log.warning("notice_waits_for_zone", tenant=tenant, time_zone=found.time_zone)
            return
        until = notices.quiet_until(notice.quiet, self._db.clock.now(), zone or UTC)
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
        zone, now = _zone(found.time_zone) or UTC, self._db.clock.now()  # the message names it
        async with self._db.transaction(claimed.tenant) as tx:
            world = self._worlds(tx)
            told = await notifying.facts(world, waiting)
            if told is None:
                return None
            page = await self._page(world, claimed)
        wanted = (found.language_code, notice.language_code if notice else "")
        language = notices.language(wanted, self._means.words.languages)
        filled = notifying.values(told, waiting, zone, now, page)
        subject, text = self._means.words.written(language, channel, filled)
        return Message(f"{waiting.event_id}.{channel.lower()}", address, subject, text, language)

    async def _page(self, world: World, claimed: Claimed) -> str:
        if not self._means.page_url:
            return ""
        link_id, token = link_of(self._means.contacts, claimed)
        hashed = hashlib.sha256(token.encode()).digest()
        delivery_id, now = claimed.waiting.delivery_id, self._db.clock.now()
        await notifying.link(world, delivery_id, link_id, hashed, now)
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
    """What dispatch put under its seal. Raises NotReady `CHANNEL_MISSING` when no key opens it."""
    try:
        opened = vault.open(sealed)
    except ValueError:
        log.error("contact_unreadable")
        raise NotReady("CHANNEL_MISSING", "no key that is there opens this contact") from None
    told = json.loads(opened)
    return Contact(str(told.get("email", "")), str(told.get("phone", "")))


def address_hash(vault: FernetVault, channel: Channel, address: str) -> bytes:
    """Under which an address is known that wants no messages."""
    return vault.hash(f"{channel}\n{address.strip().lower()}")


def link_of(vault: FernetVault, claimed: Claimed) -> tuple[str, str]:
    """
    The link of a message, by id and token: the same in every try.

    Made from the message under the key of contacts, so that the token is kept nowhere.
    """
    waiting, number = claimed.waiting, claimed.subscription_no
    named = (claimed.tenant, str(number), waiting.delivery_id, waiting.event_id)
    digest = vault.hash("\n".join(("link", *named)))
    return f"lnk_{_packed(digest[TOKEN_BYTES:])}", _packed(digest[:TOKEN_BYTES])


def _packed(some: bytes) -> str:
    return base64.b32hexencode(some).decode().rstrip("=").lower()


def _zone(name: str) -> tzinfo | None:
    """A zone by name; None when there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
