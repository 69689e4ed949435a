"""Devices, their epochs, and the positions they sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from meshkit.postgres import Transaction
from services.tracking.domain.device import Device, DeviceKind
from services.tracking.domain.fix import Fix, RecordedFix, TimeQuality
from services.tracking.domain.geo import Point
from services.tracking.domain.route import Route, Window
from services.tracking.domain.words import Ignition

IGNITIONS = (Ignition.UNSPECIFIED, Ignition.OFF, Ignition.ON)  # by the number in the store
FIRST_EPOCH = UUID(int=0)

FIND = """
    SELECT d.device_id, d.kind, d.driver_id, d.vehicle_id, d.shift_id, d.route_id, d.carrier_id,
           d.software, d.epoch, d.created_at, e.expires_at
    FROM devices d JOIN epochs e USING (tenant, device_id, epoch) WHERE d.device_id = $1"""

OPEN = """
    INSERT INTO devices (device_id, kind, driver_id, vehicle_id, shift_id, route_id, carrier_id,
                         software, epoch, created_at, opened_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (tenant, device_id) DO UPDATE SET
        kind = $2, driver_id = $3, vehicle_id = $4, shift_id = $5, route_id = $6, carrier_id = $7,
        software = $8, epoch = $9, opened_at = $11"""

OPEN_EPOCH = """
    INSERT INTO epochs (device_id, epoch, driver_id, vehicle_id, expires_at, opened_at)
    VALUES ($1, $2, $3, $4, $5, $6)"""

# The device that was opened for the route itself comes first, then the shift's, then the driver's.
SERVING = """
    SELECT device_id FROM (
        SELECT device_id, opened_at, 1 AS rank FROM devices WHERE route_id = $1
        UNION ALL
        SELECT device_id, opened_at, 2 FROM devices WHERE shift_id = $2 AND $2 <> ''
        UNION ALL
        SELECT device_id, opened_at, 3 FROM devices
            WHERE driver_id = $3 AND $3 <> '' AND shift_id = '' AND route_id = ''
    ) d ORDER BY rank, opened_at DESC LIMIT 1"""

FIXES = """
    SELECT epoch, sequence, device_time, latitude, longitude, accuracy, speed, heading, ignition,
           odometer, charge, auxiliary
    FROM positions
    WHERE device_id = $1 AND (epoch, last_sequence) > ($2, $3) AND (epoch, sequence) > ($2, $3)
      AND epoch >= $2 AND time_quality <> 2
    ORDER BY epoch, sequence LIMIT $4"""

LIST_COLUMNS = """
    p.device_id, p.epoch, p.sequence, p.device_time, p.latitude, p.longitude, p.accuracy, p.speed,
    p.heading, p.ignition, p.odometer, p.charge, p.auxiliary, p.record_time, p.time_quality,
    p.uptime, e.driver_id, e.vehicle_id"""

LIST = f"""
    SELECT {LIST_COLUMNS}
    FROM positions p JOIN epochs e USING (tenant, device_id, epoch)
    WHERE ($1 = '' OR e.device_id = $1) AND ($2 = '' OR e.vehicle_id = $2)
      AND ($3 = '' OR e.driver_id = $3)
      AND p.last_time >= $4 AND p.first_time < $5
      AND p.device_time >= $4 AND p.device_time < $5
      AND ($6::timestamptz IS NULL
           OR (p.device_time, p.device_id, p.epoch, p.sequence) > ($6, $7, $8::uuid, $9))
    ORDER BY p.device_time, p.device_id, p.epoch, p.sequence LIMIT $10"""  # noqa: S608 - constant

LIST_EPOCH = f"""
    SELECT {LIST_COLUMNS}
    FROM positions p JOIN epochs e USING (tenant, device_id, epoch)
    WHERE p.device_id = $1 AND p.epoch = $2 AND p.last_sequence > $3 AND p.sequence > $3
    ORDER BY p.sequence LIMIT $4"""  # noqa: S608 - constant

# The limit keeps the planner from looking for chunks before it knows which one it wants.
LATEST = f"""
    SELECT {LIST_COLUMNS}
    FROM devices d JOIN epochs e USING (tenant, device_id, epoch)
    CROSS JOIN LATERAL (
        SELECT * FROM positions
        WHERE tenant = e.tenant AND device_id = e.device_id AND epoch = e.epoch
          AND last_sequence = e.latest_chunk AND sequence = e.latest_sequence LIMIT 1
    ) p"""  # noqa: S608 - constant

# From the ranges that were answered: nobody counts positions one by one.
COUNT = """
    SELECT coalesce(sum(upper(run) - lower(run)), 0) FROM epochs, unnest(received) AS run
    WHERE opened_at >= $1 AND opened_at < $2"""


class PostgresDevices:
    """Implements `ports.Devices`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def find(self, device_id: str) -> Device | None:
        """A device, None if it was never opened."""
        row = await self._tx.fetchrow(FIND, device_id)
        return _device(row) if row else None

    async def open(self, device: Device, now: Any) -> None:
        """Keeps a device with a new epoch."""
        one = device
        whose = (one.driver_id, one.vehicle_id, one.shift_id, one.route_id, one.carrier_id)
        await self._tx.execute(
            OPEN, one.device_id, one.kind, *whose, one.software, one.epoch, one.created_at, now
        )
        await self._tx.execute(
            OPEN_EPOCH,
            one.device_id,
            one.epoch,
            one.driver_id,
            one.vehicle_id,
            one.epoch_expires,
            now,
        )

    async def serving(self, route: Route) -> str:
        """The device that sends positions for a route; empty when there is none."""
        found = await self._tx.fetchval(SERVING, route.route_id, route.shift_id, route.driver_id)
        return found or ""

    async def fixes(self, device_id: str, epoch: str, sequence: int, limit: int) -> Sequence[Fix]:
        """Positions with a time that can be trusted, after a place, in order of capture."""
        after = UUID(epoch) if epoch else FIRST_EPOCH
        return [_fix(row) for row in await self._tx.fetch(FIXES, device_id, after, sequence, limit)]

    async def list_epoch(
        self, device_id: str, epoch: UUID, after: int, limit: int
    ) -> list[RecordedFix]:
        """Positions of one epoch, by sequence."""
        return list(map(recorded, await self._tx.fetch(LIST_EPOCH, device_id, epoch, after, limit)))

    async def page(
        self, whose: tuple[str, str, str], span: Window, after: tuple[Any, ...], limit: int
    ) -> list[RecordedFix]:
        """Positions of a device, vehicle or driver, by device time."""
        rows = await self._tx.fetch(LIST, *whose, span.start, span.end, *after, limit)
        return list(map(recorded, rows))

    async def latest(self) -> list[RecordedFix]:
        """The last position of every device's present epoch."""
        return list(map(recorded, await self._tx.fetch(LATEST)))

    async def count(self, span: Window) -> int:
        """How many positions were answered under epochs that were opened in a span."""
        return int(await self._tx.fetchval(COUNT, span.start, span.end))


def _device(row: Any) -> Device:
    return Device(
        device_id=row["device_id"],
        kind=DeviceKind(row["kind"]),
        epoch=row["epoch"],
        epoch_expires=row["expires_at"],
        created_at=row["created_at"],
        driver_id=row["driver_id"],
        vehicle_id=row["vehicle_id"],
        shift_id=row["shift_id"],
        route_id=row["route_id"],
        carrier_id=row["carrier_id"],
        software=row["software"],
    )


def _fix(row: Any) -> Fix:
    return Fix(
        epoch=str(row["epoch"]),
        sequence=row["sequence"],
        at=row["device_time"],
        point=Point(row["latitude"], row["longitude"]),
        accuracy_meters=row["accuracy"],
        speed_centimeters_per_second=row["speed"],
        heading_degrees=row["heading"],
        ignition=IGNITIONS[row["ignition"]],
        odometer_meters=row["odometer"],
        charge_ratio=row["charge"],
        auxiliary_needed=row["auxiliary"],
    )


def recorded(row: Any) -> RecordedFix:
    """A position as it is listed."""
    return RecordedFix(
        device_id=row["device_id"],
        fix=_fix(row),
        record_time=row["record_time"],
        quality=TimeQuality(row["time_quality"]),
        vehicle_id=row["vehicle_id"],
        driver_id=row["driver_id"],
        uptime_milliseconds=row["uptime"],
    )
