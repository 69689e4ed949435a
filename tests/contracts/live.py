"""
What the tests of a live mesh share: how an rpc is called well and badly, and who calls.

A service has a table of `Call`s in the order in which they are made, and one test of each kind; a
pure test holds its table equal to the descriptors.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.message import Message

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from meshkit.caller import Caller, Role
from meshkit.client import Bearer, connect, raising
from meshkit.errors import MeshError
from meshkit.pgtest import open_folder
from tests.contracts.descriptors import rpcs
from tests.contracts.pending import pending

PLATFORM = Caller(subject="tests", role=Role.PLATFORM, tenant="acme")
CARRIER = Caller(subject="tests", role=Role.CARRIER, tenant="acme", carrier_id="carrier-1")
STREAM_SECONDS = 90
# Streams that only a caller or a drain ends.
ENDLESS = ("WatchEvents", "WatchFleet", "WatchIncidents", "WatchPositions", "WatchRuleChanges")


@dataclass(frozen=True, slots=True)
class Call:
    """
    How one rpc is called well, and how badly; `reason` is the error's of the bad one.

    Where no request can be bad, the good one comes from somebody who may not ask.
    """

    rpc: str
    good: Callable[[Any], Message]
    bad: Message | None
    reason: str


class Live:
    """One process of a live mesh, by its services' stubs; `known` is what calls have made."""

    def __init__(self, stubs: Sequence[Any], known: Any, stranger: Live | None = None) -> None:
        self._stubs, self.known = stubs, known
        self.stranger = stranger or self

    async def call(self, rpc: str, request: Message) -> Any:
        """One answer; of a stream, the last, or the first of one that never ends."""
        stub = next(stub for stub in self._stubs if hasattr(stub, rpc))
        if rpc.startswith("Stream"):
            return [one async for one in getattr(stub, rpc)(_alone(request))]
        answer = getattr(stub, rpc)(request)
        if not rpc.startswith("Watch"):
            return await answer
        async with asyncio.timeout(STREAM_SECONDS):
            told = []
            async for one in answer:
                told.append(one)
                if rpc in ENDLESS:
                    break
            return told[-1]

    async def refused(self, call: Call) -> None:
        """Makes the bad call, and holds its reason."""
        who = self if call.bad else self.stranger
        with pytest.raises(MeshError) as caught:
            await who.call(call.rpc, call.bad or call.good(self.known))

        assert caught.value.reason == call.reason
        assert caught.value.code != "INTERNAL"


async def _alone(request: Message) -> AsyncIterator[Message]:
    yield request


@asynccontextmanager
async def opened(plan: Plan, service: str, stubs: Sequence[Any], known: Any) -> AsyncIterator[Live]:
    """A mesh of its own, and one of its processes as a platform and as a stranger call it."""
    with open_folder() as folder:
        async with Mesh(State(folder), plan, base=0) as mesh:
            address = mesh.address(service)
            async with (
                connect(address, tokens=Bearer(mesh.token(PLATFORM))) as channel,
                connect(address, tokens=Bearer(mesh.token(CARRIER))) as other,
            ):
                stranger = Live([raising(stub(other)) for stub in stubs], known)
                yield Live([raising(stub(channel)) for stub in stubs], known, stranger)


def answering(*services: str) -> set[str]:
    """The rpcs of the contract's services that do not answer UNIMPLEMENTED."""
    named = [rpc.name.split(".") for rpc in rpcs()]
    known = {method for service, method in named if service in services}
    return known - {method for service in services for method in pending().get(service, ())}
