"""The duty log, append-only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from meshkit.postgres import Transaction
from services.dispatch.adapters.documents import pack, unpack
from services.dispatch.adapters.postgres_fleet import ends
from services.dispatch.domain.duty import DutyRecord
from services.dispatch.domain.values import Window
from services.dispatch.ports import Slice

FIND_ALL = """
    SELECT body FROM duty_records WHERE duty_record_id = ANY ($1::text[])
    ORDER BY duty_record_id FOR UPDATE"""
ADD = """
    INSERT INTO duty_records (tenant, duty_record_id, driver_id, event_time, superseded_by_id, body)
    VALUES ($1, $2, $3, $4, $5, $6)"""
REPLACE = "UPDATE duty_records SET superseded_by_id = $2, body = $3 WHERE duty_record_id = $1"
LIST = """
    SELECT body FROM duty_records
    WHERE driver_id = $1
      AND ($2::timestamptz IS NULL OR (event_time, duty_record_id) > ($2, $3))
      AND ($4::timestamptz IS NULL OR event_time >= $4 AND event_time < $5)
      AND ($6 OR superseded_by_id = '')
    ORDER BY event_time, duty_record_id LIMIT $7"""
LATEST = """
    SELECT body FROM duty_records
    WHERE driver_id = $1 AND event_time <= $2 AND superseded_by_id = ''
    ORDER BY event_time DESC, duty_record_id DESC LIMIT 1"""


class PostgresDutyLog:
    """Implements `ports.DutyLog`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def find_all(self, names: Collection[str]) -> Mapping[str, DutyRecord]:
        found = [unpack(DutyRecord, r["body"]) for r in await self._tx.fetch(FIND_ALL, list(names))]
        return {record.duty_record_id: record for record in found}

    async def add(self, *records: DutyRecord) -> None:
        for record in records:
            at = (record.driver_id, record.event_time, record.superseded_by_id)
            tenant = self._tx.tenant
            await self._tx.execute(ADD, tenant, record.duty_record_id, *at, pack(record))

    async def replace(self, record: DutyRecord) -> None:
        by = record.superseded_by_id
        await self._tx.execute(REPLACE, record.duty_record_id, by, pack(record))

    async def list_page(
        self, driver_id: str, window: Window | None, superseded: bool, page: Slice
    ) -> Sequence[DutyRecord]:
        after = page.after or (None, None)
        bounds = ends(window)
        rows = await self._tx.fetch(LIST, driver_id, *after, *bounds, superseded, page.limit)
        return [unpack(DutyRecord, row["body"]) for row in rows]

    async def latest(self, driver_id: str, until: datetime) -> DutyRecord | None:
        row = await self._tx.fetchrow(LATEST, driver_id, until)
        return None if row is None else unpack(DutyRecord, row["body"])
