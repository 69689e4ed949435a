"""
Payments at the door: unpaid goods never count as delivered.

A success whose amount was not collected waits like any fact that lacks its news, then it is
contested; the payment that comes late lets it count after all.
"""

from __future__ import annotations

from meshkit.ids import NewId
from services.tracking.domain import fact as facts
from services.tracking.domain import payment
from services.tracking.domain.event import AmountCollected, Charge, Crew
from services.tracking.domain.fact import Amount, Fact
from services.tracking.domain.incident import Alarm, AllClear, IncidentType
from services.tracking.domain.payment import PaymentState
from services.tracking.domain.words import TaskKind
from services.tracking.ports import TaskPlace, World
from services.tracking.usecases.finding import about
from services.tracking.usecases.recording import raise_all
from services.tracking.usecases.side_facts import Now

AT_THE_DOOR = (TaskKind.DELIVERY, TaskKind.UNSPECIFIED)  # nobody pays where nobody takes the goods


async def unpaid(world: World, place: TaskPlace, kind: TaskKind) -> bool:
    """Whether a handover still lacks money."""
    if kind not in AT_THE_DOOR:
        return False
    due = await _due(world, place.delivery_id)
    taken = await _taken(world, place.task_id, due)
    return payment.state(due, taken) in (PaymentState.SHORT, PaymentState.REFUSED)


async def collected(world: World, place: TaskPlace, fact: Fact, by: Crew) -> AmountCollected:
    """What a collection means for its task."""
    assert isinstance(fact.what, facts.Collection)  # noqa: S101 - for the type checker
    due = await _due(world, place.delivery_id)
    taken = await _taken(world, place.task_id, due or fact.what.amount)
    last = await world.history.collected(place.delivery_id, place.task_id)
    return AmountCollected(
        crew=by,
        task=Charge(place.task_id, place.delivery_id),
        amount=fact.what.amount,
        method=fact.what.method,
        at=fact.event_time,
        due=due,
        total=taken,
        state=payment.state(due, taken),
        source=fact.source,
        previous_micros=last.total.micros if last and last.total else 0,
    )


async def contest(world: World, place: TaskPlace, fact: Fact, now: Now, new_id: NewId) -> None:
    """Asks a person about goods that were handed over unpaid, as it seems."""
    due = await _due(world, place.delivery_id)
    taken = await _taken(world, place.task_id, due)
    words = f"reported as delivered, yet {payment.words(due or taken, taken)}"
    whom, type_ = await about(world, place.task_id, place.delivery_id), IncidentType.PAYMENT_FAILED
    alarm = Alarm(type_, whom, words, fact.event_time, dedupe_key=_key(place))
    await raise_all(world, [alarm], now[0], new_id)


async def settled(world: World, place: TaskPlace, now: Now, new_id: NewId) -> None:
    """The rest was paid after all."""
    await raise_all(world, [AllClear(_key(place), now[0])], now[0], new_id)


async def _due(world: World, delivery_id: str) -> Amount | None:
    known = (await world.deliveries.get([delivery_id])).get(delivery_id)
    return known.due if known else None


async def _taken(world: World, task_id: str, of: Amount | None) -> Amount:
    if of is None:
        return Amount("", 0)
    takings = [one.what for one in await world.facts.collected(task_id)]
    amounts = [one.amount for one in takings if isinstance(one, facts.Collection)]
    return payment.total(of.currency_code, amounts)


def _key(place: TaskPlace) -> str:
    return f"{IncidentType.PAYMENT_FAILED}.{place.task_id}"
