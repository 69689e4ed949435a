"""Who makes things go wrong: carries out a schedule on a mesh, its store and its clients."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import asyncpg

from deploy.local.mesh import Mesh
from deploy.local.trouble import Trouble
from meshkit.embedded import EmbeddedPostgres
from tests.benchmarks.faults_relay import Relay
from tests.benchmarks.faults_schedule import STORE, Fault, Kind
from tests.processes import children_of

STARTS_MAX = 100  # of a process whose store is away: it ends, and whoever watches starts it again
AGAIN_SECONDS = 0.2
END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


class Nemesis:
    """Several faults may be under way at once, but one only on the same target."""

    def __init__(
        self,
        mesh: Mesh,
        postgres: EmbeddedPostgres,
        relays: Sequence[Relay],
        replay: Callable[[], None],
    ) -> None:
        self._mesh, self._postgres, self._relays, self._replay = mesh, postgres, relays, replay
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._deeds = {
            Kind.KILL: self._kill,
            Kind.STOP: self._stop,
            Kind.FREEZE: self._freeze,
            Kind.CUT: self._cut,
            Kind.SESSIONS: self._end_sessions,
            Kind.REPLAY: self._send_again,
        }
        self.done: Counter[str] = Counter()
        self.connections_cut = 0
        self.failed_starts = 0

    async def run(self, faults: Iterable[Fault]) -> None:
        """Returns when all of them are over."""
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(self._one(fault))

    async def _one(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at)
        async with self._locks[fault.target]:
            await self._deeds[fault.kind](fault)
        self.done[fault.kind.value] += 1

    async def _kill(self, fault: Fault) -> None:
        await self._mesh.kill(fault.target)
        await asyncio.sleep(fault.seconds)
        for _ in range(STARTS_MAX):
            with suppress(Trouble):
                return await self._mesh.restart(fault.target)
            self.failed_starts += 1
            await asyncio.sleep(AGAIN_SECONDS)
        raise RuntimeError(f"{fault.target} does not start any more")

    async def _stop(self, fault: Fault) -> None:
        """As `pg_ctl stop -m immediate` does it."""
        os.kill(pid := self._postgres.pid, signal.SIGQUIT)
        await asyncio.to_thread(_gone, pid)
        self._postgres.kill()  # what is left to do is to take note of its end
        await asyncio.sleep(fault.seconds)
        self._postgres.start()  # in this thread, to whose life the kernel ties it

    async def _freeze(self, fault: Fault) -> None:
        pids = self._store() if fault.target == STORE else [self._mesh.running[fault.target]]
        _signal(pids, signal.SIGSTOP)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            _signal(pids, signal.SIGCONT)

    def _store(self) -> list[int]:
        """PostgreSQL and its sessions, of which there are no more once it stands still itself."""
        os.kill(postmaster := self._postgres.pid, signal.SIGSTOP)
        return [postmaster, *children_of(postmaster)]

    async def _cut(self, _: Fault) -> None:
        self.connections_cut += sum(relay.cut() for relay in self._relays)

    async def _end_sessions(self, _: Fault) -> None:
        connection = await asyncpg.connect(self._postgres.admin_url)
        try:
            await connection.execute(END_SESSIONS)
        finally:
            await connection.close()

    async def _send_again(self, _: Fault) -> None:
        self._replay()


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _gone(pid: int) -> None:
    """Returns when a process has ended."""
    descriptor = os.pidfd_open(pid)
    try:
        select.select([descriptor], [], [])
    finally:
        os.close(descriptor)
