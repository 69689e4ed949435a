"""
Taking in what dispatch and compliance tell: plans, promises, cancellations, prices, emissions.

Each function is one event of theirs. It runs in a transaction in which the cursor of their feed
moves too, so it happens once; and it is idempotent besides, for a feed may be read again from an
older place after a restore.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from meshkit.ids import NewId
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Charge
from services.tracking.domain.heard import (
    AttemptPlanned,
    DecisionHeard,
    DeliveryCancelled,
    DeliveryKnown,
    EmissionRecorded,
    RoutePlaced,
    RouteWithdrawn,
    TenderPriced,
)
from services.tracking.domain.incident import About, Alarm, AllClear, IncidentType, Resolution
from services.tracking.domain.legs import settle
from services.tracking.domain.progress import Progress, RunState
from services.tracking.domain.replan import PlanShift
from services.tracking.domain.route import Route
from services.tracking.domain.run import Run
from services.tracking.domain.wording import charge, crew
from services.tracking.ports import Driven, World
from services.tracking.usecases.facts import retry
from services.tracking.usecases.proofs import adopt
from services.tracking.usecases.recording import clear, keep, raise_all, record
from services.tracking.usecases.side_facts import Now


async def delivery_known(world: World, event: DeliveryKnown, now: Now, new_id: NewId) -> None:
    """Dispatch accepted a delivery, or changed what was promised."""
    digest = event.digest
    if digest.task_id:
        await world.proofs.lock([digest.task_id])  # one under way is seen by `adopt`, or sees this
        await world.tasks.know(digest.task_id, digest.delivery_id)
    await record(world, [event], now[0])
    if digest.task_id:
        await retry(world, [digest.task_id], "", now, new_id)
        await adopt(world, digest.task_id, now, new_id)


async def attempt_planned(world: World, event: AttemptPlanned, now: Now, new_id: NewId) -> None:
    """Dispatch made a task."""
    await world.proofs.lock([event.task_id])
    await world.tasks.know(event.task_id, event.delivery_id)
    await record(world, [event], now[0])
    await retry(world, [event.task_id], "", now, new_id)
    await adopt(world, event.task_id, now, new_id)


async def delivery_cancelled(
    world: World, event: DeliveryCancelled, now: Now, new_id: NewId
) -> None:
    """Dispatch called a delivery off."""
    if event.task_id:
        await world.tasks.cancel(event.task_id)
    await record(world, [event], now[0])
    await retry(world, [event.task_id] if event.task_id else [], "", now, new_id)


async def route_placed(world: World, route: Route, at: datetime, now: Now, new_id: NewId) -> None:
    """A route binds, new or revised. An older revision than the one known changes nothing."""
    known = await world.routes.lock(route.route_id)
    if known is not None and known.route.revision >= route.revision:
        return
    run = Run(route, Progress(route.route_id, route.revision), now[1])
    if known is None:
        await world.routes.add(route, run.progress)
    else:
        run = Run(known.route, known.progress, now[1])
        run.revise(route)
        await world.routes.revise(route, run.progress)
    placed = await _placed(world, route, known, at)
    await _move(world, route.route_id, placed)
    await record(world, [placed], now[0])
    tasks = [task.task_id for task in route.tasks]
    await retry(world, tasks, route.route_id, now, new_id)


async def route_withdrawn(world: World, route_id: str, at: datetime, now: Now) -> None:
    """Dispatch took a route back; its open tasks are free again."""
    known = await world.routes.lock(route_id)
    if known is None or known.progress.state in (RunState.WITHDRAWN, RunState.COMPLETED):
        return
    run = Run(known.route, known.progress, now[1])
    run.withdraw(at)
    await world.routes.save(run.progress)
    tasks = tuple(charge(task) for task in run.open_tasks)
    await world.tasks.release([task.task_id for task in tasks], route_id)
    await record(world, [RouteWithdrawn(run.crew, at, tasks)], now[0])
    for over in run.alarms:
        if isinstance(over, AllClear):
            await clear(world, over, now[0])


async def route_closed(world: World, route_id: str, at: datetime, now: Now, new_id: NewId) -> None:
    """Nothing is left to do on a route. Our own vehicles still drive home; a carrier's is gone."""
    known = await world.routes.lock(route_id)
    if known is not None and known.route.carrier_id:
        await _end(world, known, at, now, new_id)


async def shift_ended(world: World, shift_id: str, at: datetime, now: Now, new_id: NewId) -> None:
    """Whoever ended a shift has ended its route, even if the vehicle was not seen to come back."""
    for route_id in await world.routes.of_shift(shift_id):
        known = await world.routes.lock(route_id)
        if known is not None:
            await _end(world, known, at, now, new_id)


async def tender_priced(
    world: World, route_id: str, tender_id: str, event: TenderPriced, now: Now
) -> None:
    """A carrier accepted a tender at a price; another price than before corrects it."""
    known = await world.routes.get(route_id)
    by = crew(known.route) if known else event.crew
    booked = await world.history.priced(tender_id) if tender_id else None
    if booked is None or booked.price != event.price:
        before = booked.price.micros if booked else 0
        told = TenderPriced(by, event.price, event.at, tender_id, before)
        await record(world, [told], now[0])


