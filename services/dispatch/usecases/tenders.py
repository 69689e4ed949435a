"""Tenders: offered, declined, withdrawn, run out, begun, completed. Acceptance stands by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from meshkit.caller import Caller
from meshkit.errors import Invalid
from services.dispatch.domain import tender as tenders
from services.dispatch.domain.carrier import Quote, tendered
from services.dispatch.domain.events import (
    Event,
    Fact,
    RouteWithdrawn,
    TenderCompleted,
    TenderDeclined,
    TenderExpired,
    TenderFellOff,
    TenderOffered,
    TenderStarted,
    TenderWithdrawn,
)
from services.dispatch.domain.route import RouteState
from services.dispatch.domain.task import Task, TaskOutcome
from services.dispatch.domain.tender import (
    OfferState,
    Tender,
    TenderDeclineReason,
    TenderState,
    TenderStrategy,
)
from services.dispatch.ports import Stores
from services.dispatch.usecases import routes
from services.dispatch.usecases.common import (
    all_required,
    require_etag,
    required,
)
from services.dispatch.usecases.quotes import require_free

ENDED_WITHOUT = frozenset(
    {TenderState.DECLINED, TenderState.EXPIRED, TenderState.WITHDRAWN, TenderState.FELL_OFF}
)


async def create(
    stores: Stores,
    tender_id: str,
    quote_ids: Sequence[str],
    strategy: TenderStrategy,
    answer_duration: timedelta,
    now: datetime,
) -> Tender:
    """Offers the tasks of some quotes to their carriers; the tasks are taken until it ends."""
    found = await stores.quotes.claim_all(quote_ids)
    quotes = all_required(found, quote_ids, "QUOTE_UNKNOWN")
    task_ids = _common_tasks(quotes)
    after = [tendered(quote, now) for quote in quotes]
    tasks = all_required(await stores.tasks.claim_all(task_ids), task_ids, "TASK_UNKNOWN")
    for task in tasks:
        require_free(task)
        await _reserve(stores, task, tender_id, now)
    blank = Tender(
        tender_id=tender_id,
        strategy=strategy,
        task_ids=tuple(task_ids),
        delivery_ids=tuple(task.delivery_id for task in tasks),
        offers=tenders.offers_of(quotes),
        answer_duration=answer_duration,
        create_time=now,
        update_time=now,
    )
    tender = tenders.opened(blank, now)
    await stores.tenders.add(tender)
    await stores.quotes.save(*after)
    _tell_offers(stores, blank, tender, now)
    return tender


def _common_tasks(quotes: Sequence[Quote]) -> list[str]:
    """The tasks that all quotes are for. Raises Invalid `TASKS_UNEQUAL`."""
    first = list(quotes[0].task_ids)
    if any(set(quote.task_ids) != set(first) for quote in quotes):
        raise Invalid("TASKS_UNEQUAL", "the quotes are not for the same tasks")
    return first


async def _reserve(stores: Stores, task: Task, tender_id: str, now: datetime) -> None:
    await stores.tasks.save(
        replace(task, tender_id=tender_id, revision=task.revision + 1, update_time=now)
    )


def _tell_offers(stores: Stores, before: Tender, after: Tender, now: datetime) -> None:
    """One fact for each carrier whose turn has come."""
    for carrier_id in after.open_carrier_ids:
        if carrier_id not in before.open_carrier_ids and after.expire_time is not None:
            event = TenderOffered(after.tender_id, carrier_id, after.expire_time, after.task_ids)
            stores.tell(Fact(after.tender_id, now, event))


def seen(tender: Tender | None, caller: Caller, tender_id: str) -> Tender:
    """The tender as the caller may see it."""
    found = required(tender, "TENDER_UNKNOWN", tender_id)
    if not caller.carrier_id:
        return found
    return required(tenders.seen_by(found, caller.carrier_id), "TENDER_UNKNOWN", tender_id)


async def decline(
    stores: Stores, caller: Caller, tender_id: str, reason: TenderDeclineReason, now: datetime
) -> Tender:
    """A carrier's no; a sequential tender goes to the next."""
    found = required(await stores.tenders.claim(tender_id), "TENDER_UNKNOWN", tender_id)
    after = tenders.declined(found, caller.carrier_id, reason, now)
    event = TenderDeclined(tender_id, caller.carrier_id, reason)
    await _keep(stores, found, after, now, event)
    return seen(after, caller, tender_id)


