"""Starts and stops optimizations and batches: stored first, worked on by whoever is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.errors import Exhausted, Invalid, NotFound, NotReady, Violation
from meshkit.ids import NewId
from services.planner.domain.optimization import (
    TASKS_MAX,
    UNFINISHED_MAX,
    Batch,
    Optimization,
    State,
)
from services.planner.ports import Asked, Optimizations


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants optimized, its problem read and found without a contradiction."""

    task_count: int
    request: bytes
    title: str = ""
    part_id: str = ""


async def start(store: Optimizations, new_id: NewId, at: datetime, wanted: Wanted) -> Optimization:
    """Stores an optimization."""
    await refuse_too_many(store, 1)
    asked = asked_of(wanted, new_id("opt"), at)
    await store.add(asked)
    return asked.optimization


async def start_batch(
    store: Optimizations, new_id: NewId, at: datetime, parts: Sequence[Wanted]
) -> Batch:
    """Stores a batch with all its parts."""
    await refuse_too_many(store, len(parts))
    batch_id = new_id("opt")
    asked = [part_of(part, batch_id, new_id("opt"), rank, at) for rank, part in enumerate(parts)]
    optimizations = tuple(one.optimization for one in asked)
    batch = Batch(batch_id, State.QUEUED, at, None, optimizations)
    await store.add_batch(batch, asked)
    return batch


async def cancel(store: Optimizations, optimization_id: str, at: datetime) -> Optimization:
    """Stops an optimization; its best plan so far stays."""
    stopped = await store.cancel(optimization_id, at)
    if stopped is None:
        known(await store.find(optimization_id), optimization_id)
        raise ended()
    return stopped


async def cancel_batch(store: Optimizations, batch_id: str, at: datetime) -> Batch:
    """Stops all parts of a batch that are not over."""
    batch = known_batch(await store.find_batch(batch_id), batch_id)
    if batch.state.is_over:
        raise ended()
    return await store.cancel_batch(batch_id, at)


def known(found: Optimization | None, optimization_id: str) -> Optimization:
    """What was found; NotFound for nothing."""
    if found is None:
        raise NotFound("OPTIMIZATION_UNKNOWN", f"no optimization {optimization_id!r}")
    return found


def known_batch(found: Batch | None, batch_id: str) -> Batch:
    """What was found; NotFound for nothing."""
    if found is None:
        raise NotFound("BATCH_UNKNOWN", f"no batch {batch_id!r}")
    return found


def refuse_too_many_tasks(count: int) -> None:
    """Before a problem is even read."""
    if count > TASKS_MAX:
        raise Invalid("TOO_MANY_STOPS", f"{count} tasks; at most {TASKS_MAX} in an optimization")


def refuse_same_ids(part_ids: Sequence[str]) -> None:
    """Parts are told apart by their ids."""
    ranks = [rank for rank, own in enumerate(part_ids) if own in part_ids[:rank]]
    if ranks:
        faults = [Violation(f"parts[{rank}].part_id", "is there twice") for rank in ranks]
        raise Invalid("PROBLEM_INVALID", "two parts have one id", violations=faults)


async def refuse_too_many(store: Optimizations, more: int) -> None:
    """A tenant's queue is bounded."""
    if await store.unfinished() + more > UNFINISHED_MAX:
        raise Exhausted(
            "SOLVERS_BUSY", f"at most {UNFINISHED_MAX} optimizations of a tenant may be under way"
        )


def asked_of(wanted: Wanted, optimization_id: str, at: datetime) -> Asked:
    """What is kept of an optimization at first."""
    own = Optimization(
        optimization_id,
        State.QUEUED,
        at,
        wanted.task_count,
        title=wanted.title,
        part_id=wanted.part_id,
    )
    return Asked(own, wanted.request)


def part_of(wanted: Wanted, batch_id: str, optimization_id: str, rank: int, at: datetime) -> Asked:
    """What is kept of a part at first."""
    asked = asked_of(wanted, optimization_id, at)
    return replace(
        asked, optimization=replace(asked.optimization, batch_id=batch_id, part_rank=rank)
    )


def ended() -> NotReady:
    """What a caller hears who stops what is over."""
    return NotReady("OPTIMIZATION_ENDED", "it is over")
