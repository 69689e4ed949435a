"""Stores and servers for the tests of compliance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from meshkit.clock import StoppedClock
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from meshkit.testing import TestMesh, serving
from services.compliance.__main__ import servicers
from services.compliance.config import ComplianceSettings
from services.compliance.tests.places import MIGRATIONS

NOON = datetime(2026, 5, 12, 9, tzinfo=UTC)  # a Tuesday, 12:00 in Helsinki


@pytest.fixture
def clock() -> StoppedClock:
    """Noon of a Tuesday in Helsinki."""
    return StoppedClock(NOON)


@pytest.fixture
async def db(postgres: PostgresForTests, clock: StoppedClock) -> AsyncIterator[Database]:
    """An empty schema of compliance."""
    async with postgres.fresh("compliance", MIGRATIONS, clock=clock) as db:
        yield db


@pytest.fixture
async def mesh(db: Database, clock: StoppedClock) -> AsyncIterator[TestMesh]:
    """A real server on a real port."""
    settings = ComplianceSettings()
    async with serving(*servicers(db, settings, clock), service="compliance") as mesh:
        yield mesh
