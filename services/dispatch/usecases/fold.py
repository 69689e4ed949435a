"""
Folds what tracking reports into stops, tasks, deliveries, routes and tenders.

Each fact is taken in within the transaction in which the reader's cursor moves, so it takes effect
once; a fact that comes twice changes nothing even so, because every step asks the state first. A
fact about something that dispatch does not know is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.delivery_state import evolve, fact_of
from services.dispatch.domain.events import Fact, TaskClosed
from services.dispatch.domain.route import Progress, Route, StopState, advanced
from services.dispatch.domain.task import Outcome, Task, closed
from services.dispatch.ports import Stores
from services.dispatch.usecases import routes, tenders
from services.dispatch.usecases.common import move_deliveries, state_changed

DELIVERED = frozenset({Move.DELIVERED, Move.DROPPED_AT_PUDO})


@dataclass(frozen=True, slots=True)
class OutcomeTold:
    """An attempt ended."""

    task_id: str
    delivery_id: str
    outcome: Outcome


async def take_outcome(stores: Stores, told: OutcomeTold, now: datetime) -> None:
    """Closes the task, moves its delivery, and its tender with it."""
    delivery = await stores.deliveries.claim(told.delivery_id)
    task = await stores.tasks.claim(told.task_id)
    if delivery is None or task is None or task.delivery_id != delivery.delivery_id:
        return
    after = closed(task, told.outcome, now)
    if after is None:
        return
    await stores.tasks.save(after)
    stores.tell(Fact(task.task_id, told.outcome.at, TaskClosed(after)))
    await _move(stores, delivery, after, now)
    await tenders.follow_task(stores, after, now)


async def _move(stores: Stores, delivery: Delivery, task: Task, now: datetime) -> None:
    move = fact_of(task)
    is_open_task = delivery.open_task_id == task.task_id
    if move is None or not is_open_task:
        return
    state = evolve(delivery.state, move)
    reason = task.failure_reason.value if task.failure_reason else ""
    after = replace(
        delivery,
        state=state,
        state_reason=reason,
        open_task_id="",
        delivered_time=task.outcome_time if move in DELIVERED else None,
        revision=delivery.revision + 1,
        update_time=now,
    )
    await stores.deliveries.save(after)
    if state is not delivery.state:
        stores.tell(state_changed(delivery, after, now))


async def take_start(
    stores: Stores, route_id: str, delivery_ids: Sequence[str], now: datetime
) -> None:
    """The vehicle left with these deliveries on board."""
    await move_deliveries(stores, sorted(delivery_ids), Move.LOADED, now)
    route = await stores.routes.claim(route_id)
    if route is None:
        return
    await routes.activate(stores, route, now)
    if route.tender_id and (tender := await stores.tenders.claim(route.tender_id)):
        await tenders.begin(stores, tender, now)


async def take_arrival(
    stores: Stores,
    route_id: str,
    stop_id: str,
    delivery_ids: Sequence[str],
    at: datetime,
    now: datetime,
) -> None:
    """The vehicle stands at a stop."""
    await move_deliveries(stores, sorted(delivery_ids), Move.ARRIVED, now)
    await _progress(stores, Progress(route_id, stop_id, StopState.ARRIVED, arrival_time=at))


async def take_departure(stores: Stores, route_id: str, stop_id: str, at: datetime) -> None:
    """The vehicle left a stop."""
    await _progress(stores, Progress(route_id, stop_id, StopState.DEPARTED, departure_time=at))


async def _progress(stores: Stores, told: Progress) -> None:
    route: Route | None = await stores.routes.claim(told.route_id)
    if route is None:
        return
    after = advanced(await stores.routes.progress(told.route_id, told.stop_id), told)
    if after is not None:
        await stores.routes.save_progress(after)


async def take_completion(stores: Stores, route_id: str, now: datetime) -> None:
    """The vehicle is back, or nothing of the route is left."""
    await routes.close(stores, route_id, now)
