"""Tracking links, comments, and reports of the weather."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from meshkit.errors import NotFound
from services.tracking.domain.event import CommentAdded
from services.tracking.domain.heard import LinkChanged
from services.tracking.domain.link import Link
from services.tracking.domain.note import Comment
from services.tracking.ports import World
from services.tracking.usecases.recording import SYSTEM, record


async def create(world: World, link: Link, token_hash: bytes, by: str = SYSTEM) -> Link:
    """Keeps a link to a delivery that is known."""
    if not await world.deliveries.get([link.delivery_id]):
        raise NotFound(
            "DELIVERY_UNKNOWN",
            f"no delivery {link.delivery_id!r}",
            delivery_id=link.delivery_id,
        )
    await world.links.add(link, token_hash)
    made = LinkChanged(link.link_id, link.delivery_id, by, link.create_time)
    await record(world, [made], link.create_time)
    return link


async def revoke(world: World, link_id: str, now: datetime, by: str) -> Link:
    """Ends a link; one that has ended stays as it is."""
    known = await world.links.lock(link_id)
    if known is None:
        raise NotFound("LINK_UNKNOWN", f"no tracking link {link_id!r}", link_id=link_id)
    if known.revoke_time is not None:
        return known
    revoked = replace(known, revoke_time=now)
    await world.links.save(revoked)
    ended = LinkChanged(link_id, known.delivery_id, by, now, revoked=True)
    await record(world, [ended], now)
    return revoked


async def comment(world: World, asked: Comment) -> Comment:
    """Keeps a comment on an entry."""
    entry = await world.timeline.entry(asked.entry_id)
    if entry is None:
        raise NotFound("ENTRY_UNKNOWN", f"no timeline entry {asked.entry_id!r}")
    kept = replace(asked, delivery_id=entry.delivery_id)
    await world.timeline.comment(kept)
    at, by = kept.create_time, kept.author
    told = CommentAdded(kept.comment_id, kept.entry_id, kept.delivery_id, at, by)
    await record(world, [told], kept.create_time)
    return kept
