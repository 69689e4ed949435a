"""
Messages to recipients: which news is worth one, when it may go, and in which language. Pure.

Of each delivery and subscription at most one message waits. News that comes before it is sent takes
its place, so whoever was not to be disturbed at night reads in the morning how things stand, once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from services.tracking.domain.subscription import Quiet
from services.tracking.domain.words import Milestone

FALLBACK_LANGUAGE = "en"
SPACING = timedelta(minutes=10)  # business time, from a message to one that only tells a time
RETRIES = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))

# What recipients are told of; how the work is organised is nobody else's business.
TOLD = frozenset(
    {
        Milestone.DELIVERY_CREATED,
        Milestone.OUT_FOR_DELIVERY,
        Milestone.ARRIVING,
        Milestone.ETA_CHANGED,
        Milestone.ATTEMPT_FAILED,
        Milestone.DELIVERED,
        Milestone.HELD_AT_PUDO,
        Milestone.COLLECTED,
        Milestone.RETURNING,
        Milestone.CANCELLED,
        Milestone.RESCHEDULED,
        Milestone.REDIRECTED,
    }
)
COMING = frozenset(  # worth nothing once the attempt has ended
    {Milestone.OUT_FOR_DELIVERY, Milestone.ARRIVING, Milestone.ETA_CHANGED}
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The message of a delivery that waits, and what was sent before it."""

    delivery_id: str
    event_id: str
    milestone: Milestone
    happened_at: datetime
    sent_at: datetime | None = None
    attempt_count: int = 0


def displaces(news: Milestone, waiting: Milestone) -> bool:
    """Whether news takes the place of a message that waits: a mere time never ousts an event."""
    return news is not Milestone.ETA_CHANGED or waiting is Milestone.ETA_CHANGED


def due(news: Milestone, happened_at: datetime, sent_at: datetime | None) -> datetime:
    """When a message may go at the earliest, quiet hours apart."""
    if sent_at is None or news is not Milestone.ETA_CHANGED:
        return happened_at
    return max(happened_at, sent_at + SPACING)


def quiet_until(quiet: Quiet | None, now: datetime, zone: tzinfo) -> datetime | None:
    """The end of the quiet hours that hold now; None when nobody is disturbed."""
    if quiet is None or quiet.start == quiet.end:
        return None
    local = now.astimezone(zone)
    clock = local.time()
    if quiet.start < quiet.end:
        holds = quiet.start <= clock < quiet.end
    else:
        holds = clock >= quiet.start or clock < quiet.end
    if not holds:
        return None
    day = local.date() if clock < quiet.end else local.date() + timedelta(days=1)
    return datetime.combine(day, quiet.end, zone).astimezone(UTC)


def retry_after(attempt_count: int) -> timedelta | None:
    """How long to wait after so many failed tries, real time; None when that was the last."""
    return RETRIES[attempt_count - 1] if attempt_count <= len(RETRIES) else None


def language(wanted: tuple[str, ...], there: Collection[str]) -> str:
    """The first of the wanted tags that there are words for, whole or by its first part."""
    for tag in wanted:
        for name in (tag.lower(), tag.lower().split("-")[0]):
            if name in there:
                return name
    return FALLBACK_LANGUAGE
