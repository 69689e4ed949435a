"""
The group commit: many batches of many devices, one statement, one fsync.

A bounded queue of batches feeds one writer with a connection of its own. While a commit is under
way the next one collects; the fsync in flight is the only linger there is, so one device alone
waits for one commit, and a thousand share it. Nothing is answered before its commit.

When a commit fails nobody knows whether it happened: every batch in it fails with
`OUTCOME_UNKNOWN`, its senders send again, and the primary key recognises what was stored.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from meshkit import feed
from meshkit.clock import Clock
from meshkit.errors import Exhausted, Gone, NotFound, Unavailable
from meshkit.postgres import Database
from services.tracking.domain.batch import Answer, Batch
from services.tracking.domain.device import (
    EPOCH_HORIZON,
    EPOCH_LIFE,
    EPOCH_RENEW,
    EpochOwner,
    milliseconds_of,
)
from services.tracking.domain.fix import Reject, RejectReason

POSITIONS = "positions"  # the name of the feed of positions
SHARDS = 8  # decisions: hash(tenant, device) % 8
RETRY_AFTER = timedelta(seconds=1)
RECONNECT_SECONDS = 0.2
GAPS_MAX = 32  # ranges in an answer; the contract states it
DAYS_AHEAD = 2  # partitions that are made before they are needed
FUTURE_EPOCH = timedelta(minutes=5)  # clocks of two servers differ

COMMIT = f"""
    SELECT stored, duplicates, conflicts, acked, gaps, advanced, heads
    FROM positions_commit({", ".join(f"${n}" for n in range(1, 24))})"""  # noqa: S608 - numbers
OPEN_DAY = "SELECT positions_open($1)"
FORGET = "SELECT positions_forget($1)"
EPOCH = """
    SELECT e.driver_id, d.carrier_id
    FROM epochs e JOIN devices d USING (tenant, device_id)
    WHERE e.tenant = $1 AND e.device_id = $2 AND e.epoch = $3"""

Waiting = tuple[Batch, "asyncio.Future[Answer]"]

log = structlog.get_logger()


class GroupCommit:
    """Implements `ports.Ingest`. `run` is one of the process's loops."""

    def __init__(self, db: Database, clock: Clock, *, batches_max: int, rows_max: int) -> None:
        self._db = db
        self._clock = clock
        self._rows_max = rows_max
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(maxsize=batches_max)
        self._left_over: Waiting | None = None
        self.committed = 0  # positions stored by this process

    @property
    def free(self) -> int:
        """Places in the queue."""
        return self._queue.maxsize - self._queue.qsize()

    async def enqueue(self, batch: Batch, *, wait: bool) -> asyncio.Future[Answer]:
        """A promise of what will have become of the batch, once it is durable."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if wait:
            await self._queue.put((batch, future))
        else:
            self._offer((batch, future))
        return future

    async def run(self) -> None:
        """Commits for ever; a lost connection is made anew."""
        while True:
            try:
                await self._commit_on(await self._db.connect())
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("ingest_interrupted", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _offer(self, waiting: Waiting) -> None:
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            raise Exhausted(
                "INGEST_BUSY", "positions come faster than they are stored", retry_after=RETRY_AFTER
            ) from None

    async def _commit_on(self, connection: Any) -> None:
        try:
            statement = await connection.prepare(COMMIT)
            while True:
                waiting = await self._gather()
                try:
                    answers = await self._commit(statement, [batch for batch, _ in waiting])
                except BaseException:
                    _fail(waiting)
                    raise
                for (_, future), answer in zip(waiting, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
        finally:
            connection.terminate()

    async def _gather(self) -> list[Waiting]:
        """Whatever waits, up to the most rows of one commit."""
        first = self._left_over or await self._queue.get()
        self._left_over = None
        gathered, rows = [first], len(first[0].columns)
        while rows < self._rows_max and not self._queue.empty():
            waiting = self._queue.get_nowait()
            rows += len(waiting[0].columns)
            if rows > self._rows_max:
                self._left_over = waiting
                break
            gathered.append(waiting)
        return gathered

    async def _commit(self, statement: Any, batches: list[Batch]) -> list[Answer]:
        order = sorted(range(len(batches)), key=lambda i: (batches[i].key, batches[i].runs))
        ordered = [batches[i] for i in order]
        row = await statement.fetchrow(*_arguments(ordered, self._clock.now()))
        self.committed += row["stored"]
        if row["advanced"]:
            heads = dict(zip(row["advanced"], row["heads"], strict=True))
            self._db.pulse.saw(POSITIONS, heads)
        answers = _answers(ordered, row)
        return [answer for _, answer in sorted(zip(order, answers, strict=True), key=_place)]


class KnownEpochs:
    """Implements `ports.Epochs`: asks the store once per epoch."""

    def __init__(self, db: Database, *, remembered_max: int) -> None:
        self._db = db
        self._max = remembered_max
        self._known: dict[tuple[str, str, UUID], EpochOwner] = {}

    async def owner(self, tenant: str, device_id: str, epoch: UUID) -> EpochOwner:
        """For whom an epoch was given. Raises NotFound `DEVICE_UNKNOWN`, Gone `EPOCH_EXPIRED`."""
        key = (tenant, device_id, epoch)
        given = datetime.fromtimestamp(milliseconds_of(epoch) / 1000, UTC)
        age = datetime.now(UTC) - given  # real time: epochs are made from it
        if not -FUTURE_EPOCH <= age <= EPOCH_HORIZON:
            raise Gone("EPOCH_EXPIRED", "the epoch is older than what is kept: open the device")
        known = self._known.get(key) or await self._ask(key)
        return replace(known, renew=age > EPOCH_LIFE - EPOCH_RENEW)

    async def _ask(self, key: tuple[str, str, UUID]) -> EpochOwner:
        async with self._db.worker() as tx:
            row = await tx.fetchrow(EPOCH, *key)
        if row is None:
            raise NotFound("DEVICE_UNKNOWN", "no such device and epoch: open the device")
        if len(self._known) >= self._max:
            self._known.clear()
        self._known[key] = EpochOwner(row["driver_id"], row["carrier_id"])
        return self._known[key]


class Partitions:
    """Makes partitions of positions before they are needed, and drops those past the horizon."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def prepare(self) -> None:
        """Makes the shards and the partitions of yesterday, today and the next days."""
        async with self._db.worker() as tx:
            await feed.open_shards(tx, POSITIONS, SHARDS)
            today = datetime.now(UTC).date()
            for offset in range(-1, DAYS_AHEAD + 1):
                await tx.fetchval(OPEN_DAY, today + timedelta(days=offset))

    async def forget(self) -> None:
        """Drops partitions whose epochs can no longer be finished."""
        async with self._db.worker() as tx:
            before = datetime.now(UTC).date() - EPOCH_HORIZON - timedelta(days=1)
            if gone := await tx.fetchval(FORGET, before):
                log.info("positions_forgotten", partition_count=gone)


