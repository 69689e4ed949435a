"""
Where everybody listens.

Method: tables, and real sockets where a port must be taken or free.
"""

from __future__ import annotations

import asyncio
import socket

import pytest

from deploy.local import ports
from deploy.local.plan import Plan
from deploy.local.trouble import Trouble
from deploy.table import GATEWAY_ADMIN_PORT, GATEWAY_PORT, SERVICES


@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("gateway", 8400),
        ("planner", 8411),
        ("dispatch", 8412),
        ("tracking", 8413),
        ("tracking-2", 8513),
        ("tracking-3", 8613),
        ("compliance", 8414),
        ("web", 8420),
        ("postgres", 8430),
        ("envoy-admin", 8440),
    ],
)
def test_a_process_has_its_place_above_the_base(name: str, port: int) -> None:
    assert ports.fixed(8400, [name]) == {name: port}


def test_laptop_and_cluster_agree_on_ports() -> None:
    cluster = {service.name: service.port for service in SERVICES}
    cluster |= {"gateway": GATEWAY_PORT, "envoy-admin": GATEWAY_ADMIN_PORT}

    assert ports.fixed(ports.BASE_DEFAULT, cluster) == cluster


def test_nothing_of_the_largest_mesh_meets() -> None:
    plan = Plan(replicas=dict.fromkeys((service.name for service in SERVICES), 8))
    found = ports.fixed(8400, plan.listeners)

    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("base", [80, 1023, 65_500])
def test_a_base_without_room_is_refused(base: int) -> None:
    with pytest.raises(Trouble, match="DOORSTEP_PORT_BASE"):
        ports.fixed(base, ["gateway", "tracking-2"])


def test_free_ports_differ() -> None:
    found = ports.free(["a", "b", "c"])

    assert len(set(found.values())) == 3


async def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=rf"{port} \(dispatch\)(?s:.*)DOORSTEP_PORT_BASE"):
            await ports.check_free({"dispatch": port, **ports.free(["planner"])})


async def test_a_port_that_is_being_left_is_waited_for() -> None:
    other = socket.socket()
    other.bind((ports.HOST, 0))
    asyncio.get_running_loop().call_later(0.2, other.close)

    await ports.check_free({"dispatch": other.getsockname()[1]}, patience_seconds=5)

    assert other.fileno() == -1, "it did not wait until the port was left"
