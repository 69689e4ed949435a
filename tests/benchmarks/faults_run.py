"""
One run of the fault campaign: two processes of tracking on one store, and all that goes wrong.

Positions come in at one process and are watched at the other, most of the time. The run ends when
every fault is over, every device has been answered and every watcher stands at the head; then the
store is listed through the contract, and the history is judged by `faults_checker`.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from doorstep.tracking.v1 import ingest_service_pb2 as ingest_pb
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from doorstep.tracking.v1.ingest_service_pb2_grpc import IngestServiceStub
from doorstep.tracking.v1.tracking_service_pb2_grpc import TrackingServiceStub
from meshkit.caller import Caller, Role
from meshkit.embedded import EmbeddedPostgres
from meshkit.pgtest import open_folder
from services.tracking.adapters import position_feed
from tests.benchmarks.faults_clients import Doors, Troubles, opened
from tests.benchmarks.faults_devices import Captures, Streaming, phone, post
from tests.benchmarks.faults_history import Chunk, History, Key, Seen, Sent
from tests.benchmarks.faults_nemesis import Nemesis
from tests.benchmarks.faults_relay import Relay
from tests.benchmarks.faults_schedule import TAKER, TELLER, drawn
from tests.benchmarks.faults_watchers import Watcher, stuck
from tests.processes import resident_megabytes

TENANTS = ("acme", "borealis", "cargo")
CROWDED = TENANTS[0]  # whose watchers are stuck, and who has an archive for them not to read
STUCK, STUCK_TOGETHER = 200, 10  # watchers; of them on one connection
LIVE_DEVICES = 3  # of each tenant
LIVE_RATE, POST_RATE, PHONE_RATE = 60.0, 30.0, 15.0  # positions a second
PHONE_AT_ONCE = 5  # each waits for the disk
HOARD, ARCHIVE = 600, 20_000  # positions from before the run; all of it is 200 x 3 MB for the stuck
DRAIN_SECONDS, HEAD_SECONDS = (
    90.0,
    60.0,
)  # for answers, for watchers, when nothing is wrong any more
LOOK_SECONDS = 0.2
PAGE = 1_000
WORDS_MAX = 2_000
HOUR_MICROS = 3_600_000_000
TOKEN_SECONDS = 3_600
MEBI = 1 << 20
# What a process may hold beyond what it holds when it starts: an answer for each watcher that there
# may be, twice, for gRPC has a copy on its way; the newest chunks, encoded; the two lanes of 64
# batches of 64 KiB; and what connections, pools and the heap's own gaps take.
GROWTH_MEGABYTES_MAX = (
    2 * position_feed.WATCHERS_MAX * position_feed.BYTES_MAX // MEBI
    + position_feed.TAIL_BYTES_MAX // MEBI
    + 2 * 64 * 64 // 1_024
    + 64
)
CHUNKS = """
    SELECT shard, feed_sequence, tenant, device_id, epoch, first_sequence, last_sequence, sequences
    FROM tracking.position_chunks ORDER BY shard, feed_sequence"""
HEADS = "SELECT shard, sequence FROM tracking.feed_head WHERE feed = 'positions'"


@dataclass(slots=True)
class Stage:
    """What a run plays on."""

    mesh: Mesh
    postgres: EmbeddedPostgres
    relays: tuple[Relay, Relay]
    folder: Path
    said: list[str]

    def doors(self, tenant: str) -> Doors:
        """The way in for one tenant's clients."""
        caller = Caller(subject="faults", role=Role.PLATFORM, tenant=tenant)
        token = self.mesh.token(caller, seconds=TOKEN_SECONDS)
        return Doors((self.relays[0].address, self.relays[1].address), token)


@dataclass(slots=True)
class Memory:
    """What the processes hold: when they have started, and at most."""

    first: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)

    def look(self, mesh: Mesh) -> None:
        """Looks once; whoever is down holds nothing."""
        for name, pid in mesh.running.items():
            held = resident_megabytes(pid)
            self.first.setdefault(name, held)
            self.peak[name] = max(held, self.peak.get(name, 0.0))

    async def follow(self, mesh: Mesh) -> None:
        """Looks for ever."""
        while True:
            self.look(mesh)
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def growth(self) -> float:
        """By how much the one that grew most grew."""
        return max(self.peak[name] - self.first[name] for name in self.peak)


