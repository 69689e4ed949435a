"""
How well the planner keeps time, measured at a real planner process from outside:

    python -m tests.benchmarks.deadlines

Late: how long after its deadline a solve answers, at its best, and with an engine that is frozen
in the middle. Free: how long the core of a cancelled solve stays in use. Health: how long a health
check takes while two solves run and a problem of 2,000 tasks is read.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from doorstep.planner.v1 import optimization_pb2, plan_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as planner_grpc
from meshkit.caller import Caller, Role
from meshkit.client import Bearer, connect, raising
from meshkit.errors import MeshError
from meshkit.pgtest import open_folder
from services.planner.tests import wire
from tests.kernels import KERNELS
from tests.processes import cpu_seconds, is_alive, searchers_of

DISPATCHER = Caller(subject="tests", role=Role.DISPATCHER, tenant="acme")
SOLVERS = 2
TASKS, SHIFTS = 150, 10
DEADLINES_SECONDS = (3.0, 5.0, 8.0)
HEALTH_CHECKS, HEALTH_PAUSE_SECONDS = 200, 0.02
LOOK_SECONDS = 0.005
GONE_SECONDS_MAX = 10.0
ENDLESS = optimization_pb2.SearchOptions(search_duration=Duration(seconds=60))


@dataclass(frozen=True, slots=True)
class Planner:
    """A planner process and the ways to it."""

    stub: Any
    health: Any
    pid: int

    async def optimize(self, seconds: float, tasks: int = TASKS) -> plan_pb2.Plan:
        """A solve that takes all the time it is given."""
        request = pb.OptimizeRoutesRequest(problem=wire.city(tasks, SHIFTS), options=ENDLESS)
        answer = await self.stub.OptimizeRoutes(request, timeout=seconds)
        plan: plan_pb2.Plan = answer.plan
        return plan

    async def busiest(self) -> int:
        """The solver process that uses the most processor time just now."""
        before = {pid: cpu_seconds(pid) for pid in searchers_of(self.pid)}
        await asyncio.sleep(0.5)
        return max(before, key=lambda pid: cpu_seconds(pid) - before[pid])


@asynccontextmanager
async def planner() -> AsyncIterator[Planner]:
    """A planner alone, without compliance, on the built-in map."""
    knobs = {"planner": {"solvers": SOLVERS, **KERNELS}}
    plan = Plan(services=("planner",), gateway=False, otlp=False, knobs=knobs)
    with open_folder() as folder:
        async with Mesh(State(folder), plan, base=0) as mesh:
            address, bearer = mesh.address("planner"), Bearer(mesh.token(DISPATCHER))
            async with (
                connect(address, tokens=bearer) as channel,
                grpc.aio.insecure_channel(address) as plain,
            ):
                yield Planner(
                    raising(planner_grpc.PlannerServiceStub(channel)),
                    health_pb2_grpc.HealthStub(plain),
                    mesh.running["planner"],
                )


async def late_seconds(own: Planner, deadline: float) -> float:
    """How long after its deadline a solve answers; negative when before."""
    begun = time.monotonic()
    plan = await own.optimize(deadline)
    if not plan.routes:
        raise AssertionError("a plan without routes")
    return time.monotonic() - begun - deadline


async def late_seconds_frozen(own: Planner, deadline: float) -> float:
    """The same with the engine frozen while it searches: the best plan before is the answer."""
    begun = time.monotonic()
    solve = asyncio.create_task(own.optimize(deadline))
    await asyncio.sleep(deadline / 4)
    os.kill(await own.busiest(), signal.SIGSTOP)
    plan = await solve
    if plan.record.end != plan_pb2.SOLVE_END_DEADLINE:
        raise AssertionError("the engine was not frozen")
    return time.monotonic() - begun - deadline


async def busy_seconds_after_cancel(own: Planner) -> float:
    """How long the solver of a cancelled call is still there."""
    solve = asyncio.create_task(own.optimize(50.0))
    await asyncio.sleep(1.5)
    busy = await own.busiest()
    solve.cancel()
    begun = time.monotonic()
    while is_alive(busy) and time.monotonic() - begun < GONE_SECONDS_MAX:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_SECONDS)
    return time.monotonic() - begun


async def health_seconds(own: Planner, checks: int = HEALTH_CHECKS) -> list[float]:
    """How long health checks take while two solves run and a big problem is read, in order."""
    solves = [asyncio.create_task(own.optimize(55.0)) for _ in range(SOLVERS)]
    await asyncio.sleep(2.0)
    big = asyncio.create_task(own.optimize(55.0, tasks=2_000))  # is read, then waits its turn
    found = []
    for _ in range(checks):
        begun = time.monotonic()
        await own.health.Check(health_pb2.HealthCheckRequest())
        found.append(time.monotonic() - begun)
        await asyncio.sleep(HEALTH_PAUSE_SECONDS)
    for task in (*solves, big):
        task.cancel()
    await asyncio.gather(*solves, big, return_exceptions=True)
    return sorted(found)


async def main() -> int:
    """Prints every figure."""
    async with planner() as own:
        print(f"{TASKS} tasks, {SOLVERS} solvers, {os.cpu_count()} cores, load {os.getloadavg()}")
        for deadline in DEADLINES_SECONDS:
            late = await told(late_seconds(own, deadline))
            frozen = await told(late_seconds_frozen(own, deadline))
            print(f"deadline {deadline:.0f} s: late by {late}, with a frozen engine by {frozen}")
        gone = [await busy_seconds_after_cancel(own) for _ in range(5)]
        print(f"cancelled: core free after {ms(statistics.mean(gone))}, at most {ms(max(gone))}")
        checks = await health_seconds(own)
        middle, last = checks[len(checks) // 2], checks[len(checks) * 99 // 100]
        print(f"health, {SOLVERS} solves: {ms(middle)}, p99 {ms(last)}, at most {ms(checks[-1])}")
    return 0


async def told(measured: Any) -> str:
    """A figure, or why there is none."""
    try:
        return ms(await measured)
    except MeshError as error:
        return f"no answer ({error.reason or error.code})"


def ms(seconds: float) -> str:
    """In milliseconds."""
    return f"{seconds * 1_000:.0f} ms"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
