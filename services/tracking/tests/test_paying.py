"""
Unpaid goods never count as delivered, over a real server.

Method: one delivery asks for 19.90 EUR; what is collected, and when, is the story of each test.
"""

from __future__ import annotations

import pytest
from google.type.money_pb2 import Money

from doorstep.dispatch.v1 import delivery_pb2
from doorstep.tracking.v1 import event_pb2, incident_pb2, tracking_event_pb2
from meshkit.testing import TestMesh
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import reported
from services.tracking.tests.parcels import grown_old, incidents, outcomes
from services.tracking.tests.town import route
from services.tracking.tests.wire import created, event, failure, heard, published, told

pytestmark = pytest.mark.pg

K = tracking_event_pb2
I = incident_pb2  # noqa: E741 - as short as K
DUE = delivery_pb2.AmountToCollect(
    amount=Money(currency_code="EUR", units=19, nanos=900_000_000),
    methods=[delivery_pb2.PAYMENT_METHOD_CARD],
)


def paid(minutes: float, units: int, nanos: int = 0) -> K.TrackingEvent:
    """Money that the driver took for the first task."""
    message = event(minutes, "amount_collected", 1)
    message.amount_collected.amount.CopyFrom(Money(currency_code="EUR", units=units, nanos=nanos))
    message.amount_collected.method = K.PAYMENT_METHOD_CARD
    return message


async def with_money(desk: Desk) -> None:
    """A delivery that asks for 19.90 EUR, on a route."""
    await heard(desk, created(1, amount_to_collect=DUE), published(route(1)))


async def test_goods_count_as_delivered_once_they_are_paid(mesh: TestMesh, desk: Desk) -> None:
    await with_money(desk)
    waits = await reported(mesh, event(4, "delivered", 1))
    before = await outcomes(desk)
    await reported(mesh, paid(4.1, 5), paid(4.2, 14, 900_000_000))

    assert (waits, before) == (["PENDING"], [])
    assert await outcomes(desk) == [K.TASK_OUTCOME_SUCCEEDED]
    states = [one.amount_collected.payment_state for one in await told(desk, "amount_collected")]
    assert states == [event_pb2.PAYMENT_STATE_SHORT, event_pb2.PAYMENT_STATE_PAID]


async def test_unpaid_goods_never_count_as_delivered_however_long_one_waits(
    mesh: TestMesh, desk: Desk
) -> None:
    await with_money(desk)
    await reported(mesh, paid(4, 0), event(4.1, "delivered", 1))
    await grown_old(desk)

    assert await outcomes(desk) == []
    assert await incidents(desk, I.INCIDENT_TYPE_PAYMENT_FAILED) == ["opened"]
    (opened,) = [
        one.incident_opened.incident.summary
        for one in await told(desk, "incident_opened")
        if one.incident_opened.incident.type == I.INCIDENT_TYPE_PAYMENT_FAILED
    ]
    assert opened == "reported as delivered, yet 0.00 of 19.90 EUR was collected"


async def test_money_that_comes_after_the_contest_lets_the_handover_count(
    mesh: TestMesh, desk: Desk
) -> None:
    await with_money(desk)
    await reported(mesh, event(4, "delivered", 1))
    await grown_old(desk)
    await reported(mesh, paid(4.1, 19, 900_000_000))

    assert await outcomes(desk) == [K.TASK_OUTCOME_SUCCEEDED]
    assert await incidents(desk, I.INCIDENT_TYPE_PAYMENT_FAILED) == ["opened", "resolved"]


async def test_a_correction_takes_the_money_back(mesh: TestMesh, desk: Desk) -> None:
    await with_money(desk)
    mistaken, corrected = paid(4, 19, 900_000_000), paid(4.1, 9)
    corrected.corrected_event_id = mistaken.event_id
    await reported(mesh, mistaken, corrected, event(4.2, "delivered", 1))

    assert await outcomes(desk) == []


async def test_a_refused_payment_ends_as_a_failed_attempt(mesh: TestMesh, desk: Desk) -> None:
    await with_money(desk)
    await reported(mesh, paid(4, 0), failure(4.1, 1, "PAYMENT_FAILED"))

    assert await outcomes(desk) == [K.TASK_OUTCOME_FAILED]
