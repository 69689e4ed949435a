"""Optimizations as rows, and what every change of one brings: the feed, its batch, the bell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meshkit.feed import Draft
from meshkit.postgres import Transaction
from services.planner.adapters.bell import ring
from services.planner.adapters.codec import unpack
from services.planner.domain.optimization import Optimization, State, batch_state
from services.planner.domain.plan import Costs, SolveRecord

FIND = """
    SELECT optimization_id, batch_id, part_id, part_rank, title, state, create_time, end_time,
           progress_percent, plan_count, cost_micros, costs, bound_micros, unassigned_count,
           task_count, record, failure_reason
    FROM optimizations WHERE tenant = $1 AND optimization_id = $2"""

LIST = """
    SELECT optimization_id, batch_id, part_id, part_rank, title, state, create_time, end_time,
           progress_percent, plan_count, cost_micros, costs, bound_micros, unassigned_count,
           task_count, record, failure_reason
    FROM optimizations
    WHERE tenant = $1 AND (cardinality($2::text[]) = 0 OR state = ANY ($2))
      AND ($3::timestamptz IS NULL OR (create_time, optimization_id) < ($3, $4))
    ORDER BY create_time DESC, optimization_id DESC LIMIT $5"""

PARTS = """
    SELECT optimization_id, batch_id, part_id, part_rank, title, state, create_time, end_time,
           progress_percent, plan_count, cost_micros, costs, bound_micros, unassigned_count,
           task_count, record, failure_reason
    FROM optimizations WHERE tenant = $1 AND batch_id = $2 ORDER BY part_rank"""

LOCK_BATCH = """
    SELECT state, is_cancelled FROM batches WHERE tenant = $1 AND batch_id = $2 FOR UPDATE"""

PART_STATES = "SELECT state FROM optimizations WHERE tenant = $1 AND batch_id = $2"

MOVE_BATCH = """
    UPDATE batches SET state = $3, end_time = $4 WHERE tenant = $1 AND batch_id = $2"""


@dataclass(frozen=True, slots=True)
class Drafts:
    """How changes are told; from convert, by way of __main__."""

    optimization: Callable[[Optimization, datetime], Draft]
    batch: Callable[[str, State, datetime], Draft]


def optimization_of(row: Any) -> Optimization:
    """A row of FIND, LIST or PARTS."""
    record = row["record"]
    return Optimization(
        optimization_id=row["optimization_id"],
        state=State(row["state"]),
        create_time=row["create_time"],
        task_count=row["task_count"],
        title=row["title"],
        end_time=row["end_time"],
        progress_percent=row["progress_percent"],
        plan_count=row["plan_count"],
        cost_micros=row["cost_micros"],
        costs=unpack(row["costs"], Costs),
        bound_micros=row["bound_micros"],
        unassigned_count=row["unassigned_count"],
        record=None if record is None else unpack(record, SolveRecord),
        failure_reason=row["failure_reason"],
        batch_id=row["batch_id"],
        part_id=row["part_id"],
        part_rank=row["part_rank"],
    )


async def moved(
    tx: Transaction, drafts: Drafts, tenant: str, optimization_id: str, at: datetime
) -> Optimization:
    """Tells that an optimization came to another state, and what that makes of its batch."""
    own = optimization_of(await tx.fetchrow(FIND, tenant, optimization_id))
    told = drafts.optimization(own, at)
    tx.append(Draft(told.type, told.subject, told.event_time, told.payload, tenant))
    if own.batch_id:
        await follow_batch(tx, drafts, tenant, own.batch_id, at)
    await ring(tx, own.batch_id or own.optimization_id, queue=own.state is State.QUEUED)
    return own


async def follow_batch(
    tx: Transaction, drafts: Drafts, tenant: str, batch_id: str, at: datetime
) -> None:
    """
    Brings a batch to where its parts are. Whoever changes a part and its batch locks the part
    first, so that two never wait for each other.
    """
    batch = await tx.fetchrow(LOCK_BATCH, tenant, batch_id)
    if batch is None:
        return
    parts = [State(row["state"]) for row in await tx.fetch(PART_STATES, tenant, batch_id)]
    state = batch_state(parts, is_cancelled=batch["is_cancelled"])
    if state is State(batch["state"]):
        return
    await tx.execute(MOVE_BATCH, tenant, batch_id, state.value, at if state.is_over else None)
    told = drafts.batch(batch_id, state, at)
    tx.append(Draft(told.type, told.subject, told.event_time, told.payload, tenant))
