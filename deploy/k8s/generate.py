"""
Makes what the manifests need and git must not hold: the gateway's configuration, rendered from the
contract, and the city, keys and passwords of a laptop's cluster.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from deploy.gateway.contract import public_contract
from deploy.gateway.render import render, to_yaml
from deploy.gateway.settings import Address, Gateway, Upstream
from deploy.local import keys
from deploy.local.gateway import CONTRACTS
from deploy.table import GATEWAY_ADMIN_PORT, GATEWAY_PORT, NAMES, ROOT, SERVICES
from meshkit.roles import access

HERE = Path(__file__).parent
CITY = ROOT / "clients" / "day" / "city" / "helsinki.osm.pbf"
PASSWORD_BYTES = 24
ADMIN = "doorstep_admin"
POSTGRES = "postgres:5432/doorstep"  # the StatefulSet of the laptop's overlay


def cluster_gateway(otlp: Address | None = None, trusted_proxies: int = 1) -> Gateway:
    """The gateway in a cluster: services by name, behind one proxy that ends TLS."""
    return Gateway(
        listen=Address("0.0.0.0", GATEWAY_PORT),  # noqa: S104 - of a pod, behind its policy
        admin=Address("127.0.0.1", GATEWAY_ADMIN_PORT),
        upstreams=tuple(
            Upstream(service.name, (Address(service.name, service.port),)) for service in SERVICES
        ),
        descriptor_path="/etc/envoy/public.binpb",
        jwks_path="/etc/doorstep/keys/jwks.json",
        otlp=otlp,
        trace_percent=10,
        trusted_proxies=trusted_proxies,
    )


def write_gateway(root: Path, gateway: Gateway) -> None:
    """`base/gateway/generated`, always anew."""
    folder = root / "base" / "gateway" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    contract = public_contract(CONTRACTS.read_bytes())
    (folder / "envoy.yaml").write_text(to_yaml(render(gateway, contract)))
    (folder / "public.binpb").write_bytes(contract.descriptor)


def write_city(root: Path) -> None:
    """The built-in city, where kustomize can read it."""
    folder = root / "overlays" / "laptop" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CITY, folder / "city.osm.pbf")


def write_laptop_secrets(root: Path) -> None:
    """`overlays/laptop/generated`: what exists is kept, so that applying again locks nobody out."""
    folder = root / "overlays" / "laptop" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    keys.prepare(folder, NAMES)
    password = keys.kept(folder / "password", secrets.token_urlsafe(PASSWORD_BYTES))
    admin_url = keys.kept(folder / "admin_url", f"postgresql://{ADMIN}:{password}@{POSTGRES}")
    for name in NAMES:
        passwords = [secrets.token_urlsafe(PASSWORD_BYTES) for _ in range(2)]
        made = access(admin_url, name, *passwords)
        keys.kept(folder / f"{name}_app_url", made.app_url)
        keys.kept(folder / f"{name}_worker_url", made.worker_url)
