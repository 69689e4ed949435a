"""
The queue of optimizations in PostgreSQL. Implements `ports.Queue`.

Who works on one holds a lease by the database's clock and a number, the epoch. Whoever finds the
lease run out claims it with the next epoch, and from then on nothing that the first one writes
arrives: a process that was frozen for an hour wakes up to find its work taken.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from meshkit.clock import Clock
from meshkit.errors import MeshError
from meshkit.postgres import Database, Transaction
from services.planner.adapters.bell import Bell, ring
from services.planner.adapters.codec import pack, unpack
from services.planner.adapters.optimization_rows import Drafts, moved
from services.planner.domain.optimization import Sequences, State, Trail
from services.planner.domain.plan import Costs
from services.planner.ports import Claim, Found, Progress

LEASE = timedelta(seconds=15)  # so long after its last sign of life, a runner's work is taken over
LOOK_SECONDS = 0.5  # how late a runner hears that it was cancelled when a wake-up is lost
AWAY_SECONDS = 1.0  # between two looks while the store is away

# Tenants with the least at work first, then who was served longest ago, then who waits longest.
CLAIM = """
    WITH next AS (
        SELECT c.tenant, c.optimization_id, c.state FROM optimizations c
        WHERE (c.state = 'QUEUED'
               AND (c.wait_until IS NULL OR c.wait_until <= clock_timestamp()))
           OR (c.state = 'RUNNING' AND c.lease_until < clock_timestamp())
        ORDER BY (
                SELECT count(*) FROM optimizations r
                WHERE r.tenant = c.tenant AND r.state = 'RUNNING'
                  AND r.lease_until >= clock_timestamp()
            ), (
                SELECT max(r.claimed_at) FROM optimizations r WHERE r.tenant = c.tenant
            ) NULLS FIRST, c.queued_at, c.part_rank
        LIMIT 1 FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE optimizations o
    SET state = 'RUNNING', epoch = o.epoch + 1, revision = o.revision + 1,
        lease_until = clock_timestamp() + $1::interval, claimed_at = clock_timestamp(),
        lost_count = o.lost_count + (n.state = 'RUNNING')::integer
    FROM next n WHERE o.tenant = n.tenant AND o.optimization_id = n.optimization_id
    RETURNING o.tenant, o.optimization_id, o.batch_id, o.epoch, o.searched_milliseconds,
              o.lost_count, o.away_count, n.state AS state_before"""

STORED = """
    SELECT q.request, p.sequences FROM requests q
    LEFT JOIN best_plans p ON p.tenant = q.tenant AND p.optimization_id = q.optimization_id
    WHERE q.tenant = $1 AND q.optimization_id = $2"""

IS_OURS = """
    SELECT 1 FROM optimizations
    WHERE tenant = $1 AND optimization_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

RENEW = """
    UPDATE optimizations
    SET lease_until = clock_timestamp() + $4::interval, searched_milliseconds = $5,
        progress_percent = $6, revision = revision + (progress_percent <> $6)::integer
    WHERE tenant = $1 AND optimization_id = $2 AND epoch = $3 AND state = 'RUNNING'
    RETURNING batch_id"""

IMPROVE = """
    UPDATE optimizations
    SET cost_micros = $4, costs = $5, unassigned_count = $6, bound_micros = $7, record = $8,
        progress_percent = $9, searched_milliseconds = $10, plan_count = plan_count + 1,
        revision = revision + 1, lease_until = clock_timestamp() + $11::interval,
        lost_count = 0, away_count = 0
    WHERE tenant = $1 AND optimization_id = $2 AND epoch = $3 AND state = 'RUNNING'
    RETURNING batch_id"""

KEEP_PLAN = """
    INSERT INTO best_plans (tenant, optimization_id, plan, sequences) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant, optimization_id) DO UPDATE
    SET plan = EXCLUDED.plan, sequences = EXCLUDED.sequences"""

KEEP_TRAIL = "UPDATE requests SET trail = $3 WHERE tenant = $1 AND optimization_id = $2"

POSTPONE = """
    UPDATE optimizations
    SET away_count = away_count + 1, wait_until = clock_timestamp() + $4::interval
    WHERE tenant = $1 AND optimization_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

MOVE = """
    UPDATE optimizations
    SET state = $4, end_time = $5, failure_reason = $6, revision = revision + 1,
        progress_percent = CASE WHEN $4 = 'DONE' THEN 100 ELSE progress_percent END,
        lease_until = NULL, over_at = CASE WHEN $4 = 'QUEUED' THEN NULL ELSE clock_timestamp() END
    WHERE tenant = $1 AND optimization_id = $2 AND epoch = $3 AND state = 'RUNNING'
    RETURNING batch_id"""


class PostgresQueue:
    """All tenants' optimizations."""

    def __init__(self, db: Database, bell: Bell, drafts: Drafts, clock: Clock) -> None:
        self._db, self._bell, self._drafts, self._clock = db, bell, drafts, clock
        self._queue_place = bell.queue_place()

    async def claim(self) -> Claim | None:
        """The next one that nobody works on."""
        self._queue_place = self._bell.queue_place()
        async with self._db.worker() as tx:
            row = await tx.fetchrow(CLAIM, LEASE)
            if row is None:
                return None
            whose = row["tenant"], row["optimization_id"]
            stored = await tx.fetchrow(STORED, *whose)
            if row["state_before"] == State.QUEUED.value:
                await moved(tx, self._drafts, *whose, self._clock.now())
        self._bell.rung()
        return claim_of(row, stored)

    async def wait(self, seconds: float) -> None:
        """Waits until something may be there to claim, or for so long."""
        await self._bell.wait(self._queue_place, seconds)

    async def renew(self, claim: Claim, progress: Progress) -> bool:
        """Says that it is still at work, and how far."""
        async with self._db.worker() as tx:
            row = await tx.fetchrow(
                RENEW, *key(claim), LEASE, progress.searched_milliseconds, progress.percent
            )
            if row is not None:
                await ring(tx, row["batch_id"] or claim.optimization_id)
        self._bell.rung()
        return row is not None

    async def until_lost(self, claim: Claim) -> None:
        """Returns when it was cancelled, or somebody else has it."""
        while True:
            try:
                place = self._bell.place(claim.subject)
                if not await self._is_ours(claim):
                    return
                await self._bell.wait(place, LOOK_SECONDS)
            except MeshError:  # nobody can claim it either while the store is away
                await self._bell.pause(AWAY_SECONDS)

    async def improve(self, claim: Claim, found: Found, progress: Progress, trail: Trail) -> bool:
        """Keeps a better plan, and the way to it."""
        kept = await asyncio.to_thread(packed, found, trail)
        async with self._db.worker() as tx:
            is_ours = await self._improve(tx, claim, found, kept, progress)
            if is_ours:
                await ring(tx, claim.subject)
        self._bell.rung()
        return is_ours

    async def finish(self, claim: Claim, found: Found, trail: Trail, at: datetime) -> bool:
        """Keeps the last plan."""
        kept = await asyncio.to_thread(packed, found, trail)
        async with self._db.worker() as tx:
            done = Progress(100, claim.searched_milliseconds)
            if not await self._improve(tx, claim, found, kept, done):
                return False
            await self._move(tx, claim, State.DONE, at)
        self._bell.rung()
        return True

    async def fail(self, claim: Claim, reason: str, at: datetime) -> bool:
        """Ends it without a plan."""
        return await self._moved(claim, State.FAILED, at, reason)

    async def release(self, claim: Claim) -> bool:
        """Gives it back, for whoever is next."""
        return await self._moved(claim, State.QUEUED, None)

    async def postpone(self, claim: Claim, seconds: float) -> bool:
        """Gives it back, to be tried again after so long."""
        async with self._db.worker() as tx:
            await tx.execute(POSTPONE, *key(claim), timedelta(seconds=seconds))
            is_ours = await self._move(tx, claim, State.QUEUED, None)
        self._bell.rung()
        return is_ours

    async def _moved(
        self, claim: Claim, state: State, at: datetime | None, reason: str = ""
    ) -> bool:
        async with self._db.worker() as tx:
            is_ours = await self._move(tx, claim, state, at, reason)
        self._bell.rung()
        return is_ours

    async def _move(
        self, tx: Transaction, claim: Claim, state: State, at: datetime | None, reason: str = ""
    ) -> bool:
        row = await tx.fetchrow(MOVE, *key(claim), state.value, at, reason)
        if row is None:
            return False
        whose = claim.tenant, claim.optimization_id
        await moved(tx, self._drafts, *whose, at or self._clock.now())
        return True

    async def _improve(
        self, tx: Transaction, claim: Claim, found: Found, kept: Packed, progress: Progress
    ) -> bool:
        row = await tx.fetchrow(
            IMPROVE,
            *key(claim),
            found.cost_micros,
            pack(found.costs, Costs),
            found.unassigned_count,
            found.bound_micros,
            pack(found.record),
            progress.percent,
            progress.searched_milliseconds,
            LEASE,
        )
        if row is None:
            return False
        whose = claim.tenant, claim.optimization_id
        await tx.execute(KEEP_PLAN, *whose, found.plan, kept.sequences)
        await tx.execute(KEEP_TRAIL, *whose, kept.trail)
        return True

    async def _is_ours(self, claim: Claim) -> bool:
        async with self._db.worker() as tx:
            return await tx.fetchval(IS_OURS, *key(claim)) is not None


class Packed(NamedTuple):
    """What is kept as documents."""

    sequences: str
    trail: str


def packed(found: Found, trail: Trail) -> Packed:
    """For a thread: a big plan takes a while."""
    return Packed(pack(found.sequences), pack(trail))


def key(claim: Claim) -> tuple[str, str, int]:
    """What a claim writes under."""
    return claim.tenant, claim.optimization_id, claim.epoch


def claim_of(row: Any, stored: Any) -> Claim:
    """A row of CLAIM and one of STORED."""
    sequences = stored["sequences"]
    return Claim(
        row["tenant"],
        row["optimization_id"],
        row["epoch"],
        stored["request"],
        unpack(sequences, Sequences) if sequences else (),
        row["searched_milliseconds"],
        row["batch_id"],
        row["lost_count"],
        row["away_count"],
    )
