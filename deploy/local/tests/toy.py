"""
A process to supervise: serves grpc.health on a port, as a service does, and fails where told to.

    python -m deploy.local.tests.toy PORT [--die-after SECONDS] [--deaf] [--with-child FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health


async def serve(given: argparse.Namespace) -> None:
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    probe = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(probe, server)
    server.add_insecure_port(f"127.0.0.1:{given.port}")
    await server.start()
    await probe.set("", health_pb2.HealthCheckResponse.SERVING)
    told = asyncio.Event()
    hear = (lambda: None) if given.deaf else told.set
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, hear)
    try:
        await asyncio.wait_for(told.wait(), given.die_after)
    except TimeoutError:
        print("out of time", flush=True)
        sys.exit(3)
    await server.stop(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--die-after", type=float)
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("--with-child", type=Path)
    given = parser.parse_args()
    if given.with_child:
        child = subprocess.Popen(["sleep", "600"])
        given.with_child.write_text(str(child.pid))
    asyncio.run(serve(given))


if __name__ == "__main__":
    main()
