"""
Calls under way, of all four kinds: one wrapper tells telemetry how they end, one raises our errors.

Neither uses the done callback of a call: in grpcio 1.81 it ties the call to itself, and a stream
that its reader abandons is then never cancelled (measured: the server goes on until it stops).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import aclosing
from typing import Any

import grpc

from meshkit.status import error_from_rpc
from meshkit.telemetry import MadeCall


class ObservedCall:
    """A gRPC call whose end is told to telemetry, once; dropped half way it counts as cancelled."""

    def __init__(self, call: Any, made: MadeCall) -> None:
        self._call = call
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            reply = yield from self._call.__await__()
        except grpc.aio.AioRpcError as error:
            self._made.end(error.code())
            raise
        self._made.end(grpc.StatusCode.OK)
        return reply

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for reply in self._call:
                yield reply
        except grpc.aio.AioRpcError as error:
            self._made.end(error.code())
            raise
        else:
            self._made.end(grpc.StatusCode.OK)
        finally:
            self._call.cancel()  # a reader that leaves half way; after the end it does nothing
            self._made.end(None)

    async def read(self) -> Any:
        """The next reply, or `grpc.aio.EOF`."""
        try:
            reply = await self._call.read()
        except grpc.aio.AioRpcError as error:
            self._made.end(error.code())
            raise
        if reply is grpc.aio.EOF:
            self._made.end(grpc.StatusCode.OK)
        return reply

    def __del__(self) -> None:
        self._made.end(None)


class RaisingCall:
    """A call that raises what was raised on the far side, as the class it was raised as."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            return (yield from self._call.__await__())
        except grpc.aio.AioRpcError as error:
            raise error_from_rpc(error) from error

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async with aclosing(aiter(self._call)) as replies:
                async for reply in replies:
                    yield reply
        except grpc.aio.AioRpcError as error:
            raise error_from_rpc(error) from error
        finally:
            self._call.cancel()  # a reader that leaves half way; after the end it does nothing

    async def read(self) -> Any:
        """The next reply, or `grpc.aio.EOF`."""
        try:
            return await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise error_from_rpc(error) from error

    async def write(self, request: Any) -> None:
        """Sends a request; when the server has ended the call, raises why."""
        try:
            await self._call.write(request)
        except grpc.aio.AioRpcError as error:
            raise error_from_rpc(error) from error
        except asyncio.InvalidStateError:
            await self._raise_end()
            raise

    async def _raise_end(self) -> None:
        code = await self._call.code()
        if code is not grpc.StatusCode.OK:
            error = grpc.aio.AioRpcError(
                code,
                await self._call.initial_metadata(),
                await self._call.trailing_metadata(),
                await self._call.details(),
            )
            raise error_from_rpc(error) from error
