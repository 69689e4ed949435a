"""How the tests tell people: a mailbox, what dispatch knows of a recipient, and sending by hand."""

from __future__ import annotations

import email
import email.policy
import json
from dataclasses import dataclass, field
from typing import Any

from doorstep.dispatch.v1 import event_pb2 as dispatch_pb
from doorstep.tracking.v1 import subscription_pb2
from doorstep.tracking.v1 import subscription_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.testing import TENANT, TestMesh
from services.tracking.adapters.notifier import Notifier
from services.tracking.adapters.vault import FernetVault
from services.tracking.config import TrackingSettings
from services.tracking.convert.wire import stamp
from services.tracking.servicer import sending as wiring
from services.tracking.servicer.common import Desk
from services.tracking.servicer.way import way_of
from services.tracking.tests.outbound.kit import request_id, subscriptions_of
from services.tracking.tests.town import NINE, route
from services.tracking.tests.wire import created, heard, published

ADA = {"email": "ada@example.org", "phone": "+358401234567"}
MAIL, SMS = subscription_pb2.NOTICE_CHANNEL_EMAIL, subscription_pb2.NOTICE_CHANNEL_SMS


@dataclass
class Mailbox:
    """What an SMTP server took; `answer` is its word on each mail."""

    answer: str = "250 taken"
    asked: int = 0
    mails: list[Any] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """As aiosmtpd calls it."""
        self.asked += 1
        if self.answer.startswith("250"):
            made = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.mails.append(made)
        return self.answer

    @property
    def subjects(self) -> list[str]:
        """What they are about, in order."""
        return [str(mail["Subject"]) for mail in self.mails]


class Post:
    """Feeder and notifier, by hand."""

    def __init__(self, desk: Desk, settings: TrackingSettings, tries: StoppedClock) -> None:
        notifier = wiring.notifier(desk, way_of(settings), settings, tries)
        assert notifier is not None
        self.notifier: Notifier = notifier
        self.feeder = wiring.feeder(desk, tries)

    async def beat(self) -> None:
        """Takes in what happened and sends what is due."""
        await self.feeder.beat()
        while await self.notifier.beat():
            pass


async def told_to(mesh: TestMesh, channel: Any = MAIL, **fields: Any) -> None:
    """A subscription that tells people."""
    notice = subscription_pb2.NoticeTarget(channel=channel, **fields)
    one = subscription_pb2.Subscription(subscription_id="people", notice=notice)
    request = pb.CreateSubscriptionRequest(request_id=request_id(), subscription=one)
    await subscriptions_of(mesh).CreateSubscription(request)


def zone_of_depot(name: str = "Europe/Helsinki") -> dispatch_pb.Change:
    """Where the depot lies, as dispatch tells it."""
    change = dispatch_pb.Change(tenant=TENANT, event_time=stamp(NINE))
    change.place_changed.place.place_id = "plc_1"
    change.place_changed.place.time_zone = name
    return change


async def known(
    desk: Desk,
    settings: TrackingSettings,
    language: str = "",
    carrier_id: str = "",
    zone: str = "Europe/Helsinki",
    **contact: str,
) -> None:
    """A delivery on a route, and how its recipient is reached."""
    await reached_by(desk, settings, json.dumps(contact or ADA), language)
    await heard(desk, zone_of_depot(zone), published(route(1, carrier_id=carrier_id)))


async def reached_by(
    desk: Desk, settings: TrackingSettings, contact: str, language: str = ""
) -> None:
    """A delivery with a contact, whatever that says."""
    assert settings.contact_key_file is not None
    sealed = FernetVault.read(settings.contact_key_file).seal(contact).encode()
    await heard(desk, created(1, sealed_contact=sealed, language_code=language))


async def outcomes(desk: Desk) -> list[str]:
    """What became of each message; empty of one that waits."""
    async with desk.db.worker() as tx:
        rows = await tx.fetch("SELECT outcome FROM notices")
    return [str(row["outcome"]) for row in rows]
