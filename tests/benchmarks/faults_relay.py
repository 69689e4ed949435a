"""
A relay between clients and one process, which can cut all their connections at once.

Both ends are reset in the middle of whatever they were saying, as by a router that restarts.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from deploy.local.ports import HOST

PIECE_BYTES = 64 << 10
RESET = socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)  # no farewell at the end
BROKEN = (ConnectionError, OSError)


class Relay:
    """Listens on a free port and passes bytes on, in both directions."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._open: set[asyncio.StreamWriter] = set()
        self.address = ""

    @classmethod
    @asynccontextmanager
    async def to(cls, target: str) -> AsyncIterator[Self]:
        """A relay to `host:port`, which need not be there yet."""
        relay = cls(target)
        server = await asyncio.start_server(relay._serve, HOST, 0)
        relay.address = f"{HOST}:{server.sockets[0].getsockname()[1]}"
        try:
            yield relay
        finally:
            server.close()
            relay.cut()

    def cut(self) -> int:
        """Resets every connection; how many they were."""
        found = [writer for writer in self._open if not writer.transport.is_closing()]
        for writer in found:
            writer.get_extra_info("socket").setsockopt(*RESET)
            writer.transport.abort()
        return len(found) // 2

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            behind = await asyncio.open_connection(self._host, self._port)
        except BROKEN:
            writer.transport.abort()
            return
        ends = {writer, behind[1]}
        self._open |= ends
        try:
            await asyncio.gather(_pass(reader, behind[1]), _pass(behind[0], writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes on until an end or a cut; no more than one piece waits here."""
    with suppress(*BROKEN):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    writer.transport.abort()
