"""
Which port each process of a local mesh listens on: fixed offsets from a base, or free ones.

Loopback only. With base 8400: gateway 8400, planner 8411, dispatch 8412, tracking 8413, compliance
8414, edge process 8420, PostgreSQL 8430, Envoy's admin page 8440, OTLP sink 8441. The second
process of a service stands a hundred higher, the third two hundred.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack

from deploy.local.trouble import Trouble

HOST = "127.0.0.1"
BASE_DEFAULT = 8400
REPLICA_STEP = 100
OFFSETS: Mapping[str, int] = {
    "gateway": 0,
    "planner": 11,
    "dispatch": 12,
    "tracking": 13,
    "compliance": 14,
    "web": 20,
    "postgres": 30,
    "envoy-admin": 40,
    "otlp": 41,
}


def fixed(base: int, names: Iterable[str]) -> dict[str, int]:
    """The ports of these processes above a base."""
    ports = {name: base + offset_of(name) for name in names}
    if base < 1024 or max(ports.values(), default=base) > 65_535:
        raise Trouble(
            f"no room for the mesh above port {base}",
            f"choose DOORSTEP_PORT_BASE between 1024 and 65000; the default is {BASE_DEFAULT}",
        )
    return ports


def offset_of(name: str) -> int:
    """`tracking-2` is the second tracking."""
    service, _, number = name.rpartition("-")
    if service and number.isdigit():
        return OFFSETS[service] + REPLICA_STEP * (int(number) - 1)
    return OFFSETS[name]


def free(names: Iterable[str]) -> dict[str, int]:
    """A free port for each, all different; for tests. Somebody may take one before we do."""
    with ExitStack() as held:
        taken = {name: held.enter_context(socket.socket()) for name in names}
        for listener in taken.values():
            listener.bind((HOST, 0))
        return {name: listener.getsockname()[1] for name, listener in taken.items()}


async def check_free(ports: Mapping[str, int], patience_seconds: float = 0) -> None:
    """Raises Trouble that names every port which somebody else still holds after `patience`."""
    deadline = time.monotonic() + patience_seconds
    # No event tells that a port is free; those of a mesh that was killed are leaving.
    while (taken := taken_of(ports)) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    if taken:
        raise Trouble(
            f"these ports of {HOST} are taken by other processes: {', '.join(taken)}",
            "stop what listens there (`ss -ltnp` shows it), or start with another base:"
            " DOORSTEP_PORT_BASE=9400",
        )


def taken_of(ports: Mapping[str, int]) -> list[str]:
    return [f"{port} ({name})" for name, port in ports.items() if is_taken(port)]


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT is nobody
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