@dataclass(slots=True)
class Outcome:
    """What a run left to be judged."""

    history: History
    troubles: Troubles
    memory: Memory
    nemesis: Nemesis
    faults: int
    drain_seconds: float
    deaths: int  # of processes, that nobody asked for
    last_words: list[str]  # of processes that ended so


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """A new mesh of two processes of tracking, on a store that can be stopped."""
    said: list[str] = []
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(open_folder())
        postgres = stack.enter_context(EmbeddedPostgres(folder / "pg"))
        plan = Plan(
            services=("tracking",),
            replicas={"tracking": 2},
            gateway=False,
            otlp=False,
            database_url=postgres.admin_url,
        )
        mesh = Mesh(State(folder / "mesh"), plan, base=0, say=said.append)
        await stack.enter_async_context(mesh)
        taker = await stack.enter_async_context(Relay.to(mesh.address(TAKER)))
        teller = await stack.enter_async_context(Relay.to(mesh.address(TELLER)))
        yield Stage(mesh, postgres, (taker, teller), folder, said)


class Run:
    """Devices, watchers and faults of one seed on a stage."""

    def __init__(self, on: Stage, seed: int, seconds: float) -> None:
        self._on, self._seed, self._seconds = on, seed, seconds
        self._history, self._troubles, self._memory = History(), Troubles(), Memory()
        self._stopped = asyncio.Event()
        self._doors = {tenant: on.doors(tenant) for tenant in TENANTS}
        self._live: list[Streaming] = []
        self._watchers: list[Watcher] = []
        self._sending: list[asyncio.Task[None]] = []

    async def play(self) -> Outcome:
        """The whole of it."""
        self._memory.look(self._on.mesh)
        coming = [job for tenant in TENANTS for job in await self._devices(tenant)]
        beside = [asyncio.create_task(job) for job in self._beside()]
        self._sending += [asyncio.create_task(job) for job in coming]
        try:
            nemesis = Nemesis(self._on.mesh, self._on.postgres, self._on.relays, self._replay)
            faults = drawn(self._seed, self._seconds)
            await asyncio.gather(nemesis.run(faults), asyncio.sleep(self._seconds))
            calm = time.monotonic()
            await self._drain()
            drained = time.monotonic() - calm
        finally:
            await ended([*beside, *self._sending])
        await self._list()
        deaths = sum("died" in line for line in self._on.said)
        return Outcome(
            *(self._history, self._troubles, self._memory, nemesis),
            *(len(faults), drained, deaths, last_words(self._on.mesh)),
        )

    async def _devices(self, tenant: str) -> list[Any]:
        """One tenant's devices, ready to send."""
        doors, jobs = self._doors[tenant], list[Any]()
        for number in range(LIVE_DEVICES):
            device = Streaming(*await self._sender(tenant, f"van-{number}"))
            self._live.append(device)
            jobs.append(device.live(self._captures(device.sent, LIVE_RATE)))
        hoard = Streaming(*await self._sender(tenant, "hoard", old=HOARD))
        jobs.append(hoard.replay())
        if tenant == CROWDED:
            archive = Streaming(*await self._sender(tenant, "archive", old=ARCHIVE))
            jobs.append(archive.empty())
        partner = await self._sender(tenant, "partner")
        jobs.append(post(*partner, self._captures(partner[1], POST_RATE)))
        for name, old in (("phone-live", False), ("phone-late", True)):
            sent = self._sent(tenant, name, old=old)
            captures = Captures(sent, PHONE_RATE, self._stopped, PHONE_AT_ONCE)
            jobs.append(phone(doors, sent, self._on.folder, self._troubles, captures))
        return jobs

    async def _sender(
        self, tenant: str, name: str, *, old: int = 0
    ) -> tuple[Doors, Sent, random.Random, Troubles]:
        """A device that is open; what it captured before the run is there."""
        doors, sent = self._doors[tenant], self._sent(tenant, name, old=bool(old))
        sent.produced = old
        request = ingest_pb.OpenDeviceRequest(request_id=str(uuid.uuid4()), device_id=name)
        async with opened(doors.addresses[0]) as channel:
            stub: Any = IngestServiceStub(channel)
            answer = await stub.OpenDevice(request, metadata=doors.metadata)
        sent.epoch = answer.device.epoch
        return doors, sent, self._dice(tenant, name), self._troubles

    def _sent(self, tenant: str, name: str, *, old: bool) -> Sent:
        """The record of a device, whose clock is the machine's or, for old positions, behind."""
        now = time.time_ns() // 1_000
        sent = Sent(tenant, name, now - (HOUR_MICROS if old else 0))
        self._history.sent.append(sent)
        return sent

    def _captures(self, sent: Sent, per_second: float) -> Captures:
        return Captures(sent, per_second, self._stopped)

    def _dice(self, *names: object) -> random.Random:
        return random.Random(f"{self._seed} {names}")

    def _beside(self) -> list[Any]:
        """What goes on until the end: the watchers, and the eye on memory."""
        for tenant in TENANTS:
            for name, devices in (("steady", ()), ("restless", ()), ("narrow", ("van-1",))):
                seen = Seen(f"{tenant} {name}", tenant, frozenset(devices))
                self._history.seen.append(seen)
                dice, restless = self._dice(seen.name), name == "restless"
                self._watchers.append(
                    Watcher(self._doors[tenant], seen, dice, self._troubles, restless=restless)
                )
        address, doors = self._on.mesh.address(TELLER), self._doors[CROWDED]
        crowd = [
            stuck(doors, address, STUCK_TOGETHER, self._dice("stuck", number))
            for number in range(STUCK // STUCK_TOGETHER)
        ]
        return [*(one.run() for one in self._watchers), *crowd, self._memory.follow(self._on.mesh)]

    def _replay(self) -> None:
        self._sending += [asyncio.create_task(device.replay()) for device in self._live]

    async def _drain(self) -> None:
        """Nothing is wrong any more: all get their answers, and the watchers come to the head."""
        self._stopped.set()
        for watcher in self._watchers:
            watcher.restless = False
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*self._sending)
        heads = await self._heads()
        with suppress(TimeoutError):
            async with asyncio.timeout(HEAD_SECONDS):
                await asyncio.gather(*(one.until(heads) for one in self._watchers))

    async def _heads(self) -> dict[int, int]:
        connection = await asyncpg.connect(self._on.postgres.admin_url)
        try:
            return {row["shard"]: row["sequence"] for row in await connection.fetch(HEADS)}
        finally:
            await connection.close()

    async def _list(self) -> None:
        """What is stored: by the contract, and as the feed has it."""
        for sent in self._history.sent:
            doors = self._doors[sent.tenant]
            self._history.stored[sent.key] = await listed(doors, sent.key)
        self._history.heads = await self._heads()
        connection = await asyncpg.connect(self._on.postgres.admin_url)
        try:
            rows = await connection.fetch(CHUNKS)
        finally:
            await connection.close()
        self._history.chunks = [chunk(row) for row in rows]


