"""Facts as drafts of the feed."""

from __future__ import annotations

import json
from dataclasses import replace

from doorstep.dispatch.v1 import event_pb2
from services.dispatch.convert.events import draft, field_name, sealed
from services.dispatch.domain.delivery import Recipient
from services.dispatch.domain.events import (
    DeliveryCreated,
    Fact,
    RouteClosed,
    RoutePlanCompleted,
    digest,
)
from services.dispatch.tests.domain.samples import at, delivery


def test_a_fact_is_told_with_its_name_its_subject_and_its_time() -> None:
    made = draft(Fact("r", at(5), RouteClosed("r", 3)))

    assert (made.type, made.subject, made.event_time) == ("route_closed", "r", at(5))
    assert event_pb2.RouteClosed.FromString(made.payload) == event_pb2.RouteClosed(
        route_id="r", revision=3
    )


def test_a_name_of_several_words_keeps_them_apart() -> None:
    assert field_name(RoutePlanCompleted) == "route_plan_completed"


def test_a_recipient_leaves_under_the_seal_only_and_without_a_name() -> None:
    ada = Recipient("Ada", "+358401234567", "ada@example.org", "fi")
    told = digest(replace(delivery("d1"), recipient=ada))
    fact = Fact("d1", at(5), DeliveryCreated(told))
    open_ = event_pb2.DeliveryCreated.FromString(draft(fact).payload)
    closed = event_pb2.DeliveryCreated.FromString(draft(fact, lambda text: text[::-1]).payload)

    assert open_.delivery.sealed_contact == b""
    assert b"ada@" not in draft(fact).payload
    assert json.loads(closed.delivery.sealed_contact[::-1]) == {
        "email": "ada@example.org",
        "phone": "+358401234567",
    }
    assert "ada@" not in repr(told)


def test_whoever_cannot_be_reached_is_not_told_of() -> None:
    assert sealed(Recipient("Ada"), lambda text: text) == b""
    assert sealed(None, lambda text: text) == b""