def _arguments(batches: list[Batch], recorded: datetime) -> list[Any]:
    """The columns of a commit, in the order of the function's arguments."""
    groups = {key: number for number, key in enumerate(dict.fromkeys(b.key for b in batches), 1)}
    keys = list(groups)
    rows: list[list[Any]] = [[] for _ in range(15)]
    runs: list[list[int]] = [[], [], []]
    for batch in batches:
        group, columns = groups[batch.key], batch.columns
        rows[0] += [group] * len(columns)
        rows[2] += [batch.shard] * len(columns)
        for place, column in zip((1, *range(3, 15)), _columns(batch), strict=True):
            rows[place] += column
        for first, last in batch.runs:
            for column, value in zip(runs, (group, first, last), strict=True):
                column.append(value)
    named = [list(groups.values()), *(list(part) for part in zip(*keys, strict=True))]
    return [*named, *rows, *runs, recorded]


def _columns(batch: Batch) -> tuple[list[Any], ...]:
    one = batch.columns
    return (
        one.sequences,
        one.times,
        one.qualities,
        one.latitudes,
        one.longitudes,
        one.accuracies,
        one.speeds,
        one.headings,
        one.uptimes,
        one.ignitions,
        one.odometers,
        one.charges,
        one.auxiliaries,
    )


def _answers(batches: list[Batch], row: Any) -> list[Answer]:
    duplicates, conflicts = set(row["duplicates"] or ()), set(row["conflicts"] or ())
    groups = {key: number for number, key in enumerate(dict.fromkeys(b.key for b in batches))}
    answers, start = [], 1
    for batch in batches:
        places = range(start, start + len(batch.columns))
        start = places.stop
        group = groups[batch.key]
        again = duplicates.intersection(places) if duplicates else ()
        other = conflicts.intersection(places) if conflicts else ()
        answers.append(
            Answer(
                acked_through=row["acked"][group],
                accepted=len(batch.columns) - len(again),
                duplicates=len(again) - len(other),
                rejects=(*batch.rejects, *(_conflict(batch, p - places.start) for p in other)),
                missing=_gaps(row["gaps"][group]),
            )
        )
    return answers


def _conflict(batch: Batch, place: int) -> Reject:
    sequence, index = batch.columns.sequences[place], batch.indexes[place]
    return Reject(sequence, index, RejectReason.SEQUENCE_CONFLICT)


def _gaps(text: str) -> tuple[tuple[int, int], ...]:
    """The first ranges of a multirange, ends included: `{[1,5),[9,10)}` is 1 to 4 and 9 to 9."""
    if text == "{}":
        return ()
    spans = text[2:-2].split("),[")[:GAPS_MAX]
    pairs = (span.split(",") for span in spans)
    return tuple((int(first), int(past) - 1) for first, past in pairs)


def _fail(waiting: list[Waiting]) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(
                Unavailable(
                    "OUTCOME_UNKNOWN",
                    "the store failed in the middle of a commit: send the batch again",
                    retry_after=RETRY_AFTER,
                )
            )


def _place(pair: tuple[int, Answer]) -> int:
    return pair[0]
