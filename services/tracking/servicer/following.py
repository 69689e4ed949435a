"""What dispatch's and compliance's feeds tell, once each: a feed is an edge like an rpc."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from doorstep.compliance.v1 import event_pb2 as compliance_pb
from doorstep.dispatch.v1 import event_pb2 as dispatch_pb
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from services.tracking.convert import dispatch as wire
from services.tracking.convert.wire import amount, moment
from services.tracking.domain.event import Crew
from services.tracking.domain.heard import TenderPriced
from services.tracking.ports import World
from services.tracking.servicer.common import Desk
from services.tracking.usecases import projecting
from services.tracking.usecases.side_facts import Now

DISPATCH = "tracking.dispatch"
COMPLIANCE = "tracking.compliance"
COMPLIANCE_TYPES = ("emission_recorded", "decision_stored")

Effect = Callable[[World, dispatch_pb.Change, Now], Awaitable[None]]
TakeIn = Callable[[Transaction, Any], Awaitable[None]]


def taking_in_dispatch(desk: Desk) -> TakeIn:
    """The effect of one of dispatch's changes, in the transaction that moves our cursor past it."""

    async def take_in(tx: Transaction, change: dispatch_pb.Change) -> None:
        effect = EFFECTS.get(change.WhichOneof("event") or "")
        if effect is not None:
            await effect(desk.worlds(tx), change, desk.now)

    return take_in


def taking_in_compliance(desk: Desk) -> TakeIn:
    """The same for compliance's."""

    async def take_in(tx: Transaction, change: compliance_pb.Change) -> None:
        if change.WhichOneof("event") == "emission_recorded":
            event = wire.emission(change.emission_recorded.record)
            await projecting.emission_recorded(desk.worlds(tx), event, desk.now)
        elif change.WhichOneof("event") == "decision_stored":
            await projecting.decision_heard(desk.worlds(tx), wire.decision(change), desk.now)

    return take_in


async def _created(world: World, change: dispatch_pb.Change, now: Now) -> None:
    event = wire.known(change, change.delivery_created, new=True)
    await projecting.delivery_known(world, event, now, new_id)
    await world.contacts.put(wire.contact(change.delivery_created.delivery))


async def _updated(world: World, change: dispatch_pb.Change, now: Now) -> None:
    event = wire.known(change, change.delivery_updated)
    await projecting.delivery_known(world, event, now, new_id)
    await world.contacts.put(wire.contact(change.delivery_updated.delivery))


async def _rescheduled(world: World, change: dispatch_pb.Change, now: Now) -> None:
    event = wire.known(change, change.delivery_rescheduled, rescheduled=True)
    await projecting.delivery_known(world, event, now, new_id)
    await world.contacts.put(wire.contact(change.delivery_rescheduled.delivery))


async def _redirected(world: World, change: dispatch_pb.Change, now: Now) -> None:
    event = wire.known(change, change.delivery_redirected, redirected=True)
    await projecting.delivery_known(world, event, now, new_id)


async def _cancelled(world: World, change: dispatch_pb.Change, now: Now) -> None:
    await projecting.delivery_cancelled(world, wire.cancelled(change), now, new_id)


async def _task(world: World, change: dispatch_pb.Change, now: Now) -> None:
    await projecting.attempt_planned(world, wire.attempt(change), now, new_id)


async def _published(world: World, change: dispatch_pb.Change, now: Now) -> None:
    route, at = wire.route(change.route_published.route), moment(change.event_time)
    await projecting.route_placed(world, route, at, now, new_id)


async def _revised(world: World, change: dispatch_pb.Change, now: Now) -> None:
    message, at = change.route_revised, moment(change.event_time)
    await projecting.route_placed(world, wire.route(message.route), at, now, new_id)
    await projecting.tasks_replaced(world, message.removed_task_ids, at, now, new_id)


async def _withdrawn(world: World, change: dispatch_pb.Change, now: Now) -> None:
    at = moment(change.event_time)
    await projecting.route_withdrawn(world, change.route_withdrawn.route_id, at, now)


async def _closed(world: World, change: dispatch_pb.Change, now: Now) -> None:
    at = moment(change.event_time)
    await projecting.route_closed(world, change.route_closed.route_id, at, now, new_id)


async def _shift_ended(world: World, change: dispatch_pb.Change, now: Now) -> None:
    shift = change.shift_ended.shift
    at = moment(shift.end_time) if shift.HasField("end_time") else moment(change.event_time)
    await projecting.shift_ended(world, shift.shift_id, at, now, new_id)


async def _acknowledged(world: World, change: dispatch_pb.Change, now: Now) -> None:
    at, route_id = moment(change.event_time), change.revision_acknowledged.route_id
    await projecting.revision_acknowledged(world, route_id, at, now, new_id)


async def _unacknowledged(world: World, change: dispatch_pb.Change, now: Now) -> None:
    message, at = change.revision_unacknowledged, moment(change.event_time)
    await projecting.revision_unacknowledged(
        world, message.route_id, message.revision, at, now, new_id
    )


async def _hours(world: World, change: dispatch_pb.Change, now: Now) -> None:
    message, at = change.hours_exceeded, moment(change.event_time)
    driver_id = message.violation.driver_id
    await projecting.hours_exceeded(world, driver_id, message.route_id, at, now, new_id)


async def _tender_accepted(world: World, change: dispatch_pb.Change, now: Now) -> None:
    message, at = change.tender_accepted, moment(change.event_time)
    by = Crew(route_id=message.route_id, carrier_id=message.carrier_id)
    event = TenderPriced(by, amount(message.price), at)
    await projecting.tender_priced(world, message.route_id, message.tender_id, event, now)


async def _fell_off(world: World, change: dispatch_pb.Change, now: Now) -> None:
    message, at = change.tender_fell_off, moment(change.event_time)
    await projecting.tender_fell_off(world, message.tender_id, message.carrier_id, at, now, new_id)


async def _tenant(world: World, change: dispatch_pb.Change, _: Now) -> None:
    await world.contacts.put_zone("", change.tenant_created.time_zone)


async def _place(world: World, change: dispatch_pb.Change, _: Now) -> None:
    place = change.place_changed.place
    await world.contacts.put_zone(place.place_id, place.time_zone)


EFFECTS: dict[str, Effect] = {
    "delivery_created": _created,
    "delivery_updated": _updated,
    "delivery_rescheduled": _rescheduled,
    "delivery_redirected": _redirected,
    "delivery_cancelled": _cancelled,
    "task_created": _task,
    "route_published": _published,
    "route_revised": _revised,
    "route_withdrawn": _withdrawn,
    "route_closed": _closed,
    "shift_ended": _shift_ended,
    "revision_acknowledged": _acknowledged,
    "revision_unacknowledged": _unacknowledged,
    "hours_exceeded": _hours,
    "tender_accepted": _tender_accepted,
    "tender_fell_off": _fell_off,
    "tenant_created": _tenant,
    "place_changed": _place,
}
