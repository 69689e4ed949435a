"""The contract and servicer that meshkit's own tests of the edge serve."""

# ruff: noqa: N802 the contract names the methods

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from meshkit.caller import become, current_caller
from meshkit.deadline import remaining
from meshkit.drain import until_drained
from meshkit.errors import NotFound, NotReady, Violation
from meshkit.testing import plausible
from meshkit.tests.compiled import compiled

SERVICE = "meshtest.v1.EchoService"


pb, pb_grpc = compiled("meshtest/v1/echo_service.proto")


class EchoServicer(pb_grpc.EchoServiceServicer):  # type: ignore[misc, name-defined]
    """Says what it is told; some texts make it fail. Rpcs `Later` and `WatchLater` are left out."""

    def __init__(self) -> None:
        self.left: list[str] = []  # rpcs that were cancelled

    async def Say(self, request: Any, context: Any) -> Any:
        match request.text:
            case "unknown":
                raise NotFound("WORD_UNKNOWN", "no such word", word="unknown")
            case "early":
                raise NotReady(
                    "NOT_YET", "too early", violations=[Violation("words[1]", "is early", "EARLY")]
                )
            case "bug":
                raise RuntimeError("postgres://user:secret@10.0.0.1/db is down")
            case "wrong":
                return "not a message"
            case "sleep":
                await self._sleep("Say")
        return pb.SayResponse(text=request.text, seen=_seen())

    async def SaySlowly(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for letter in request.text:
            if letter == "!":
                raise NotFound("LETTER_UNKNOWN", "no such letter")
            yield pb.SayResponse(text=letter)

    async def Gather(self, requests: AsyncIterator[Any], context: Any) -> Any:
        return pb.SayResponse(text="".join([request.text async for request in requests]))

    async def Chat(self, requests: Any, context: Any) -> None:
        """Written as a coroutine that reads and writes by the context."""
        async for request in until_drained(requests):
            await context.write(pb.SayResponse(text=request.text))
        await context.write(pb.SayResponse(text="bye"))

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        yield pb.SayResponse(text=request.text)
        await self._sleep("Watch")

    async def Inside(self, request: Any, context: Any) -> Any:
        return pb.SayResponse(text=request.text, seen=_seen())

    async def Track(self, request: Any, context: Any) -> Any:
        become(plausible(current_caller().role, subject=request.text))
        return pb.SayResponse(text=request.text, seen=_seen())

    async def Enter(self, request: Any, context: Any) -> Any:
        return pb.SayResponse(text=request.text, seen=_seen())

    async def _sleep(self, rpc: str) -> None:
        try:
            await asyncio.sleep(30)  # longer than any test waits: only a cancellation ends it
        except asyncio.CancelledError:
            self.left.append(rpc)
            raise


def _seen() -> dict[str, str]:
    caller = current_caller()
    return {
        "subject": caller.subject,
        "role": caller.role.value,
        "tenant": caller.tenant,
        "remaining": f"{remaining() or 0:.3f}",
    }
