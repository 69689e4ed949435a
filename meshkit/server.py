"""
One way to serve: every service starts here, answers alike at its edge, and stops without breaking.
"""

from __future__ import annotations

import asyncio
import contextvars
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import grpc
import structlog
import uvloop
from google.protobuf.internal import api_implementation
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from meshkit import forks, telemetry
from meshkit import log as logs
from meshkit.actions import actions_of
from meshkit.auth import Authority
from meshkit.clock import ClockError
from meshkit.config import MeshSettings, SettingsError
from meshkit.drain import Drain
from meshkit.edge import Admission, Edge
from meshkit.errors import MeshError
from meshkit.health import Health, Probe
from meshkit.keys import KeySet
from meshkit.method import Method, method_of

Settings = TypeVar("Settings", bound=MeshSettings)
Loop = Callable[[], Awaitable[None]]

KEEPALIVE_MS = 20_000  # a silent cut is noticed within 30 s
KEEPALIVE_TIMEOUT_MS = 10_000
PING_INTERVAL_MIN_MS = 10_000  # below the clients' keepalive, else ENHANCE_YOUR_CALM
HEADROOM_CALLS = 64  # above our own limits gRPC refuses too, without a reason; health fits between

log = structlog.get_logger()


class CannotStart(Exception):
    """The process cannot begin; the message says what to do."""


def run(settings_class: type[Settings], start: Callable[[Settings], Awaitable[None]]) -> None:
    """A process from beginning to end: settings, log, telemetry, event loop, then `start`."""
    forks.without_handlers()
    try:
        settings = settings_class.load()
        logs.configure(settings.service(), settings.log_level)
        stop_telemetry = telemetry.start(settings)
        log.info("process_started", **settings.shown())
        try:
            uvloop.run(_awaited(start(settings)))
        finally:
            stop_telemetry()
    except (CannotStart, ClockError, MeshError, SettingsError) as error:
        sys.exit(f"{settings_class.service()}: {error}")
    except KeyboardInterrupt:  # before it served; while it serves, that is a drain
        sys.exit(128 + signal.SIGINT)
    except Exception:  # the log is where a process says why it ended
        log.exception("process_failed")
        sys.exit(1)


async def serve(
    settings: MeshSettings,
    servicers: Sequence[object],
    *,
    loops: Sequence[Loop] = (),
    ready: Probe | None = None,
) -> None:
    """
    Serves until SIGTERM or SIGINT, then drains and returns.

    `loops` run beside the server and are cancelled after the drain; one that raises ends the
    process. `ready` is awaited every second; while it raises, health says NOT_SERVING.
    """
    server = Server(settings, servicers, ready=ready)
    stop = _stop_signal()
    await server.start()
    server.observe()
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(_awaited(loop())) for loop in loops]
            try:
                await stop.wait()  # a loop that fails cancels this
            finally:
                await server.stop(settings.drain_seconds)
                for task in running:
                    task.cancel()
    except* MeshError as failed:
        raise failed.exceptions[0] from failed


