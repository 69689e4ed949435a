"""
Taking in facts: kept first, judged afterwards, never refused for being late.

A fact about a task or route that is not known yet waits for dispatch's news of it, and a success
for the money it asks for. When the news says otherwise (cancelled, on another route, another
driver's, unpaid), or does not come in time, the fact is contested: it stays in the log without
effect, and an incident asks a person.
"""

from __future__ import annotations

from collections.abc import Collection

from meshkit.ids import NewId
from services.tracking.domain import fact as facts
from services.tracking.domain.event import OutcomeRecorded
from services.tracking.domain.fact import Fact
from services.tracking.domain.incident import About, Alarm, IncidentType
from services.tracking.domain.payment import PaymentState
from services.tracking.domain.progress import RunState
from services.tracking.domain.run import Run
from services.tracking.domain.words import TaskKind
from services.tracking.ports import FactStatus, TaskPlace, World
from services.tracking.usecases import handover, paying, side_facts
from services.tracking.usecases.finding import route_of, theirs
from services.tracking.usecases.recording import keep, raise_all
from services.tracking.usecases.side_facts import Now

OF_TASK = (facts.Success, facts.Failure, facts.Collection)
HANDOVERS = (TaskKind.DELIVERY, TaskKind.UNSPECIFIED, TaskKind.PUDO_DROP)
OF_ROUTE = (
    facts.RouteStart,
    facts.RouteEnd,
    facts.Arrival,
    facts.ServiceStart,
    facts.Departure,
    facts.Skip,
)


async def record_fact(
    world: World, fact: Fact, digest: bytes, now: Now, new_id: NewId
) -> FactStatus:
    """Keeps a fact and lets it take effect, now or when what it names is known."""
    known = await world.facts.add(fact, digest)
    if known is not None:
        return known
    return await judge(world, fact, now, new_id, final=False)


async def judge(world: World, fact: Fact, now: Now, new_id: NewId, *, final: bool) -> FactStatus:
    """Lets a kept fact take effect. `final`: nothing more is waited for."""
    status = await _effect(world, fact, now, new_id)
    if status is FactStatus.PENDING and final:
        status = FactStatus.CONTESTED
    if status is FactStatus.CONTESTED:
        await _contested(world, fact, now, new_id)
    await world.facts.mark(fact.event_id, status)
    return status


async def _contested(world: World, fact: Fact, now: Now, new_id: NewId) -> None:
    place = await world.tasks.find(fact.task_id) if isinstance(fact.what, facts.Success) else None
    driven = await world.routes.get(place.route_id) if place and place.route_id else None
    task = driven.route.task(fact.task_id) if driven else None
    if place and task and not place.cancelled and await paying.unpaid(world, place, task.kind):
        await paying.contest(world, place, fact, now, new_id)
    else:
        await raise_all(world, [_contest(fact)], now[0], new_id)


async def retry(
    world: World, task_ids: Collection[str], route_id: str, now: Now, new_id: NewId
) -> None:
    """Judges facts again that waited for these tasks, or for this route."""
    for fact in await world.facts.pending(task_ids, route_id):
        await judge(world, fact, now, new_id, final=False)


async def _effect(world: World, fact: Fact, now: Now, new_id: NewId) -> FactStatus:
    if isinstance(fact.what, OF_TASK):
        return await _about_task(world, fact, now, new_id)
    if isinstance(fact.what, OF_ROUTE):
        return await _about_route(world, fact, now, new_id)
    return await side_facts.effect(world, fact, now, new_id)


async def _about_task(world: World, fact: Fact, now: Now, new_id: NewId) -> FactStatus:
    place = await world.tasks.find(fact.task_id)
    if place is None:
        return FactStatus.PENDING
    if place.cancelled and not place.closed:
        return FactStatus.CONTESTED
    if not place.route_id or (fact.route_id and fact.route_id != place.route_id):
        return FactStatus.PENDING
    driven = await world.routes.lock(place.route_id)
    task = driven.route.task(fact.task_id) if driven else None
    if driven is None or task is None or not theirs(driven, fact):
        return FactStatus.PENDING
    run = Run(driven.route, driven.progress, now[1])
    if isinstance(fact.what, facts.Collection):
        return await _collect(world, run, place, fact, now, new_id)
    success = isinstance(fact.what, facts.Success)
    if success and not place.closed and await paying.unpaid(world, place, task.kind):
        return FactStatus.PENDING
    run.close(fact)
    first = any(isinstance(event, OutcomeRecorded) for event in run.events)
    await keep(world, run, now[0], new_id)
    if success and first and task.kind in HANDOVERS:
        await handover.handed(world, place, fact.event_time, now[0], new_id)
    return FactStatus.RECORDED


async def _collect(
    world: World, run: Run, place: TaskPlace, fact: Fact, now: Now, new_id: NewId
) -> FactStatus:
    """Money was taken: a success that waited for it may count now."""
    event = await paying.collected(world, place, fact, run.crew)
    run.events.append(event)
    await keep(world, run, now[0], new_id)
    if event.state is PaymentState.PAID and not place.closed:
        await paying.settled(world, place, now, new_id)
        waiting = await world.facts.pending([place.task_id], "")
        for success in (*waiting, *await world.facts.contested(place.task_id)):
            await judge(world, success, now, new_id, final=False)
    return FactStatus.RECORDED


async def _about_route(world: World, fact: Fact, now: Now, new_id: NewId) -> FactStatus:
    driven, stop_id = await route_of(world, fact)
    if driven is None or not theirs(driven, fact):
        return FactStatus.PENDING
    if stop_id and driven.route.stop(stop_id) is None and not driven.progress.visits.get(stop_id):
        return FactStatus.PENDING
    if driven.progress.state is RunState.WITHDRAWN:
        return FactStatus.CONTESTED
    run = Run(driven.route, driven.progress, now[1])
    _say(run, stop_id, fact)
    await keep(world, run, now[0], new_id)
    return FactStatus.RECORDED


def _say(run: Run, stop_id: str, fact: Fact) -> None:
    at, source = fact.event_time, fact.source
    match fact.what:
        case facts.RouteStart(telemetry):
            run.start(at, telemetry)
        case facts.RouteEnd(telemetry):
            run.end(at, telemetry)
        case facts.Arrival(telemetry):
            run.arrive(stop_id, at, source, telemetry)
        case facts.ServiceStart():
            run.serve(stop_id, at, source)
        case facts.Departure(telemetry):
            run.depart(stop_id, at, source, telemetry)
        case facts.Skip():
            run.skip(stop_id)
        case _:
            raise TypeError(fact.name)


def _contest(fact: Fact) -> Alarm:
    about = About(
        task_id=fact.task_id,
        delivery_id=fact.delivery_id,
        stop_id=fact.stop_id,
        route_id=fact.route_id,
        driver_id=fact.driver_id,
        carrier_id=fact.carrier_id,
    )
    words = f"`{fact.name}` was reported, yet the task or route is cancelled or somebody else's"
    key = f"{IncidentType.CONTESTED_FACT}.{fact.event_id}"
    return Alarm(IncidentType.CONTESTED_FACT, about, words, fact.event_time, dedupe_key=key)
