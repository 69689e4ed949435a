"""Factor sets of tenants in PostgreSQL. As X_app: row-level security adds the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from meshkit.postgres import Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.factors import FactorSet

READ_MAX = 64  # documents kept as read: a set never changes, so what is kept stays true

GET = "SELECT factor_set FROM factor_sets WHERE factor_set_id = $1"

LIST = """
    SELECT factor_set FROM factor_sets
    WHERE ($1 = '' OR country_code = $1) AND factor_set_id COLLATE "C" > $2
    ORDER BY factor_set_id COLLATE "C" LIMIT $3"""

# Nearest year first, years after the asked one last.
FOR_COUNTRY = """
    SELECT factor_set FROM factor_sets
    WHERE country_code IN ($1, '') AND create_time <= $3
    ORDER BY (country_code = '') ASC, (year > $2) ASC, abs(year - $2), factor_set_id COLLATE "C"
    LIMIT $4"""

ADD = """
    INSERT INTO factor_sets (tenant, factor_set_id, country_code, year, create_time, factor_set)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5)"""


class PostgresFactors:
    """Implements `ports.FactorSetStore` in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def factor_set(self, factor_set_id: str) -> FactorSet | None:
        document = await self._tx.fetchval(GET, factor_set_id)
        return None if document is None else _read(document)

    async def factor_sets(self, country_code: str, after: str, limit: int) -> Sequence[FactorSet]:
        rows = await self._tx.fetch(LIST, country_code, after, limit)
        return [_read(row["factor_set"]) for row in rows]

    async def factor_sets_for(
        self, country_code: str, year: int, known_by: datetime, limit: int
    ) -> Sequence[FactorSet]:
        rows = await self._tx.fetch(FOR_COUNTRY, country_code, year, known_by, limit)
        return [_read(row["factor_set"]) for row in rows]

    async def add_factor_set(self, factors: FactorSet) -> None:
        await self._tx.execute(
            ADD,
            factors.factor_set_id,
            factors.country_code,
            factors.year,
            factors.create_time,
            pack(factors),
        )


@lru_cache(maxsize=READ_MAX)
def _read(document: str) -> FactorSet:
    return unpack(document, FactorSet)
