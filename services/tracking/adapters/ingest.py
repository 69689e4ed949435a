"""
The group commit: many batches of many devices, one statement, one fsync.

Bounded lanes of batches feed one writer with a connection of its own. While a commit is under way
the next one collects; the fsync in flight is the only linger there is, so one device alone waits
for one commit, and a thousand share it. Nothing is answered before its commit.

A batch is stored as one row. What of it was answered before is known from the ranges of its epoch;
only then is it looked at again, position by position, and the rest goes into the next commit.

When a commit fails nobody knows whether it happened: every batch in it fails with
`OUTCOME_UNKNOWN`, its senders send again, and the ranges recognise what was stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from meshkit import feed
from meshkit.clock import Clock
from meshkit.errors import Gone, NotFound, Unavailable
from meshkit.pg_errors import STORE_ERRORS
from meshkit.postgres import Database
from services.tracking.adapters import chunks
from services.tracking.adapters.chunks import Group, Part
from services.tracking.adapters.lanes import RETRY_AFTER, Lanes, Waiting
from services.tracking.domain.batch import Answer, Batch, Lane, Run, touch, within, without
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
RECONNECT_SECONDS = 0.2
FULL = "full"  # said of an epoch with too many gaps
ROUNDS_MAX = 200  # a batch is cut at most once for each batch that shares its epoch and commit
KEEP_DEFAULT = timedelta(days=35)  # of positions
DAYS_AHEAD = 2  # partitions that are made before they are needed
FUTURE_EPOCH = timedelta(minutes=5)  # clocks of two servers differ

COMMIT = f"""
    SELECT again, ranges, advanced, heads
    FROM positions_commit({", ".join(f"${n}" for n in range(1, 13))})"""  # noqa: S608 - numbers
KNOWN = """
    SELECT sequence, device_time, latitude, longitude FROM positions
    WHERE tenant = $1 AND device_id = $2 AND epoch = $3 AND sequence = ANY ($4)
      AND last_sequence >= $5 AND first_sequence <= $6"""
OPEN_DAY = "SELECT positions_open($1)"
FORGET = "SELECT positions_forget($1)"
EPOCH = """
    SELECT e.driver_id, d.carrier_id, h.latitude, h.longitude
    FROM epochs e JOIN devices d USING (tenant, device_id)
    LEFT JOIN LATERAL (
        SELECT (r.plan #>> '{stops,0,location,latitude}')::float8 AS latitude,
               (r.plan #>> '{stops,0,location,longitude}')::float8 AS longitude
        FROM routes r
        WHERE r.tenant = e.tenant AND (r.route_id = d.route_id
              OR (r.shift_id = d.shift_id AND d.shift_id <> '')
              OR (r.driver_id = e.driver_id AND e.driver_id <> ''))
        ORDER BY r.starts_at DESC LIMIT 1
    ) h ON true
    WHERE e.tenant = $1 AND e.device_id = $2 AND e.epoch = $3"""

log = structlog.get_logger()


class GroupCommit:
    """Implements `ports.Ingest`. `run` is one of the process's loops."""

    def __init__(self, db: Database, clock: Clock, *, batches_max: int, rows_max: int) -> None:
        self._db = db
        self._clock = clock
        self._rows_max = rows_max
        self._lanes = Lanes(batches_max)
        self.committed = 0  # positions stored by this process

    def free(self, lane: Lane) -> int:
        """Places in a lane of the queue."""
        return self._lanes.free(lane)

    async def enqueue(self, batch: Batch, *, wait: bool) -> asyncio.Future[Answer]:
        """A promise of what will have become of the batch, once it is durable."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        put = self._lanes.put if wait else self._lanes.offer
        await put((batch, future))
        return future

    async def run(self) -> None:
        """Commits for ever; a lost connection is made anew."""
        while True:
            try:
                await self._commit_on(await self._db.connect())
            except STORE_ERRORS as error:  # a TimeoutError is an OSError
                log.warning("ingest_interrupted", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _commit_on(self, connection: Any) -> None:
        try:
            statement = await connection.prepare(COMMIT)
            known = await connection.prepare(KNOWN)
            while True:
                waiting = await self._lanes.gather(self._rows_max)
                try:
                    await self._commit(statement, known, waiting)
                except BaseException:
                    _fail(waiting)
                    raise
        finally:
            connection.terminate()

    async def _commit(self, statement: Any, known: Any, waiting: Sequence[Waiting]) -> None:
        """Stores batches in one statement, and in a few more where some were sent before."""
        promises = {id(batch): promise for batch, promise in waiting}
        left = [Part(batch, batch.columns, batch.runs) for batch, _ in waiting]
        for _ in range(ROUNDS_MAX):
            groups, later = grouped(left)
            row = await statement.fetchrow(*chunks.arguments(groups, self._clock.now()))
            self._tell(row)
            left = later
            for group, again, ranges in zip(groups, row["again"], row["ranges"], strict=True):
                if again == FULL:
                    _refuse([promises[id(part.batch)] for part in group.parts])
                elif again is not None:
                    left += cut(group.parts, chunks.runs_from(again))
                else:
                    await self._settle(group, ranges, known, promises)
            if not left:
                return
        raise TimeoutError("batches of one epoch do not come to an end")

    async def _settle(
        self,
        group: Group,
        ranges: str,
        known: Any,
        promises: Mapping[int, asyncio.Future[Answer]],
    ) -> None:
        for part in group.parts:
            self.committed += len(part.columns)
            conflicts = await _conflicts(known, part) if part.again else ()
            _keep(promises[id(part.batch)], answer_of(part, ranges, conflicts))

    def _tell(self, row: Any) -> None:
        if row["advanced"]:
            self._db.pulse.saw(POSITIONS, dict(zip(row["advanced"], row["heads"], strict=True)))


def grouped(parts: Iterable[Part]) -> tuple[list[Group], list[Part]]:
    """Parts by epoch, sorted; and those that share a sequence with an earlier one, for the next."""
    groups: dict[tuple[str, str, UUID], Group] = {}
    later: list[Part] = []
    for part in parts:
        batch = part.batch
        group = groups.setdefault(batch.key, Group(*batch.key, batch.shard, []))
        if any(touch(part.runs, other.runs) for other in group.parts):
            later.append(part)
        else:
            group.parts.append(part)
    return [groups[key] for key in sorted(groups)], later


def cut(parts: Iterable[Part], known: Sequence[Run]) -> list[Part]:
    """The parts without the sequences that were answered before."""
    return [_cut(part, known) for part in parts]


def _cut(part: Part, known: Sequence[Run]) -> Part:
    sequences = part.columns.sequences
    fresh = [n for n, sequence in enumerate(sequences) if not within(sequence, known)]
    again = [sequence for sequence in sequences if within(sequence, known)]
    runs = without(part.runs, known) or ((1, 0),)
    return Part(part.batch, part.columns.at(fresh), runs, part.again + again)


async def _conflicts(known: Any, part: Part) -> tuple[Reject, ...]:
    """Which of the sequences that were answered before are kept with another content."""
    batch, again = part.batch, part.again
    rows = await known.fetch(*batch.key, again, min(again), max(again))
    kept = {
        row["sequence"]: (row["device_time"], row["latitude"], row["longitude"]) for row in rows
    }
    places = {sequence: place for place, sequence in enumerate(batch.columns.sequences)}
    found = []
    for sequence in again:
        micros, latitude, longitude = batch.columns.spot(place := places[sequence])
        spot = chunks.moment(micros), latitude, longitude
        if kept.get(sequence, spot) != spot:
            found.append(Reject(sequence, batch.indexes[place], RejectReason.SEQUENCE_CONFLICT))
    return tuple(found)


def answer_of(part: Part, ranges: str, conflicts: tuple[Reject, ...]) -> Answer:
    """What became of a batch, by the ranges of its epoch."""
    batch, answered = part.batch, chunks.runs_from(ranges)
    return Answer(
        acked_through=chunks.acked_through(answered),
        accepted=len(batch.columns) - len(part.again),
        duplicates=len(part.again) - len(conflicts) + batch.repeats,
        rejects=(*batch.rejects, *conflicts),
        missing=chunks.gaps(answered),
    )


def _keep(promise: asyncio.Future[Answer], answer: Answer) -> None:
    if not promise.done():
        promise.set_result(answer)


def _refuse(promises: Iterable[asyncio.Future[Answer]]) -> None:
    for promise in promises:
        if not promise.done():
            promise.set_exception(
                Gone(
                    "EPOCH_EXPIRED",
                    "the epoch has thousands of gaps: open the device and count without gaps",
                )
            )


def _fail(waiting: Sequence[Waiting]) -> None:
    for _, promise in waiting:
        if not promise.done():
            promise.set_exception(
                Unavailable(
                    "OUTCOME_UNKNOWN",
                    "the store failed in the middle of a commit: send the batch again",
                    retry_after=RETRY_AFTER,
                )
            )


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
        home = None if row["latitude"] is None else (row["latitude"], row["longitude"])
        self._known[key] = EpochOwner(row["driver_id"], row["carrier_id"], home=home)
        return self._known[key]


class Partitions:
    """Makes partitions of positions before they are needed, and drops those past the horizon."""

    def __init__(self, db: Database, keep: timedelta = KEEP_DEFAULT) -> None:
        self._db = db
        self._keep = keep

    async def prepare(self) -> None:
        """Makes the shards and the partitions of yesterday, today and the next days."""
        async with self._db.worker() as tx:
            await feed.open_shards(tx, POSITIONS, SHARDS)
            today = datetime.now(UTC).date()
            for offset in range(-1, DAYS_AHEAD + 1):
                await tx.fetchval(OPEN_DAY, today + timedelta(days=offset))

    async def forget(self) -> None:
        """Drops partitions past their time; never one whose epochs may still be finished."""
        keep = max(self._keep, EPOCH_HORIZON + timedelta(days=1))
        async with self._db.worker() as tx:
            before = datetime.now(UTC).date() - keep
            if gone := await tx.fetchval(FORGET, before):
                log.info("positions_forgotten", partition_count=gone)
