"""A mailbox and a provider of text messages, on real ports of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiosmtpd.smtp import SMTP

from meshkit.clock import StoppedClock
from meshkit.testing import TestMesh, serving
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.servicer.subscriptions import SubscriptionServicer
from services.tracking.servicer.way import way_of
from services.tracking.tests.outbound.mailbox import Mailbox, Post
from services.tracking.tests.outbound.receiver import Receiver


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


@pytest.fixture
def post(desk: Desk, settings: TrackingSettings, tries: StoppedClock) -> Post:
    """One process's."""
    return Post(desk, settings, tries)
