"""
Emission reports in PostgreSQL: sums over the ledger and over outcomes, joined by the same key.

Records count by the end of their leg, outcomes by their own time. Replaced records do not count.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from meshkit.postgres import Snapshot
from services.compliance.adapters.codec import unpack
from services.compliance.domain.footprint import Basis, Co2e
from services.compliance.domain.ledger import (
    HUBS,
    OWN_FLEET,
    ROAD,
    UNALLOCATED,
    Dimension,
    Report,
    ReportRow,
)
from services.compliance.ports import RecordFilter


def _or_hubs(column: str) -> str:
    """A leg's own key; what hubs did has none of these and stands under one of its own."""
    leg = f"coalesce(nullif({column}, ''), '{UNALLOCATED}')"
    return f"CASE WHEN r.hub_id = '' THEN {leg} ELSE '{HUBS}' END"


# What a record and an outcome are grouped by. These are constants of ours, never input.
RECORD_KEYS = {
    Dimension.ROUTE: _or_hubs("r.route_id"),
    Dimension.STOP: _or_hubs("r.stop_id"),
    Dimension.VEHICLE: _or_hubs("r.vehicle_id"),
    Dimension.CARRIER: f"coalesce(nullif(r.carrier_id, ''), '{OWN_FLEET}')",
    Dimension.MONTH: "to_char(r.end_time AT TIME ZONE 'UTC', 'YYYY-MM')",
    Dimension.HUB: f"coalesce(nullif(r.hub_id, ''), '{ROAD}')",
}
OUTCOME_KEYS = {
    Dimension.ROUTE: f"coalesce(nullif(o.route_id, ''), '{UNALLOCATED}')",
    Dimension.STOP: f"coalesce(nullif(o.stop_id, ''), '{UNALLOCATED}')",
    Dimension.DELIVERY: "o.delivery_id",
    Dimension.VEHICLE: f"coalesce(nullif(o.vehicle_id, ''), '{UNALLOCATED}')",
    Dimension.CARRIER: f"coalesce(nullif(o.carrier_id, ''), '{OWN_FLEET}')",
    Dimension.MONTH: "to_char(o.outcome_time AT TIME ZONE 'UTC', 'YYYY-MM')",
    Dimension.HUB: f"'{ROAD}'",
}

COUNTED_RECORDS = """
    NOT r.replaced AND r.end_time >= $1 AND r.end_time < $2 AND ($3 = '' OR r.route_id = $3)
    AND ($4 = '' OR r.carrier_id = $4 OR ($4 = 'own' AND r.carrier_id = ''))
    AND ($5 = '' OR r.vehicle_id = $5)"""

COUNTED_OUTCOMES = """
    o.outcome_time >= $1 AND o.outcome_time < $2 AND ($3 = '' OR o.route_id = $3)
    AND ($4 = '' OR o.carrier_id = $4 OR ($4 = 'own' AND o.carrier_id = ''))
    AND ($5 = '' OR o.vehicle_id = $5)"""

BY_RECORD = """
    SELECT {key} AS key, sum(r.wtt_milligrams)::bigint AS wtt,
           sum(r.ttw_milligrams)::bigint AS ttw, sum(r.distance_meters)::bigint AS distance,
           coalesce(sum(r.distance_meters) FILTER (WHERE r.empty), 0)::bigint AS empty_distance,
           coalesce(sum(r.wtt_milligrams + r.ttw_milligrams)
               FILTER (WHERE r.data_quality = 'PRIMARY'), 0)::bigint AS primary_milligrams
    FROM emission_records r WHERE {records} GROUP BY 1"""

