"""What every servicer of tracking has: the store, the clocks, and who may see what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from grpc.aio import ServicerContext

from meshkit.caller import Caller, Role, current_caller
from meshkit.clock import Clock
from meshkit.errors import Invalid, NotFound, Violation
from meshkit.paging import Page
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.world import PostgresWorld
from services.tracking.convert.wire import window
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.note import Audience
from services.tracking.domain.route import Route, Window
from services.tracking.proof_ports import Objects
from services.tracking.usecases.side_facts import Now

Context = ServicerContext[Any, Any]
Worlds = Callable[[Transaction], PostgresWorld]


@dataclass(frozen=True, slots=True)
class Desk:
    """The store of this process, and what time it is for the business and for the machine."""

    db: Database
    worlds: Worlds
    clock: Clock
    objects: Objects | None = None  # where whole files lie; None: in the store, in pieces

    @property
    def now(self) -> Now:
        """Business time and real time."""
        return self.clock.now(), datetime.now(UTC)


def tenant() -> str:
    """Whose call it is."""
    return current_caller().required_tenant()


def digest_of(message: Message) -> bytes:
    """What was sent, as far as it is the sender's: fields that the server sets do not count."""
    sent = type(message)()
    sent.CopyFrom(message)
    for name in ("record_time", "source", "traceparent", "state", "accept_time", "delivery_id"):
        if name in sent.DESCRIPTOR.fields_by_name and name != "delivery_id":
            sent.ClearField(name)
    return hashlib.sha256(sent.SerializeToString(deterministic=True)).digest()


def drives(route: Route, caller: Caller) -> bool:
    """Whether a caller may see a route: drivers and carriers see their own."""
    if caller.role is Role.DRIVER:
        return route.driver_id == caller.driver_id
    if caller.role is Role.CARRIER:
        return route.carrier_id == caller.carrier_id
    return True


def audiences_of(caller: Caller) -> tuple[Audience, ...]:
    """Which comments a caller may read."""
    if caller.role is Role.RECIPIENT:
        return (Audience.ALL,)
    if caller.role in (Role.DRIVER, Role.CARRIER):
        return (Audience.CREW, Audience.ALL)
    return tuple(Audience)


async def delivery_of(world: PostgresWorld, delivery_id: str, caller: Caller) -> Delivery:
    """A delivery that a caller may see; one it may not see reads like none."""
    known = (await world.deliveries.get([delivery_id])).get(delivery_id)
    if known is not None and caller.role in (Role.DRIVER, Role.CARRIER):
        driven = await world.routes.get(known.route_id) if known.route_id else None
        if driven is None or not drives(driven.route, caller):
            known = None
    if known is None:
        raise NotFound("DELIVERY_UNKNOWN", f"no delivery {delivery_id!r}", delivery_id=delivery_id)
    return known


def span_of(request: Any, name: str, days_max: int) -> Window:
    """The interval that a request names. Raises Invalid `INTERVAL_INVALID`."""
    try:
        span = window(getattr(request, name))
    except ValueError:
        raise _interval(name, "ends before it starts") from None
    if (span.end - span.start).days > days_max:
        raise _interval(name, f"is longer than {days_max} days")
    return span


def _interval(name: str, why: str) -> Invalid:
    return Invalid(
        "INTERVAL_INVALID", f"{name} {why}", violations=[Violation(name, why, "INTERVAL_INVALID")]
    )


def after_of(page: Page, width: int) -> tuple[Any, ...]:
    """The key of the last entry of the page before, as arguments; nulls before the first page."""
    return page.after if page.after is not None else (None,) * width
