"""What reports are written from, in PostgreSQL: all of one moment, by a repeatable read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from meshkit.postgres import Database, Snapshot
from services.compliance.adapters import postgres_reports
from services.compliance.adapters.codec import unpack
from services.compliance.domain.chain import Chains, ChainSums
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.footprint import Allocation, Co2e, DataQuality, Method
from services.compliance.domain.ledger import EmissionRecord
from services.compliance.domain.statement import (
    RECORDS_MAX,
    ROWS_MAX,
    Format,
    Found,
    Order,
    TooLarge,
)
from services.compliance.ports import RecordFilter
from services.compliance.report_ports import Sums

RECORDS_AT_ONCE = 250  # documents in memory, each with up to 2,000 shares
FOUND_MAX = 1_000  # ways to find emissions; there are a few dozen

FOUND = """
    SELECT r.basis ->> 'method' AS method, r.data_quality,
           r.basis ->> 'factor_set_id' AS factor_set_id, r.basis ->> 'allocation' AS allocation,
           (r.basis ->> 'country_mismatch')::boolean AS country_mismatch,
           sum(r.wtt_milligrams)::bigint AS wtt, sum(r.ttw_milligrams)::bigint AS ttw,
           count(*) AS record_count
    FROM emission_records r
    WHERE NOT r.replaced AND r.end_time >= $1 AND r.end_time < $2
    GROUP BY 1, 2, 3, 4, 5 ORDER BY sum(r.wtt_milligrams + r.ttw_milligrams) DESC, 1, 2, 3, 4, 5
    LIMIT $3"""

RECORDS = """
    SELECT r.emission_record_id, r.record FROM emission_records r
    WHERE r.emission_record_id > $3
      AND NOT r.replaced AND r.end_time >= $1 AND r.end_time < $2
    ORDER BY r.emission_record_id LIMIT $4"""

FACTOR_SETS = """
    SELECT factor_set FROM factor_sets WHERE factor_set_id = ANY ($1::text[])
    ORDER BY factor_set_id"""


class PostgresStatements:
    """Implements `ports.StatementSource`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def sums(self, tenant: str, order: Order) -> Sums:
        with_chains = order.format is Format.ILEAP_JSON
        limit = 1 if with_chains else ROWS_MAX + 1  # chains stand in the place of rows
        wanted = RecordFilter(start=order.start, end=order.end)
        async with self._db.snapshot(tenant) as now:
            report = await postgres_reports.report(now, wanted, order.dimension, "", limit)
            rows = await now.fetch(FOUND, order.start, order.end, FOUND_MAX)
            found = tuple(_found(row) for row in rows)
            refuse_too_much(len(report.rows), sum(f.record_count for f in found), with_chains)
            chains = await _chains(now, order.start, order.end) if with_chains else Chains()
        return Sums(report, found, chains)

    async def factor_sets(self, tenant: str, ids: Sequence[str]) -> Sequence[FactorSet]:
        async with self._db.transaction(tenant) as tx:
            rows = await tx.fetch(FACTOR_SETS, list(ids))
        return [unpack(row["factor_set"], FactorSet) for row in rows]


def refuse_too_much(rows: int, records: int, with_chains: bool) -> None:
    """Raises TooLarge for what no file holds."""
    if with_chains and records > RECORDS_MAX:
        raise TooLarge(f"{records:,} records; at most {RECORDS_MAX:,}: choose a shorter period")
    if not with_chains and rows > ROWS_MAX:
        raise TooLarge(
            f"more than {ROWS_MAX:,} rows: choose a shorter period or a coarser dimension"
        )


async def _chains(now: Snapshot, start: datetime, end: datetime) -> Chains:
    """The chains of a period, read some records at a time; documents are read in a thread."""
    sums, after = ChainSums(), ""
    while rows := await now.fetch(RECORDS, start, end, after, RECORDS_AT_ONCE):
        await asyncio.to_thread(_take_in, sums, [row["record"] for row in rows])
        after = rows[-1]["emission_record_id"]
    return await asyncio.to_thread(sums.chains)


def _take_in(sums: ChainSums, documents: Sequence[str]) -> None:
    for document in documents:
        sums.add(unpack(document, EmissionRecord))


def _found(row: Any) -> Found:
    return Found(
        Method(row["method"]),
        DataQuality(row["data_quality"]),
        row["factor_set_id"],
        Allocation(row["allocation"]),
        row["country_mismatch"],
        Co2e(row["wtt"], row["ttw"]),
        row["record_count"],
    )
