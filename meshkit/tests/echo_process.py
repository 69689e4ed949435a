"""A whole process of the mesh, for tests that start and stop one."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE

import structlog

from meshkit.config import MeshSettings, settings_of
from meshkit.errors import Unavailable
from meshkit.server import run, serve
from meshkit.tests.echo import EchoServicer

log = structlog.get_logger()


class EchoSettings(MeshSettings):
    """The echo's knobs."""

    model_config = settings_of("echo")

    failure: str = ""  # what goes wrong after the start
    children: int = 0  # programs that it starts one after the other


async def start(settings: EchoSettings) -> None:
    """Serves an echo, with a loop beside it that fails when told to."""

    async def beside() -> None:
        await asyncio.sleep(0.1)  # lets the server start first
        if settings.failure == "expected":
            raise Unavailable("STORE_UNAVAILABLE", "no PostgreSQL at 127.0.0.1:1: start one")
        if settings.failure == "bug":
            raise RuntimeError("broken")

    async def parent() -> None:
        died = [code for _ in range(settings.children) if (code := await _child())]
        log.info("children_ended", died=died)

    await serve(settings, [EchoServicer()], loops=[beside, parent])


async def _child() -> int | None:
    """What a program ended with that repeats what it is told."""
    process = await asyncio.create_subprocess_exec("/bin/cat", stdin=PIPE, stdout=PIPE)
    try:
        await process.communicate(b"told")
    except RuntimeError:  # uvloop's word for a child that is gone
        await process.wait()
    return process.returncode


if __name__ == "__main__":
    run(EchoSettings, start)
