"""How the clients of a run reach the two processes, and which failures they take as passing."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import grpc

from clients.python.doorstep_client.device import reason_of

RETRY_SECONDS = (0.05, 0.4)  # by lot, so that a storm is not one moment
ELSEWHERE = 0.25  # how often a client that comes again goes to the other process
PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.OK,  # a stream that was ended before all of it was answered
    }
)
OWN = "Internal error from Core"  # what the client's gRPC says when a stream ends under a write
OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.use_local_subchannel_pool", 1),  # everybody has a connection of its own
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 3_000),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
)


@dataclass(slots=True)
class Troubles:
    """What clients met: how often they came again, and what no client should ever meet."""

    passing: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def note(self, error: grpc.aio.AioRpcError) -> None:
        """Counts a failure under its reason."""
        reason = reason_of(error)
        if error.code() in PASSING or error.details() == OWN:
            self.passing[reason] += 1
        else:
            self.others[f"{error.code().name} {reason}: {error.details()}"] += 1


@dataclass(frozen=True, slots=True)
class Doors:
    """The two processes as the clients of one tenant reach them."""

    addresses: tuple[str, str]
    token: str = field(repr=False)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Who calls."""
        return (("authorization", f"Bearer {self.token}"),)

    def one(self, dice: random.Random, preferred: int) -> grpc.aio.Channel:
        """A fresh connection, most often to the preferred process."""
        number = 1 - preferred if dice.random() < ELSEWHERE else preferred
        return opened(self.addresses[number])

    def both(self) -> grpc.aio.Channel:
        """A connection to each, call by call in turn."""
        return opened(f"ipv4:{','.join(self.addresses)}")


def opened(address: str) -> grpc.aio.Channel:
    """A channel that shares its connection with nobody."""
    return grpc.aio.insecure_channel(address, options=OPTIONS)


async def pause(dice: random.Random) -> None:
    """Before a client comes again."""
    await asyncio.sleep(dice.uniform(*RETRY_SECONDS))


async def next_of(call: Any) -> Any:
    """The next answer of a stream. An end without an answer is raised as the error that it is."""
    answer = await call.read()
    if answer is grpc.aio.EOF:
        raise grpc.aio.AioRpcError(
            await call.code(),
            await call.initial_metadata(),
            await call.trailing_metadata(),
            await call.details(),
        )
    return answer
