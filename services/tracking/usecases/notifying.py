"""
Messages to recipients: what one says is read when it goes out, so it never tells an old time.

Whether the delivery is on our own route or a carrier's makes no difference anywhere here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import MilestoneReached
from services.tracking.domain.link import LIFE, Link, LinkScope
from services.tracking.domain.notice import COMING, Waiting
from services.tracking.domain.route import Window
from services.tracking.ports import Driven, World
from services.tracking.usecases import links
from services.tracking.usecases.viewing import told_of

ROUND = timedelta(minutes=5)  # nobody comes to the minute: told windows are widened to these

ENTRIES_MAX = 20  # of a timeline, back to the one that the message is about
SCOPES = (LinkScope.TRACK, LinkScope.SURVEY)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message tells."""

    delivery: Delivery
    window: Window | None  # when it is expected, where that is still to come
    entry: MilestoneReached | None  # of its timeline


async def facts(world: World, waiting: Waiting) -> Facts | None:
    """What there is to tell now; None when it is not true any more, or nothing is known."""
    delivery = (await world.deliveries.get([waiting.delivery_id])).get(waiting.delivery_id)
    if delivery is None or (waiting.milestone in COMING and _over(delivery)):
        return None
    entries = await world.timeline.of(waiting.delivery_id, ENTRIES_MAX)
    entry = next((e for e in reversed(entries) if e.milestone is waiting.milestone), None)
    driven = await world.routes.get(delivery.route_id) if delivery.route_id else None
    return Facts(delivery, expected(delivery, driven), entry)


def expected(delivery: Delivery, driven: Driven | None) -> Window | None:
    """Between which moments it is expected: as told of the drive, else as promised."""
    if _over(delivery):
        return None
    eta = told_of(driven, delivery.task_id) if driven else None
    if eta is None:
        return delivery.promise
    return Window(_floor(eta.p10), max(_floor(eta.p10) + ROUND, _ceil(eta.p90)))


async def link(
    world: World, delivery_id: str, link_id: str, token_hash: bytes, now: datetime
) -> None:
    """Makes the link of a message, if an earlier try did not."""
    if await world.links.lock(link_id) is None:
        made = Link(link_id, delivery_id, SCOPES, now, now + LIFE)
        await links.create(world, made, token_hash)


def values(
    told: Facts, waiting: Waiting, zone: tzinfo, now: datetime, address: str
) -> dict[str, object]:
    """What the templates are filled in with; times are civil here, in the recipient's zone."""
    window = told.window
    start = window.start.astimezone(zone) if window else None
    end = window.end.astimezone(zone) if window else None
    today = now.astimezone(zone).date()
    return {
        "milestone": waiting.milestone.value,
        "delivery_id": waiting.delivery_id,
        "reason": told.entry.reason.value if told.entry else "",
        "handover": told.entry.handover.value if told.entry else "",
        "at": _clock(waiting.happened_at.astimezone(zone)),
        "start": _clock(start) if start else "",
        "end": _clock(end) if end else "",
        "day": start.date() if start and start.date() != today else None,
        "zone": str(zone),
        "link": address,
    }


def _over(delivery: Delivery) -> bool:
    return delivery.cancelled or delivery.closed


def _floor(at: datetime) -> datetime:
    return at - timedelta(
        minutes=at.minute % (ROUND.seconds // 60), seconds=at.second, microseconds=at.microsecond
    )


def _ceil(at: datetime) -> datetime:
    down = _floor(at)
    return down if down == at else down + ROUND


def _clock(local: datetime) -> str:
    return f"{local:%H:%M}"
