"""
Messages to recipients: from the feed to a mailbox or a phone, at the right time, once.

Method: an SMTP server and a provider of text messages on real ports of this machine; contacts come
as dispatch seals them; business time stands still until a test moves it.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from google.type.timeofday_pb2 import TimeOfDay

from meshkit.clock import StoppedClock
from meshkit.testing import TestMesh, serving
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.servicer.subscriptions import SubscriptionServicer
from services.tracking.servicer.way import way_of
from services.tracking.tests.outbound.kit import (
    DONE,
    NEAR,
    OUT,
    expected,
    happened,
)
from services.tracking.tests.outbound.mailbox import SMS, Mailbox, Post, known, told_to
from services.tracking.tests.outbound.receiver import Receiver
from services.tracking.tests.town import NINE, at
from services.tracking.tests.wire import cancelled, heard

pytestmark = pytest.mark.pg

CHANGED = 15  # MILESTONE_ETA_CHANGED


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
