"""
New deliveries: named, and nothing that the caller said of derived fields remains.
"""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_service_pb2
from meshkit.caller import Caller, Role
from meshkit.errors import NotFound
from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.task import TaskType
from services.dispatch.domain.values import Window
from services.dispatch.tests.domain.samples import at, delivery, numbered, reason, task, window
from services.dispatch.tests.office import Office, ask, interval
from services.dispatch.usecases.deliveries import fresh, scoped_carrier


def fresh_from(**fields: Any) -> Delivery:
    return fresh(delivery(**fields), at(5), numbered(), "trace").delivery


def test_a_new_delivery_has_one_open_task_for_its_first_attempt() -> None:
    made = fresh(delivery(), at(5), numbered())

    assert made.task == task("tsk_1", create_time=at(5), update_time=at(5))
    assert made.task.type is TaskType.DELIVERY
    assert made.delivery.open_task_id == "tsk_1"
    assert made.delivery.attempt_number == 1


def test_nothing_that_is_derived_can_be_brought() -> None:
    brought = {
        "revision": 9,
        "state": DeliveryState.DELIVERED,
        "attempt_number": 7,
        "open_task_id": "mine",
        "state_reason": "mine",
        "create_time": at(-99),
        "update_time": at(-99),
        "delivered_time": at(-99),
        "traceparent": "mine",
    }

    assert fresh_from(**brought) == fresh_from()
    assert fresh_from().traceparent == "trace"
    assert fresh_from().create_time == at(5)


@pytest.mark.parametrize(("asked", "named"), [("d7", "d7"), ("", "del_1")])
def test_a_delivery_keeps_its_name_or_gets_one(asked: str, named: str) -> None:
    made = fresh(delivery(asked), at(5), numbered())

    assert made.delivery.delivery_id == named
    assert made.task.delivery_id == named


def test_parcels_keep_their_names_or_get_them() -> None:
    made = fresh_from(parcels=(Parcel("mine"), Parcel(), Parcel()))

    first, *rest = (parcel.parcel_id for parcel in made.parcels)
    assert first == "mine"
    assert len(set(rest)) == 2
    assert all(name.startswith("pcl_") for name in rest)


@pytest.mark.parametrize(
    ("windows", "promise", "promised"),
    [
        ((), None, None),
        ((), window(0, 9), window(0, 9)),
        ((window(10, 20), window(0, 5)), None, window(0, 20)),
        ((window(10, 20),), window(0, 9), window(0, 9)),
    ],
)
def test_the_promise_is_the_span_of_the_windows_unless_said(
    windows: tuple[Window, ...], promise: Window | None, promised: Window | None
) -> None:
    assert fresh_from(windows=windows, promise_window=promise).promise_window == promised


@pytest.mark.parametrize(
    ("role", "own", "asked", "listed"),
    [
        (Role.DISPATCHER, "", "", ""),
        (Role.DISPATCHER, "", "bikes", "bikes"),
        (Role.CARRIER, "bikes", "", "bikes"),
        (Role.CARRIER, "bikes", "bikes", "bikes"),
        (Role.CARRIER, "bikes", "vans", None),
    ],
)
def test_a_carrier_lists_for_itself_only(
    role: Role, own: str, asked: str, listed: str | None
) -> None:
    caller = Caller("somebody", role, "acme", carrier_id=own)
    if listed is not None:
        assert scoped_carrier(caller, asked) == listed
        return
    with pytest.raises(NotFound) as caught:
        scoped_carrier(caller, asked)
    assert reason(caught.value) == "CARRIER_UNKNOWN"


@pytest.mark.pg
async def test_a_promise_that_is_taken_back_is_the_span_of_the_windows(office: Office) -> None:
    await office.order(
        "d1", windows=[interval(6, 8), interval(9, 14)], promise_window=interval(6, 7)
    )
    request = ask(
        delivery_service_pb2.UpdateDeliveryRequest,
        delivery={"delivery_id": "d1"},
        update_mask={"paths": ["promise_window"]},
        etag="1",
    )

    after = (await office.desk.deliveries.UpdateDelivery(request)).delivery

    assert after.promise_window == interval(6, 14)
