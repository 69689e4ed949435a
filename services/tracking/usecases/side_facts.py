"""
Facts beside the way: scans, pick-up points, trouble, zones, charging, instruments.

None of them closes a task. They take effect at once, whether or not their route is known; but a
driver or carrier speaks of its own work only, and what it says of another's waits for a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from meshkit.ids import NewId
from services.tracking.domain import fact as facts
from services.tracking.domain.customer import CustomerContacted
from services.tracking.domain.event import Crew, ParcelScanned, VehicleCharged
from services.tracking.domain.fact import Fact
from services.tracking.domain.heard import ParcelsHeld, ZoneCharged
from services.tracking.domain.incident import OF_TROUBLE, About, Alarm, AllClear, IncidentType
from services.tracking.domain.run import Run
from services.tracking.domain.wording import crew, crew_of
from services.tracking.domain.words import Milestone, ScanKind, Source, TroubleKind
from services.tracking.ports import Driven, FactStatus, World
from services.tracking.usecases import custody
from services.tracking.usecases.finding import OWN_ONLY, crew_for, delivery_for, route_of, theirs
from services.tracking.usecases.recording import keep, raise_all, record

HANDED = (ScanKind.UNLOADED, ScanKind.HANDED_OVER, ScanKind.STORED)  # nobody scans these elsewhere
TROUBLE_OVER = (IncidentType.VEHICLE_BREAKDOWN, IncidentType.DELAY)
HELD = {
    facts.Hold: Milestone.HELD_AT_PUDO,
    facts.Pickup: Milestone.COLLECTED,
    facts.Return: Milestone.RETURNED,
}

Now = tuple[datetime, datetime]  # business time and real time


async def effect(world: World, fact: Fact, now: Now, new_id: NewId) -> FactStatus:
    """Lets one of them take effect."""
    return await EFFECTS[type(fact.what)](world, fact, now, new_id)


async def _scan(world: World, fact: Fact, now: Now, new_id: NewId) -> FactStatus:
    assert isinstance(fact.what, facts.Scan)  # noqa: S101 - for the type checker
    scan, delivery_id = await _parcel(world, fact, fact.what)
    driven, stop_id = await route_of(world, fact)
    own = driven if driven is not None and theirs(driven, fact) else None
    by = crew(own.route) if own else crew_of(replace(fact, route_id="") if driven else fact)
    expected = ""
    if delivery_id and scan.kind in custody.TAKES:
        expected = await custody.expected_route(world, delivery_id, by, own)
    event = ParcelScanned(
        by, scan, fact.event_time, fact.source, delivery_id, stop_id, expected_route_id=expected
    )
    if own is None:
        await record(world, [event], now[0])
    else:
        run = Run(own.route, own.progress, now[1])
        if stop_id and scan.kind in HANDED:
            run.arrive(stop_id, fact.event_time, fact.source)
        run.events.append(event)
        await keep(world, run, now[0], new_id)
    await custody.scanned(world, event, now[0], new_id)
    return FactStatus.RECORDED


async def _parcel(world: World, fact: Fact, scan: facts.Scan) -> tuple[facts.Scan, str]:
    """The scan with the parcel's id where its barcode is known, and the delivery."""
    parcel_id, delivery_id = await world.tasks.parcel(scan.parcel_id, scan.barcode)
    if not (fact.delivery_id or delivery_id) and fact.task_id:
        place = await world.tasks.find(fact.task_id)
        delivery_id = place.delivery_id if place else ""
    named = replace(scan, parcel_id=scan.parcel_id or parcel_id)
    return named, fact.delivery_id or delivery_id


async def _held(world: World, fact: Fact, now: Now, _: NewId) -> FactStatus:
    known = await delivery_for(world, fact)
    if known is None:
        return FactStatus.PENDING
    milestone, name = HELD[type(fact.what)], known.delivery_id
    held = ParcelsHeld(milestone, name, fact.task_id, fact.event_time, fact.source, fact.event_id)
    await record(world, [held], now[0])
    return FactStatus.RECORDED


