"""
Addresses: whose owner wants no messages is told nothing, and they stand in no log.

Method: an SMTP server and a provider of text messages on real ports of this machine; contacts come
as dispatch seals them; business time stands still until a test moves it.
"""

from __future__ import annotations

import re

import pytest

from doorstep.tracking.v1 import subscription_service_pb2 as pb
from meshkit.errors import NotFound
from meshkit.testing import TestMesh
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.tests.outbound.kit import (
    DONE,
    NEAR,
    OUT,
    happened,
    request_id,
    subscriptions_of,
)
from services.tracking.tests.outbound.mailbox import MAIL, Mailbox, Post, known, told_to

pytestmark = pytest.mark.pg


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
