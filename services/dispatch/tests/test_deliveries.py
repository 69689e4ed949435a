"""
Deliveries over the wire: made once, refused whole or item by item, changed by mask, held, listed.

Method: a real server on a real port over a real PostgreSQL.
"""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_pb2
from doorstep.dispatch.v1 import delivery_service_pb2 as pb
from doorstep.dispatch.v1 import dispatch_service_pb2 as dispatch
from meshkit.auth import Role
from meshkit.errors import AlreadyExists, Conflict, Invalid, NotFound, NotReady
from meshkit.postgres import Database
from services.dispatch.tests.office import Desk, Office, ask, at, delivery, interval

pytestmark = pytest.mark.pg


async def test_a_delivery_is_made_with_its_first_task(office: Office) -> None:
    asked = delivery("d1", state="DELIVERY_STATE_DELIVERED", attempt_number=7)

    reply = await office.desk.deliveries.CreateDelivery(
        ask(pb.CreateDeliveryRequest, delivery=asked)
    )

    assert reply.delivery.state == delivery_pb2.DELIVERY_STATE_CREATED
    assert reply.delivery.attempt_number == 1
    assert reply.delivery.open_task_id == reply.task.task_id
    assert reply.delivery.promise_window == interval(6, 14)
    assert reply.delivery.parcels[0].parcel_id.startswith("pcl_")


async def test_a_repeated_request_has_one_effect_and_the_same_answer(office: Office) -> None:
    request = ask(pb.CreateDeliveryRequest, delivery=delivery("d1"))

    first = await office.desk.deliveries.CreateDelivery(request)
    second = await office.desk.deliveries.CreateDelivery(request)

    assert second == first
    request.delivery.priority = 3
    with pytest.raises(Invalid) as caught:
        await office.desk.deliveries.CreateDelivery(request)
    assert caught.value.reason == "REQUEST_ID_REUSED"


async def test_a_tried_delivery_leaves_nothing_behind(office: Office) -> None:
    request = ask(pb.CreateDeliveryRequest, delivery=delivery("d1"), validate_only=True)

    await office.desk.deliveries.CreateDelivery(request)

    with pytest.raises(NotFound):
        await office.delivery("d1")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"location": at(95, 24)}, "delivery.location"),
        ({"location": at(0, 0)}, "delivery.location"),
        ({"location": at(float("nan"), 24)}, "delivery.location.latitude"),
        ({"windows": [interval(9, 8)]}, "delivery.windows[0]"),
        ({"parcels": [{"mass_grams": -1}]}, "delivery.parcels[0].mass_grams"),
        ({"parcels": []}, "delivery.parcels"),
        ({"origin_place_id": "Not A Name"}, "delivery.origin_place_id"),
        ({"service_duration": "20000s"}, "delivery.service_duration"),
    ],
)
async def test_a_delivery_that_cannot_be_is_refused_by_the_field(
    office: Office, fields: dict[str, Any], path: str
) -> None:
    seconds = fields.pop("service_duration", "")
    asked = delivery_pb2.Delivery(**delivery("d1", **fields))
    if seconds:
        asked.service_duration.FromJsonString(seconds)

    with pytest.raises(Invalid) as caught:
        await office.desk.deliveries.CreateDelivery(ask(pb.CreateDeliveryRequest, delivery=asked))

    assert path in {violation.field for violation in caught.value.violations}


async def test_a_batch_is_all_or_none(office: Office) -> None:
    batch = [delivery("d1"), delivery("d2", origin_place_id="nowhere")]

    with pytest.raises(NotFound) as caught:
        await office.desk.deliveries.BatchCreateDeliveries(
            ask(pb.BatchCreateDeliveriesRequest, deliveries=batch)
        )

    assert caught.value.reason == "PLACE_UNKNOWN"
    with pytest.raises(NotFound):
        await office.delivery("d1")


async def test_a_partial_batch_keeps_the_good_and_tells_of_the_bad(office: Office) -> None:
    batch = [
        delivery("d1"),
        delivery("d1"),
        delivery("d2", location=at(95, 24)),
        delivery("d3", parcels=[{"parcel_id": "p1"}, {"parcel_id": "p1"}]),
        delivery("d4", origin_place_id="nowhere"),
    ]

    reply = await office.desk.deliveries.BatchCreateDeliveries(
        ask(pb.BatchCreateDeliveriesRequest, deliveries=batch, allow_partial=True)
    )

    assert reply.created_count == 1
    assert [result.reason for result in reply.results] == [
        "",
        "DELIVERY_EXISTS",
        "FIELD_INVALID",
        "PARCEL_EXISTS",
        "PLACE_UNKNOWN",
    ]
    assert reply.results[2].field_violations[0].startswith("deliveries[2].location")


