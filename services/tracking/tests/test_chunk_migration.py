"""
Positions from before there were chunks.

Goal: whatever was kept is kept: the same positions, the same latest place, and a feed that begins
anew. Method: a schema up to the migration, filled as the old code did, and then migrated.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from meshkit import roles
from meshkit.migrate import migrate
from meshkit.pgtest import PostgresForTests
from services.tracking.tests.town import MIGRATIONS

pytestmark = pytest.mark.pg

BEFORE = """
    INSERT INTO positions (tenant, device_id, epoch, sequence, commit_id, shard, device_time,
                           record_time, time_quality, latitude, longitude, accuracy, speed,
                           ignition, auxiliary)
    SELECT 'acme', 'phone-' || d, epoch_floor($1), n, n / 10, d,
           $1 + n * interval '1.000001 second', $1, 1 + (n = 40)::integer, 60 + n * 1e-5, 25, 5,
           nullif(n, 7), n % 3, n % 2 = 0
    FROM generate_series(1, 2) d, generate_series(1, 40) n"""
EPOCHS = """
    INSERT INTO epochs (tenant, device_id, epoch, driver_id, vehicle_id, expires_at)
    SELECT 'acme', 'phone-' || d, epoch_floor($1), '', '', $1 FROM generate_series(1, 2) d"""
KEPT = """
    SELECT device_id, sequence, device_time, record_time, time_quality, latitude, longitude,
           accuracy, speed, heading, ignition, auxiliary
    FROM positions ORDER BY device_id, sequence"""


async def test_what_was_kept_in_rows_is_kept_in_chunks(
    postgres: PostgresForTests, tmp_path: Path
) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql")):
        if file.name.endswith("position_chunks.sql"):
            break
        shutil.copy(file, tmp_path)
    async with postgres.access("tracking", tmp_path) as access:
        name = access.app_url.rpartition("/")[2]
        url = roles.database_url(postgres.admin_url, name)
        connection = await asyncpg.connect(url)
        await connection.execute("SET search_path = tracking, public")
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        for day in (today, today + timedelta(days=1)):
            await connection.fetchval("SELECT positions_open($1)", day.date())
        await connection.execute(EPOCHS, today)
        await connection.execute(BEFORE, today)
        await connection.execute("INSERT INTO feed_head VALUES ('positions', 1, 4, 1)")
        before = await connection.fetch(KEPT)

        await migrate(url, "tracking", MIGRATIONS)

        assert await connection.fetch(KEPT) == before
        latest = await connection.fetch("SELECT latest_sequence, latest_chunk FROM epochs")
        assert [tuple(row) for row in latest] == [(39, 39)] * 2, "the 40th has a suspect time"
        assert (
            await connection.fetchval("SELECT oldest FROM feed_head WHERE feed = 'positions'") == 5
        )
        await connection.close()
