"""What several use-cases need: a thing that must exist, a delivery that a fact moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from meshkit.caller import Caller, Role
from meshkit.errors import Conflict, NotFound
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.delivery_state import evolve
from services.dispatch.domain.events import DeliveryStateChanged, Fact
from services.dispatch.ports import Stores

T = TypeVar("T")

Reading = Callable[[], AbstractAsyncContextManager[Stores]]  # a transaction to read in


def required(value: T | None, reason: str, name: str) -> T:
    """The value, or NotFound: the same words for what is absent and for what is another's."""
    if value is None:
        noun = reason.removesuffix("_UNKNOWN").replace("_", " ").lower()
        raise NotFound(reason, f"no {noun} {name!r}", name=name)
    return value


def all_required(found: Mapping[str, T], names: Sequence[str], reason: str) -> list[T]:
    """The values in the order of their names, or NotFound for the first that is absent."""
    return [required(found.get(name), reason, name) for name in names]


def require_etag(etag: str, revision: int, name: str) -> None:
    """Raises Conflict `ETAG_STALE` when the caller saw another revision; an empty etag saw none."""
    if etag and etag != str(revision):
        raise Conflict("ETAG_STALE", f"{name!r} is at {revision}, not {etag!r}", name=name)


def own_driver(caller: Caller, driver_id: str) -> bool:
    """Whether a caller may see what is this driver's: a driver only its own."""
    return caller.role is not Role.DRIVER or caller.driver_id == driver_id


def own_carrier(caller: Caller, carrier_id: str) -> bool:
    """Whether a caller may see what is this carrier's: a carrier only its own."""
    return caller.role is not Role.CARRIER or caller.carrier_id == carrier_id


async def move_delivery(
    stores: Stores, delivery: Delivery, move: Move, now: datetime, reason: str = ""
) -> Delivery:
    """Saves and tells what a fact does to a claimed delivery; nothing when it does nothing."""
    state = evolve(delivery.state, move)
    if state is delivery.state:
        return delivery
    after = replace(
        delivery,
        state=state,
        state_reason=reason,
        revision=delivery.revision + 1,
        update_time=now,
    )
    await stores.deliveries.save(after)
    stores.tell(state_changed(delivery, after, now))
    return after


def state_changed(before: Delivery, after: Delivery, now: datetime) -> Fact:
    """The fact that a delivery's state changed."""
    return Fact(
        after.delivery_id,
        now,
        DeliveryStateChanged(
            delivery_id=after.delivery_id,
            previous_state=before.state,
            state=after.state,
            reason=after.state_reason,
            attempt_number=after.attempt_number,
        ),
    )


async def move_deliveries(
    stores: Stores, delivery_ids: Sequence[str], move: Move, now: datetime
) -> None:
    """The same fact for many deliveries."""
    for delivery in (await stores.deliveries.claim_all(delivery_ids)).values():
        await move_delivery(stores, delivery, move, now)