class Server:
    """A gRPC server of the mesh on one address. `serve` is what services use; tests use this."""

    def __init__(
        self, settings: MeshSettings, servicers: Sequence[object], *, ready: Probe | None = None
    ) -> None:
        if api_implementation.Type() != "upb":  # 29 us a message instead of 0.7, and other CVEs
            raise CannotStart("protobuf runs without its C library; reinstall it")
        self.drain = Drain()
        self.port = 0
        self._settings = settings
        self._admission = Admission(settings.concurrent_calls_max, settings.concurrent_watches_max)
        self._services = _registered(servicers)
        self._health = Health(list(self._services), ready, settings.loop_lag_seconds_max)
        self._server = grpc.aio.server(
            options=_options(settings),
            maximum_concurrent_rpcs=settings.concurrent_calls_max
            + settings.concurrent_watches_max
            + HEADROOM_CALLS,
        )
        self._beat: asyncio.Task[None] | None = None

    @property
    def running(self) -> int:
        """Calls and watches being answered now."""
        return self._admission.running

    async def start(self) -> None:
        """Listens; raises CannotStart when the address is taken or no keys are there."""
        self._add_handlers()
        self.port = self._bind()
        await self._server.start()
        self._beat = asyncio.create_task(self._health.beat(), context=contextvars.Context())
        log.info("server_started", port=self.port, services=list(self._services))

    def observe(self) -> None:
        """Reports this server's gauges; once in a process."""
        prefix = f"{self._settings.service()}_"
        telemetry.observe_gauge(f"{prefix}loop_lag_seconds", "s", lambda: self._health.lag_seconds)
        telemetry.observe_gauge(f"{prefix}running_calls", "1", lambda: self.running)

    async def stop(self, grace_seconds: float) -> None:
        """Says NOT_SERVING, ends watches, lets calls finish for a while, then cancels them."""
        log.info("server_draining", running_calls=self.running)
        if self._beat is not None:
            self._beat.cancel()
        await self._health.drain()
        self.drain.begin()
        await self._server.stop(grace_seconds)
        log.info("server_stopped")

    def _add_handlers(self) -> None:
        service = self._settings.service()
        authority = Authority(_keys(self._settings))
        edge = Edge(
            f"{service}.doorstep", actions_of(service), authority, self._admission, self.drain
        )
        for name, handlers in self._services.items():
            wrapped = {
                method: edge.wrapped(_described(name, method), handler)
                for method, handler in handlers.items()
            }
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(name, wrapped),)
            )
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, self._server)
        if self._settings.reflection:
            names = (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        self._server.add_generic_rpc_handlers((_Unknown(edge),))

    def _bind(self) -> int:
        listen = self._settings.listen
        try:
            return self._server.add_insecure_port(listen)
        except RuntimeError as error:
            knob = f"DOORSTEP_{self._settings.service().upper()}_LISTEN"
            raise CannotStart(
                f"cannot listen on {listen}: stop what runs there, or set {knob}"
            ) from error


class _Unknown(grpc.GenericRpcHandler):
    """The last to be asked for a handler: whatever comes here does not exist."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._edge.unknown(handler_call_details.method)


class _Registry:
    """Takes the place of a server while generated code registers handlers: we want them wrapped."""

    def __init__(self) -> None:
        self.services: dict[str, Mapping[str, Any]] = {}

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        """Generated code registers everything twice; this way is not needed."""

    def add_registered_method_handlers(self, name: str, handlers: Mapping[str, Any]) -> None:
        """Keeps the handlers of one service."""
        self.services[name] = handlers


def _registered(servicers: Sequence[object]) -> dict[str, Mapping[str, Any]]:
    """The handlers of all services, found by the generated base classes of their servicers."""
    registry = _Registry()
    for servicer in servicers:
        bases = [base for base in type(servicer).__mro__ if base.__module__.endswith("_pb2_grpc")]
        if not bases:
            raise TypeError(f"{type(servicer).__name__} inherits from no generated servicer")
        for base in bases:
            add = getattr(sys.modules[base.__module__], f"add_{base.__name__}_to_server")
            add(servicer, registry)
    return registry.services


def _described(service: str, name: str) -> Method:
    method = method_of(f"/{service}/{name}")
    if method is None:
        raise TypeError(f"no contract describes {service}/{name}")
    return method


def _keys(settings: MeshSettings) -> KeySet:
    try:
        return KeySet(settings.jwks_file)
    except (OSError, ValueError) as error:
        raise CannotStart(f"no keys to check tokens with: {error}") from error


def _options(settings: MeshSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # a second process on the port must fail, not share it silently
        ("grpc.max_receive_message_length", settings.message_bytes_max),
        ("grpc.max_send_message_length", settings.message_bytes_max),
        ("grpc.max_connection_age_ms", settings.connection_age_seconds * 1000),
        ("grpc.max_connection_age_grace_ms", settings.connection_grace_seconds * 1000),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", PING_INTERVAL_MIN_MS),
    ]


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _awaited(work: Awaitable[None]) -> None:
    await work