async def _trouble(world: World, fact: Fact, now: Now, new_id: NewId) -> FactStatus:
    """Trouble is heard from anybody at once, but a route's own only from who drives it."""
    assert isinstance(fact.what, facts.Trouble)  # noqa: S101 - for the type checker
    kind = fact.what.kind
    driven = await world.routes.lock(fact.route_id) if fact.route_id else None
    if driven is not None and not theirs(driven, fact):
        driven, fact = None, replace(fact, route_id="")
    about = About(
        route_id=fact.route_id,
        task_id=fact.task_id,
        delivery_id=fact.delivery_id,
        vehicle_id=fact.vehicle_id,
        driver_id=fact.driver_id,
        carrier_id=fact.carrier_id,
    )
    if driven is not None:
        await _break_down(world, driven, kind, now)
    whose = fact.route_id or fact.vehicle_id or fact.driver_id or "general"
    if kind is TroubleKind.OVER:
        keys = [f"{type_}.{whose}" for type_ in TROUBLE_OVER]
        ended = [key for key in keys if driven or await _own(world, key, fact)]
        over = [AllClear(key, fact.event_time) for key in ended]
        await raise_all(world, over, now[0], new_id)
        return FactStatus.RECORDED
    alarm = _alarm(fact, kind, about, whose)
    await raise_all(world, [alarm], now[0], new_id)
    return FactStatus.RECORDED


async def _own(world: World, key: str, fact: Fact) -> bool:
    """Whether the open incident of a key is about who reports, or the office does."""
    known = await world.incidents.under(key)
    if known is None or fact.source not in OWN_ONLY:
        return known is not None
    if fact.source is Source.DRIVER:
        return known.about.driver_id == fact.driver_id
    return known.about.carrier_id == fact.carrier_id


def _alarm(fact: Fact, kind: TroubleKind, about: About, whose: str) -> Alarm:
    type_ = OF_TROUBLE.get(kind, IncidentType.OTHER)
    words = f"the driver reports: {kind.lower().replace('_', ' ')}"
    return Alarm(
        type_,
        about,
        words,
        fact.event_time,
        dedupe_key=f"{type_}.{whose}",
        note=fact.note,
        location=fact.location,
    )


async def _break_down(world: World, driven: Driven, kind: TroubleKind, now: Now) -> None:
    run = Run(driven.route, driven.progress, now[1])
    if kind in (TroubleKind.BREAKDOWN, TroubleKind.OVER):
        run.break_down(kind is TroubleKind.BREAKDOWN)
        await world.routes.save(run.progress)


async def _zone(world: World, fact: Fact, now: Now, _: NewId) -> FactStatus:
    assert isinstance(fact.what, facts.ZoneEntry)  # noqa: S101 - for the type checker
    if fact.what.charge is not None:
        by = await crew_for(world, fact)
        if by is None:
            return FactStatus.PENDING
        charged = ZoneCharged(by, fact.what.zone_id, fact.what.charge, fact.event_time)
        await record(world, [charged], now[0])
    return FactStatus.RECORDED


async def _charged(world: World, fact: Fact, now: Now, new_id: NewId) -> FactStatus:
    assert isinstance(fact.what, facts.ChargeEnd)  # noqa: S101 - for the type checker
    what = fact.what
    by = await crew_for(world, fact)
    if by is None:
        return FactStatus.PENDING
    told = VehicleCharged(
        by, what.energy_watt_hours, fact.event_time, what.place_id, cost=what.cost
    )
    await record(world, [told], now[0])
    return await _read(world, fact, now, new_id)


async def _read(world: World, fact: Fact, now: Now, _: NewId) -> FactStatus:
    driven = await world.routes.lock(fact.route_id) if fact.route_id else None
    if driven is not None and theirs(driven, fact):
        run = Run(driven.route, driven.progress, now[1])
        run.read(fact.event_time, fact.telemetry)
        await world.routes.save(run.progress)
    return FactStatus.RECORDED


async def _contacted(world: World, fact: Fact, now: Now, _: NewId) -> FactStatus:
    assert isinstance(fact.what, facts.Contact)  # noqa: S101 - for the type checker
    known = await delivery_for(world, fact)
    if known is None:
        return FactStatus.PENDING
    driven = await world.routes.get(known.route_id) if known.route_id else None
    by, name = crew(driven.route) if driven else Crew(), known.delivery_id
    await record(world, [CustomerContacted(by, name, fact.what, fact.event_time)], now[0])
    return FactStatus.RECORDED


Effect = Callable[[World, Fact, Now, NewId], Awaitable[FactStatus]]
EFFECTS: dict[type, Effect] = {
    facts.Scan: _scan,
    facts.Hold: _held,
    facts.Pickup: _held,
    facts.Return: _held,
    facts.Trouble: _trouble,
    facts.ZoneEntry: _zone,
    facts.ChargeEnd: _charged,
    facts.ChargeStart: _read,
    facts.Readout: _read,
    facts.Contact: _contacted,
}
