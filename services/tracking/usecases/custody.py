"""
Custody as the day goes on: scans onto the wrong vehicle, handovers without the scans before them.

Both open an incident, and the scan that was missing ends it. Chains are read for whoever asks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from meshkit.ids import NewId
from services.tracking.domain.custody import Chain, Proved, Step, gaps, in_hands
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Crew, ParcelScanned
from services.tracking.domain.heard import Parcel
from services.tracking.domain.incident import About, Alarm, AllClear, IncidentType
from services.tracking.domain.wording import crew
from services.tracking.domain.words import ScanKind
from services.tracking.ports import Driven, World
from services.tracking.usecases.finding import about
from services.tracking.usecases.recording import raise_all

TAKES = (ScanKind.LOADED, ScanKind.RECEIVED)
STEPS_MAX = 200  # of one parcel; the contract states it at ParcelCustody.steps


async def expected_route(world: World, delivery_id: str, by: Crew, driven: Driven | None) -> str:
    """The route that serves a delivery, when the crew that took a parcel of it does not."""
    delivery = await _delivery(world, delivery_id)
    if delivery is None or delivery.route_id in ("", by.route_id):
        return ""
    if driven and any(task.delivery_id == delivery_id for task in driven.route.tasks):
        return ""  # it fetches it, or brings it to where the other route starts
    serving = await world.routes.get(delivery.route_id)
    return delivery.route_id if serving and _others(crew(serving.route), by) else ""


def _others(serving: Crew, by: Crew) -> bool:
    """Whether two crews are different ones, as far as both say who they are."""
    if serving.carrier_id or by.carrier_id:
        return serving.carrier_id != by.carrier_id
    if serving.vehicle_id and by.vehicle_id:
        return serving.vehicle_id != by.vehicle_id
    return bool(serving.driver_id and by.driver_id) and serving.driver_id != by.driver_id


async def scanned(world: World, event: ParcelScanned, now: datetime, new_id: NewId) -> None:
    """What a scan raises, and what it ends."""
    scan, by = event.scan, event.crew
    parcel_id = scan.parcel_id or scan.barcode
    whom = About(
        delivery_id=event.delivery_id,
        stop_id=event.stop_id,
        route_id=by.route_id,
        vehicle_id=by.vehicle_id,
        driver_id=by.driver_id,
        carrier_id=by.carrier_id,
    )
    if scan.damaged:
        type_, words = IncidentType.DAMAGED_PARCEL, "a scan says that a parcel is damaged"
        alarm = Alarm(type_, whom, words, event.at, dedupe_key=f"{type_}.{parcel_id}")
        await raise_all(world, [alarm], now, new_id)
    wrong = f"{IncidentType.WRONG_VEHICLE}.{parcel_id}"
    if event.expected_route_id:
        words = f"a parcel of route {event.expected_route_id} was taken by another vehicle"
        alarm = Alarm(IncidentType.WRONG_VEHICLE, whom, words, event.at, dedupe_key=wrong)
        await raise_all(world, [alarm], now, new_id)
    elif scan.kind in TAKES:
        await raise_all(world, [AllClear(wrong, event.at)], now, new_id)
    if scan.kind in (*TAKES, ScanKind.HANDED_OVER):
        await _mended(world, event.delivery_id, now, new_id)


async def handed(
    world: World,
    delivery_id: str,
    task_id: str,
    route_id: str,
    at: datetime,
    now: datetime,
    new_id: NewId,
) -> None:
    """A handover or its proof: was every parcel in these hands before?"""
    delivery = await _delivery(world, delivery_id)
    bare = await _unscanned(world, delivery, task_id, route_id, at) if delivery else 0
    if bare:
        words = f"handed over or proved without a scan before it: {bare} parcels"
        key = f"{IncidentType.CUSTODY_BROKEN}.{task_id}"
        whom = await about(world, task_id, delivery_id)
        alarm = Alarm(IncidentType.CUSTODY_BROKEN, whom, words, at, dedupe_key=key)
        await raise_all(world, [alarm], now, new_id)


async def chains(world: World, delivery: Delivery, parcel_id: str = "") -> Sequence[Chain]:
    """The parcels of a delivery, or one of them, each with the hands it went through."""
    asked = [p for p in delivery.parcels if parcel_id in ("", p.parcel_id)]
    steps = await world.custody.of_parcels(_keys(asked))
    proofs = [
        Proved(one.proof_id, one.task_id, one.capture_time, await _route(world, one.task_id))
        for one in await world.proofs.of_delivery(delivery.delivery_id)
    ]
    return [_chain(delivery, parcel, steps, proofs) for parcel in asked]


def _chain(
    delivery: Delivery, parcel: Parcel, steps: Sequence[Step], proofs: Sequence[Proved]
) -> Chain:
    mine = tuple(step for step in steps if step.parcel_id in (parcel.parcel_id, parcel.barcode))
    return Chain(
        parcel_id=parcel.parcel_id,
        barcode=parcel.barcode,
        delivery_id=delivery.delivery_id,
        steps=mine[-STEPS_MAX:],
        gaps=gaps(mine, proofs, scannable=bool(parcel.barcode)),
    )


async def _mended(world: World, delivery_id: str, now: datetime, new_id: NewId) -> None:
    """Ends the incident about a broken chain, when a late scan closed the gap."""
    delivery = await _delivery(world, delivery_id)
    if delivery is None:
        return
    for task_id in {delivery.task_id, delivery.outcome_task_id} - {""}:
        key = f"{IncidentType.CUSTODY_BROKEN}.{task_id}"
        known = await world.incidents.under(key)
        if known is None:
            continue
        own = task_id, known.about.route_id, known.event_time
        if not await _unscanned(world, delivery, *own):
            await raise_all(world, [AllClear(key, now)], now, new_id)


async def _unscanned(
    world: World, delivery: Delivery, task_id: str, route_id: str, at: datetime
) -> int:
    """How many parcels nobody on the way had taken before."""
    parcels = [parcel for parcel in delivery.parcels if parcel.barcode]
    steps = await world.custody.of_parcels(_keys(parcels)) if parcels else ()
    return sum(
        not in_hands(
            [step for step in steps if step.parcel_id in (one.parcel_id, one.barcode)],
            at,
            task_id,
            route_id,
        )
        for one in parcels
    )


def _keys(parcels: Sequence[Parcel]) -> Collection[str]:
    """Under what steps are kept: the id, or the barcode while nobody knew the id."""
    return {key for one in parcels for key in (one.parcel_id, one.barcode) if key}


async def _delivery(world: World, delivery_id: str) -> Delivery | None:
    return (await world.deliveries.get([delivery_id])).get(delivery_id) if delivery_id else None


async def _route(world: World, task_id: str) -> str:
    place = await world.tasks.find(task_id)
    return place.route_id if place else ""
