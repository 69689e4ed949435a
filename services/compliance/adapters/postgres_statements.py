"""What reports are written from, in PostgreSQL: all of one moment, by a repeatable read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from meshkit.postgres import Database, Snapshot
from services.compliance.adapters import postgres_reports
from services.compliance.adapters.codec import unpack
from services.compliance.domain.chain import Chains, ChainSums
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.footprint import Allocation, Co2e, DataQuality, Method
from services.compliance.domain.ledger import Dimension, EmissionRecord, ReportRow
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

ROWS_AT_ONCE = 250  # between two breaths of the event loop: about a millisecond
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

OPEN_ROWS = {
    dimension: f"DECLARE report_rows NO SCROLL CURSOR FOR {page}"
    for dimension, page in postgres_reports.PAGES.items()
}
FETCH_ROWS = f"FETCH FORWARD {ROWS_AT_ONCE} FROM report_rows"

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
        wanted = RecordFilter(start=order.start, end=order.end)
        async with self._db.snapshot(tenant) as now:
            report = await postgres_reports.report(now, wanted, order.dimension, "", 1)
            known = await now.fetch(FOUND, order.start, order.end, FOUND_MAX)
            found = tuple(_found(row) for row in known)
            if with_chains:  # they stand in the place of rows
                refuse_too_many_records(sum(one.record_count for one in found))
                return Sums(report, found, await _chains(now, order.start, order.end))
            rows = await _rows(now, wanted, order.dimension)
        return Sums(replace(report, rows=tuple(rows)), found, Chains())

    async def factor_sets(self, tenant: str, ids: Sequence[str]) -> Sequence[FactorSet]:
        async with self._db.transaction(tenant) as tx:
            rows = await tx.fetch(FACTOR_SETS, list(ids))
        return [unpack(row["factor_set"], FactorSet) for row in rows]


def refuse_too_many_records(count: int) -> None:
    """Raises TooLarge for more than a file holds."""
    if count > RECORDS_MAX:
        raise TooLarge(f"{count:,} records; at most {RECORDS_MAX:,}: choose a shorter period")


async def _rows(now: Snapshot, wanted: RecordFilter, dimension: Dimension) -> list[ReportRow]:
    """All rows, read some at a time through a cursor that ends with the transaction."""
    counted = postgres_reports.counted_by(wanted)
    await now.fetch(OPEN_ROWS[dimension], *counted, "", ROWS_MAX + 1)
    found: list[ReportRow] = []
    while rows := await now.fetch(FETCH_ROWS):
        found += map(postgres_reports.report_row, rows)
    if len(found) > ROWS_MAX:
        raise TooLarge(
            f"more than {ROWS_MAX:,} rows: choose a shorter period or a coarser dimension"
        )
    return found


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
