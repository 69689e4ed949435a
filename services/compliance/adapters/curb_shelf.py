"""
Where stretches of curb are, in memory, one index per tenant, renewed by what changed.

Every question asks the store for the version of the streets, one small row: so a change holds for
the next search in every process. The index holds outlines only; what may be done there is read for
the few that are near.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from meshkit.postgres import Database
from services.compliance.adapters import postgres_streets
from services.compliance.domain.proximity import NO_CURBS, Curbside


class CurbIndexes:
    """Implements `ports.CurbShelf` with at most so many tenants; the least recently used goes."""

    def __init__(self, db: Database, tenants_max: int) -> None:
        self._db = db
        self._tenants_max = tenants_max
        self._kept: OrderedDict[str, Curbside] = OrderedDict()

    async def curbside(self, tenant: str) -> Curbside:
        kept = self._kept.get(tenant, NO_CURBS)
        async with self._db.snapshot(tenant) as now:
            version = await postgres_streets.street_version(now)
            changed = version != kept.version
            rows = await postgres_streets.outlines_since(now, kept.version) if changed else []
        if changed:
            kept = await asyncio.to_thread(_renewed, kept, version, rows)
        self._keep(tenant, kept)
        return kept

    def _keep(self, tenant: str, curbside: Curbside) -> None:
        self._kept[tenant] = curbside
        self._kept.move_to_end(tenant)
        while len(self._kept) > self._tenants_max:
            self._kept.popitem(last=False)


def _renewed(kept: Curbside, version: int, rows: Sequence[Any]) -> Curbside:
    """Reading many outlines takes a while: not in the event loop."""
    return kept.changed(version, map(postgres_streets.stretch, rows))