# Legs whose route has carried nothing have no shares: they stand under one key of their own.
BY_SHARE = """
    SELECT coalesce(s.delivery_id, 'unallocated') AS key,
           sum(coalesce(s.wtt_milligrams, r.wtt_milligrams))::bigint AS wtt,
           sum(coalesce(s.ttw_milligrams, r.ttw_milligrams))::bigint AS ttw,
           0::bigint AS distance, 0::bigint AS empty_distance,
           coalesce(sum(coalesce(s.wtt_milligrams + s.ttw_milligrams,
                                 r.wtt_milligrams + r.ttw_milligrams))
               FILTER (WHERE r.data_quality = 'PRIMARY'), 0)::bigint AS primary_milligrams
    FROM emission_records r
    LEFT JOIN emission_shares s
           ON s.tenant = r.tenant AND s.emission_record_id = r.emission_record_id
    WHERE {records} GROUP BY 1"""

# A delivery succeeds once, by its last task: what was taken over from a van that broke down was
# picked up with success before, and nobody had it yet.
BY_OUTCOME = """
    SELECT {key} AS key,
           coalesce(sum(o.mass_grams) FILTER (WHERE o.succeeded AND last.succeeded), 0)::bigint
               AS mass,
           count(*) FILTER (WHERE o.succeeded AND last.succeeded) AS delivered,
           count(*) FILTER (WHERE NOT o.succeeded) AS failed
    FROM task_outcomes o
    CROSS JOIN LATERAL (
        SELECT NOT EXISTS (
            SELECT 1 FROM task_outcomes l
            WHERE l.tenant = o.tenant AND l.delivery_id = o.delivery_id AND l.succeeded
              AND (l.outcome_time, l.task_id) > (o.outcome_time, o.task_id)) AS succeeded
    ) AS last
    WHERE {outcomes} GROUP BY 1"""

PAGE = """
    WITH emitted AS ({emitted}), ended AS ({ended})
    SELECT key, coalesce(wtt, 0) AS wtt, coalesce(ttw, 0) AS ttw,
           coalesce(distance, 0) AS distance, coalesce(empty_distance, 0) AS empty_distance,
           coalesce(primary_milligrams, 0) AS primary_milligrams,
           coalesce(mass, 0) AS mass, coalesce(delivered, 0) AS delivered,
           coalesce(failed, 0) AS failed
    FROM emitted FULL JOIN ended USING (key)
    WHERE key > $6 ORDER BY key LIMIT $7"""

BASES = """
    SELECT DISTINCT r.basis FROM emission_records r WHERE {records} ORDER BY 1 LIMIT 1000"""


def _page(record_key: str, outcome_key: str) -> str:
    by = BY_RECORD if record_key else BY_SHARE
    emitted = by.format(key=record_key, records=COUNTED_RECORDS)
    ended = BY_OUTCOME.format(key=outcome_key, outcomes=COUNTED_OUTCOMES)
    return PAGE.format(emitted=emitted, ended=ended)


PAGES = {
    dimension: _page(RECORD_KEYS.get(dimension, ""), OUTCOME_KEYS[dimension])
    for dimension in Dimension
}
TOTAL = _page("'total'", "'total'")
BASES_COUNTED = BASES.format(records=COUNTED_RECORDS)


async def report(
    on: Snapshot, wanted: RecordFilter, dimension: Dimension, after: str, limit: int
) -> Report:
    """One page of rows, the sum over all pages, and how the numbers were found."""
    counted = counted_by(wanted)
    rows = await on.fetch(PAGES[dimension], *counted, after, limit)
    total = await on.fetchrow(TOTAL, *counted, "", 1)
    bases = await on.fetch(BASES_COUNTED, *counted)
    return Report(
        tuple(report_row(row) for row in rows),
        report_row(total) if total is not None else ReportRow("total"),
        tuple(unpack(row["basis"], Basis) for row in bases),
    )


def counted_by(wanted: RecordFilter) -> tuple[datetime | str | None, ...]:
    """The first arguments of every query here."""
    return wanted.start, wanted.end, wanted.route_id, wanted.carrier_id, wanted.vehicle_id


def report_row(row: Any) -> ReportRow:
    """One group, or the sum over all."""
    return ReportRow(
        row["key"],
        Co2e(row["wtt"], row["ttw"]),
        row["distance"],
        row["empty_distance"],
        row["mass"],
        row["delivered"],
        row["failed"],
        row["primary_milligrams"],
    )
