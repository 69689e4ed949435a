"""
The gateway's configuration is one that Envoy itself accepts, for laptop and cluster.

Method: `envoy --mode validate` on what the renderer writes, descriptors and keys included.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.gateway.contract import public_contract
from deploy.gateway.render import render, to_yaml
from deploy.gateway.settings import Address, Gateway
from deploy.k8s.generate import cluster_gateway
from deploy.local import gateway, keys, ports
from deploy.local.plan import Plan
from deploy.local.state import State
from deploy.table import NAMES

VALIDATE_SECONDS_MAX = 60
ENVOY_IMAGE = "1.40.0"


def laptop(folder: Path) -> Gateway:
    names = Plan(replicas={"tracking": 2})
    listeners = ports.fixed(ports.BASE_DEFAULT, names.listeners)
    replicas = {name: names.processes_of(name) for name in NAMES}
    return gateway.settings_of(State(folder), listeners, replicas, folder / "public.binpb")


def cluster(folder: Path) -> Gateway:
    return cluster_gateway(Address("otel-collector.observability", 4317))


@pytest.mark.parametrize("made", [laptop, cluster], ids=["laptop", "cluster"])
def test_envoy_accepts_it_and_warns_of_nothing(made: object, tmp_path: Path) -> None:
    assert callable(made)
    keys.prepare(tmp_path, ["planner"])
    contract = public_contract(gateway.CONTRACTS.read_bytes())
    (tmp_path / "public.binpb").write_bytes(contract.descriptor)
    settings = replace(
        made(tmp_path),
        descriptor_path=str(tmp_path / "public.binpb"),
        jwks_path=str(tmp_path / keys.GATEWAY_JWKS),
    )
    (tmp_path / "envoy.yaml").write_text(to_yaml(render(settings, contract)))

    done = subprocess.run(
        [gateway.binary(), "--mode", "validate", "-l", "warning", "-c", tmp_path / "envoy.yaml"],
        capture_output=True,
        text=True,
        timeout=VALIDATE_SECONDS_MAX,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr.lower()
    assert "[warning]" not in done.stderr


def test_laptop_and_cluster_run_the_same_envoy() -> None:
    done = subprocess.run(
        [gateway.binary(), "--version"], capture_output=True, text=True, check=True
    )

    assert f"/{ENVOY_IMAGE}/" in done.stdout
