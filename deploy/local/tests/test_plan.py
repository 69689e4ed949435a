"""
Who is told what: each process learns where the others are, and nothing it would not understand.

Method: a layout in a folder that need not exist; the services' own settings say what they know.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import knobs, ports
from deploy.local.plan import Layout, Plan
from deploy.local.state import State
from deploy.table import NAMES, SERVICES, Service
from meshkit.roles import Access

FOLDER = Path("/nowhere")


def layout(plan: Plan | None = None) -> Layout:
    made = plan or Plan()
    access = {name: Access(name, f"app of {name}", f"worker of {name}") for name in NAMES}
    listeners = dict.fromkeys([*made.listeners, *NAMES])
    return Layout(made, State(FOLDER), ports.fixed(ports.BASE_DEFAULT, listeners), access)


def of_each(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(name, SERVICES, ids=lambda service: service.name)


@of_each("service")
def test_a_service_is_told_where_to_listen_store_and_ask(service: Service) -> None:
    told = layout().service(service, service.name).env
    prefix = f"DOORSTEP_{service.name.upper()}_"

    assert told[f"{prefix}LISTEN"] == f"127.0.0.1:{service.port}"
    assert told[f"{prefix}APP_URL"] == f"app of {service.name}"
    assert told[f"{prefix}WORKER_URL"] == f"worker of {service.name}"
    for peer in service.asks:
        assert told[f"{prefix}{peer.upper()}_ADDRESS"] == layout().address(peer)


@of_each("service")
def test_a_service_is_told_nothing_that_would_stop_it(service: Service) -> None:
    told = layout().service(service, service.name).env
    ours = {name for name in told if name.startswith(f"DOORSTEP_{service.name.upper()}_")}

    assert ours <= knobs.known_to(service)


def test_callers_are_told_every_process_of_a_service() -> None:
    plan = layout(Plan(replicas={"tracking": 2}))

    assert plan.address("tracking") == "ipv4:127.0.0.1:8413,127.0.0.1:8513"
    assert [process.name for process in plan.services()].count("tracking-2") == 1


def test_a_knob_given_for_a_service_wins() -> None:
    plan = Plan(services=("compliance",), knobs={"compliance": {"drain_seconds": 1}})
    (process,) = layout(plan).services()

    assert process.env["DOORSTEP_COMPLIANCE_DRAIN_SECONDS"] == "1"


def test_only_a_simulated_mesh_follows_a_clock_file() -> None:
    assert "DOORSTEP_CLOCK_FILE" not in layout().shared()
    assert layout(Plan(simulated=True)).shared()["DOORSTEP_SANDBOX"] == "1"


def test_the_database_of_somebody_else_takes_no_port_of_ours() -> None:
    assert "postgres" not in Plan(database_url="postgresql://...").listeners
    assert "postgres" in Plan().listeners
