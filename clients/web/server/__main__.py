"""The edge process: settings -> channels -> pages and endpoints -> serve."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AbstractContextManager, nullcontext

import uvicorn
from starlette.applications import Starlette

from clients.web.server.app import app_of
from clients.web.server.config import WebSettings
from clients.web.server.logins import Logins
from clients.web.server.recorder import Recorder
from doorstep.dispatch.v1.access_service_pb2_grpc import AccessServiceStub
from doorstep.tracking.v1.ingest_service_pb2_grpc import IngestServiceStub
from meshkit.client import connect, raising
from meshkit.clock import open_clock
from meshkit.server import run

HEAD_BYTES_MAX = 16 * 1024  # of a request's line and headers


class Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn would raise them again and so cut our own end short."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Captures none."""
        return nullcontext()


async def start(settings: WebSettings) -> None:
    """Serves until SIGTERM or SIGINT."""
    clock = open_clock(settings.clock_file, sandbox=settings.sandbox)
    async with (
        connect(settings.dispatch_address) as dispatch,
        connect(settings.tracking_address) as tracking,
    ):
        logins = Logins(raising(AccessServiceStub(dispatch)))
        recorder = Recorder(raising(IngestServiceStub(tracking)), clock.now)
        server = server_of(settings, app_of(logins, recorder))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop, server)
        await server.serve()


def server_of(settings: WebSettings, app: Starlette) -> Server:
    """A bounded server; no log of requests, for their lines hold secrets and places."""
    host, _, port = settings.listen.rpartition(":")
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=int(port),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            server_header=False,
            limit_concurrency=settings.concurrent_calls_max,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            timeout_graceful_shutdown=int(settings.drain_seconds),
        )
    )


def stop(server: uvicorn.Server) -> None:
    """Ends after what is being answered."""
    server.should_exit = True


if __name__ == "__main__":
    run(WebSettings, start)
