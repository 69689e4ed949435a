"""What is asked: who is there to answer it, what is to be planned, and by when."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan
from services.planner.domain.problem import FixedRoute, Problem
from services.planner.domain.settings import SearchSettings
from services.planner.ports import AccessRules, Solver, TravelTimes
from services.planner.usecases.finish import Finished, finish
from services.planner.usecases.world import Prepared

RESERVE_SECONDS = 0.35  # for legs, access and the way back: 0.3 for 150 tasks, `deadlines` says
RESERVE_SECONDS_PER_TASK = 0.001
CLEANING_RESERVES = 2  # to take visits out: a round for some, another for whole routes


@dataclass(frozen=True, slots=True)
class World:
    """Everybody that a plan needs."""

    travel: TravelTimes
    access: AccessRules
    solver: Solver


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be planned, and how."""

    problem: Problem
    digest: str
    settings: SearchSettings
    seed_routes: tuple[FixedRoute, ...] = ()
    omit_polylines: bool = False
    omit_access: bool = False
    request: bytes = b""
    """As it is kept, to be repeated."""
    answer_by: float | None = None
    """When the caller waits no longer, monotonic; None when nobody waits."""


def reserve_of(question: Question) -> float:
    """What an answer takes beside its search, in seconds."""
    return RESERVE_SECONDS + RESERVE_SECONDS_PER_TASK * len(question.problem.tasks)


def is_late(question: Question) -> bool:
    """Whether there is no time left to take visits out one by one."""
    if question.answer_by is None:
        return False
    return question.answer_by - time.monotonic() < CLEANING_RESERVES * reserve_of(question)


async def finished_plan(
    world: World, question: Question, prepared: Prepared, plan: Plan
) -> Finished:
    """Legs, findings and charges of a plan."""
    finished = await finish(
        world.travel, world.access, prepared, plan, omit_polylines=question.omit_polylines
    )
    is_told = finished.access_checked and not question.omit_access
    return replace(finished, access_checked=is_told)


def sequences_of(instance: Instance, plan: Plan) -> list[tuple[Node, ...]]:
    """The sequences of a plan, shift by shift."""
    sequences: list[tuple[Node, ...]] = [()] * len(instance.problem.shifts)
    for route in plan.routes:
        sequences[route.shift] = route.sequence
    return sequences
