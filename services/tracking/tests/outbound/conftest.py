"""A mesh that may send to this machine, a receiver, and a clock of tries that tests may move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet

from meshkit.clock import StoppedClock
from meshkit.pgtest import PostgresForTests, opened
from meshkit.postgres import Database
from meshkit.roles import Access
from meshkit.testing import TestMesh, serving
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.servicer.subscriptions import SubscriptionServicer
from services.tracking.servicer.way import Way, way_of
from services.tracking.tests.outbound.kit import Sending, sending_of
from services.tracking.tests.outbound.receiver import Receiver, receiving
from services.tracking.tests.town import MIGRATIONS, NINE


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(postgres: PostgresForTests) -> AsyncIterator[Access]:
    """One database for all tests here: to copy one takes longer than most of them."""
    async with postgres.access("tracking", MIGRATIONS) as access:
        yield access


@pytest.fixture
async def db(
    postgres: PostgresForTests, shared: Access, clock: StoppedClock
) -> AsyncIterator[Database]:
    """An empty schema of tracking; nothing here sends positions."""
    await postgres.emptied(shared)
    async with opened(shared, clock=clock) as db:
        yield db


@pytest.fixture
def settings(tmp_path: Path) -> TrackingSettings:
    """Keys of its own, and leave to send to this machine."""
    for name in ("seal.key", "contact.key"):
        (tmp_path / name).write_bytes(Fernet.generate_key() + b"\n")
    return TrackingSettings(
        sandbox=True,
        webhook_loopback=True,
        seal_key_file=tmp_path / "seal.key",
        contact_key_file=tmp_path / "contact.key",
    )


@pytest.fixture
def way(settings: TrackingSettings) -> Way:
    """How this process reaches receivers."""
    return way_of(settings)


@pytest.fixture
def tries() -> StoppedClock:
    """The machine's clock, by which tries are counted."""
    return StoppedClock(NINE)


@pytest.fixture
def sending(desk: Desk, way: Way, tries: StoppedClock) -> Sending:
    """Feeder, courier and redeliverer, by hand."""
    return sending_of(desk, way, tries)


@pytest.fixture
async def mesh(desk: Desk, way: Way) -> AsyncIterator[TestMesh]:
    """A real server of subscriptions on a real port."""
    async with serving(SubscriptionServicer(desk, way), service="tracking") as mesh:
        yield mesh


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that answers 200."""
    async with receiving() as receiver:
        yield receiver
