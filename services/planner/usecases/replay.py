"""
Repeats a solve by its kept request and its trail.

One that was cancelled is repeated up to its last stored plan, which compliance had not been asked
about: only a finished plan is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from meshkit.errors import NotFound, NotReady
from services.planner.domain.optimization import TASKS_MAX, Trail
from services.planner.domain.plan import SolveRecord
from services.planner.ports import Records
from services.planner.usecases.asked import Question, World, sequences_of
from services.planner.usecases.optimize import Answer, planned, prepared_question, record_of
from services.planner.usecases.reoptimize import at_least, known_plan
from services.planner.usecases.searches import Searches

VERSIONS = ("map_id", "access_rules_version", "rules_version", "engine_version")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A plan as it came out now, and whether as before."""

    answer: Answer
    routes_equal: bool
    first_record: SolveRecord


async def replay(
    world: World,
    records: Records,
    read: Callable[[bytes], Question],
    tenant: str,
    optimization_id: str,
) -> Replayed:
    """Runs every search again as it ran, on travel and access asked anew."""
    request, before = await kept(records, tenant, optimization_id)
    question = await asyncio.to_thread(read, request)
    seed = before.record.seed
    question = replace(question, settings=replace(question.settings, seed=seed))
    prepared = await prepared_question(world, question, TASKS_MAX)
    searches = Searches(again=before.runs, is_whole=before.is_whole)
    prepared, solved, finished = await planned(world, question, prepared, searches)
    if before.may_keep:
        known = await known_plan(world, question, prepared)
        finished = await at_least(world, question, prepared, known, finished)
    record = record_of(world, question, prepared, solved, finished)
    refuse_changed(before.record, record)
    answer = Answer(prepared, finished, record, optimization_id)
    now = tuple(sequences_of(prepared.instance, finished.plan))
    return Replayed(answer, now == before.sequences, before.record)


async def kept(records: Records, tenant: str, optimization_id: str) -> tuple[bytes, Trail]:
    """A request and its trail; NotFound, or NotReady while it is under way."""
    found = await records.trail(tenant, optimization_id)
    if found is None:
        raise NotFound("OPTIMIZATION_UNKNOWN", f"no request of {optimization_id!r} is kept")
    request, before = found
    if before is None:
        raise NotReady("OPTIMIZATION_RUNNING", "it is not over, or ended without a plan")
    return request, before


def refuse_changed(first: SolveRecord, now: SolveRecord) -> None:
    """Whatever came out under other versions would say nothing."""
    changed = [name for name in VERSIONS if getattr(first, name) != getattr(now, name)]
    if changed:
        told = ", ".join(
            f"{name} was {getattr(first, name)}, is {getattr(now, name)}" for name in changed
        )
        raise NotReady("REPLAY_OUTDATED", told, changed=",".join(changed))
