"""Deliveries and their tasks: created, changed, held, listed. Calling off has a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.caller import Caller
from meshkit.errors import AlreadyExists, MeshError, NotFound, NotReady
from meshkit.ids import NewId
from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.delivery_state import require_under_way
from services.dispatch.domain.events import (
    DeliveryCreated,
    DeliveryUpdated,
    Fact,
    TaskCreated,
    digest,
)
from services.dispatch.domain.task import Task, TaskType
from services.dispatch.domain.values import span_of
from services.dispatch.ports import Slice, Stores, TaskFilter
from services.dispatch.usecases.common import (
    move_delivery,
    own_carrier,
    require_etag,
    required,
)

# What clients may change; all else is derived or names the delivery.
WRITABLE = frozenset(
    {
        "service_level",
        "recipient",
        "origin_place_id",
        "location",
        "address",
        "access_profile",
        "windows",
        "promise_window",
        "green_window",
        "service_duration",
        "parcels",
        "required_skills",
        "any_skills",
        "excluded_skills",
        "priority",
        "verification_requirements",
        "amount_to_collect",
        "instructions",
        "alternatives",
        "territory_id",
        "segment",
        "order_reference",
    }
)


@dataclass(frozen=True, slots=True)
class Made:
    """A delivery with its first task."""

    delivery: Delivery
    task: Task


def fresh(asked: Delivery, now: datetime, new_id: NewId, traceparent: str = "") -> Made:
    """What a caller asked for, named and new; nothing that it said of derived fields remains."""
    delivery_id = asked.delivery_id or new_id("del")
    task = Task(new_id("tsk"), delivery_id, TaskType.DELIVERY, create_time=now, update_time=now)
    delivery = replace(
        _named_parcels(asked, new_id),
        delivery_id=delivery_id,
        revision=1,
        state=DeliveryState.CREATED,
        promise_window=asked.promise_window or span_of(asked.windows),
        attempt_number=1,
        open_task_id=task.task_id,
        state_reason="",
        create_time=now,
        update_time=now,
        delivered_time=None,
        traceparent=traceparent,
    )
    return Made(delivery, task)


def _named_parcels(delivery: Delivery, new_id: NewId) -> Delivery:
    parcels = (replace(p, parcel_id=p.parcel_id or new_id("pcl")) for p in delivery.parcels)
    return replace(delivery, parcels=tuple(parcels))


async def create(stores: Stores, made: Made, now: datetime) -> None:
    """Keeps a new delivery. Raises AlreadyExists or NotFound `PLACE_UNKNOWN`."""
    for fault in await faults_of(stores, [made]):
        if fault is not None:
            raise fault
    await keep(stores, [made], now)


async def keep(stores: Stores, made: Sequence[Made], now: datetime) -> None:
    """Stores new deliveries with their tasks, and tells."""
    await stores.deliveries.add(*(one.delivery for one in made))
    await stores.tasks.add(*(one.task for one in made))
    for one in made:
        named = one.delivery.delivery_id
        stores.tell(
            Fact(named, now, DeliveryCreated(digest(one.delivery))),
            Fact(one.task.task_id, now, TaskCreated(one.task)),
        )


async def faults_of(stores: Stores, made: Sequence[Made]) -> list[MeshError | None]:
    """What keeps each new delivery from being stored, in order; None for a good one."""
    deliveries = [one.delivery for one in made]
    taken = set(await stores.deliveries.find_all([d.delivery_id for d in deliveries]))
    parcel_ids = [p.parcel_id for d in deliveries for p in d.parcels]
    parcels = set(await stores.deliveries.parcels_taken(parcel_ids))
    places = await stores.places.find_all(list({p for d in deliveries for p in d.place_ids}))
    return [_fault(delivery, taken, parcels, places) for delivery in deliveries]


def _fault(
    delivery: Delivery, taken: set[str], parcels: set[str], places: Mapping[str, object]
) -> MeshError | None:
    """The fault of one; what it names is taken for those that come after it in the batch."""
    named = delivery.delivery_id
    mine = [parcel.parcel_id for parcel in delivery.parcels]
    if named in taken:
        return AlreadyExists("DELIVERY_EXISTS", f"{named!r} exists", delivery_id=named)
    if parcels & set(mine) or len(set(mine)) < len(mine):
        return AlreadyExists("PARCEL_EXISTS", "a parcel's name is taken", delivery_id=named)
    for place_id in delivery.place_ids:
        if place_id not in places:
            return NotFound("PLACE_UNKNOWN", f"no place {place_id!r}", place_id=place_id)
    taken.add(named)
    parcels.update(mine)
    return None


async def get(stores: Stores, caller: Caller, delivery_id: str) -> Delivery:
    """A delivery that the caller may see."""
    found = required(await stores.deliveries.find(delivery_id), "DELIVERY_UNKNOWN", delivery_id)
    if caller.carrier_id and not await _carried_by(stores, caller, delivery_id):
        required(None, "DELIVERY_UNKNOWN", delivery_id)
    return found


async def _carried_by(stores: Stores, caller: Caller, delivery_id: str) -> bool:
    """Whether a task of the delivery is on a route of the caller's."""
    which = TaskFilter(delivery_ids=[delivery_id], carrier_id=caller.carrier_id)
    return bool(await stores.tasks.list_page(which, Slice(None, 1)))


