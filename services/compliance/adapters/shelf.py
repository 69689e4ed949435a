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
from weakref import WeakValueDictionary

from meshkit.postgres import Database, Snapshot
from services.compliance.adapters import postgres_rules
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
        self._readers: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def book(self, tenant: str, as_of: datetime | None) -> RuleBook:
        async with self._db.transaction(tenant) as tx:
            if as_of is None:
                version = await postgres_rules.rules_version(tx)
            else:
                version = await postgres_rules.rules_version_as_of(tx, as_of)
        if as_of is None:
            return await self._present(tenant, version)
        return await self.book_of(tenant, version)

    async def book_of(self, tenant: str, rules_version: int) -> RuleBook:
        key = tenant, rules_version
        async with self._reader(tenant):
            book = self._old.get(key) or await self._read(tenant, rules_version)
            _keep(self._old, key, book, OLD_BOOKS_MAX)
        return book

    async def _present(self, tenant: str, version: int) -> RuleBook:
        async with self._reader(tenant):
            known, book = self._books.get(tenant, NOTHING)
            if book is None or known < version:
                known, book = version, await self._read(tenant, None)
            _keep(self._books, tenant, (known, book), self._books_max)
        return book

    def _reader(self, tenant: str) -> asyncio.Lock:
        """Held while a book of the tenant is made: many who need it wait for one."""
        return self._readers.setdefault(tenant, asyncio.Lock())

    async def _read(self, tenant: str, up_to: int | None) -> RuleBook:
        async with self._db.snapshot(tenant) as now:
            return await _read(now, up_to)


def _keep(books: OrderedDict[Key, Book], key: Key, book: Book, books_max: int) -> None:
    books[key] = book
    books.move_to_end(key)
    while len(books) > books_max:
        books.popitem(last=False)


async def _read(now: Snapshot, up_to: int | None) -> RuleBook:
    rule_sets = await postgres_rules.known_rule_sets(now, up_to)
    versions = await postgres_rules.known_closures(now, up_to)
    counts = [*(r.rules_version for r in rule_sets), *(v.rules_version for v in versions)]
    closures = [version.closure for version in versions]
    return await asyncio.to_thread(RuleBook, max(counts, default=0), rule_sets, closures)
