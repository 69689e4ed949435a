"""Imports of zones: started, watched, cancelled, and applied whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from meshkit.errors import Exhausted, NotFound
from meshkit.ids import NewId
from services.compliance.domain.curb_zone import CurbZone, CurbZoneVersion
from services.compliance.domain.zone import RuleSet, Zone
from services.compliance.domain.zone_import import (
    WAITING_MAX,
    Harvest,
    ImportState,
    Read,
    Remark,
    ZoneImport,
    told,
)
from services.compliance.ports import ImportStore, RuleStore, StreetStore

RETRY_AFTER = timedelta(seconds=10)  # about as long as one import of the largest file takes


async def start_import(store: ImportStore, asked: ZoneImport, content: bytes) -> ZoneImport:
    """Keeps the file for whoever works next."""
    if await store.waiting() >= WAITING_MAX:
        raise Exhausted(
            "IMPORTS_EXHAUSTED",
            f"{WAITING_MAX} imports wait, the most there may be",
            retry_after=RETRY_AFTER,
        )
    await store.add(asked, content)
    return asked


async def get_import(store: ImportStore, import_id: str) -> ZoneImport:
    """How far an import is."""
    found = await store.get(import_id)
    if found is None:
        raise NotFound("IMPORT_UNKNOWN", f"no import {import_id!r}", import_id=import_id)
    return found


async def cancel_import(store: ImportStore, import_id: str, now: datetime) -> ZoneImport:
    """Ends one that still runs; one that is over stays as it is."""
    await store.lock(import_id)
    present = await get_import(store, import_id)
    if present.is_over:
        return present
    cancelled = replace(present, state=ImportState.CANCELLED, end_time=now)
    await store.end(cancelled)
    return cancelled


@dataclass(frozen=True, slots=True)
class Stores:
    """Where an import ends, in one transaction."""

    imports: ImportStore
    rules: RuleStore
    streets: StreetStore


async def finish_import(
    stores: Stores, own: ZoneImport, harvest: Harvest, now: datetime, new_id: NewId
) -> ZoneImport:
    """Applies what was read, unless something is wrong with it, and says what became of it."""
    changes, late = ([], []) if harvest.faults else await _changes(stores, own, harvest.zones, now)
    if changes and not late and not own.validate_only:
        await _hold(stores, changes)
        changes, late = await _changes(stores, own, harvest.zones, now)
    faults = told([*harvest.faults, *late])
    if not faults and not own.validate_only:
        for change in changes:
            await _record(stores, change, own.start, now, new_id)
    ended = replace(
        own,
        state=ImportState.FAILED if faults else ImportState.DONE,
        zone_count=0 if faults else len(changes),
        unchanged_count=0 if faults else len(harvest.zones) - len(changes),
        faults=faults,
        notices=told(harvest.notices),
        end_time=now,
    )
    await stores.imports.end(ended)
    return ended


Present = RuleSet | CurbZoneVersion | None
Change = tuple[Zone | CurbZone, Present]


async def _hold(stores: Stores, changes: Sequence[Change]) -> None:
    """From here on nobody else changes what this import changes; a number goes unused for it."""
    if any(isinstance(zone, Zone) for zone, _ in changes):
        await stores.rules.next_rules_version()
    if any(isinstance(zone, CurbZone) for zone, _ in changes):
        await stores.streets.next_street_version()


async def _changes(
    stores: Stores, own: ZoneImport, reads: Sequence[Read], now: datetime
) -> tuple[list[Change], list[Remark]]:
    """What differs from what holds, with what holds; and what cannot take effect any more."""
    changes: list[Change] = []
    faults: list[Remark] = []
    for read in reads:
        present = await _present(stores, read)
        if present is not None and present.zone == read.zone:
            continue
        changes.append((read.zone, present))
        begun = present.start if isinstance(present, RuleSet) else None
        if begun is not None and (own.start or now) < begun:
            faults.append(Remark(read.path, f"a version of the zone holds from {begun} on"))
    return changes, faults


async def _present(stores: Stores, read: Read) -> Present:
    if isinstance(read.zone, Zone):
        return await stores.rules.zone(read.zone_id)
    return await stores.streets.curb_zone(read.zone_id)


async def _record(
    stores: Stores, change: Change, start: datetime | None, now: datetime, new_id: NewId
) -> None:
    zone, present = change
    if isinstance(zone, CurbZone):
        await _record_curb_zone(stores.streets, zone, present, now)
        return
    before = present if isinstance(present, RuleSet) else None
    await stores.rules.add_rule_set(
        RuleSet(
            new_id("rls"),
            zone,
            before.version + 1 if before else 1,
            await stores.rules.next_rules_version(),
            now,
            before.create_time if before else now,
            (start or now) if before else start,
        )
    )


async def _record_curb_zone(
    store: StreetStore, zone: CurbZone, present: Present, now: datetime
) -> None:
    before = present if isinstance(present, CurbZoneVersion) else None
    await store.add_curb_zone(
        CurbZoneVersion(
            zone,
            before.revision + 1 if before else 1,
            await store.next_street_version(),
            before.create_time if before else now,
            now,
        )
    )
