"""
What events are split by is written into them once.

Method: a delivery as dispatch told of it, events about it, and edits of everything afterwards.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.tracking.domain.customer import CustomerContacted
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import AmountCollected, StopDeparted
from services.tracking.domain.facets import Facets, cell_of
from services.tracking.domain.fact import Amount, Contact
from services.tracking.domain.journal import Event
from services.tracking.domain.past import address_of
from services.tracking.domain.stamping import earlier, facets_of, stamped, tried
from services.tracking.domain.words import (
    ContactChannel,
    ContactTopic,
    FailureReason,
    Outcome,
    PaymentMethod,
    Source,
)
from services.tracking.tests.projections.story import (
    PROMISE,
    arrived,
    charges,
    crew,
    outcome,
    started,
)
from services.tracking.tests.town import at, place

ONE = Delivery(
    "del_1",
    created_at=at(-60),
    promise=PROMISE,
    location=place(1),
    territory_id="north",
    service_level="SLOT",
    segment="shop",
    region="FI",
    depot_id="plc_1",
    order_reference="A-1",
    task_id="tsk_1",
)
FACETS = Facets(
    cell_of(place(1)),
    "plc_1",
    "north",
    "SLOT",
    "shop",
    PROMISE,
    address_of(place(1)),
    "FI",
    "A-1",
)
EVENTS: list[Event] = [
    outcome(1, 10),
    arrived(1, 8),
    StopDeparted(crew(), "stp_1", at(11), Source.DRIVER, charges(1)),
    AmountCollected(crew(), charges(1)[0], Amount("EUR", 1), PaymentMethod.CASH, at(10)),
    CustomerContacted(
        crew(), "del_1", Contact(ContactChannel.PHONE, ContactTopic.WHERE_IS_IT), at(12)
    ),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_carries_the_circumstances_of_its_delivery(event: Event) -> None:
    told = stamped(event, {"del_1": ONE})

    assert getattr(told, "facets") == FACETS  # noqa: B009 - a union of classes


def test_a_cell_is_a_hexagon_of_resolution_8() -> None:
    assert cell_of(place(0)) == "881126d331fffff"
    assert cell_of(None) == ""


def test_an_event_about_a_delivery_that_is_not_known_stays_as_it_is() -> None:
    assert stamped(outcome(1, 10), {}) == outcome(1, 10)
    assert stamped(started(1), {"del_1": ONE}) == started(1)


def test_a_stop_has_the_facets_that_its_deliveries_share() -> None:
    other = replace(ONE, delivery_id="del_2", segment="web")

    assert facets_of([ONE, other]) == replace(FACETS, segment="")


def test_what_was_promised_when_it_went_out_is_the_slot() -> None:
    later = replace(PROMISE, end=at(240))

    assert facets_of([replace(ONE, promise=later, promise_out=PROMISE)]).slot == PROMISE


def test_an_address_is_named_by_its_place_where_it_has_one() -> None:
    told = stamped(replace(outcome(1, 10), place_id="plc_9"), {"del_1": ONE})

    assert getattr(told, "facets").place == "plc_9"  # noqa: B009


# Attempts of an order.

FAILED = replace(
    ONE,
    delivery_id="del_0",
    created_at=at(-120),
    outcome=Outcome.FAILED,
    outcome_task_id="tsk_1",
    reason=FailureReason.NOT_HOME,
    cancelled=True,
)


@pytest.mark.parametrize(
    ("delivery", "count"),
    [
        (ONE, 0),
        (FAILED, 1),
        (replace(FAILED, cancelled=False), 1),
        (replace(ONE, cancelled=True), 1),
        (replace(ONE, attempt_number=3), 2),
        (replace(FAILED, attempt_number=3), 3),
    ],
)
def test_a_delivery_stands_for_its_attempts_and_for_one_when_it_was_called_off(
    delivery: Delivery, count: int
) -> None:
    assert tried(delivery) == count


def test_an_order_created_again_is_attempted_the_second_time() -> None:
    told = stamped(outcome(1, 10), {"del_1": ONE}, [ONE, FAILED])

    assert getattr(told, "order_attempt") == 2  # noqa: B009
    assert getattr(told, "earlier_reason") is FailureReason.NOT_HOME  # noqa: B009


def test_what_is_created_later_was_not_tried_before() -> None:
    later = replace(FAILED, delivery_id="del_3", created_at=at(0))

    assert earlier(ONE, [later, ONE]) == []
    assert earlier(ONE, [ONE, FAILED]) == [FAILED]


def test_a_second_attempt_at_a_delivery_knows_why_the_first_failed() -> None:
    again = replace(FAILED, cancelled=False, task_id="tsk_11", attempt_number=2)
    told = stamped(outcome(11, 60), {"del_1": again})

    assert getattr(told, "earlier_reason") is FailureReason.NOT_HOME  # noqa: B009
