"""
Messages that cannot go out: what is tried again, what waits, and what is given up.

Method: an SMTP server and a provider of text messages on real ports of this machine; contacts come
as dispatch seals them; business time stands still until a test moves it.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from google.type.timeofday_pb2 import TimeOfDay

from meshkit.clock import StoppedClock
from meshkit.testing import TestMesh
from services.tracking.adapters.postgres_care import find_link
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.tests.outbound.kit import (
    DONE,
    happened,
)
from services.tracking.tests.outbound.mailbox import (
    Mailbox,
    Post,
    known,
    outcomes,
    reached_by,
    told_to,
    zone_of_depot,
)
from services.tracking.tests.wire import heard

pytestmark = pytest.mark.pg


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
    outcome = (await outcomes(desk))[0]
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

    assert await outcomes(desk) == ["FAILED"]
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


async def test_a_contact_that_no_key_opens_waits_for_the_key(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    tries: StoppedClock,
    tmp_path: Path,
) -> None:
    (tmp_path / "next.key").write_bytes(Fernet.generate_key())
    ahead = settings.model_copy(update={"contact_key_file": tmp_path / "next.key"})
    await known(desk, ahead)  # dispatch has the next key, and we have not
    await told_to(mesh)
    await happened(desk, ("del_1", DONE))
    for _ in range(3):
        await post.beat()
        tries.advance(timedelta(hours=3))
    assert await outcomes(desk) == [""]

    await Post(desk, ahead, tries).beat()
    assert (await outcomes(desk), mailbox.subjects) == (["SENT"], ["Delivered"])


async def test_quiet_hours_wait_until_it_is_known_what_time_it_is_there(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    tries: StoppedClock,
) -> None:
    night = {"quiet_start_time": TimeOfDay(hours=22), "quiet_end_time": TimeOfDay(hours=7)}
    await known(desk, settings, zone="")
    await told_to(mesh, **night)
    await happened(desk, ("del_1", DONE))  # morning in UTC
    await post.beat()
    assert not mailbox.asked
    await heard(desk, zone_of_depot())
    tries.advance(timedelta(minutes=2))
    await post.beat()

    assert mailbox.subjects == ["Delivered"]


async def test_every_try_of_a_message_carries_the_same_link(
    mesh: TestMesh,
    desk: Desk,
    settings: TrackingSettings,
    post: Post,
    mailbox: Mailbox,
    tries: StoppedClock,
) -> None:
    await known(desk, settings)
    await told_to(mesh)
    mailbox.answer = "450 later"
    await happened(desk, ("del_1", DONE))
    for _ in range(3):
        await post.beat()
        tries.advance(timedelta(hours=3))
    mailbox.answer = "250 taken"
    await post.beat()
    (token,) = re.findall(r"track\.example/(\w+)", mailbox.mails[0].get_content())
    async with desk.db.worker() as tx:
        found = await find_link(tx, hashlib.sha256(token.encode()).digest())
        links = await tx.fetchval("SELECT count(*) FROM links")

    assert (mailbox.asked, links) == (4, 1)
    assert found is not None


async def test_a_fault_of_ours_counts_as_a_failed_try(
    mesh: TestMesh, desk: Desk, settings: TrackingSettings, post: Post, tries: StoppedClock
) -> None:
    await reached_by(desk, settings, '["neither a mailbox nor a number"]')
    await told_to(mesh)
    await happened(desk, ("del_1", DONE))
    for _ in range(5):
        await post.beat()
        tries.advance(timedelta(hours=3))

    assert await outcomes(desk) == ["FAILED"]