def last_words(mesh: Mesh) -> list[str]:
    """Why processes ended: by a fault that they logged, or by a line that is no log's."""
    lines = [line for name in (TAKER, TELLER) for line in mesh.log(name).splitlines()]
    said = [line for line in lines if '"process_failed"' in line or not line.startswith("{")]
    return [line[-WORDS_MAX:] for line in said]


def chunk(row: Any) -> Chunk:
    """A row of the feed."""
    sequences = row["sequences"] or range(row["first_sequence"], row["last_sequence"] + 1)
    key = row["tenant"], row["device_id"], str(row["epoch"])
    return Chunk(row["shard"], row["feed_sequence"], key, tuple(sequences))


async def listed(doors: Doors, key: Key) -> list[tuple[int, int]]:
    """All positions of an epoch, page by page: sequence and time."""
    found: list[tuple[int, int]] = []
    request = pb.ListPositionsRequest(page_size=PAGE, device_id=key[1], epoch=key[2])
    async with opened(doors.addresses[1]) as channel:
        stub: Any = TrackingServiceStub(channel)
        while True:
            page = await stub.ListPositions(request, metadata=doors.metadata)
            positions = [one.position for one in page.positions]
            found += [(one.sequence, one.device_time.ToMicroseconds()) for one in positions]
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token


async def ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancels what still runs. What failed by itself is raised."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def played(seed: int, seconds: float) -> Outcome:
    """One seed on a stage of its own."""
    async with stage() as on:
        return await Run(on, seed, seconds).play()
