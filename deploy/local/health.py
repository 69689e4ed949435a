"""Is it up? Asked of a gRPC server, of the gateway, of anything that listens."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.ports import HOST
from deploy.local.process import Probe

ASK_SECONDS = 1.0


def grpc_health(port: int) -> Probe:
    """Whether the server there says SERVING of itself as a whole."""

    async def healthy() -> bool:
        async with grpc.aio.insecure_channel(f"{HOST}:{port}") as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            try:
                reply = await stub.Check(health_pb2.HealthCheckRequest(), timeout=ASK_SECONDS)
            except grpc.aio.AioRpcError:
                return False
            return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)

    return healthy


def http_ok(port: int, path: str) -> Probe:
    """Whether a GET of the path answers 200."""

    async def healthy() -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(ASK_SECONDS):
                return b" 200 " in await status_line(port, path)
        return False

    return healthy


async def status_line(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return await reader.readline()
    finally:
        writer.close()
