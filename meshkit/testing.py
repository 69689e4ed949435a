"""
For everybody's servicer tests: a real server on a real port, with keys and callers of its own.

    async with serving(DeliveryServicer(...), service="dispatch") as mesh:
        deliveries = raising(pb_grpc.DeliveryServiceStub(mesh.channel(Role.DISPATCHER)))
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from meshkit.auth import Caller, Role, TokenSource, mint
from meshkit.client import Bearer, MeshChannel, Tokens, connect
from meshkit.config import MeshSettings, settings_of
from meshkit.health import Probe
from meshkit.keys import generate_key, read_private_key
from meshkit.server import Server
from meshkit.tokens import TOKEN_SECONDS

__all__ = [
    "TENANT",
    "Role",
    "TestMesh",
    "key_file",
    "keys_folder",
    "make_token",
    "plausible",
    "recorded_spans",
    "serving",
    "test_settings",
]

TENANT = "acme"
ISSUER_KEY = "issuer-1"


@dataclass
class TestMesh:
    """A server under test and the means to call it as anybody."""

    __test__ = False  # pytest would take the name for a test

    server: Server
    folder: Path
    opened: list[MeshChannel] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the server listens."""
        return f"127.0.0.1:{self.server.port}"

    def token(
        self, role: Role, *, seconds: float = TOKEN_SECONDS, key_id: str = "", **caller: Any
    ) -> str:
        """A token of any role; `caller` are fields of Caller, where not the plausible ones."""
        return make_token(self.folder, role, seconds=seconds, key_id=key_id, **caller)

    def channel(self, role: Role | None = None, **caller: Any) -> MeshChannel:
        """A channel that calls with a token of that role; without a role, with none."""
        return self.channel_with(Bearer(self.token(role, **caller)) if role else None)

    def channel_with(self, tokens: Tokens | None) -> MeshChannel:
        """A channel that calls with whatever token it is given; closed with the mesh."""
        channel = connect(self.address, tokens=tokens)
        self.opened.append(channel)
        return channel

    def tokens(self, service: str) -> TokenSource:
        """The identity of another service, for tests across two servers."""
        key_id = f"svc-{service}"
        return TokenSource.read(key_file(self.folder, key_id), key_id)


@asynccontextmanager
async def serving(
    *servicers: object, service: str, ready: Probe | None = None, **settings: Any
) -> AsyncIterator[TestMesh]:
    """Serves on a free port of 127.0.0.1 until the block ends; `settings` are MeshSettings' own."""
    folder = keys_folder()
    key_file(folder, f"svc-{service}")
    made = test_settings(service, jwks_file=folder / "jwks.json", **settings)
    server = Server(made, servicers, ready=ready)
    await server.start()
    mesh = TestMesh(server, folder)
    try:
        yield mesh
    finally:
        for channel in mesh.opened:
            await channel.close()
        await server.stop(0)


def test_settings(service: str, **settings: Any) -> MeshSettings:
    """Settings of a service as its variables would give them."""

    class TestSettings(MeshSettings):
        model_config = settings_of(service)

    return TestSettings(**settings)


test_settings.__test__ = False  # type: ignore[attr-defined]


def make_token(
    folder: Path, role: Role, *, seconds: float = TOKEN_SECONDS, key_id: str = "", **caller: Any
) -> str:
    """A token signed by a key of the folder, made when it is not there yet."""
    made = plausible(role, **caller)
    signer = key_id or (made.subject if role is Role.SERVICE else ISSUER_KEY)
    key = read_private_key(key_file(folder, signer))
    return mint(key, signer, made, seconds=seconds)


def plausible(role: Role, **fields: Any) -> Caller:
    """A caller of a role with all that the role must know about itself."""
    known: dict[str, Any] = {
        "subject": "svc-tester" if role is Role.SERVICE else f"{role.lower()}-1",
        "tenant": "" if role in (Role.SERVICE, Role.OPERATOR) else TENANT,
        "carrier_id": "carrier-1" if role is Role.CARRIER else "",
        "driver_id": "driver-1" if role is Role.DRIVER else "",
    }
    return Caller(role=role, **(known | fields))


@cache
def keys_folder() -> Path:
    """One folder of keys for a whole test run: making a key takes 50 ms and more."""
    folder = tempfile.TemporaryDirectory(prefix="doorstep-keys-")
    _kept.append(folder)
    path = Path(folder.name)
    key_file(path, ISSUER_KEY)
    return path


_kept: list[tempfile.TemporaryDirectory[str]] = []  # until the interpreter ends and removes them


def key_file(folder: Path, key_id: str) -> Path:
    """The private key of that id, made on first use; servers see it at once."""
    path = folder / f"{key_id}.pem"
    if not path.exists():
        generate_key(path, folder / "jwks.json", key_id)
    return path


def recorded_spans() -> Iterator[InMemorySpanExporter]:
    """For a fixture: the spans that end from now on, in memory."""
    exporter = _exporter()
    exporter.clear()
    yield exporter
    exporter.clear()


@cache
def _exporter() -> InMemorySpanExporter:
    """One for all tests of a process: OpenTelemetry takes a provider once and for good."""
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(shutdown_on_exit=False)
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter
