"""
Messages to recipients: from the feed to a mailbox or a phone, at the right time, once.

Method: an SMTP server and a provider of text messages on real ports of this machine; contacts come
as dispatch seals them; business time stands still until a test moves it.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from google.type.timeofday_pb2 import TimeOfDay

from doorstep.dispatch.v1 import event_pb2 as dispatch_pb
from doorstep.tracking.v1 import subscription_pb2
from doorstep.tracking.v1 import subscription_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.errors import NotFound
from meshkit.testing import TENANT, TestMesh, serving
from services.tracking.adapters.notifier import Notifier
from services.tracking.adapters.vault import FernetVault
from services.tracking.config import TrackingSettings
from services.tracking.convert.wire import stamp
from services.tracking.servicer import sending as wiring
from services.tracking.servicer.common import Desk
from services.tracking.servicer.subscriptions import SubscriptionServicer
from services.tracking.servicer.way import way_of
from services.tracking.tests.outbound.kit import (
    DONE,
    NEAR,
    OUT,
    expected,
    happened,
    request_id,
    subscriptions_of,
)
from services.tracking.tests.outbound.receiver import Receiver
from services.tracking.tests.town import NINE, at, route
from services.tracking.tests.wire import cancelled, created, heard, published

pytestmark = pytest.mark.pg

ADA = {"email": "ada@example.org", "phone": "+358401234567"}
MAIL, SMS = subscription_pb2.NOTICE_CHANNEL_EMAIL, subscription_pb2.NOTICE_CHANNEL_SMS
CHANGED = 15  # MILESTONE_ETA_CHANGED


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


@pytest.fixture
def mailbox() -> Mailbox:
    """An empty one."""
    return Mailbox()


@pytest.fixture
async def smtp(mailbox: Mailbox) -> AsyncIterator[int]:
    """The port of an SMTP server."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@pytest.fixture
def settings(settings: TrackingSettings, smtp: int, receiver: Receiver) -> TrackingSettings:
    """Mail by the SMTP server, text messages by a provider that is our receiver."""
    return settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp,
            "smtp_tls": "none",
            "smtp_sender": "hello@shop.example",
            "page_url": "https://track.example/{token}",
            "sms_url": type(settings.smtp_password)(
                f"json://127.0.0.1:{receiver.port}/sms/{{address}}"
            ),
        }
    )


@pytest.fixture
async def mesh(desk: Desk, settings: TrackingSettings) -> AsyncIterator[TestMesh]:
    """A real server with these ways."""
    servicer = SubscriptionServicer(desk, way_of(settings))
    async with serving(servicer, service="tracking") as mesh:
        yield mesh


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


@pytest.fixture
def post(desk: Desk, settings: TrackingSettings, tries: StoppedClock) -> Post:
    """One process's."""
    return Post(desk, settings, tries)


async def told_to(mesh: TestMesh, channel: Any = MAIL, **fields: Any) -> None:
    """A subscription that tells people."""
    notice = subscription_pb2.NoticeTarget(channel=channel, **fields)
    one = subscription_pb2.Subscription(subscription_id="people", notice=notice)
    request = pb.CreateSubscriptionRequest(request_id=request_id(), subscription=one)
    await subscriptions_of(mesh).CreateSubscription(request)


async def known(
    desk: Desk, settings: TrackingSettings, language: str = "", carrier_id: str = "", **contact: str
) -> None:
    """A delivery on a route, and how its recipient is reached."""
    assert settings.contact_key_file is not None
    sealed = FernetVault.read(settings.contact_key_file).seal(json.dumps(contact or ADA))
    zone = dispatch_pb.Change(tenant=TENANT, event_time=stamp(NINE))
    zone.place_changed.place.place_id = "plc_1"
    zone.place_changed.place.time_zone = "Europe/Helsinki"
    first = created(1, sealed_contact=sealed.encode(), language_code=language)
    await heard(desk, zone, first, published(route(1, carrier_id=carrier_id)))


@pytest.mark.parametrize("carrier_id", ["", "carrier-1"])
async def test_a_partners_parcel_gives_the_same_messages_as_our_own(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    carrier_id: str,
) -> None:
    await known(desk, settings, carrier_id=carrier_id)
    await told_to(mesh)
    for milestone in (OUT, NEAR, DONE):
        await happened(desk, ("del_1", milestone))
        await post.beat()

    assert mailbox.subjects == [
        "Your delivery is on its way",
        "Your delivery is almost there",
        "Delivered",
    ]
    first = mailbox.mails[0]
    assert (first["To"], first["Content-Language"]) == ("ada@example.org", "en")
    text = first.get_content()
    assert re.search(r"comes between 1\d:\d[05] and 1\d:\d[05]", text)
    assert re.search(r"https://track\.example/[0-9a-v]{26}", text)
    assert "{{" not in text


async def test_messages_need_no_key_of_webhooks(desk: Desk, settings: TrackingSettings) -> None:
    way = way_of(settings.model_copy(update={"seal_key_file": None}))
    async with serving(SubscriptionServicer(desk, way), service="tracking") as mesh:
        await told_to(mesh)


async def test_words_are_the_recipients_own(
    mesh: TestMesh, desk: Desk, settings: TrackingSettings, post: Post, mailbox: Mailbox
) -> None:
    await known(desk, settings, language="fi-FI")
    await told_to(mesh)
    await happened(desk, ("del_1", OUT))
    await post.beat()

    (mail,) = mailbox.mails
    assert mail["Subject"] == "Toimituksesi on matkalla"
    assert mail["Content-Language"] == "fi"
    assert "Kaikki ajat ovat paikallista aikaa (Europe/Helsinki)" in mail.get_content()


async def test_a_night_is_quiet_and_the_morning_tells_how_things_stand(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    clock: StoppedClock,
) -> None:
    night = {"quiet_start_time": TimeOfDay(hours=12), "quiet_end_time": TimeOfDay(hours=7)}
    await known(desk, settings)
    await told_to(mesh, **night)
    await happened(desk, ("del_1", OUT))  # noon in Helsinki
    await post.beat()
    await happened(desk, ("del_1", DONE))
    await post.beat()
    clock.move_to(NINE + timedelta(hours=18, minutes=59))
    await post.beat()
    assert not mailbox.mails

    clock.move_to(NINE + timedelta(hours=19))
    await post.beat()
    assert mailbox.subjects == ["Delivered"]


async def test_times_are_told_with_a_distance_and_the_last_one_wins(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    clock: StoppedClock,
) -> None:
    await known(desk, settings)
    await told_to(mesh)
    for minute in range(0, 60, 2):
        clock.move_to(at(minute))
        await happened(
            desk,
            ("del_1", CHANGED),
            fill=expected(at(30 + 11 * minute)),
        )
        await post.beat()

    assert 5 <= len(mailbox.mails) <= 6, "thirty changes in an hour"


async def test_what_is_not_true_any_more_is_not_told(
    mesh: TestMesh, desk: Desk, settings: TrackingSettings, post: Post, mailbox: Mailbox
) -> None:
    await known(desk, settings)
    await told_to(mesh)
    await happened(desk, ("del_1", NEAR))
    await post.feeder.beat()
    await heard(desk, cancelled(1))
    await happened(desk, ("del_9", OUT))
    await post.beat()

    assert "Your delivery is almost there" not in mailbox.subjects


async def test_text_messages_go_by_the_number(
    mesh: TestMesh, desk: Desk, settings: TrackingSettings, post: Post, receiver: Receiver
) -> None:
    await known(desk, settings)
    await told_to(mesh, SMS)
    await happened(desk, ("del_1", DONE))
    await post.beat()

    (taken,) = receiver.taken
    assert "358401234567" in taken.path
    body = json.loads(taken.body)
    assert body["title"] == "Delivered"
    assert body["message"].startswith("Delivery del_1 was handed over")