async def withdraw(stores: Stores, tender_id: str, etag: str, now: datetime) -> Tender:
    """Takes back what nobody has accepted."""
    found = required(await stores.tenders.claim(tender_id), "TENDER_UNKNOWN", tender_id)
    require_etag(etag, found.revision, tender_id)
    after = tenders.withdrawn(found, now)
    await _keep(stores, found, after, now, TenderWithdrawn(tender_id, found.open_carrier_ids))
    return after


async def expire(stores: Stores, tender_id: str, now: datetime) -> Tender | None:
    """Closes offers that ran out; None when none had."""
    found = await stores.tenders.claim(tender_id)
    after = tenders.expired(found, now) if found else None
    if found is None or after is None:
        return None
    is_over = after.state is TenderState.EXPIRED
    asked = tuple(o.carrier_id for o in after.offers if o.state is OfferState.EXPIRED)
    await _keep(stores, found, after, now, TenderExpired(tender_id, asked) if is_over else None)
    return after


async def fall_off(stores: Stores, caller: Caller, tender_id: str, now: datetime) -> Tender:
    """Gives back an accepted tender: its route is withdrawn, its open tasks are free."""
    found = required(await stores.tenders.claim(tender_id), "TENDER_UNKNOWN", tender_id)
    mine = seen(found, caller, tender_id)
    if caller.carrier_id and mine.carrier_id != caller.carrier_id:
        raise tenders.not_accepted(found)
    after = tenders.fell_off(found, now)
    freed = await _withdraw_route(stores, found, now)
    event = TenderFellOff(tender_id, found.carrier_id, freed)
    await _keep(stores, found, after, now, event)
    return seen(after, caller, tender_id)


async def _withdraw_route(stores: Stores, tender: Tender, now: datetime) -> tuple[str, ...]:
    """Takes the open tasks off the carrier's route."""
    route, freed = await routes.free_tasks(stores, tender.route_id, now)
    if route is None:
        return ()
    await stores.routes.note(replace(route, state=RouteState.WITHDRAWN))
    event = RouteWithdrawn(route.route_id, route.revision, tuple(freed))
    stores.tell(Fact(route.route_id, now, event))
    await routes.follow_plan(stores, route.route_plan_id, now)
    return tuple(freed)


async def _keep(
    stores: Stores, before: Tender, after: Tender, now: datetime, event: Event | None
) -> None:
    """Saves a tender, tells what happened, and frees its tasks when nobody carries them."""
    await stores.tenders.save(after)
    if event is not None:
        stores.tell(Fact(after.tender_id, now, event))
    _tell_offers(stores, before, after, now)
    if after.state in ENDED_WITHOUT:
        for task in (await stores.tasks.claim_all(after.task_ids)).values():
            if task.is_open and task.tender_id == after.tender_id:
                await _reserve(stores, task, "", now)


async def follow_task(stores: Stores, task: Task, now: datetime) -> None:
    """A tendered task has ended: the tender has begun, and with the last it is completed."""
    found = await stores.tenders.claim(task.tender_id) if task.tender_id else None
    if found is None:
        return
    begun = await begin(stores, found, now)
    tasks = list((await stores.tasks.find_all(found.task_ids)).values())
    if any(one.is_open for one in tasks):
        return
    after = tenders.completed(begun, now)
    if after is not None:
        await _keep(stores, begun, after, now, _completed(after, tasks))
        await routes.close(stores, after.route_id, now)


def _completed(tender: Tender, tasks: Sequence[Task]) -> TenderCompleted:
    outcomes = [task.outcome for task in tasks]
    return TenderCompleted(
        tender.tender_id,
        tender.carrier_id,
        succeeded_count=outcomes.count(TaskOutcome.SUCCEEDED),
        failed_count=outcomes.count(TaskOutcome.FAILED),
    )


async def begin(stores: Stores, tender: Tender, now: datetime) -> Tender:
    """The tender once its carrier has begun."""
    after = tenders.begun(tender, now)
    if after is None:
        return tender
    await _keep(stores, tender, after, now, TenderStarted(tender.tender_id, tender.carrier_id))
    return after
