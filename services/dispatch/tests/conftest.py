"""Stores and servers for the tests of dispatch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meshkit.clock import StoppedClock
from meshkit.keys import read_private_key
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database
from meshkit.testing import ISSUER_KEY, key_file, keys_folder, serving
from services.dispatch.__main__ import servicers, tools
from services.dispatch.adapters.postgres_access import PostgresDirectory
from services.dispatch.adapters.secrets import KeyIssuer, ScryptVault
from services.dispatch.servicer.access import Registry
from services.dispatch.servicer.tools import Tools
from services.dispatch.tests.office import Office
from services.dispatch.tests.peers import StraightPlanner, Streets
from services.dispatch.usecases.access import Operator

MIGRATIONS = Path(__file__).parents[1] / "migrations"
MORNING = datetime(2026, 5, 12, 5, tzinfo=UTC)  # a Tuesday, 08:00 in Helsinki
OPERATOR_SECRET = "a secret of the operator"


@pytest.fixture
def clock() -> StoppedClock:
    """Eight in the morning of a Tuesday in Helsinki."""
    return StoppedClock(MORNING)


@pytest.fixture
async def db(postgres: PostgresForTests, clock: StoppedClock) -> AsyncIterator[Database]:
    """An empty schema of dispatch."""
    async with postgres.fresh("dispatch", MIGRATIONS, clock=clock) as db:
        yield db


@pytest.fixture
def planner() -> StraightPlanner:
    """Straight lines."""
    return StraightPlanner()


@pytest.fixture
def streets() -> Streets:
    """Nothing forbidden."""
    return Streets()


@pytest.fixture
def kit(db: Database, planner: StraightPlanner, streets: Streets, clock: StoppedClock) -> Tools:
    """What servicers work with."""
    return tools(db, planner, streets, clock)


@pytest.fixture
async def office(kit: Tools) -> AsyncIterator[Office]:
    """A real server on a real port, with a tenant and everybody who calls."""
    vault = ScryptVault()
    operator = Operator("operator", await vault.hash(OPERATOR_SECRET))
    issuer = KeyIssuer(read_private_key(key_file(keys_folder(), ISSUER_KEY)), ISSUER_KEY)
    registry = Registry(PostgresDirectory(kit.db), vault, issuer, operator)
    async with serving(*servicers(kit, registry), service="dispatch") as mesh:
        office = Office(mesh)
        await office.open()
        yield office
