"""
Imports of zones in PostgreSQL: their store in one transaction, and the queue of all tenants.

Who works on one holds a lease by the database's clock and a number, the epoch. Whoever finds the
lease run out claims it with the next epoch, and what the first one writes from then on is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from meshkit import feed
from meshkit.ids import NewId
from meshkit.postgres import Database, Snapshot, Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.zone_import import (
    Harvest,
    ImportFormat,
    ImportState,
    Remark,
    ZoneImport,
)
from services.compliance.ports import ImportClaim, RuleStore, StreetStore
from services.compliance.usecases.zone_imports import Stores, finish_import

NUMBERS = "zone_imports"  # a feed without rows: a number is taken when an import changes
LEASE = timedelta(seconds=15)  # so long after its last sign of life, an import is taken over

COLUMNS = """import_id, format, source, effective_start, validate_only, state, zone_count,
        unchanged_count, faults, notices, create_time, end_time"""

WAITING = "SELECT count(*) FROM zone_imports WHERE state = 'RUNNING'"

ADD = """
    INSERT INTO zone_imports (tenant, import_id, format, source, effective_start, validate_only,
                              state, create_time)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7)"""

ADD_FILE = """
    INSERT INTO zone_import_files (tenant, import_id, content) VALUES (doorstep_tenant(), $1, $2)"""

GET = f"SELECT {COLUMNS} FROM zone_imports WHERE import_id = $1"  # noqa: S608 - our own words

LOCK = "SELECT 1 FROM zone_imports WHERE import_id = $1 FOR UPDATE"

END = """
    UPDATE zone_imports SET state = $2, zone_count = $3, unchanged_count = $4, faults = $5,
        notices = $6, end_time = $7, lease_until = NULL
    WHERE import_id = $1"""

FORGET = "DELETE FROM zone_import_files WHERE import_id = $1"

CLAIM = """
    WITH next AS (
        SELECT tenant, import_id FROM zone_imports
        WHERE state = 'RUNNING' AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY queued_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE zone_imports i
    SET epoch = i.epoch + 1, lease_until = clock_timestamp() + $1::interval
    FROM next n WHERE i.tenant = n.tenant AND i.import_id = n.import_id
    RETURNING i.tenant, i.epoch, i.import_id"""

CLAIMED = f"""
    SELECT {", ".join(f"i.{name.strip()}" for name in COLUMNS.split(","))}, f.content
    FROM zone_imports i
    JOIN zone_import_files f ON f.tenant = i.tenant AND f.import_id = i.import_id
    WHERE i.tenant = $1 AND i.import_id = $2"""  # noqa: S608 - our own words

RENEW = """
    UPDATE zone_imports SET lease_until = clock_timestamp() + $4::interval
    WHERE tenant = $1 AND import_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

RELEASE = """
    UPDATE zone_imports SET lease_until = NULL
    WHERE tenant = $1 AND import_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

IS_OURS = """
    SELECT 1 FROM zone_imports
    WHERE import_id = $1 AND epoch = $2 AND state = 'RUNNING' FOR UPDATE"""


class PostgresImports:
    """Implements `ports.ImportStore` in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def waiting(self) -> int:
        return int(await self._tx.fetchval(WAITING))

    async def add(self, own: ZoneImport, content: bytes) -> None:
        await self._tx.execute(
            ADD,
            own.import_id,
            own.format.value,
            own.source,
            own.start,
            own.validate_only,
            own.state.value,
            own.create_time,
        )
        await self._tx.execute(ADD_FILE, own.import_id, content)
        await _ring(self._tx)

    async def get(self, import_id: str) -> ZoneImport | None:
        return await find_import(self._tx, import_id)

    async def lock(self, import_id: str) -> None:
        await self._tx.fetchval(LOCK, import_id)

    async def end(self, own: ZoneImport) -> None:
        await self._tx.execute(
            END,
            own.import_id,
            own.state.value,
            own.zone_count,
            own.unchanged_count,
            pack(own.faults),
            pack(own.notices),
            own.end_time,
        )
        await self._tx.execute(FORGET, own.import_id)
        await _ring(self._tx)


class PostgresImportQueue:
    """Implements `ports.ImportQueue` over all tenants."""

    def __init__(
        self,
        db: Database,
        rules: Callable[[Transaction], RuleStore],
        streets: Callable[[Transaction], StreetStore],
        new_id: NewId,
    ) -> None:
        self._db, self._rules, self._streets, self._new_id = db, rules, streets, new_id
        self._place = db.pulse.heads(NUMBERS)

    async def claim(self) -> ImportClaim | None:
        self._place = dict(self._db.pulse.heads(NUMBERS))
        async with self._db.worker() as tx:
            row = await tx.fetchrow(CLAIM, LEASE)
            if row is None:
                return None
            (stored,) = await tx.fetch(CLAIMED, row["tenant"], row["import_id"])
        return ImportClaim(row["tenant"], _import(stored), stored["content"], row["epoch"])

    async def wait(self, seconds: float) -> None:
        await self._db.pulse.wait_beyond(NUMBERS, self._place, seconds)

    async def renew(self, claim: ImportClaim) -> bool:
        async with self._db.worker() as tx:
            return bool(await tx.execute(RENEW, *_key(claim), LEASE))

    async def release(self, claim: ImportClaim) -> None:
        async with self._db.worker() as tx:
            await tx.execute(RELEASE, *_key(claim))

    async def finish(self, claim: ImportClaim, harvest: Harvest, now: datetime) -> None:
        async with self._db.transaction(claim.tenant) as tx:
            if await tx.fetchval(IS_OURS, claim.own.import_id, claim.epoch) is None:
                return
            stores = Stores(PostgresImports(tx), self._rules(tx), self._streets(tx))
            await finish_import(stores, claim.own, harvest, now, self._new_id)
        rung(self._db)


async def find_import(on: Snapshot, import_id: str) -> ZoneImport | None:
    """An import as it stands."""
    row = await on.fetchrow(GET, import_id)
    return None if row is None else _import(row)


def rung(db: Database) -> None:
    """After the commit of a transaction that changed an import: others need not find out."""
    db.pulse.saw(NUMBERS, {})


async def _ring(tx: Transaction) -> None:
    """Says, as the transaction's last statement, that an import changed."""
    await feed.advance(tx, NUMBERS, {0: 1})


def _key(claim: ImportClaim) -> tuple[str, str, int]:
    return claim.tenant, claim.own.import_id, claim.epoch


def _import(row: Any) -> ZoneImport:
    return ZoneImport(
        row["import_id"],
        ImportFormat(row["format"]),
        row["create_time"],
        row["source"],
        row["effective_start"],
        row["validate_only"],
        ImportState(row["state"]),
        row["zone_count"],
        row["unchanged_count"],
        unpack(row["faults"], tuple[Remark, ...]),
        unpack(row["notices"], tuple[Remark, ...]),
        row["end_time"],
    )