async def test_a_refusal_holds_for_the_address_and_can_be_taken_back(
    mesh: TestMesh, desk: Desk, settings: TrackingSettings, post: Post, mailbox: Mailbox
) -> None:
    await known(desk, settings)
    await told_to(mesh)
    await happened(desk, ("del_1", OUT))
    await post.beat()
    token = re.findall(r"track\.example/(\w+)", mailbox.mails[0].get_content())[0]
    recipient = subscriptions_of(mesh, None)
    refuse = pb.UpdateNoticeConsentRequest(
        request_id=request_id(), token=token, refused_channels=[MAIL]
    )
    held = (await recipient.UpdateNoticeConsent(refuse)).refused_channels
    await happened(desk, ("del_1", NEAR))
    await post.beat()
    assert list(held) == [MAIL]
    assert len(mailbox.mails) == 1

    accept = pb.UpdateNoticeConsentRequest(request_id=request_id(), token=token)
    await recipient.UpdateNoticeConsent(accept)
    await happened(desk, ("del_1", DONE))
    await post.beat()
    assert mailbox.subjects[1:] == ["Delivered"]
    async with desk.db.worker() as tx:
        kept = await tx.fetch("SELECT * FROM contacts")
    assert "ada@" not in str(kept)
    with pytest.raises(NotFound) as caught:
        await recipient.UpdateNoticeConsent(
            pb.UpdateNoticeConsentRequest(request_id=request_id(), token="none")
        )
    assert caught.value.reason == "LINK_INVALID"


@pytest.mark.parametrize(("answer", "asked"), [("450 later", 5), ("550 nobody", 1)])
async def test_a_server_that_is_busy_is_asked_again_and_a_no_is_a_no(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    tries: StoppedClock,
    answer: str,
    asked: int,
) -> None:
    await known(desk, settings)
    await told_to(mesh)
    mailbox.answer = answer
    await happened(desk, ("del_1", DONE))
    await post.beat()
    for _ in range(40):
        tries.advance(timedelta(minutes=10))
        await post.beat()
    async with desk.db.worker() as tx:
        outcome = await tx.fetchval("SELECT outcome FROM notices")
    mailbox.answer = "250 taken"
    tries.advance(timedelta(hours=3))
    await post.beat()

    assert (outcome, mailbox.asked) == ("FAILED", asked)
    assert not mailbox.mails, "it was given up"


@pytest.mark.parametrize("address", ["ada", "ada\nbcc: eve@example.org", "ada@ex ample.org, eve"])
async def test_an_address_that_is_none_ends_the_message(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    address: str,
) -> None:
    await known(desk, settings, email=address)
    await told_to(mesh)
    mailbox.answer = "550 no"
    await happened(desk, ("del_1", DONE))
    await post.beat()
    async with desk.db.worker() as tx:
        outcome = await tx.fetchval("SELECT outcome FROM notices")

    assert outcome == "FAILED"
    assert not mailbox.mails


async def test_who_cannot_be_reached_is_noted_and_nobody_waits(
    mesh: TestMesh, desk: Desk, settings: TrackingSettings, post: Post, mailbox: Mailbox
) -> None:
    await known(desk, settings, phone="+358401234567")
    await told_to(mesh)
    await happened(desk, ("del_1", DONE), ("del_none", DONE))
    await post.beat()
    async with desk.db.worker() as tx:
        rows = await tx.fetch("SELECT outcome, event_id FROM notices")

    assert [(row["outcome"], row["event_id"]) for row in rows] == [("NO_CONTACT", "")] * 2


async def test_addresses_stand_in_no_log(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    await known(desk, settings)
    await told_to(mesh)
    for answer in ("550 no such box", "450 later", "250 taken"):
        mailbox.answer = answer
        await happened(desk, ("del_1", DONE))
        await post.beat()
    out = capsys.readouterr()

    assert "notice_ended" in out.out + out.err
    ours = [one for one in caplog.records if one.name != "mail.log"]  # that is the sink's
    for text in (out.out, out.err, *(one.getMessage() for one in ours)):
        assert "ada@" not in text
        assert "358401234567" not in text