async def update(
    stores: Stores, asked: Delivery, changed: Sequence[str], etag: str, now: datetime, new_id: NewId
) -> Delivery:
    """Changes what was promised; `asked` is the whole delivery with the changes in it."""
    named = asked.delivery_id
    before = required(await stores.deliveries.claim(named), "DELIVERY_UNKNOWN", named)
    require_etag(etag, before.revision, named)
    require_under_way(before)
    written = {name: getattr(asked, name) for name in changed}
    wanted = _named_parcels(replace(before, **written), new_id)
    after = replace(
        wanted,
        promise_window=wanted.promise_window or span_of(wanted.windows),
        revision=before.revision + 1,
        update_time=now,
    )
    await _require_places(stores, after)
    await stores.deliveries.save(after)
    if "parcels" in changed:
        await stores.deliveries.replace_parcels(after)
    stores.tell(Fact(named, now, DeliveryUpdated(digest(after), tuple(changed))))
    return after


async def _require_places(stores: Stores, delivery: Delivery) -> None:
    places = await stores.places.find_all(delivery.place_ids)
    for place_id in delivery.place_ids:
        required(places.get(place_id), "PLACE_UNKNOWN", place_id)


async def hold(stores: Stores, delivery_id: str, etag: str, reason: str, now: datetime) -> Delivery:
    """Keeps a delivery out of planning. Raises NotReady `TASK_TAKEN` on a binding route."""
    found = required(await stores.deliveries.claim(delivery_id), "DELIVERY_UNKNOWN", delivery_id)
    require_etag(etag, found.revision, delivery_id)
    require_under_way(found)
    after = await move_delivery(stores, found, Move.HELD, now, reason)
    if after.state is not DeliveryState.ON_HOLD:
        raise NotReady("TASK_TAKEN", f"{delivery_id!r} is {found.state}", state=found.state.value)
    return after


async def release(stores: Stores, delivery_id: str, etag: str, now: datetime) -> Delivery:
    """Lets a held delivery be planned again."""
    found = required(await stores.deliveries.claim(delivery_id), "DELIVERY_UNKNOWN", delivery_id)
    require_etag(etag, found.revision, delivery_id)
    if found.state is not DeliveryState.ON_HOLD:
        raise NotReady(
            "DELIVERY_NOT_HELD", f"{delivery_id!r} is {found.state}", state=found.state.value
        )
    return await move_delivery(stores, found, Move.RELEASED, now)


def scoped_carrier(caller: Caller, asked: str) -> str:
    """The carrier to list for: a carrier itself, whoever else whom it asks for."""
    if not own_carrier(caller, asked or caller.carrier_id):
        raise NotFound("CARRIER_UNKNOWN", f"no carrier {asked!r}", carrier_id=asked)
    return caller.carrier_id or asked
