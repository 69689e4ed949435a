"""What several of meshkit's tests ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database

MIGRATIONS = Path(__file__).with_name("migrations")


@pytest.fixture
async def db(postgres: PostgresForTests) -> AsyncIterator[Database]:
    """A journal's own schema in a database of its own."""
    async with postgres.fresh("journal", MIGRATIONS) as db:
        yield db
