"""What all methods of the planner share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from grpc.aio import ServicerContext

from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from doorstep.planner.v1 import problem_pb2
from meshkit.clock import Clock
from meshkit.postgres import Database
from services.planner.convert.problem import problem_from_proto
from services.planner.domain.problem import Problem
from services.planner.ports import Records
from services.planner.usecases.asked import World
from services.planner.usecases.world import refuse_too_many_tasks

Context = ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a caller says nothing."""

    seed: int
    search_seconds: float


class PlannerBase(pb_grpc.PlannerServiceServicer):
    """The planner's means."""

    def __init__(
        self,
        db: Database,
        world: World,
        world_for_jobs: World,
        records: Records,
        clock: Clock,
        defaults: Defaults,
    ) -> None:
        self._db = db
        self._world = world
        self._world_for_jobs = world_for_jobs
        self._records = records
        self._clock = clock
        self._defaults = defaults


async def read_problem(message: problem_pb2.Problem) -> Problem:
    """A problem, read beside the event loop; one that is too big is not even read."""
    refuse_too_many_tasks(len(message.tasks))
    return await asyncio.to_thread(problem_from_proto, message)
