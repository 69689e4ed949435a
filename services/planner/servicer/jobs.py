"""What optimizations and batches share: their store, and how they are watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.postgres import Transaction
from meshkit.watch import HEARTBEAT_SECONDS
from services.planner.adapters.bell import Bell
from services.planner.adapters.optimization_rows import Drafts
from services.planner.adapters.postgres_optimizations import PostgresOptimizations
from services.planner.convert.optimizations import batch_draft, optimization_draft
from services.planner.convert.problem import problem_from_proto
from services.planner.convert.questions import kept_request, question_from_proto, read_request
from services.planner.domain.optimization import search_seconds
from services.planner.servicer.base import PlannerBase
from services.planner.usecases import optimizations
from services.planner.usecases.asked import Question

DRAFTS = Drafts(optimization_draft, batch_draft)

Own = TypeVar("Own")


@dataclass(frozen=True, slots=True)
class Look(Generic[Own]):
    """Something as it stood at one moment."""

    revision: int
    is_over: bool
    own: Own
    plan: Any = None
    """Its plan or plans, as they are kept."""


class Jobs(PlannerBase):
    """The store of optimizations, and the bell that rings when one changes."""

    def __init__(self, *means: Any) -> None:
        super().__init__(*means)
        self._bell = Bell(self._db)

    def _store(self, tx: Transaction) -> PostgresOptimizations:
        return PostgresOptimizations(tx, DRAFTS)

    def _read(self, request: bytes) -> Question:
        return read_question(request, self._defaults.seed)

    async def _watch(
        self, subject: str, look: Callable[[], Awaitable[Look[Own]]]
    ) -> AsyncIterator[Look[Own] | None]:
        """What it is now, then what changed, until it is over; None is a heartbeat."""
        seen, clock = -1, asyncio.get_running_loop().time
        silent_since = clock()
        while True:
            place = self._bell.place(subject)
            now = await look()
            if now.revision > seen:
                seen, silent_since = now.revision, clock()
                yield now
            if now.is_over:
                return
            left = silent_since + HEARTBEAT_SECONDS - clock()
            if left <= 0:
                silent_since = clock()
                yield None
            else:
                await self._bell.wait(place, left)


def wanted(
    request: pb.OptimizeRoutesRequest, *, title: str = "", part_id: str = ""
) -> optimizations.Wanted:
    """What somebody wants optimized, read once to hear now what is wrong with it."""
    optimizations.refuse_too_many_tasks(len(request.problem.tasks))
    problem = problem_from_proto(request.problem, request.options.seed_routes)
    return optimizations.Wanted(len(problem.tasks), kept_request(request), title, part_id)


def read_question(kept: bytes, seed: int) -> Question:
    """A request that was kept, to be optimized for as long as it asks."""
    request = read_request(kept)
    seconds = search_seconds(len(request.problem.tasks))
    asked = request.options.search_duration
    if request.options.HasField("search_duration"):
        seconds = asked.seconds + asked.nanos / 1e9
    return question_from_proto(request, seed, seconds)
