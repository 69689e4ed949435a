"""
The edge: what every call passes before a servicer sees it, in this order.

    telemetry -> errors -> admission, auth -> deadline -> validation -> the servicer

Handlers are wrapped once, when they are registered, and not by gRPC interceptors, which would wrap
them again at every call; nothing is parsed before the caller is known. All four kinds of handler
are served, written as coroutines, as async generators, or as coroutines that read and write by the
context.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc_status import rpc_status

from meshkit import deadline, drain, telemetry, validate
from meshkit.auth import Authority
from meshkit.caller import MESH_DOMAIN, become
from meshkit.errors import Exhausted, Internal, Invalid, MeshError, Unimplemented
from meshkit.log import current_rpc
from meshkit.method import Method
from meshkit.status import status_from_error
from meshkit.telemetry import ServedCall

Handler = Any  # a grpc.RpcMethodHandler, whose types know synchronous behaviors only
Context = grpc.aio.ServicerContext[Any, Any]
Behavior = Callable[[Any, Context], Any]
Parse = Callable[[bytes], Any]

RETRY_MILLISECONDS = (50, 500)  # drawn at random, so that the refused do not come back together

log = structlog.get_logger()


class Admission:
    """How many calls and watches may run at once; what is over is refused at once, cheaply."""

    def __init__(self, calls_max: int, watches_max: int) -> None:
        self._max = {False: calls_max, True: watches_max}
        self._running = {False: 0, True: 0}

    @property
    def running(self) -> int:
        """Calls and watches being answered."""
        return sum(self._running.values())

    @contextmanager
    def admitted(self, *, is_watch: bool) -> Iterator[None]:
        """Counts a call while it runs; raises Exhausted when there are enough."""
        if self._running[is_watch] >= self._max[is_watch]:
            raise Exhausted(
                "SERVER_BUSY",
                f"{self._max[is_watch]} {'watches' if is_watch else 'calls'} are running",
                domain=MESH_DOMAIN,
                retry_after=timedelta(milliseconds=random.randint(*RETRY_MILLISECONDS)),  # noqa: S311 spread, not secrecy
            )
        self._running[is_watch] += 1
        try:
            yield
        finally:
            self._running[is_watch] -= 1


class Edge:
    """Wraps handlers so that they answer as the mesh does."""

    def __init__(
        self,
        domain: str,
        actions: Mapping[str, str],
        authority: Authority,
        admission: Admission,
        draining: drain.Drain,
    ) -> None:
        self._domain = domain
        self._actions = actions
        self._authority = authority
        self._admission = admission
        self._drain = draining

    def wrapped(self, method: Method, handler: Handler) -> Any:
        """The handler of one rpc behind the edge."""
        behavior, parse = _behavior(handler), _parser(handler)
        if _is_pending(behavior):
            behavior, parse = _pending(method), bytes
        else:
            validate.prepare(method.request)
        if handler.response_streaming:
            return self._streaming(method, handler, behavior, parse)
        return self._single(method, handler, behavior, parse)

    def unknown(self, path: str) -> Any:
        """A handler for a method that this server does not have."""

        async def answer(_request: bytes, context: Context) -> None:
            call = ServedCall("_OTHER")  # semconv rpc: names that callers make up are not kept
            async with self._errors(call, context):
                raise Unimplemented("RPC_UNKNOWN", f"there is no {path[1:]}", domain=MESH_DOMAIN)

        return grpc.unary_unary_rpc_method_handler(answer)

    def _single(
        self,
        method: Method,
        handler: Handler,
        behavior: Behavior,
        parse: Parse,
    ) -> Any:
        serialize = handler.response_serializer

        async def answer(request: Any, context: Context) -> Any:
            async with self._through(method, context):
                asked = request if handler.request_streaming else parse(request)
                return serialize(await behavior(asked, context))

        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(answer, parse)
        return grpc.unary_unary_rpc_method_handler(answer)

    def _streaming(
        self,
        method: Method,
        handler: Handler,
        behavior: Behavior,
        parse: Parse,
    ) -> Any:
        is_watch = method.seconds_max is None and not handler.request_streaming

        async def answer(request: Any, context: Context) -> None:
            async with self._through(method, context):
                asked = request if handler.request_streaming else parse(request)
                if is_watch:
                    async with self._drain.ending_watch():
                        await _pump(behavior(asked, context), context)
                else:
                    await _pump(behavior(asked, context), context)

        written = _written(handler)
        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler(answer, parse, written)
        return grpc.unary_stream_rpc_method_handler(answer, None, written)

    @asynccontextmanager
    async def _through(self, method: Method, context: Context) -> AsyncIterator[None]:
        """Everything around a servicer, outermost first; validation comes with parsing."""
        metadata = dict(context.invocation_metadata() or ())
        call = ServedCall(method.name)
        current_rpc.set(method.name)
        drain.enter(self._drain)
        with _told(call), telemetry.serving(call, metadata):
            async with self._errors(call, context):
                with self._admission.admitted(is_watch=method.seconds_max is None):
                    become(self._authority.caller_of(method, metadata))
                    async with deadline.limited(context.time_remaining(), method.seconds_max):
                        yield

    @asynccontextmanager
    async def _errors(self, call: ServedCall, context: Context) -> AsyncIterator[None]:
        """The only place where an exception becomes a status."""
        try:
            yield
        except MeshError as error:
            await self._refuse(call, context, error)
        except grpc.aio.BaseError:  # gRPC's own: an abort, or a client that is gone
            call.code = getattr(context.code(), "name", "CANCELLED")
            raise
        except Exception:  # whatever else escapes is a bug; it is told to the log and nobody else
            request_id = secrets.token_hex(8)
            log.exception("call_failed", request_id=request_id)
            hidden = Internal(
                "INTERNAL_ERROR", f"internal error, request id {request_id}", domain=MESH_DOMAIN
            )
            await self._refuse(call, context, hidden, request_id)

    async def _refuse(
        self, call: ServedCall, context: Context, error: MeshError, request_id: str = ""
    ) -> None:
        call.code, call.reason = error.code, error.reason
        status = status_from_error(error, self._domain, self._actions, request_id)
        await context.abort_with_status(rpc_status.to_status(status))


async def _pump(replies: Any, context: Context) -> None:
    """
    Sends what a handler yields. A coroutine handler writes by itself.

    Written here, in the call's own task, a cancelled call closes the generator at once and in its
    own context; gRPC would leave it to the garbage collector.
    """
    if isinstance(replies, Awaitable):
        await replies
        return
    async with aclosing(replies):
        async for reply in replies:
            await context.write(reply)


@contextmanager
def _told(call: ServedCall) -> Iterator[None]:
    """One line about each call: failures at INFO, the rest at DEBUG."""
    try:
        yield
    finally:
        tell = log.debug if call.code == "OK" else log.info
        milliseconds = round(call.seconds * 1000, 1)
        tell("call_answered", code=call.code, reason=call.reason, duration_ms=milliseconds)


def _behavior(handler: Handler) -> Behavior:
    kinds = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
    behavior: Behavior = next(filter(None, (getattr(handler, kind) for kind in kinds)))
    return behavior


def _parser(handler: Handler) -> Parse:
    deserialize = handler.request_deserializer

    def parse(raw: bytes) -> Any:
        try:
            request = deserialize(raw)
        except DecodeError as error:
            raise Invalid(
                "REQUEST_MALFORMED", "the bytes are no such message", domain=MESH_DOMAIN
            ) from error
        validate.check(request)
        return request

    return parse


def _written(handler: Handler) -> Callable[[Any], bytes]:
    """A reply in bytes; one that many watchers share comes in bytes already."""
    serialize = handler.response_serializer
    return lambda reply: reply if isinstance(reply, bytes) else serialize(reply)


def _is_pending(behavior: Behavior) -> bool:
    """Whether it is the generated base class that would answer: nobody wrote the rpc yet."""
    return behavior.__module__.endswith("_pb2_grpc")


def _pending(method: Method) -> Behavior:
    async def answer(_request: Any, _context: Context) -> None:
        raise Unimplemented(
            "RPC_PENDING",
            f"{method.name} is part of the contract and not built yet; docs/roadmap.md lists it",
            domain=MESH_DOMAIN,
            rpc=method.name,
        )

    return answer
