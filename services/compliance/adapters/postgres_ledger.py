"""
The carbon ledger in PostgreSQL. As X_app: row-level security adds the tenant.

The work of a hub stands among the legs, as a record that has a `hub_id` and neither route nor
vehicle; its operation's id stands where a leg's does, so both are one by the same index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from meshkit.feed import Draft
from meshkit.postgres import Transaction
from services.compliance.adapters import postgres_reports
from services.compliance.adapters.codec import pack, unpack
from services.compliance.adapters.postgres_factors import PostgresFactors
from services.compliance.domain.ledger import (
    Dimension,
    EmissionRecord,
    Leg,
    Load,
    Outcome,
    Report,
    Share,
    counted_at,
    subject_id,
)
from services.compliance.ports import RecordFilter

OF_SUBJECT = "SELECT record FROM emission_records WHERE leg_id = $1 AND NOT replaced"

CARRIED = """
    SELECT DISTINCT ON (s.delivery_id, s.task_id)
           s.delivery_id, s.task_id, s.mass_grams, s.item_count, s.shortest_distance_meters,
           s.great_circle
    FROM emission_shares s
    JOIN emission_records r
      ON r.tenant = s.tenant AND r.emission_record_id = s.emission_record_id AND NOT r.replaced
    WHERE s.route_id = $1 AND $1 <> ''
    ORDER BY s.delivery_id, s.task_id, s.mass_grams DESC, s.shortest_distance_meters DESC,
             s.item_count DESC"""

REPLACE = "UPDATE emission_records SET replaced = true WHERE emission_record_id = $1"

ADD = """
    INSERT INTO emission_records (tenant, emission_record_id, leg_id, route_id, stop_id, carrier_id,
        vehicle_id, end_time, record_time, distance_meters, empty, wtt_milligrams, ttw_milligrams,
        data_quality, basis, record, hub_id)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
            $16)"""

ADD_SHARES = """
    INSERT INTO emission_shares (tenant, emission_record_id, rank, delivery_id, task_id, route_id,
                                 mass_grams, wtt_milligrams, ttw_milligrams, item_count,
                                 shortest_distance_meters, great_circle)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""

RECORDS = """
    SELECT r.record FROM emission_records r
    WHERE r.emission_record_id > $1 AND ($2 OR NOT r.replaced)
      AND ($3 = '' OR r.route_id = $3) AND ($4 = '' OR r.vehicle_id = $4)
      AND ($5::timestamptz IS NULL OR r.end_time >= $5)
      AND ($6::timestamptz IS NULL OR r.end_time < $6)
      AND ($7 = '' OR EXISTS (SELECT 1 FROM emission_shares s WHERE s.tenant = r.tenant
           AND s.emission_record_id = r.emission_record_id AND s.delivery_id = $7))
    ORDER BY r.emission_record_id LIMIT $8"""

ADD_OUTCOME = """
    INSERT INTO task_outcomes (tenant, task_id, delivery_id, route_id, stop_id, vehicle_id,
                               carrier_id, succeeded, mass_grams, outcome_time)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"""


class PostgresLedger(PostgresFactors):
    """Implements `ports.LedgerStore` in one transaction."""

    def __init__(self, tx: Transaction, encode: Callable[[EmissionRecord], Draft]) -> None:
        super().__init__(tx)
        self._encode = encode

    async def of_subject(self, subject_id: str) -> EmissionRecord | None:
        document = await self._tx.fetchval(OF_SUBJECT, subject_id)
        return None if document is None else unpack(document, EmissionRecord)

    async def carried(self, route_id: str) -> tuple[Load, ...]:
        rows = await self._tx.fetch(CARRIED, route_id)
        return tuple(
            Load(
                row["delivery_id"],
                row["task_id"],
                row["mass_grams"],
                row["shortest_distance_meters"],
                row["item_count"],
                row["great_circle"],
            )
            for row in rows
        )

    async def add(self, record: EmissionRecord) -> None:
        if record.replaced_record_id:
            await self._tx.execute(REPLACE, record.replaced_record_id)
        await self._tx.execute(ADD, *_row(record))
        shares = enumerate(record.entry.shares)
        await self._tx.executemany(
            ADD_SHARES, [_share_row(record, rank, share) for rank, share in shares]
        )
        self._tx.append(self._encode(record))

    async def records(
        self, wanted: RecordFilter, after: str, limit: int
    ) -> Sequence[EmissionRecord]:
        rows = await self._tx.fetch(
            RECORDS,
            after,
            wanted.with_replaced,
            wanted.route_id,
            wanted.vehicle_id,
            wanted.start,
            wanted.end,
            wanted.delivery_id,
            limit,
        )
        return [unpack(row["record"], EmissionRecord) for row in rows]

    async def add_outcome(self, outcome: Outcome) -> None:
        await self._tx.execute(
            ADD_OUTCOME,
            outcome.task_id,
            outcome.delivery_id,
            outcome.route_id,
            outcome.stop_id,
            outcome.vehicle_id,
            outcome.carrier_id,
            outcome.succeeded,
            outcome.mass_grams,
            outcome.at,
        )

    async def report(
        self, wanted: RecordFilter, dimension: Dimension, after: str, limit: int
    ) -> Report:
        return await postgres_reports.report(self._tx, wanted, dimension, after, limit)


def _row(record: EmissionRecord) -> tuple[Any, ...]:
    subject, found = record.entry.subject, record.entry.footprint
    leg = subject if isinstance(subject, Leg) else None
    return (
        record.emission_record_id,
        subject_id(subject),
        leg.route_id if leg else "",
        leg.stop_id if leg else "",
        leg.carrier_id if leg else "",
        leg.vehicle.vehicle_id if leg else "",
        counted_at(subject),
        record.record_time,
        leg.distance_meters if leg else 0,
        leg is not None and (leg.empty or not leg.loads),
        found.co2e.wtt_milligrams,
        found.co2e.ttw_milligrams,
        found.basis.data_quality.value,
        pack(found.basis),
        pack(record),
        "" if isinstance(subject, Leg) else subject.hub_id,
    )


def _share_row(record: EmissionRecord, rank: int, share: Share) -> tuple[Any, ...]:
    leg = record.entry.leg
    return (
        record.emission_record_id,
        rank,
        share.delivery_id,
        share.task_id,
        leg.route_id if leg else "",
        share.mass_grams,
        share.co2e.wtt_milligrams,
        share.co2e.ttw_milligrams,
        share.item_count,
        share.shortest_distance_meters,
        share.great_circle,
    )