async def revision_unacknowledged(
    world: World, route_id: str, revision: int, at: datetime, now: Now, new_id: NewId
) -> None:
    """Dispatch asks for an incident: a driver did not acknowledge in time."""
    known = await world.routes.get(route_id)
    words = f"revision {revision} was not acknowledged in time"
    about = _about(route_id, known)
    alarm = Alarm(
        IncidentType.REVISION_UNACKNOWLEDGED, about, words, at, dedupe_key=_unread(route_id)
    )
    await raise_all(world, [alarm], now[0], new_id)


async def revision_acknowledged(
    world: World, route_id: str, at: datetime, now: Now, new_id: NewId
) -> None:
    """The driver has it after all."""
    await raise_all(world, [AllClear(_unread(route_id), at)], now[0], new_id)


async def hours_exceeded(
    world: World, driver_id: str, route_id: str, at: datetime, now: Now, new_id: NewId
) -> None:
    """Dispatch asks for an incident: a driver is beyond a limit."""
    about = About(route_id=route_id, driver_id=driver_id)
    words = "a driver is beyond a limit of the hours of service"
    key = f"{IncidentType.HOURS_EXCEEDED}.{driver_id}"
    alarm = Alarm(IncidentType.HOURS_EXCEEDED, about, words, at, dedupe_key=key)
    await raise_all(world, [alarm], now[0], new_id)


async def tender_fell_off(
    world: World, tender_id: str, carrier_id: str, at: datetime, now: Now, new_id: NewId
) -> None:
    """A carrier gave a tender back after it had accepted: it is owed nothing for it."""
    booked = await world.history.priced(tender_id)
    if booked is not None and booked.price.micros:
        nothing, before = replace(booked.price, micros=0), booked.price.micros
        await record(world, [TenderPriced(booked.crew, nothing, at, tender_id, before)], now[0])
    about = About(carrier_id=carrier_id)
    words = f"tender {tender_id} was given back after it had been accepted"
    key = f"{IncidentType.TENDER_FELL_OFF}.{tender_id}"
    alarm = Alarm(IncidentType.TENDER_FELL_OFF, about, words, at, dedupe_key=key)
    await raise_all(world, [alarm], now[0], new_id)


async def tasks_replaced(
    world: World, task_ids: Iterable[str], at: datetime, now: Now, new_id: NewId
) -> None:
    """Work in danger was given to somebody else: what was feared of it is over."""
    over = [
        AllClear(f"{IncidentType.LATE_RISK}.{task_id}", at, Resolution.REASSIGNED)
        for task_id in task_ids
    ]
    await raise_all(world, over, now[0], new_id)


async def emission_recorded(world: World, event: EmissionRecorded, now: Now) -> None:
    """Compliance computed what a leg emitted."""
    await record(world, [event], now[0])


async def decision_heard(world: World, event: DecisionHeard, now: Now) -> None:
    """Compliance decided on a route."""
    await record(world, [event], now[0])


async def _end(world: World, known: Driven, at: datetime, now: Now, new_id: NewId) -> None:
    run = Run(known.route, known.progress, now[1])
    run.end(at)
    if known.route.carrier_id:
        settle(run, tracked=run.progress.fix is not None)
    await keep(world, run, now[0], new_id)


async def _move(world: World, route_id: str, placed: RoutePlaced) -> None:
    tasks = placed.tasks
    names = [task.task_id for task in tasks]
    await world.tasks.move(names, [task.delivery_id for task in tasks], route_id)
    await world.tasks.release([task.task_id for task in placed.removed], route_id)


async def _placed(world: World, route: Route, known: Driven | None, at: datetime) -> RoutePlaced:
    tasks = tuple(charge(task) for task in route.tasks)
    before = tuple(charge(task) for task in known.route.tasks) if known else ()
    return RoutePlaced(
        crew=crew(route),
        at=at,
        tasks=tasks,
        added=_without(tasks, before),
        removed=_without(before, tasks),
        planned_meters=route.meters,
        planned_stops=len(route.stops),
        plan_id=route.plan_id,
        cause=route.cause,
        decision_ids=route.decision_ids,
        shifts=await _shifts(world, route),
    )


async def _shifts(world: World, route: Route) -> tuple[PlanShift, ...]:
    """When each attempt was expected before, and where it comes from."""
    known = await world.deliveries.get({task.delivery_id for task in route.tasks})
    return tuple(
        _shift(route.route_id, task.task_id, stop.arrival, known.get(task.delivery_id))
        for stop in route.stops
        for task in stop.tasks
    )


def _shift(route_id: str, task_id: str, arrival: datetime, delivery: Delivery | None) -> PlanShift:
    if delivery is None or delivery.task_id != task_id:
        return PlanShift(task_id, arrival)
    before = delivery.route_id or delivery.left_route_id
    return PlanShift(task_id, arrival, delivery.planned_at, before if before != route_id else "")


def _without(tasks: tuple[Charge, ...], others: tuple[Charge, ...]) -> tuple[Charge, ...]:
    names = {task.task_id for task in others}
    return tuple(task for task in tasks if task.task_id not in names)


def _about(route_id: str, known: Driven | None) -> About:
    if known is None:
        return About(route_id=route_id)
    route = known.route
    return About(
        route_id=route_id,
        driver_id=route.driver_id,
        vehicle_id=route.vehicle.vehicle_id,
        carrier_id=route.carrier_id,
    )


def _unread(route_id: str) -> str:
    return f"{IncidentType.REVISION_UNACKNOWLEDGED}.{route_id}"
