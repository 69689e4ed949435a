"""
Starts the whole mesh on this machine and stops it with ^C.

    python -m deploy.local                    the mesh on ports 8400.., state in .doorstep
    python -m deploy.local --fresh            forget earlier days first; keys and maps stay
    python -m deploy.local --tracking 2       two tracking processes

DOORSTEP_PORT_BASE (8400), DOORSTEP_STATE (.doorstep) and DOORSTEP_DATABASE_URL (an administrator's
URL of a PostgreSQL >= 15; unset: our own) say where. Variables of the services are passed on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.mesh import Mesh, aloud
from deploy.local.plan import Plan
from deploy.local.ports import BASE_DEFAULT
from deploy.local.state import State
from deploy.local.supervisor import RestartPolicy
from deploy.local.trouble import Trouble
from deploy.table import NAMES

REPLICAS_MAX = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after ^C, 1 when the mesh could not start or a process stayed down."""
    given = parser().parse_args(arguments)
    try:
        state = State(Path(os.environ.get("DOORSTEP_STATE", ".doorstep")).absolute())
        mesh = Mesh(state, plan_of(given, os.environ), base=base_of(os.environ))
        return asyncio.run(play(mesh, fresh=given.fresh))
    except Trouble as trouble:
        aloud(f"doorstep: {trouble}")
        return 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m deploy.local",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--fresh", action="store_true", help="forget the data of earlier runs")
    made.add_argument("--no-restart", action="store_true", help="leave a process that died down")
    made.add_argument("--no-otlp", action="store_true", help="keep no traces")
    made.add_argument("--simulated", action="store_true", help="business time from clock.json")
    made.add_argument(
        "--only",
        nargs="*",
        metavar="NAME",
        choices=NAMES,
        default=list(NAMES),
        help="run these services; the others are expected on their ports",
    )
    made.add_argument("--map", type=Path, help="an OpenStreetMap extract, .osm.pbf")
    for name in NAMES:
        made.add_argument(
            f"--{name}", type=int, default=1, metavar="N", choices=range(1, REPLICAS_MAX + 1)
        )
    return made


def plan_of(given: argparse.Namespace, environment: Mapping[str, str]) -> Plan:
    return Plan(
        services=tuple(name for name in NAMES if name in given.only),
        replicas={name: getattr(given, name) for name in NAMES},
        otlp=not given.no_otlp,
        simulated=given.simulated,
        restart=RestartPolicy(enabled=not given.no_restart),
        database_url=environment.get("DOORSTEP_DATABASE_URL", ""),
        map_file=given.map,
    )


def base_of(environment: Mapping[str, str]) -> int:
    text = environment.get("DOORSTEP_PORT_BASE", str(BASE_DEFAULT))
    if not text.isdigit():
        raise Trouble(f"DOORSTEP_PORT_BASE is no number: {text!r}", "leave it out for 8400")
    return int(text)


async def play(mesh: Mesh, *, fresh: bool) -> int:
    """Runs until it is told to stop, or until a process is gone for good."""
    told = Told(mesh)
    if fresh:
        mesh.forget()
    try:
        async with mesh:
            aloud("\n".join(("", *mesh.lines(), "", "^C stops everything")))
            return await told.or_failed()
    except asyncio.CancelledError:
        if not told.times:  # somebody else's cancellation is not ours to swallow
            raise
        return 0


class Told:
    """Hears ^C and SIGTERM: the first stops in order, the second at once."""

    def __init__(self, mesh: Mesh) -> None:
        self.times = 0
        self._mesh = mesh
        self._task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._hear)

    async def or_failed(self) -> int:
        """Waits for a process that stays down; told to stop, the wait is cancelled."""
        await self._mesh.failed.wait()
        aloud("a process stays down: stopping the others")
        return 1

    def _hear(self) -> None:
        self.times += 1
        if self.times == 1 and self._task is not None:
            aloud("\nstopping everything; ^C again to stop at once")
            self._task.cancel()
        else:
            self._mesh.hurry()


if __name__ == "__main__":
    sys.exit(main())
