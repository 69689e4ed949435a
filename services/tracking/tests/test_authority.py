"""
Who may say what: drivers and carriers speak of their own work only, and the office of any.

Method: a real server; a driver and a carrier who are strangers to a route report about it.
"""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.tracking.v1 import incident_pb2, tracking_event_pb2
from meshkit.testing import Role, TestMesh
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import planned, reported
from services.tracking.tests.parcels import grown_old, incidents
from services.tracking.tests.wire import event, told

pytestmark = pytest.mark.pg

STRANGERS: list[dict[str, Any]] = [
    {"subject": "driver-2", "driver_id": "driver-2"},
    {"role": Role.CARRIER, "subject": "carrier-9", "carrier_id": "carrier-9"},
]
strangers = pytest.mark.parametrize("who", STRANGERS, ids=("driver", "carrier"))


def held(kind: str, number: int = 0, **fields: Any) -> Any:
    """A report that parcels wait, were collected or came back."""
    return event(5, kind, number, **fields)


def trouble(minutes: float, kind: Any, **fields: Any) -> Any:
    """A report of trouble."""
    message = event(minutes, "trouble_reported", **fields)
    message.trouble_reported.kind = kind
    return message


def charge(kind: str) -> Any:
    """Money that route 1 is said to owe."""
    message = event(7, kind, route_id="rte_1")
    zone = kind == "zone_entered"
    money = message.zone_entered.charge if zone else message.charge_ended.cost
    money.currency_code, money.units = "EUR", 1_000
    return message


@strangers
@pytest.mark.parametrize(
    "fact",
    [
        held("collected", delivery_id="del_1"),
        held("returned", 1),
        held("held_at_pudo", 1),
        charge("zone_entered"),
        charge("charge_ended"),
    ],
    ids=lambda fact: fact.WhichOneof("fact"),
)
async def test_what_a_stranger_says_of_a_route_has_no_effect_and_asks_a_person(
    mesh: TestMesh, desk: Desk, fact: Any, who: dict[str, Any]
) -> None:
    await planned(desk)
    before = len(await told(desk))

    assert await reported(mesh, fact, **who) == ["PENDING"]
    assert len(await told(desk)) == before
    await grown_old(desk)
    assert await incidents(desk, incident_pb2.INCIDENT_TYPE_CONTESTED_FACT) == ["opened"]


@pytest.mark.parametrize("kind", ["collected", "returned"])
async def test_whoever_drives_and_the_office_say_where_parcels_are(
    mesh: TestMesh, desk: Desk, kind: str
) -> None:
    await planned(desk)
    ours, offices = held(kind, delivery_id="del_1"), held(kind, delivery_id="del_2")
    offices.event_id = offices.event_id[:-1] + "7"

    assert await reported(mesh, ours) == ["RECORDED"]
    assert await reported(mesh, offices, role=Role.DISPATCHER) == ["RECORDED"]


async def test_a_task_of_ones_own_opens_no_other_delivery(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)

    assert await reported(mesh, held("collected", 1, delivery_id="del_2")) == ["PENDING"]


@strangers
@pytest.mark.parametrize("name", ["route_id", "vehicle_id"])
async def test_a_stranger_neither_breaks_a_vehicle_down_nor_ends_its_trouble(
    mesh: TestMesh, desk: Desk, who: dict[str, Any], name: str
) -> None:
    await planned(desk)
    kinds = tracking_event_pb2
    await reported(mesh, trouble(6, kinds.TROUBLE_KIND_BREAKDOWN, route_id="rte_1"))

    over = trouble(8, kinds.TROUBLE_KIND_OVER, **{name: "rte_1"})  # a key that looks like ours
    assert await reported(mesh, over, **who) == ["RECORDED"]

    breakdown = incident_pb2.INCIDENT_TYPE_VEHICLE_BREAKDOWN
    assert await incidents(desk, breakdown) == ["opened"]
    assert await reported(mesh, trouble(9, kinds.TROUBLE_KIND_BREAKDOWN, route_id="rte_1"), **who)
    assert await incidents(desk, breakdown) == ["opened", "opened"], "an incident of its own"