async def test_five_hundred_are_taken_at_once_and_not_one_more(office: Office) -> None:
    batch = [delivery(f"d{number}") for number in range(501)]

    with pytest.raises(Invalid):
        await office.desk.deliveries.BatchCreateDeliveries(
            ask(pb.BatchCreateDeliveriesRequest, deliveries=batch)
        )
    reply = await office.desk.deliveries.BatchCreateDeliveries(
        ask(pb.BatchCreateDeliveriesRequest, deliveries=batch[:500])
    )

    assert reply.created_count == 500


async def test_a_name_is_given_once(office: Office) -> None:
    await office.order("d1")

    with pytest.raises(AlreadyExists) as caught:
        await office.desk.deliveries.CreateDelivery(
            ask(pb.CreateDeliveryRequest, delivery=delivery("d1"))
        )

    assert caught.value.reason == "DELIVERY_EXISTS"


async def test_an_update_changes_what_its_mask_names_and_nothing_else(office: Office) -> None:
    await office.order("d1")
    etag = (await office.delivery("d1")).etag
    asked = {"delivery_id": "d1", "instructions": "back door", "priority": 9}
    request = ask(
        pb.UpdateDeliveryRequest, delivery=asked, update_mask={"paths": ["instructions"]}, etag=etag
    )

    after = (await office.desk.deliveries.UpdateDelivery(request)).delivery

    assert (after.instructions, after.priority) == ("back door", 0)
    assert after.recipient.display_name == "Grace H."


@pytest.mark.parametrize(
    ("paths", "etag", "error", "reason"),
    [
        (["state"], "1", Invalid, "MASK_UNKNOWN"),
        (["nonsense"], "1", Invalid, "MASK_UNKNOWN"),
        (["location"], "1", Invalid, "FIELD_INVALID"),  # named and not given: it would be gone
        (["instructions"], "9", Conflict, "ETAG_STALE"),
    ],
)
async def test_an_update_that_cannot_be_is_refused(
    office: Office, paths: list[str], etag: str, error: type[Exception], reason: str
) -> None:
    await office.order("d1")
    request = ask(
        pb.UpdateDeliveryRequest,
        delivery={"delivery_id": "d1"},
        update_mask={"paths": paths},
        etag=etag,
    )

    with pytest.raises(error) as caught:
        await office.desk.deliveries.UpdateDelivery(request)

    assert getattr(caught.value, "reason", "") == reason


async def test_what_is_on_hold_is_not_planned_until_it_is_released(office: Office) -> None:
    await office.hire("ada")
    await office.order("d1")
    held = await office.desk.deliveries.HoldDelivery(
        ask(pb.HoldDeliveryRequest, delivery_id="d1", etag="1", reason="bad address")
    )

    with pytest.raises(NotReady) as caught:
        await office.draft()
    assert caught.value.reason == "NOTHING_TO_PLAN"

    await office.desk.deliveries.ReleaseDelivery(
        ask(pb.ReleaseDeliveryRequest, delivery_id="d1", etag=held.delivery.etag)
    )
    assert (await office.draft()).route_ids


async def test_pages_go_on_where_they_ended(office: Office) -> None:
    await office.order("a", "b", "c")

    first = await office.desk.deliveries.ListDeliveries(pb.ListDeliveriesRequest(page_size=2))
    second = await office.desk.deliveries.ListDeliveries(
        pb.ListDeliveriesRequest(page_size=2, page_token=first.next_page_token)
    )

    assert [d.delivery_id for d in first.deliveries] == ["a", "b"]
    assert [d.delivery_id for d in second.deliveries] == ["c"]
    assert not second.next_page_token


async def test_another_tenant_finds_nothing(office: Office) -> None:
    await office.order("d1")
    rival = office.stranger()

    with pytest.raises(NotFound):
        await rival.deliveries.GetDelivery(pb.GetDeliveryRequest(delivery_id="d1"))
    listed = await rival.deliveries.ListDeliveries(pb.ListDeliveriesRequest())

    assert not listed.deliveries


async def test_the_feed_names_nobody(office: Office, db: Database) -> None:
    await office.hire("ada")
    await office.order("d1")
    await office.plan_day()
    watcher = Desk(office.mesh.channel(Role.PLATFORM))

    stream = watcher.dispatch.WatchEvents(dispatch.WatchEventsRequest())
    reply = await anext(aiter(stream))

    told = [change.WhichOneof("event") for change in reply.changes]
    assert {"delivery_created", "route_published", "route_plan_published"} <= set(told)
    text = reply.SerializeToString()
    assert not any(word in text for word in (b"Grace", b"+358", b"ring twice", b"Ada L."))
    sequences = [change.sequence for change in reply.changes]
    assert sequences == list(range(1, len(sequences) + 1))
