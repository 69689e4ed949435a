"""What one mesh consists of: which processes, each told where the others are. Builds no process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.gateway.clusters import WEB_HEALTH_PATH
from deploy.local import gateway, knobs
from deploy.local.health import grpc_health, http_ok
from deploy.local.keys import (
    CONTACT_KEY,
    ISSUER_KEY_ID,
    OPERATOR_SECRET,
    SCORE_KEY_ID,
    SEAL_KEY,
    private_key,
)
from deploy.local.ports import HOST
from deploy.local.process import Process
from deploy.local.state import State
from deploy.local.supervisor import RestartPolicy
from deploy.table import NAMES, ROOT, WEB_ASKS, Service, named
from meshkit import forks
from meshkit.roles import Access

START_SECONDS = 600  # a planner's first start compiles its kernels, on a busy machine
DRAIN_SECONDS, STOP_SECONDS = 5, 12  # ^C should not take half a minute


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, and how."""

    services: tuple[str, ...] = NAMES  # the others are expected on their ports, in a debugger say
    replicas: Mapping[str, int] = field(default_factory=dict)  # more than one process of a service
    gateway: bool = True
    web: bool = True  # the edge process behind the gateway
    otlp: bool = True
    simulated: bool = False  # business time from the clock file instead of the machine
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    database_url: str = field(default="", repr=False)  # an administrator's; empty: our own server
    map_file: Path | None = None
    knobs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # by service, by knob

    def processes_of(self, service: str) -> list[str]:
        """The names of its processes: `tracking`, `tracking-2`."""
        count = self.replicas.get(service, 1)
        return [service, *(f"{service}-{number}" for number in range(2, count + 1))]

    @property
    def listeners(self) -> list[str]:
        """Everything of ours that needs a port."""
        found = [name for service in self.services for name in self.processes_of(service)]
        found += ["gateway", "envoy-admin"] if self.gateway else []
        found += ["web"] if self.gateway and self.web else []
        found += ["otlp"] if self.otlp else []
        return found if self.database_url else [*found, "postgres"]


@dataclass(frozen=True, slots=True)
class Layout:
    """A plan with everything in its place: folder, ports, the way into each schema."""

    plan: Plan
    state: State
    ports: Mapping[str, int]
    access: Mapping[str, Access] = field(default_factory=dict, repr=False)

    def otlp(self) -> list[Process]:
        """The receiver of spans, if there is one."""
        if not self.plan.otlp:
            return []
        port, folder = self.ports["otlp"], self.state.folder("traces")
        listen = ("--listen", f"{HOST}:{port}", "--folder", str(folder))
        return [
            Process(
                name="otlp",
                command=(sys.executable, "-m", "deploy.local.otlp_sink", *listen),
                port=port,
                healthy=grpc_health(port),
                log=self.state.log_file("otlp"),
                env=self.shared(),
                stop_seconds=STOP_SECONDS,
            )
        ]

    def services(self) -> list[Process]:
        """Every process of every service."""
        return [
            self.service(named(service), name)
            for service in self.plan.services
            for name in self.plan.processes_of(service)
        ]

    def service(self, service: Service, name: str) -> Process:
        """One process of a service."""
        port = self.ports[name]
        told = {**self.knobs(service, port), **self.plan.knobs.get(service.name, {})}
        return Process(
            name=name,
            command=(sys.executable, *service.command[1:]),
            port=port,
            healthy=grpc_health(port),
            log=self.state.log_file(name),
            env={**self.shared(), **knobs.variables(service, told)},
            start_seconds=START_SECONDS,
            stop_seconds=STOP_SECONDS,
        )

    def web(self) -> list[Process]:
        """The edge process, if it is wanted."""
        if not (self.plan.gateway and self.plan.web):
            return []
        port = self.ports["web"]
        told = {
            "DOORSTEP_WEB_LISTEN": f"{HOST}:{port}",
            "DOORSTEP_WEB_DRAIN_SECONDS": str(DRAIN_SECONDS),
            **{f"DOORSTEP_WEB_{peer.upper()}_ADDRESS": self.address(peer) for peer in WEB_ASKS},
        }
        return [
            Process(
                name="web",
                command=(sys.executable, "-m", "clients.web.server"),
                port=port,
                healthy=http_ok(port, WEB_HEALTH_PATH),
                log=self.state.log_file("web"),
                env={**self.shared(), **told},
                stop_seconds=STOP_SECONDS,
            )
        ]

    def gateway(self) -> list[Process]:
        """Envoy, if it is wanted."""
        if not self.plan.gateway:
            return []
        replicas = {service: self.plan.processes_of(service) for service in NAMES}
        return [gateway.process(self.state, self.ports, replicas)]

    def shared(self) -> dict[str, str]:
        """What every process is told."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        environment[forks.VARIABLE] = forks.OFF
        environment["DOORSTEP_JWKS_FILE"] = str(self.state.jwks_file)
        environment["DOORSTEP_REFLECTION"] = "true"  # on loopback only; the gateway refuses it
        if self.plan.otlp:
            environment["DOORSTEP_OTLP_ENDPOINT"] = f"http://{HOST}:{self.ports['otlp']}"
        if self.plan.simulated:
            environment["DOORSTEP_CLOCK_FILE"] = str(self.state.clock_file)
            environment["DOORSTEP_SANDBOX"] = "1"
        return environment

    def knobs(self, service: Service, port: int) -> dict[str, object]:
        """What the mesh can tell a service, by the name of the knob."""
        access = self.access.get(service.name)
        peers = {f"{peer}_address": self.address(peer) for peer in service.asks}
        return {
            "listen": f"{HOST}:{port}",
            "drain_seconds": DRAIN_SECONDS,
            "app_url": access.app_url if access else None,
            "worker_url": access.worker_url if access else None,
            "issuer_key_file": private_key(self.state.folder("keys"), ISSUER_KEY_ID),
            "score_key_file": private_key(self.state.folder("keys"), SCORE_KEY_ID),
            "seal_key_file": self.state.folder("keys") / SEAL_KEY,
            "contact_key_file": self.state.folder("keys") / CONTACT_KEY,
            "webhook_loopback": True if self.plan.simulated else None,  # a sandbox, then
            "operator_secret": self.operator_secret(),
            "map_file": self.plan.map_file and self.plan.map_file.absolute(),
            "maps_folder": self.state.folder("maps"),
            "kernels_folder": self.state.folder("numba"),
            "rejected_folder": self.state.folder("rejected"),
            "media_url": self.state.folder("media").absolute().as_uri(),
            **peers,
        }

    def operator_secret(self) -> str | None:
        """How the mesh's operator logs in; None before the keys are made."""
        path = self.state.folder("keys") / OPERATOR_SECRET
        return path.read_text() if path.exists() else None

    def address(self, service: str) -> str:
        """Where a service is found, all its processes at once."""
        found = [f"{HOST}:{self.ports[name]}" for name in self.plan.processes_of(service)]
        return found[0] if len(found) == 1 else f"ipv4:{','.join(found)}"
