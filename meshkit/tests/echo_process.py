"""A whole process of the mesh, for tests that start and stop one."""

from __future__ import annotations

import asyncio

from meshkit.config import MeshSettings, settings_of
from meshkit.errors import Unavailable
from meshkit.server import run, serve
from meshkit.tests.echo import EchoServicer


class EchoSettings(MeshSettings):
    """The echo's knobs."""

    model_config = settings_of("echo")

    failure: str = ""  # what goes wrong after the start


async def start(settings: EchoSettings) -> None:
    """Serves an echo, with a loop beside it that fails when told to."""

    async def beside() -> None:
        await asyncio.sleep(0.1)  # lets the server start first
        if settings.failure == "expected":
            raise Unavailable("STORE_UNAVAILABLE", "no PostgreSQL at 127.0.0.1:1: start one")
        if settings.failure == "bug":
            raise RuntimeError("broken")

    await serve(settings, [EchoServicer()], loops=[beside])


if __name__ == "__main__":
    run(EchoSettings, start)
