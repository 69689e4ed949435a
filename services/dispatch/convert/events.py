"""Facts of the domain as drafts of the feed: an event's class has the name of its message."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable

from doorstep.dispatch.v1 import event_pb2
from meshkit.feed import Draft
from services.dispatch.convert.codec import Codec
from services.dispatch.domain.delivery import Recipient
from services.dispatch.domain.events import (
    DeliveryCreated,
    DeliveryRescheduled,
    DeliveryUpdated,
    Event,
    Fact,
)

CAPITAL = re.compile(r"(?<!^)([A-Z])")


def field_name(event: type) -> str:
    """`RoutePublished` -> `route_published`: the name of the event's field in Change."""
    return CAPITAL.sub(r"_\1", event.__name__).lower()


CODECS = {kind: Codec(kind, getattr(event_pb2, kind.__name__)) for kind in typing.get_args(Event)}
TYPES = {kind: field_name(kind) for kind in CODECS}


Seal = Callable[[str], str]  # a text, so that tracking alone can read it


def draft(fact: Fact, seal: Seal | None = None) -> Draft:
    """What is appended to the feed; without a seal nobody learns how to reach a recipient."""
    kind = type(fact.event)
    message = CODECS[kind].encode(fact.event)
    if seal is not None and isinstance(
        fact.event, DeliveryCreated | DeliveryUpdated | DeliveryRescheduled
    ):
        message.delivery.sealed_contact = sealed(fact.event.delivery.recipient, seal)
    return Draft(TYPES[kind], fact.subject, fact.at, message.SerializeToString())


def sealed(recipient: Recipient | None, seal: Seal) -> bytes:
    """How a recipient is reached, and no name; empty when there is no way."""
    if recipient is None or not (recipient.email or recipient.phone_number):
        return b""
    told = {"email": recipient.email, "phone": recipient.phone_number}
    return seal(json.dumps(told)).encode()
