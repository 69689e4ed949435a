"""
A reader of the feed of positions, as a process of its own.

    python -m tests.benchmarks.ingest_watch

Reads its spec from the first line of its input, says `ready` when it watches, and is told in the
second line how many positions there are. Prints how many it saw, how many of them twice, and how
old the newest of each batch was when it came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import grpc
import uvloop

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from doorstep.tracking.v1.tracking_service_pb2_grpc import TrackingServiceStub
from meshkit.client import Bearer, connect
from tests.benchmarks.ingest_load import PASSING, percentile

PATIENCE_SECONDS = 30.0  # for what is still to come when everything was sent
AFTER_SECONDS = 0.5
RETRY_SECONDS = 0.2
NANOS = 1_000_000_000
MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Spec:
    """Where to watch, and how many positions a batch has: its last one is as old as the batch."""

    address: str
    token: str = field(repr=False)
    batch: int = 100


@dataclass(slots=True)
class Told:
    """What came of it."""

    seen: int = 0
    doubled: int = 0
    reconnected: int = 0
    cpu_seconds: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


class Watcher:
    """One watch that resumes by its cursor."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._cursor = ""
        self._seen: dict[str, set[int]] = defaultdict(set)
        self._ages: list[float] = []
        self.told = Told()
        self.ready = asyncio.Event()
        self.more = asyncio.Event()

    async def run(self, stub: Any) -> None:
        """For ever."""
        while True:
            request = pb.WatchPositionsRequest(cursor=self._cursor, start_at_head=True)
            try:
                async for response in stub.WatchPositions(request):
                    self._take(response, time.time())
            except grpc.aio.AioRpcError as error:
                if error.code() not in PASSING:
                    raise
                self.told.reconnected += 1
                await asyncio.sleep(RETRY_SECONDS)

    def result(self) -> Told:
        """What was seen so far."""
        ages = [seconds * MILLISECONDS for seconds in self._ages]
        self.told.p50_ms, self.told.p99_ms = percentile(ages, 50), percentile(ages, 99)
        return self.told

    def _take(self, response: pb.WatchPositionsResponse, now: float) -> None:
        by_device: dict[str, list[int]] = defaultdict(list)
        for one in response.positions:
            position = one.position
            by_device[one.device_id].append(position.sequence)
            if position.sequence % self._spec.batch == 0:
                at = position.device_time
                self._ages.append(now - at.seconds - at.nanos / NANOS)
        for device_id, sequences in by_device.items():
            known = self._seen[device_id]
            before = len(known)
            known.update(sequences)
            self.told.seen += len(known) - before
            self.told.doubled += len(sequences) - (len(known) - before)
        self._cursor = response.cursor
        self.ready.set()
        self.more.set()

    async def until(self, expected: int) -> None:
        """Returns when so many were seen."""
        while self.told.seen < expected:
            self.more.clear()
            await self.more.wait()


async def main() -> None:
    """Watches until everything is there."""
    lines = await asyncio.to_thread(sys.stdin.readline)
    spec = Spec(**json.loads(lines))
    async with connect(spec.address, tokens=Bearer(spec.token)) as channel:
        watcher = Watcher(spec)
        stub = TrackingServiceStub(channel)
        watching = asyncio.create_task(watcher.run(stub))
        await watcher.ready.wait()
        spent = time.process_time()
        print("ready", flush=True)
        expected = int(await asyncio.to_thread(sys.stdin.readline))
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await watcher.until(expected)
        await asyncio.sleep(AFTER_SECONDS)  # what would come twice comes now
        watcher.told.cpu_seconds = time.process_time() - spent
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    print(json.dumps(asdict(watcher.result())))


if __name__ == "__main__":
    uvloop.run(main())
