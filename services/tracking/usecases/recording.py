"""
Recording: the one way in which events take effect.

Every event becomes milestones, changes the deliveries it names, and is appended to journal and
feed, in one transaction. What is told twice has one entry, so it reaches nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from meshkit.ids import NewId
from services.tracking.domain import incident as incidents
from services.tracking.domain import stamping
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import (
    IncidentOpened,
    IncidentResolved,
    OutcomeRecorded,
)
from services.tracking.domain.incident import Alarm, AllClear, Incident
from services.tracking.domain.journal import Event
from services.tracking.domain.run import Run
from services.tracking.ports import World
from services.tracking.projections import custody, deliveries, timeline
from services.tracking.usecases.learning import remember

LATE = timedelta(minutes=5)  # the contract says so at TimelineEntry.late
ORDER_DELIVERIES_MAX = 50  # of one order, that are looked at
SYSTEM = "system"  # who ends an incident that the facts ended


async def record(world: World, events: Sequence[Event], now: datetime) -> None:
    """Lets events take effect."""
    if not events:
        return
    entries = [entry for event in events for entry in timeline.milestones(event, now, LATE)]
    fresh = await world.timeline.add(entries) if entries else ()
    held = await _lock(world, [*events, *fresh])
    told: list[Event] = [*[await _stamp(world, event, held) for event in events], *fresh]
    known = await _fold(world, told, held)
    steps = [step for event in events for step in custody.steps(event, now, known)]
    if steps:
        await world.custody.add(steps)
    for event in events:
        if isinstance(event, OutcomeRecorded):
            await world.tasks.close(event.task.task_id)
    await remember(world, events, known)
    await world.journal.append(told, now)


async def keep(world: World, run: Run, now: datetime, new_id: NewId) -> None:
    """Keeps a route's progress, and lets what came of it take effect."""
    await world.routes.save(run.progress)
    await record(world, run.events, now)
    await raise_all(world, run.alarms, now, new_id)
    run.events, run.alarms = [], []


async def raise_all(
    world: World, alarms: Iterable[Alarm | AllClear], now: datetime, new_id: NewId
) -> None:
    """Opens, counts and ends incidents as alarms ask."""
    for alarm in alarms:
        if isinstance(alarm, AllClear):
            await clear(world, alarm, now)
        else:
            await sound(world, alarm, now, new_id)


async def sound(world: World, alarm: Alarm, now: datetime, new_id: NewId) -> Incident:
    """The incident that an alarm opens, or the open one that counts it."""
    known = await world.incidents.under(alarm.key)
    if known is not None:
        counted = incidents.counted(known)
        await world.incidents.save(counted)
        return counted
    opened = incidents.opened(alarm, new_id("inc"), now)
    await world.incidents.save(opened)
    await record(world, [IncidentOpened(opened)], now)
    return opened


async def clear(world: World, over: AllClear, now: datetime) -> None:
    """Ends the incident of a key, if one is open."""
    known = await world.incidents.under(over.key)
    if known is not None:
        ended = incidents.ended(known, SYSTEM, over.event_time, over.resolution)
        await world.incidents.save(ended)
        await record(world, [IncidentResolved(ended)], now)


async def _lock(world: World, events: Sequence[Event]) -> dict[str, Delivery]:
    """The deliveries that events change or are stamped with."""
    names = {
        name for event in events for name in (*deliveries.named(event), *stamping.needed(event))
    }
    return await world.deliveries.lock(names) if names else {}


async def _stamp(world: World, event: Event, held: Mapping[str, Delivery]) -> Event:
    """The event with what it is split by later."""
    order: Sequence[Delivery] = ()
    if isinstance(event, OutcomeRecorded):
        mine = held.get(event.task.delivery_id)
        if mine is not None and mine.order_reference:
            order = await world.deliveries.of_order(mine.order_reference, ORDER_DELIVERIES_MAX)
    return stamping.stamped(event, held, order)


async def _fold(
    world: World, events: Sequence[Event], held: Mapping[str, Delivery]
) -> dict[str, Delivery]:
    """The deliveries that events name, as they are afterwards."""
    changed: dict[str, Delivery] = {}
    for event in events:
        for name in deliveries.named(event):
            before = changed.get(name) or held.get(name) or Delivery(name)
            changed[name] = deliveries.apply(before, event)
    await world.deliveries.save([one for name, one in changed.items() if one != held.get(name)])
    return changed
