"""
Rule books in memory: made once for all who wait, and kept by what was known when.

Method: the embedded PostgreSQL, and a count of the books that are made.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from meshkit.clock import StoppedClock
from meshkit.ids import new_id
from meshkit.postgres import Database
from services.compliance.__main__ import rules
from services.compliance.adapters import shelf as shelves
from services.compliance.adapters.shelf import RuleShelf
from services.compliance.domain.rulebook import RuleBook
from services.compliance.tests.places import zone
from services.compliance.usecases.zones import create_zone

pytestmark = pytest.mark.pg
TENANT, ASKING = "acme", 20
HOUR = timedelta(hours=1)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The versions of all books that are made."""
    versions: list[int] = []

    def noted(rules_version: int, *known: Any) -> RuleBook:
        versions.append(rules_version)
        return RuleBook(rules_version, *known)

    monkeypatch.setattr(shelves, "RuleBook", noted)
    return versions


async def published(db: Database, moment: datetime, number: int) -> None:
    async with db.transaction(TENANT) as tx:
        await create_zone(rules(tx), zone(zone_id=f"zone-{number}"), None, moment, new_id)


async def test_many_who_need_a_new_book_wait_for_one(
    db: Database, clock: StoppedClock, made: list[int]
) -> None:
    shelf = RuleShelf(db, 4)
    for number in (1, 2):
        await published(db, clock.now(), number)
        books = await asyncio.gather(*(shelf.book(TENANT, None) for _ in range(ASKING)))

        assert {book.rules_version for book in books} == {number}
    assert made == [1, 2]


async def test_a_book_of_then_is_kept_for_the_next_who_asks(
    db: Database, clock: StoppedClock, made: list[int]
) -> None:
    shelf, begun = RuleShelf(db, 4), clock.now()
    for number in (1, 2):
        clock.advance(HOUR)
        await published(db, clock.now(), number)
    moments = [begun, begun + HOUR, begun + 1.5 * HOUR, begun + 2 * HOUR, begun + 9 * HOUR]
    books = [await shelf.book(TENANT, moment) for moment in moments]

    assert [book.rules_version for book in books] == [0, 1, 1, 2, 2]
    assert made == [0, 1, 2]
