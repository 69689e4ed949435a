"""
The mesh on one machine, as an object.

    async with Mesh(State(Path(".doorstep"))) as mesh:
        await mesh.kill("dispatch")
        await mesh.restart("dispatch")

Everything is up and healthy inside the block, and nothing is left running after it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local import database, keys, ports
from deploy.local.plan import Layout, Plan
from deploy.local.ports import HOST
from deploy.local.process import Process
from deploy.local.state import State
from deploy.local.supervisor import Say, Supervisor
from deploy.local.trouble import Trouble
from deploy.table import NAMES, named
from meshkit.auth import Caller, mint
from meshkit.clock import Pace, write_pace
from meshkit.keys import read_private_key

LEAVING_SECONDS = 20  # that the processes of a killed mesh may still take


def aloud(text: str) -> None:
    """On the error stream: the output belongs to whoever plays on the mesh."""
    print(text, file=sys.stderr, flush=True)


class Mesh:
    """Four services, their database, the gateway and a receiver of spans."""

    def __init__(
        self,
        state: State,
        plan: Plan | None = None,
        *,
        base: int = ports.BASE_DEFAULT,
        say: Say = aloud,
    ) -> None:
        """`base` 0 takes free ports, for tests."""
        self.plan = plan or Plan()
        self.state = state
        names = dict.fromkeys([*self.plan.listeners, *NAMES])
        self.ports = ports.fixed(base, names) if base else ports.free(names)
        self._say = say
        self._supervisor = Supervisor(say, self.plan.restart)
        self._layout = Layout(self.plan, state, self.ports)
        self._database = database.server(
            self.plan.database_url, state.folder("pg"), self.ports.get("postgres", 0)
        )
        self._processes: dict[str, Process] = {}
        self._watch: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Starts everything; raises Trouble, and then nothing is left running."""
        async with AsyncExitStack() as stack:
            was_killed = stack.enter_context(self.state.locked())
            await self._prepare(LEAVING_SECONDS if was_killed else 0)
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops everything, the last started first."""
        await self._stack.aclose()

    @property
    def failed(self) -> asyncio.Event:
        """Set when a process is gone for good."""
        return self._supervisor.failed

    @property
    def running(self) -> Mapping[str, int]:
        """Process ids by name."""
        return {name: run.pid for name, run in self._supervisor.runs.items()}

    @property
    def gateway_url(self) -> str:
        """Where everybody from outside calls."""
        return f"http://{HOST}:{self.ports['gateway']}"

    @property
    def admin_url(self) -> str:
        """The database's administrator. Holds a password."""
        return self._database.admin_url

    def address(self, name: str) -> str:
        """`host:port` of one process, or of `gateway`."""
        return f"{HOST}:{self.ports[name]}"

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return self.state.log_file(name).read_text(errors="replace")

    def token(self, caller: Caller, *, seconds: float = 900) -> str:
        """A token of the mesh's own issuer for anybody but a service."""
        return mint(self.issuer_key, keys.ISSUER_KEY_ID, caller, seconds=seconds)

    @property
    def issuer_key(self) -> rsa.RSAPrivateKey:
        """The key that signs everybody's tokens."""
        return read_private_key(keys.private_key(self.state.folder("keys"), keys.ISSUER_KEY_ID))

    def forget(self) -> None:
        """Before a start: forgets what earlier days left. Raises Trouble while a mesh runs here."""
        if self.plan.database_url:
            raise Trouble(
                "your own PostgreSQL is not ours to empty", "drop its database and make a new one"
            )
        with self.state.locked():
            self.state.forget_the_day()

    async def begin_anew(self) -> None:
        """
        Before a start: a mesh that knows of no earlier day.

        Our own database is forgotten; one that somebody gave us is theirs, and has to be new.
        """
        if not self.plan.database_url:
            self.forget()
            return
        await database.require_new(self.plan.database_url, NAMES)
        with self.state.locked():
            self.state.forget_the_day()

    async def kill(self, name: str) -> None:
        """SIGKILL for one process; it stays down until it is restarted."""
        await self._supervisor.kill(name)

    async def stop(self, name: str) -> None:
        """A graceful end for one process."""
        await self._supervisor.stop(name)

    async def restart(self, name: str) -> None:
        """Starts it again, after a graceful end if it still runs; returns when it is healthy."""
        await self._supervisor.stop(name)
        await self._supervisor.start(self._processes[name])

    def pause(self, name: str) -> None:
        """Freezes one process, as a machine that hangs."""
        self._supervisor.pause(name)

    def resume(self, name: str) -> None:
        """Lets it go on."""
        self._supervisor.resume(name)

    async def kill_postgres(self) -> None:
        """Ends PostgreSQL as a crash would; it stays down until it is restarted."""
        self._unwatch()
        self._database.kill()

    async def restart_postgres(self) -> None:
        """Starts it on the same port; what was committed is there."""
        self._database.start()
        self._watch = asyncio.create_task(self._keep_database())

    def hurry(self) -> None:
        """SIGKILL to every process at once: for somebody who asks twice."""
        for run in self._supervisor.runs.values():
            run.signal(signal.SIGKILL)

    async def _prepare(self, patience_seconds: float) -> None:
        self._say(self._beginning())
        self.state.prepare()
        ours = [name for name in self.plan.listeners if name != "postgres"]  # looks after its own
        await ports.check_free({name: self.ports[name] for name in ours}, patience_seconds)
        self._check_map()
        keys.prepare(self.state.folder("keys"), self.plan.services)
        self._start_clock()

    async def _start(self, stack: AsyncExitStack) -> None:
        stack.callback(self._database.stop)
        await self.restart_postgres()
        stack.callback(self._unwatch)
        services = [named(name) for name in self.plan.services]
        access = await database.provision_all(self.admin_url, services)
        stack.push_async_callback(self._supervisor.stop_all)
        await self._start_processes(replace(self._layout, access=access))

    async def _start_processes(self, layout: Layout) -> None:
        stages = (layout.otlp(), layout.services(), layout.web(), layout.gateway())
        self._processes = {process.name: process for stage in stages for process in stage}
        await self._supervisor.start_all(*stages)

    def _beginning(self) -> str:
        if self.plan.database_url:
            return f"starting the mesh in {self.state.root} on your PostgreSQL: its data are kept"
        if self.state.has_data:
            return f"resuming the mesh in {self.state.root}: its data are kept"
        return f"starting a new mesh in {self.state.root}"

    def _check_map(self) -> None:
        file = self.plan.map_file
        if file is not None and not file.is_file():
            raise Trouble(
                f"there is no map {file}",
                "give an OpenStreetMap extract, as in MAP=city.osm.pbf, or leave MAP out for the"
                " built-in city",
            )

    def _start_clock(self) -> None:
        if self.plan.simulated and not self.state.clock_file.exists():
            now = datetime.now(UTC)
            write_pace(self.state.clock_file, Pace(now, now, 1.0))

    async def _keep_database(self) -> None:
        """Starts PostgreSQL again when it dies; once, for a second death has a cause to look at."""
        await self._database.ended()
        if self.plan.restart.enabled:
            self._say("postgres     died; starting it again, which recovers what was committed")
            self._database.stop()
            self._database.start()
            self._say("postgres     up again")
            await self._database.ended()
        self._say(f"postgres     stays down; its log is {self.state.folder('pg') / 'log'}")
        self.failed.set()

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def lines(self) -> Iterator[str]:
        """Where everything is, for people."""
        yield f"API: JSON, gRPC, gRPC-Web   {self.gateway_url}"
        for service in self.plan.services:
            places = " ".join(self.address(name) for name in self.plan.processes_of(service))
            yield f"{service:<27} {places}"
        if "postgres" in self.ports:
            yield f"{'postgres':<27} {self.address('postgres')}"
        if self.plan.gateway:
            yield f"{'Envoy admin':<27} http://{self.address('envoy-admin')}"
        if "web" in self.plan.listeners:
            yield f"{'edge process':<27} {self.address('web')}"
            yield f"{'OsmAnd, Traccar clients':<27} {self.gateway_url}/osmand?id=KEY_ID.SECRET"
        secret = shown(self.state.folder("keys") / keys.OPERATOR_SECRET)
        yield f"{'operator':<27} client id operator, secret in {secret}"
        yield f"{'logs':<27} {shown(self.state.folder('logs'))}"
        if self.plan.otlp:
            yield f"{'traces':<27} {shown(self.state.folder('traces'))}"


def shown(path: Path) -> str:
    """Shorter when it lies below us."""
    here = Path.cwd()
    return f"./{path.relative_to(here)}" if path.is_relative_to(here) else str(path)
