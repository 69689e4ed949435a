"""Opening devices: who may send positions for whom, and under which epoch."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from meshkit.caller import Caller, Role
from meshkit.errors import Denied
from services.tracking.domain.device import EPOCH_LIFE, Device
from services.tracking.ports import World


async def open_device(
    world: World, asked: Device, caller: Caller, now: datetime, real_now: datetime, epoch: UUID
) -> Device:
    """
    The device with a fresh epoch. Its epoch before may still be finished.

    A driver opens devices for itself, a carrier for its own routes; nobody takes over a device that
    stands for somebody else.
    """
    known = await world.devices.find(asked.device_id)
    if known is not None and not _may_reopen(known, caller):
        raise Denied("DEVICE_NOT_YOURS", "the device stands for somebody else")
    if caller.role is Role.DRIVER and asked.driver_id not in ("", caller.driver_id):
        raise Denied("DEVICE_NOT_YOURS", "a driver opens devices for itself only")
    opened = replace(
        asked,
        driver_id=asked.driver_id or caller.driver_id,
        carrier_id=caller.carrier_id or asked.carrier_id,
        epoch=epoch,
        epoch_expires=real_now + EPOCH_LIFE,
        created_at=known.created_at if known else now,
    )
    await world.devices.open(opened, now)
    return opened


def _may_reopen(known: Device, caller: Caller) -> bool:
    if caller.role is Role.DRIVER:
        return known.driver_id in ("", caller.driver_id) and not known.carrier_id
    if caller.role is Role.CARRIER:
        return known.carrier_id == caller.carrier_id
    return True
