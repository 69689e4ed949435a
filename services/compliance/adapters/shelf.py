"""
Rule books in memory, one per tenant, renewed when the tenant's rules changed.

Every question asks the store for the version of the rules, one small row: so a change holds for the
next check in every process, and nothing is kept longer than it is true.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime

from meshkit.postgres import Database, Snapshot
from services.compliance.adapters import postgres_rules
from services.compliance.domain.rulebook import RuleBook


class RuleShelf:
    """Implements `ports.Shelf` with at most so many books; the least recently used one goes."""

    def __init__(self, db: Database, books_max: int) -> None:
        self._db = db
        self._books_max = books_max
        self._books: OrderedDict[str, RuleBook] = OrderedDict()

    async def book(self, tenant: str, as_of: datetime | None) -> RuleBook:
        async with self._db.snapshot(tenant) as now:
            version = await postgres_rules.rules_version(now)
            kept = self._books.get(tenant)
            if as_of is None and kept is not None and kept.rules_version == version:
                self._books.move_to_end(tenant)
                return kept
            book = await _read(now, version, as_of)
        if as_of is None:
            self._keep(tenant, book)
        return book

    def _keep(self, tenant: str, book: RuleBook) -> None:
        self._books[tenant] = book
        self._books.move_to_end(tenant)
        while len(self._books) > self._books_max:
            self._books.popitem(last=False)


async def _read(now: Snapshot, version: int, as_of: datetime | None) -> RuleBook:
    rule_sets = await postgres_rules.known_rule_sets(now, as_of)
    closures = await postgres_rules.known_closures(now, as_of)
    counts = [*(r.rules_version for r in rule_sets), *(c.rules_version for c in closures)]
    known = version if as_of is None else max(counts, default=0)
    return await asyncio.to_thread(RuleBook, known, rule_sets, [c.closure for c in closures])
