"""The duty log: records stored once, edited by superseding, read back in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.caller import Caller
from meshkit.errors import AlreadyExists, MeshError
from services.dispatch.domain.duty import (
    RESTING,
    DutyRecord,
    DutyStatus,
    require_plausible,
    superseded,
)
from services.dispatch.domain.events import DutyStatusRecorded, Fact
from services.dispatch.domain.fleet import ShiftState
from services.dispatch.ports import ShiftFilter, Slice, Stores
from services.dispatch.usecases.common import own_driver, required

UNDER_WAY = (ShiftState.STARTED, ShiftState.ON_BREAK)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one record: stored, now or before, or why not."""

    record: DutyRecord | None
    fault: MeshError | None = None


async def record(stores: Stores, caller: Caller, record: DutyRecord, now: datetime) -> DutyRecord:
    """Stores one record; the same again changes nothing."""
    known = await stores.duty_log.find_all([record.duty_record_id, record.supersedes_id])
    stored = known.get(record.duty_record_id)
    own = own_driver(caller, record.driver_id)
    driver = await stores.drivers.claim(record.driver_id) if own else None
    driver = required(driver, "DRIVER_UNKNOWN", record.driver_id)
    if stored is not None:
        return _same(record, stored)
    require_plausible(record, now)
    fresh = replace(record, record_time=now, superseded_by_id="")
    if record.supersedes_id:
        await _supersede(stores, known.get(record.supersedes_id), fresh)
    await stores.duty_log.add(fresh)
    await _follow(stores, driver.driver_id, now)
    stores.tell(Fact(fresh.driver_id, fresh.event_time, DutyStatusRecorded(_told(fresh))))
    return fresh


def _same(record: DutyRecord, stored: DutyRecord) -> DutyRecord:
    if not record.same_as(stored):
        name = record.duty_record_id
        raise AlreadyExists("DUTY_RECORD_EXISTS", f"record {name!r} differs", duty_record_id=name)
    return stored


async def _supersede(stores: Stores, old: DutyRecord | None, by: DutyRecord) -> None:
    is_own = old is not None and old.driver_id == by.driver_id
    found = required(old if is_own else None, "DUTY_RECORD_UNKNOWN", by.supersedes_id)
    await stores.duty_log.replace(superseded(found, by))


async def _follow(stores: Stores, driver_id: str, now: datetime) -> None:
    """The driver's present status, and whether a started shift is on a break, as the log has it."""
    latest = await stores.duty_log.latest(driver_id, now)
    driver = await stores.drivers.claim(driver_id)
    if latest is None or driver is None:
        return
    if driver.duty_status is not latest.status:
        revision = driver.revision + 1
        await stores.drivers.save(
            replace(driver, duty_status=latest.status, revision=revision, update_time=now)
        )
    await _follow_shift(stores, driver_id, latest.status, now)


async def _follow_shift(stores: Stores, driver_id: str, status: DutyStatus, now: datetime) -> None:
    state = ShiftState.ON_BREAK if status in RESTING else ShiftState.STARTED
    which = ShiftFilter(driver_id=driver_id, states=UNDER_WAY)
    for seen in await stores.shifts.list_page(which, Slice(None, 1)):
        shift = await stores.shifts.claim(seen.shift_id)
        if shift is not None and shift.is_under_way and shift.state is not state:
            await stores.shifts.save(
                replace(shift, state=state, revision=shift.revision + 1, update_time=now)
            )


def _told(record: DutyRecord) -> DutyRecord:
    """For the feed: what a person wrote stays here."""
    return replace(record, annotation="edited" if record.supersedes_id else "")


async def record_all(
    stores: Stores, caller: Caller, records: Sequence[DutyRecord], now: datetime
) -> list[Recorded]:
    """Stores each record that can be; a bad one leaves the others alone."""
    return [await _recorded(stores, caller, one, now) for one in records]


async def _recorded(stores: Stores, caller: Caller, one: DutyRecord, now: datetime) -> Recorded:
    try:
        return Recorded(await record(stores, caller, one, now))
    except MeshError as fault:
        return Recorded(None, fault)
