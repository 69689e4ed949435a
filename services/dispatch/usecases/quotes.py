"""Quotes: what carriers ask for certain tasks together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from meshkit.caller import Caller
from meshkit.errors import Invalid, NotReady
from meshkit.ids import NewId
from services.dispatch.domain.carrier import (
    Price,
    Quote,
    quote_task,
    require_future,
    require_working,
    submitted,
)
from services.dispatch.domain.events import Fact, QuotesRequested, QuoteSubmitted
from services.dispatch.domain.task import Task, require_open
from services.dispatch.ports import Stores
from services.dispatch.usecases.common import all_required, own_carrier, required


async def request(
    stores: Stores,
    task_ids: Sequence[str],
    carrier_ids: Sequence[str],
    answer_expire_time: datetime,
    now: datetime,
    new_id: NewId,
) -> list[Quote]:
    """Asks each carrier for one price for all the tasks."""
    require_future(answer_expire_time, now)
    carriers = await stores.carriers.find_all(carrier_ids)
    for carrier in all_required(carriers, carrier_ids, "CARRIER_UNKNOWN"):
        require_working(carrier, now)
    tasks = all_required(await stores.tasks.find_all(task_ids), task_ids, "TASK_UNKNOWN")
    for task in tasks:
        require_free(task)
    template = await _template(stores, tasks, answer_expire_time, now)
    quotes = [replace(template, quote_id=new_id("quo"), carrier_id=c) for c in carrier_ids]
    await stores.quotes.add(*quotes)
    names = tuple(quote.quote_id for quote in quotes)
    event = QuotesRequested(names, tuple(carrier_ids), tuple(task_ids))
    stores.tell(Fact(names[0], now, event))
    return quotes


def require_free(task: Task) -> None:
    """Raises NotReady `TASK_CLOSED` or `TASK_TAKEN`."""
    require_open(task)
    if task.route_id or task.tender_id:
        raise NotReady("TASK_TAKEN", f"task {task.task_id!r} is taken", task_id=task.task_id)


async def _template(
    stores: Stores, tasks: Sequence[Task], answer_expire_time: datetime, now: datetime
) -> Quote:
    deliveries = await stores.deliveries.find_all([task.delivery_id for task in tasks])
    origins = {delivery.origin_place_id for delivery in deliveries.values()}
    if len(origins) != 1:
        raise Invalid("TASKS_UNEQUAL", "tasks that are priced together leave from one place")
    place_id = origins.pop()
    origin = required(await stores.places.find(place_id), "PLACE_UNKNOWN", place_id)
    return Quote(
        quote_id="",
        carrier_id="",
        tasks=tuple(
            quote_task(task, deliveries[task.delivery_id], origin.location) for task in tasks
        ),
        answer_expire_time=answer_expire_time,
        create_time=now,
    )


async def submit(
    stores: Stores,
    caller: Caller,
    quote_id: str,
    answer: Price,
    currency_code: str,
    now: datetime,
) -> Quote:
    """Answers a quote with a price; a carrier only its own."""
    found = await stores.quotes.claim(quote_id)
    is_mine = found is not None and own_carrier(caller, found.carrier_id)
    quote = required(found if is_mine else None, "QUOTE_UNKNOWN", quote_id)
    after = submitted(quote, answer, currency_code, now)
    await stores.quotes.save(after)
    event = QuoteSubmitted(quote_id, quote.carrier_id, answer.price)
    stores.tell(Fact(quote_id, now, event))
    return after
