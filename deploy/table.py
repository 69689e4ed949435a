"""
What the mesh is made of: one line per service, read by the laptop, the gateway and the cluster.

Ports are those of the cluster and, above the base, of the laptop: `deploy.local.ports`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Service:
    """One service: a process, a schema, an image."""

    name: str
    port: int
    asks: tuple[str, ...]  # whose rpcs or feed it reads

    @property
    def command(self) -> tuple[str, ...]:
        """How it is started, everywhere."""
        return ("python", "-m", self.module)

    @property
    def module(self) -> str:
        """Its package."""
        return f"services.{self.name}"

    @property
    def migrations(self) -> Path:
        """Its schema, as numbered files."""
        return ROOT / "services" / self.name / "migrations"

    @property
    def package(self) -> str:
        """Its contract."""
        return f"doorstep.{self.name}.v1"


SERVICES = (
    Service("compliance", 8414, asks=("tracking",)),
    Service("planner", 8411, asks=("compliance",)),
    Service("dispatch", 8412, asks=("planner", "compliance", "tracking")),
    Service("tracking", 8413, asks=("dispatch", "compliance", "planner")),
)
NAMES = tuple(service.name for service in SERVICES)
WEB_ASKS = ("dispatch", "tracking")  # the edge process, which is no service: no rpcs, no schema
GATEWAY_PORT = 8400
GATEWAY_ADMIN_PORT = 8440


def named(name: str) -> Service:
    """The service of that name."""
    return next(service for service in SERVICES if service.name == name)
