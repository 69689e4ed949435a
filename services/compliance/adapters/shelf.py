"""
Rule books in memory, one per tenant, renewed when the tenant's rules changed.

Every question asks the store for the version of the rules, one small row: so a change holds for the
next check in every process, and nothing is kept longer than it is true.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime
from typing import TypeVar

from meshkit.postgres import Database, Snapshot
from services.compliance.adapters import postgres_rules
from services.compliance.adapters.postgres_rules import Knowledge
from services.compliance.domain.rulebook import RuleBook

OLD_BOOKS_MAX = 8  # by which decisions of then are explained, often several in a row
Key = TypeVar("Key")
Book = TypeVar("Book")
NOTHING: tuple[int, RuleBook | None] = (0, None)


class RuleShelf:
    """Implements `ports.Shelf` with at most so many books; the least recently used one goes."""

    def __init__(self, db: Database, books_max: int) -> None:
        self._db = db
        self._books_max = books_max
        self._books: OrderedDict[str, tuple[int, RuleBook]] = OrderedDict()
        self._old: OrderedDict[tuple[str, int], RuleBook] = OrderedDict()

    async def book(self, tenant: str, as_of: datetime | None) -> RuleBook:
        if as_of is not None:
            return await self._read(tenant, Knowledge(as_of=as_of))
        async with self._db.transaction(tenant) as tx:
            version = await postgres_rules.rules_version(tx)
        known, book = self._books.get(tenant, NOTHING)
        if book is None or known != version:  # what else counts as a change has no rules in it
            book = await self._read(tenant, Knowledge())
        _keep(self._books, tenant, (version, book), self._books_max)
        return book

    async def book_of(self, tenant: str, rules_version: int) -> RuleBook:
        key = tenant, rules_version
        book = self._old.get(key) or await self._read(
            tenant, Knowledge(rules_version=rules_version)
        )
        _keep(self._old, key, book, OLD_BOOKS_MAX)
        return book

    async def _read(self, tenant: str, known: Knowledge) -> RuleBook:
        async with self._db.snapshot(tenant) as now:
            return await _read(now, known)


def _keep(books: OrderedDict[Key, Book], key: Key, book: Book, books_max: int) -> None:
    books[key] = book
    books.move_to_end(key)
    while len(books) > books_max:
        books.popitem(last=False)


async def _read(now: Snapshot, known: Knowledge) -> RuleBook:
    rule_sets = await postgres_rules.known_rule_sets(now, known)
    versions = await postgres_rules.known_closures(now, known)
    counts = [*(r.rules_version for r in rule_sets), *(v.rules_version for v in versions)]
    closures = [version.closure for version in versions]
    return await asyncio.to_thread(RuleBook, max(counts, default=0), rule_sets, closures)
