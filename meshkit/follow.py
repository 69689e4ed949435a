"""
Following another service's feed: each change takes effect once, in order, and survives any crash.

The follower's cursor is a row of its own schema, moved in the transaction of the effect. So a
change either has its effect and lies behind the cursor, or neither; and of two replicas that follow
at the same time one loses the race for that row, and its work is undone. A lease keeps them from
racing.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import Exhausted, Gone, Invalid, MeshError, TooLate, Unavailable
from meshkit.lease import Lease, leased
from meshkit.postgres import Database, Transaction
from meshkit.traces import continued

TRIES_MAX = 5  # then a change goes to feed_dead_letter and its shard goes on
TRY_SECONDS = 0.05  # before the second try, doubled each time, plus as much again at random
RUN_MAX = 50  # changes of one tenant that share a transaction
AWAY_SECONDS_MIN = 0.2  # between two attempts while the store or the feed is away, growing up to
AWAY_SECONDS_MAX = 5.0
ERROR_CHARACTERS_MAX = 500

AWAY = (Unavailable, Exhausted, TooLate)  # nobody's fault, least of all the change's: wait

Watch = Callable[[str], AsyncIterable[Any]]  # cursor -> the responses of WatchEvents
Handle = Callable[[Transaction, Any], Awaitable[None]]  # the effect of one Change message

log = structlog.get_logger()


async def follow(db: Database, consumer: str, watch: Watch, handle: Handle) -> None:
    """
    Takes in the changes that `watch(cursor)` tells, for ever: one of `serve`'s loops.

    `consumer` names who follows what (`tracking.dispatch`). `handle` gets a transaction of the
    change's tenant (as X_app) and the Change message: it reads and writes through the transaction,
    may append to our own feed, and awaits no rpc. When it fails it is tried again, and after
    `TRIES_MAX` the change goes to feed_dead_letter; while the store or the feed is away, it waits.

    Raises Gone when the feed no longer keeps what comes after our cursor: start again from a
    snapshot, and `reset` the cursor.
    """
    follower = _Follower(db, consumer, watch, handle)
    pauses = _pauses()
    while True:
        try:
            await follower.run()
        except (Gone, Invalid):
            raise
        except MeshError as error:
            log.warning("feed_interrupted", consumer=consumer, reason=error.reason)
        if follower.progressed:
            pauses = _pauses()
        await asyncio.sleep(next(pauses))


async def reset(tx: Transaction, consumer: str, cursor: str) -> None:
    """Goes on from another cursor, in the transaction that takes in the snapshot it belongs to."""
    await tx.execute(RESET, consumer, cursor)


class _Follower:
    """One run from taking the lease to losing the feed, the store or the lease."""

    def __init__(self, db: Database, consumer: str, watch: Watch, handle: Handle) -> None:
        self._db = db
        self._consumer = consumer
        self._watch = watch
        self._handle = handle
        self._cursor = ""
        self.progressed = False

    async def run(self) -> None:
        """Follows until the stream ends or something is away."""
        self.progressed = False
        async with leased(self._db, f"follow.{self._consumer}") as lease:
            self._cursor = await self._stored_cursor()
            async with _ending(self._watch(self._cursor)) as responses:
                async for response in responses:
                    await self._take_in(response, lease)
                    self.progressed = True

    async def _take_in(self, response: Any, lease: Lease) -> None:
        for run in _runs(response.changes):
            lease.check()
            await self._take_run(run)
        if response.cursor != self._cursor:  # past changes that we did not ask for
            async with self._db.worker() as tx:
                await self._move(tx, response.cursor)
            self._cursor = response.cursor

    async def _take_run(self, changes: Sequence[Any]) -> None:
        """All in one transaction; when one of them fails, each in its own."""
        try:
            await self._apply(changes)
        except AWAY:
            raise
        except Exception as error:  # whatever it is, it is about one of these changes
            log.info("changes_taken_singly", consumer=self._consumer, error=type(error).__name__)
            for change in changes:
                await self._apply_or_bury(change)

    async def _apply(self, changes: Sequence[Any]) -> None:
        cursor = changes[-1].cursor
        async with self._db.transaction(changes[0].tenant) as tx:
            await self._move(tx, cursor)
            for change in changes:
                await self._effect(tx, change)
        self._cursor = cursor

    async def _effect(self, tx: Transaction, change: Any) -> None:
        kind = change.WhichOneof("event") or "unknown"
        about = {"messaging.operation.name": "take_in", "consumer": self._consumer, "event": kind}
        with continued(f"{self._consumer} {kind}", change.traceparent, about):
            await self._handle(tx, change)

    async def _apply_or_bury(self, change: Any) -> None:
        error: Exception | None = None
        for attempt in range(TRIES_MAX):
            try:
                await self._apply([change])
            except AWAY:
                raise
            except Exception as failure:
                error = failure
            else:
                return
            await asyncio.sleep(_jittered(TRY_SECONDS * 2**attempt))
        await self._bury(change, error)

    async def _bury(self, change: Any, error: Exception | None) -> None:
        kind = change.WhichOneof("event") or "unknown"
        place = (change.tenant, self._consumer, change.shard, change.sequence)
        why = f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX]
        async with self._db.transaction(change.tenant) as tx:
            await self._move(tx, change.cursor)
            await tx.execute(BURY, *place, kind, change.subject, change.SerializeToString(), why)
        self._cursor = change.cursor
        log.error(
            "change_buried",
            consumer=self._consumer,
            change_type=kind,
            shard=change.shard,
            sequence=change.sequence,
            error=type(error).__name__,
        )

    async def _stored_cursor(self) -> str:
        async with self._db.worker() as tx:
            await tx.execute(BEGIN_AT, self._consumer)
            return str(await tx.fetchval(CURSOR, self._consumer))

    async def _move(self, tx: Transaction, cursor: str) -> None:
        if not await tx.execute(MOVE, self._consumer, self._cursor, cursor):
            raise Unavailable(
                "CURSOR_MOVED", f"{self._consumer} runs elsewhere too", domain=MESH_DOMAIN
            )


@asynccontextmanager
async def _ending(responses: Any) -> AsyncIterator[AsyncIterable[Any]]:
    """Ends the stream with the block: a call is cancelled, a generator closed."""
    try:
        yield responses
    finally:
        if hasattr(responses, "cancel"):
            responses.cancel()
        else:
            await responses.aclose()


def _runs(changes: Sequence[Any]) -> Iterator[list[Any]]:
    """Neighbours of one tenant, in order, at most `RUN_MAX` together."""
    for _, same in itertools.groupby(changes, key=lambda change: change.tenant):
        while run := list(itertools.islice(same, RUN_MAX)):
            yield run


def _pauses() -> Iterator[float]:
    pause = AWAY_SECONDS_MIN
    while True:
        yield _jittered(pause)
        pause = min(2 * pause, AWAY_SECONDS_MAX)


def _jittered(seconds: float) -> float:
    return seconds * (1 + random.random())  # noqa: S311 - jitter is no secret


BEGIN_AT = "INSERT INTO feed_cursor (consumer, cursor) VALUES ($1, '') ON CONFLICT DO NOTHING"

CURSOR = "SELECT cursor FROM feed_cursor WHERE consumer = $1"

MOVE = """
    UPDATE feed_cursor SET cursor = $3, moved_at = clock_timestamp()
    WHERE consumer = $1 AND cursor = $2"""

RESET = """
    INSERT INTO feed_cursor (consumer, cursor) VALUES ($1, $2)
    ON CONFLICT (consumer) DO UPDATE SET cursor = $2, moved_at = clock_timestamp()"""

BURY = """
    INSERT INTO feed_dead_letter (tenant, consumer, shard, sequence, type, subject, change, error)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"""
