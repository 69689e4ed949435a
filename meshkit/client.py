"""
One way to call: every channel between services is opened here, every stub is wrapped here.

`connect` adds to each call what the mesh asks for: the time left, an identity, the tenant, the
trace. `raising` turns a failed call into the error that was raised on the far side. Neither is a
gRPC interceptor: in grpcio 1.81 what a client interceptor raises comes back a second time,
unraisable, when the call is collected, and one that awaits a call breaks its cancellation.

Whose identity: while a call is being answered, its caller's token is forwarded to methods whose
contract lists that caller's role. To other methods this service vouches itself, by its own token
and the caller's tenant. A tick has no caller and speaks for itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

import grpc

from meshkit import deadline
from meshkit.auth import TENANT_KEY
from meshkit.caller import Caller, Role, caller_or_none
from meshkit.calls import ObservedCall, RaisingCall
from meshkit.method import Method, method_of
from meshkit.telemetry import MadeCall

KEEPALIVE_MS = 20_000  # a silent cut is noticed within 30 s; the server allows a ping every 10 s
KEEPALIVE_TIMEOUT_MS = 10_000
MESSAGE_BYTES_MAX = 4 << 20
RECONNECT_MS_MAX = 2_000  # gRPC's own 120 s would outlast many a restart

SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],  # the default sends everything to one replica
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {  # safe: reads are, and writes carry a request id
                "maxAttempts": 3,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},  # no storm on a service that is down
}
OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_reconnect_backoff_ms", RECONNECT_MS_MAX),
)

Stub = TypeVar("Stub")
Metadata = list[tuple[str, str]]


class Tokens(Protocol):
    """Where a process's own token comes from, such as `meshkit.auth.TokenSource`."""

    def token(self) -> str:
        """A token that is good for the next minute."""


class Bearer:
    """A token that somebody was given: for clients that are no service."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """The token."""
        return self._token


def connect(address: str, *, tokens: Tokens | None = None) -> MeshChannel:
    """
    A channel to `host:port`, or to all replicas behind `dns:///host:port`.

    Without `tokens` only a forwarded caller's token is ever sent.
    """
    return MeshChannel(grpc.aio.insecure_channel(address, options=OPTIONS), address, tokens)


def raising(stub: Stub) -> Stub:
    """The same stub; its calls raise what the server raised, as the class it raised."""
    return cast(Stub, _RaisingStub(stub))


class MeshChannel(grpc.aio.Channel):
    """A channel whose every call carries deadline, identity, tenant and trace."""

    def __init__(self, inner: grpc.aio.Channel, address: str, tokens: Tokens | None) -> None:
        self._inner = inner
        self._address = address
        self._tokens = tokens

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        await self._inner.__aexit__(kind, error, stack)

    async def close(self, grace: float | None = None) -> None:
        """Closes; calls under way have `grace` seconds."""
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """The state of the connection."""
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Returns when the state is another one."""
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Returns when the channel is connected."""
        await self._inner.channel_ready()

    def unary_unary(self, method: str, *rest: Any, **options: Any) -> Any:
        """Called by generated stubs."""
        return self._carrying(method, self._inner.unary_unary(method, *rest, **options))

    def unary_stream(self, method: str, *rest: Any, **options: Any) -> Any:
        """Called by generated stubs."""
        return self._carrying(method, self._inner.unary_stream(method, *rest, **options))

    def stream_unary(self, method: str, *rest: Any, **options: Any) -> Any:
        """Called by generated stubs."""
        return self._carrying(method, self._inner.stream_unary(method, *rest, **options))

    def stream_stream(self, method: str, *rest: Any, **options: Any) -> Any:
        """Called by generated stubs."""
        return self._carrying(method, self._inner.stream_stream(method, *rest, **options))

    def _carrying(self, path: str, start: Callable[..., Any]) -> Callable[..., Any]:
        """The same callable; what it starts carries what the mesh asks for."""
        method = method_of(path) or Method(path, frozenset(), None)

        def call(
            *request: Any,
            timeout: float | None = None,
            metadata: Metadata | None = None,
            **options: Any,
        ) -> Any:
            seconds = deadline.onward(_least(timeout, method.seconds_max))
            made = MadeCall(method.name, self._address)
            carried = [*(metadata or ()), *identity(method, self._tokens), *made.headers()]
            started = start(*request, timeout=seconds, metadata=carried, **options)
            return ObservedCall(started, made)

        return call


def identity(method: Method, tokens: Tokens | None) -> Metadata:
    """The metadata that say on whose behalf a method is called now."""
    caller = caller_or_none()
    if caller is not None and _is_forwarded(caller, method, tokens):
        return [("authorization", f"Bearer {caller.token}"), *_tenant(caller, Role.SERVICE)]
    if tokens is None:
        return []
    return [("authorization", f"Bearer {tokens.token()}"), *_tenant(caller)]


def _is_forwarded(caller: Caller, method: Method, tokens: Tokens | None) -> bool:
    """A service that calls us is not forwarded when we can speak for ourselves."""
    if not caller.token:
        return False
    return caller.role in method.callers or (caller.role is Role.SERVICE and tokens is None)


def _tenant(caller: Caller | None, only: Role | None = None) -> Metadata:
    if caller is None or not caller.tenant or (only is not None and caller.role is not only):
        return []
    return [(TENANT_KEY, caller.tenant)]


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


class _RaisingStub:
    def __init__(self, stub: Any) -> None:
        self._stub = stub

    def __getattr__(self, name: str) -> Callable[..., RaisingCall]:
        start = getattr(self._stub, name)
        return lambda *request, **options: RaisingCall(start(*request, **options))
