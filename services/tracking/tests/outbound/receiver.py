"""A receiver of webhooks on a real port of this machine, as badly behaved as a test asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

Answer = Callable[["Taken", asyncio.StreamWriter], Awaitable[None]]


def status(code: int, *headers: str, body: bytes = b"") -> Answer:
    """Answers at once."""
    lines = [f"HTTP/1.1 {code} x", f"content-length: {len(body)}", *headers]
    answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def give(_: Taken, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return give


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in."""

    headers: dict[str, str]
    body: bytes
    path: str = ""

    @property
    def envelope(self) -> dict[str, Any]:
        """The JSON object."""
        return dict(json.loads(self.body))

    def verified(self, secret: str) -> dict[str, Any]:
        """The same, if the reference library of the standard takes the signature."""
        return dict(Webhook(secret).verify(self.body, self.headers))


@dataclass
class Receiver:
    """Where webhooks arrive."""

    port: int = 0
    answer: Answer = field(default_factory=lambda: status(200))
    taken: list[Taken] = field(default_factory=list)
    server: asyncio.Server | None = None
    under_way: dict[str, int] = field(default_factory=dict)  # requests at once, by subject
    crowded: set[str] = field(default_factory=set)  # subjects that had two at once

    @property
    def url(self) -> str:
        """What a subscription names."""
        return f"http://127.0.0.1:{self.port}/hook?to=us"

    @property
    def ids(self) -> list[str]:
        """Ids in the order in which they came, each as often as it came."""
        return [one.headers["webhook-id"] for one in self.taken]

    async def up(self) -> None:
        """Listens, on the same port as before."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuses connections."""
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()
            self.server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            taken = await _read(reader)
            subject = str(taken.envelope.get("subject", ""))
            count = self.under_way[subject] = self.under_way.get(subject, 0) + 1
            if count > 1:
                self.crowded.add(subject)
            try:
                await self.answer(taken, writer)
                self.taken.append(taken)
                await writer.drain()
            finally:
                self.under_way[subject] -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender had enough
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Taken:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")
    pairs = [line.split(": ", 1) for line in lines if line]
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers["content-length"]))
    return Taken(headers, body, first.split(" ")[1])


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens for as long as the block runs."""
    receiver = Receiver()
    await receiver.up()
    try:
        yield receiver
    finally:
        await receiver.down()
