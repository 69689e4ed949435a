"""
Two planners are one: an optimization is watched at either, and outlives the one that works on it.

Method: real processes and a real PostgreSQL; the runner is killed by SIGKILL in the middle of an
optimization that would take ten minutes, the other goes on, and a stop frees its core.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from doorstep.planner.v1 import optimization_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as planner_grpc
from meshkit.caller import Caller, Role
from meshkit.client import Bearer, MeshChannel, connect, raising
from meshkit.pgtest import open_folder
from services.planner.tests import wire
from tests.kernels import KERNELS
from tests.processes import cpu_seconds, is_alive, searchers_of

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
DISPATCHER = Caller(subject="tests", role=Role.DISPATCHER, tenant="acme")
PLANNERS = ("planner", "planner-2")
TAKEN_OVER_SECONDS = 60  # a lease of 15 s, and a machine with much else to do
FREE_SECONDS = 1.0
LOOK_SECONDS = 0.02
LONG = optimization_pb2.SearchOptions(
    solution_limit=10_000_000, search_duration=Duration(seconds=600)
)


class Pair:
    """Two planners and a way to each."""

    def __init__(self, mesh: Mesh, channels: dict[str, MeshChannel]) -> None:
        self.mesh, self.channels = mesh, channels
        self.stubs: dict[str, Any] = {
            name: raising(planner_grpc.PlannerServiceStub(way)) for name, way in channels.items()
        }

    async def start(self) -> str:
        """An optimization of ten minutes."""
        request = pb.StartOptimizationRequest(
            request_id=str(uuid.uuid4()), problem=wire.city(120, 8), options=LONG
        )
        answer = await self.stubs["planner"].StartOptimization(request)
        own: str = answer.optimization.optimization_id
        return own

    async def plans(self, at: str, optimization_id: str, count: int) -> list[int]:
        """The costs of the next plans that a watch at one planner tells."""
        costs: list[int] = []
        request = pb.WatchOptimizationRequest(optimization_id=optimization_id)
        async for news in self.stubs[at].WatchOptimization(request):
            if news.HasField("plan") and news.plan.cost_micros not in costs:
                costs.append(news.plan.cost_micros)
            if len(costs) >= count:
                break
        return costs

    async def get(self, at: str, optimization_id: str) -> pb.GetOptimizationResponse:
        request = pb.GetOptimizationRequest(optimization_id=optimization_id)
        answer: pb.GetOptimizationResponse = await self.stubs[at].GetOptimization(request)
        return answer

    async def cancel(self, at: str, optimization_id: str) -> None:
        request = pb.CancelOptimizationRequest(
            request_id=str(uuid.uuid4()), optimization_id=optimization_id
        )
        await self.stubs[at].CancelOptimization(request)

    def runner_of(self, optimization_id: str, epoch: int) -> str:
        """Who claimed it the so-manieth time; empty when nobody did."""
        claim = re.compile(f'(?=.*optimization_claimed)(?=.*{optimization_id}).*"epoch": ?{epoch}')
        return next((name for name in PLANNERS if claim.search(self.mesh.log(name))), "")

    async def claimed(self, optimization_id: str, epoch: int) -> str:
        """Waits for the claim."""
        await until(lambda: bool(self.runner_of(optimization_id, epoch)), TAKEN_OVER_SECONDS)
        return self.runner_of(optimization_id, epoch)

    async def restart(self, name: str) -> None:
        """Starts one again and waits until its channel has noticed."""
        await self.mesh.restart(name)
        await self.channels[name].channel_ready()


async def until(holds: Callable[[], bool], seconds: float) -> None:
    """Looks now and then, for so long at the most."""
    for _ in range(round(seconds / LOOK_SECONDS)):
        if holds():
            return
        await asyncio.sleep(LOOK_SECONDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair() -> AsyncIterator[Pair]:
    plan = Plan(
        services=("planner",),
        replicas={"planner": 2},
        gateway=False,
        otlp=False,
        knobs={"planner": KERNELS},
    )
    with open_folder() as folder:
        async with Mesh(State(folder), plan, base=0) as mesh:
            bearer = Bearer(mesh.token(DISPATCHER))
            async with (
                connect(mesh.address("planner"), tokens=bearer) as one,
                connect(mesh.address("planner-2"), tokens=bearer) as other,
            ):
                yield Pair(mesh, dict(zip(PLANNERS, (one, other), strict=True)))


async def test_a_watch_at_either_planner_tells_every_better_plan(pair: Pair) -> None:
    own = await pair.start()
    async with asyncio.timeout(60):
        told = await asyncio.gather(*(pair.plans(name, own, 2) for name in PLANNERS))
    await pair.cancel("planner", own)

    for costs in told:
        assert costs == sorted(costs, reverse=True)


async def test_an_optimization_outlives_the_planner_that_works_on_it(pair: Pair) -> None:
    own = await pair.start()
    first = await pair.claimed(own, 1)
    other = next(name for name in PLANNERS if name != first)
    (before,) = await pair.plans(other, own, 1)
    await pair.mesh.kill(first)
    assert await pair.claimed(own, 2) == other
    async with asyncio.timeout(60):
        await pair.plans(other, own, 1)
    after = await pair.get(other, own)
    await pair.cancel(other, own)
    stopped = await pair.get(other, own)
    await pair.restart(first)

    assert after.optimization.state == optimization_pb2.OPTIMIZATION_STATE_RUNNING
    assert stopped.optimization.state == optimization_pb2.OPTIMIZATION_STATE_CANCELLED
    assert stopped.plan.cost_micros <= before
    assert stopped.plan.routes


async def test_a_stop_frees_the_core_within_a_second_at_whichever_planner_it_is_asked(
    pair: Pair,
) -> None:
    own = await pair.start()
    runner = await pair.claimed(own, 1)
    other = next(name for name in PLANNERS if name != runner)
    await pair.plans(other, own, 1)
    busy = await busiest(pair.mesh.running[runner])
    await pair.cancel(other, own)
    stopped = time.monotonic()
    await until(lambda: not is_alive(busy), 2 * FREE_SECONDS)

    assert time.monotonic() - stopped < FREE_SECONDS


async def test_a_planner_that_is_told_to_stop_gives_its_work_back(pair: Pair) -> None:
    own = await pair.start()
    first = await pair.claimed(own, 1)
    await pair.mesh.stop(first)
    other = await pair.claimed(own, 2)
    await pair.cancel(other, own)
    await pair.restart(first)

    assert other != first


async def busiest(planner: int) -> int:
    """The solver of a planner that uses the most processor time just now."""
    before = {pid: cpu_seconds(pid) for pid in searchers_of(planner)}
    await asyncio.sleep(1.0)
    return max(before, key=lambda pid: cpu_seconds(pid) - before[pid])
