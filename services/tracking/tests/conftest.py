"""Stores, writers and servers for the tests of tracking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from meshkit.clock import StoppedClock
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from meshkit.testing import TestMesh, serving
from services.tracking.__main__ import desk_of, group_commit, servicers
from services.tracking.adapters.ingest import GroupCommit, Partitions
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.tests.town import MIGRATIONS, NINE


@pytest.fixture
def clock() -> StoppedClock:
    """Nine o'clock."""
    return StoppedClock(NINE)


@pytest.fixture
async def db(postgres: PostgresForTests, clock: StoppedClock) -> AsyncIterator[Database]:
    """An empty schema of tracking, with today's partitions."""
    async with postgres.fresh("tracking", MIGRATIONS, clock=clock) as db:
        await Partitions(db).prepare()
        yield db


@pytest.fixture
def desk(db: Database, clock: StoppedClock) -> Desk:
    """The store and the clocks."""
    return desk_of(db, clock)


@asynccontextmanager
async def writing(ingest: GroupCommit) -> AsyncIterator[GroupCommit]:
    """A group commit at work."""
    task = asyncio.create_task(ingest.run())
    try:
        yield ingest
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def ingest(db: Database, clock: StoppedClock) -> AsyncIterator[GroupCommit]:
    """The writer of positions, at work."""
    async with writing(group_commit(db, TrackingSettings(), clock)) as ingest:
        yield ingest


@pytest.fixture
async def mesh(desk: Desk, ingest: GroupCommit) -> AsyncIterator[TestMesh]:
    """A real server on a real port."""
    made = servicers(desk, TrackingSettings(), ingest)
    async with serving(*made, service="tracking") as mesh:
        yield mesh
