"""
From the feed to what waits to be sent: which changes a subscription is told of.

Each change is looked at once per subscription, in a transaction that also moves the subscription's
place on the feed; so nothing is left out and nothing is queued twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from services.tracking.domain.notice import TOLD
from services.tracking.domain.subscription import WAITS, News, Subscription
from services.tracking.domain.words import Milestone
from services.tracking.outbound_ports import Item, Outbound, Queued

Write = Callable[[Item], str]  # the envelope of a webhook


async def feed(
    outbound: Outbound,
    subscription: Subscription,
    items: Sequence[Item],
    now: datetime,
    write: Write,
) -> int:
    """Queues what the subscription is told of these changes; tells how much that was."""
    fresh = [one for one in items if now - one.news.record_time <= WAITS]
    wanted = await chosen(outbound, subscription, fresh)
    told = await _beyond_threshold(outbound, subscription, wanted)
    if subscription.notice is None:
        await outbound.queue([Queued(one.news, write(one)) for one in told])
    else:
        await outbound.notices([one.news for one in told if one.news.milestone in TOLD])
    return len(told)


async def chosen(
    outbound: Outbound, subscription: Subscription, items: Sequence[Item]
) -> list[Item]:
    """Those that a subscription wants, however small a change of an expectation is."""
    named = await _with_carriers(outbound, subscription, items)
    return [one for one in named if subscription.wants(one.news)]


async def _with_carriers(
    outbound: Outbound, subscription: Subscription, items: Sequence[Item]
) -> Sequence[Item]:
    if not subscription.carrier_id:
        return items
    found = await outbound.carriers([one.news for one in items if not one.news.carrier_id])
    return [
        replace(one, news=replace(one.news, carrier_id=found[one.news.event_id]))
        if one.news.event_id in found
        else one
        for one in items
    ]


async def _beyond_threshold(
    outbound: Outbound, subscription: Subscription, items: Sequence[Item]
) -> list[Item]:
    """Without changes of an expectation that are too small, counted from the one told last."""
    told = await outbound.arrivals({one.news.delivery_id for one in items if _tells_time(one.news)})
    news = dict[str, datetime]()
    kept = []
    for one in items:
        before = news.get(one.news.delivery_id) or told.get(one.news.delivery_id)
        if subscription.moved(before, one.news):
            kept.append(one)
            news.update(_arrival(one.news))
    if news:
        await outbound.told(news)
    return kept


def _tells_time(news: News) -> bool:
    return news.milestone is Milestone.ETA_CHANGED and news.arrival is not None


def _arrival(news: News) -> Iterator[tuple[str, datetime]]:
    if news.milestone is Milestone.ETA_CHANGED and news.arrival is not None:
        yield news.delivery_id, news.arrival
