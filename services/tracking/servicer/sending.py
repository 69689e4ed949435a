"""
The loops that send: from the feed into the queues, to receivers, to recipients, and again.

`clock` is the machine's, by which tries, leases and failures are counted: tests let days pass.
"""

from __future__ import annotations

from functools import partial

from meshkit.clock import Clock, SystemClock
from meshkit.ids import new_id
from meshkit.server import Loop
from services.tracking.adapters.courier import Courier
from services.tracking.adapters.feeder import Feeder
from services.tracking.adapters.letter_templates import LetterTemplates
from services.tracking.adapters.notifier import Means, Notifier
from services.tracking.adapters.outbound_retention import forget_in_time
from services.tracking.adapters.postgres_subscriptions import PostgresSubscriptions
from services.tracking.adapters.redeliverer import Redeliverer
from services.tracking.adapters.webhook_lanes import WebhookLanes
from services.tracking.config import TrackingSettings
from services.tracking.convert.envelopes import envelope, news
from services.tracking.servicer.common import Desk
from services.tracking.servicer.way import Way, carriers_of
from services.tracking.usecases import subscriptions

REAL = SystemClock()


def feeder(desk: Desk, clock: Clock = REAL) -> Feeder:
    """From the feed into the queues."""
    return Feeder(desk.db, news, envelope, clock)


def redeliverer(desk: Desk, clock: Clock = REAL) -> Redeliverer:
    """From the feed into a queue again."""
    return Redeliverer(desk.db, news, envelope, clock)


def courier(desk: Desk, way: Way, clock: Clock = REAL) -> Courier | None:
    """To receivers; None without a key that opens the secrets."""
    if way.vault is None:
        return None
    lanes = WebhookLanes(desk.db, way.vault.open)
    return Courier(lanes, way.post, partial(_disable, desk), clock)


def notifier(
    desk: Desk, way: Way, settings: TrackingSettings, clock: Clock = REAL
) -> Notifier | None:
    """To recipients; None without a way to any."""
    if way.contacts is None or not way.channels:
        return None
    means = Means(LetterTemplates(), carriers_of(settings), way.contacts, settings.page_url)
    return Notifier(desk.db, desk.worlds, means, clock)


def senders(desk: Desk, way: Way, settings: TrackingSettings) -> list[Loop]:
    """The loops of a process."""
    sending = (courier(desk, way), notifier(desk, way, settings))
    return [
        feeder(desk).run,
        redeliverer(desk).run,
        partial(forget_in_time, desk.db),
        *(one.run for one in sending if one is not None),
    ]


async def _disable(desk: Desk, tenant: str, subscription_id: str, why: str) -> None:
    now = desk.clock.now()
    async with desk.db.transaction(tenant) as tx:
        store, world = PostgresSubscriptions(tx), desk.worlds(tx)
        await subscriptions.disable(store, world, subscription_id, why, now, new_id)
