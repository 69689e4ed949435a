"""Facts of the domain as drafts of the feed: an event's class has the name of its message."""

from __future__ import annotations

import re
import typing

from doorstep.dispatch.v1 import event_pb2
from meshkit.feed import Draft
from services.dispatch.convert.codec import Codec
from services.dispatch.domain.events import Event, Fact

CAPITAL = re.compile(r"(?<!^)([A-Z])")


def field_name(event: type) -> str:
    """`RoutePublished` -> `route_published`: the name of the event's field in Change."""
    return CAPITAL.sub(r"_\1", event.__name__).lower()


CODECS = {kind: Codec(kind, getattr(event_pb2, kind.__name__)) for kind in typing.get_args(Event)}
TYPES = {kind: field_name(kind) for kind in CODECS}


def draft(fact: Fact) -> Draft:
    """What is appended to the feed."""
    kind = type(fact.event)
    payload = CODECS[kind].encode(fact.event).SerializeToString()
    return Draft(TYPES[kind], fact.subject, fact.at, payload)
