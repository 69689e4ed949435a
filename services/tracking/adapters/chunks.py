"""Chunks of positions between the store and the columns: the arguments of a commit, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.tracking.domain.batch import Batch, Chunk, Columns, Lane, Run
from services.tracking.domain.fix import TimeQuality

GAPS_MAX = 32  # ranges in an answer; the contract states it
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Of `position_chunks c`, in the order of `Columns`.
ARRAYS = (
    "sequences",
    "times",
    "qualities",
    "latitudes",
    "longitudes",
    "accuracies",
    "speeds",
    "headings",
    "uptimes",
    "ignitions",
    "odometers",
    "charges",
    "auxiliaries",
)


@dataclass(slots=True)
class Part:
    """What of a batch is still to be stored; `again` are places that were stored before."""

    batch: Batch
    columns: Columns
    runs: tuple[Run, ...]
    again: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of one epoch in one commit."""

    tenant: str
    device_id: str
    epoch: Any
    shard: int
    parts: list[Part]

    @property
    def latest(self) -> tuple[datetime | None, int | None, int | None]:
        """The latest live position of good time, and the last sequence of its chunk."""
        live = (part.columns for part in self.parts if part.batch.lane is Lane.LIVE)
        found = [newest for columns in live if (newest := _newest(columns))]
        if not found:
            return None, None, None
        micros, sequence, last = max(found)
        return moment(micros), sequence, last


def _newest(columns: Columns) -> tuple[int, int, int] | None:
    times, sequences = columns.times, columns.sequences
    if columns.qualities.count(TimeQuality.OK) < len(times):
        good = [n for n, quality in enumerate(columns.qualities) if quality != TimeQuality.SUSPECT]
        times, sequences = [times[n] for n in good], [sequences[n] for n in good]
    if not times:
        return None
    micros = max(times)
    place = len(times) - 1 - times[::-1].index(micros)
    return micros, sequences[place], columns.sequences[-1]


def arguments(groups: Sequence[Group], recorded: datetime) -> list[Any]:
    """The arguments of a commit, in the order of the function's."""
    latest = [group.latest for group in groups]
    runs = [
        (number, *run)
        for number, group in enumerate(groups, 1)
        for part in group.parts
        for run in part.runs
    ]
    chunks = [
        chunk_row(number, part)
        for number, group in enumerate(groups, 1)
        for part in group.parts
        if part.columns
    ]
    return [
        [group.tenant for group in groups],
        [group.device_id for group in groups],
        [group.epoch for group in groups],
        [group.shard for group in groups],
        *([one[place] for one in latest] for place in range(3)),
        *([run[place] for run in runs] for place in range(3)),
        chunks,
        recorded,
    ]


def chunk_row(group: int, part: Part) -> tuple[Any, ...]:
    """A `position_chunk`. A column that says nothing is null."""
    one = part.columns
    first, last = one.sequences[0], one.sequences[-1]
    return (
        group,
        last,
        first,
        part.batch.lane,
        moment(min(one.times)),
        moment(max(one.times)),
        None if last - first + 1 == len(one) else one.sequences,
        one.times,
        None if one.qualities.count(TimeQuality.OK) == len(one) else one.qualities,
        one.latitudes,
        one.longitudes,
        one.accuracies,
        said(one.speeds),
        said(one.headings),
        said(one.uptimes),
        one.ignitions if any(one.ignitions) else None,
        said(one.odometers),
        said(one.charges),
        one.auxiliaries if any(one.auxiliaries) else None,
    )


def said(column: list[Any]) -> list[Any] | None:
    """The column, None when nobody said anything."""
    return None if column.count(None) == len(column) else column


def chunk(row: Any) -> Chunk:
    """A chunk as it is kept."""
    return Chunk(
        device_id=row["device_id"],
        epoch=row["epoch"],
        record_time=row["record_time"],
        vehicle_id=row["vehicle_id"],
        driver_id=row["driver_id"],
        columns=columns(row),
    )


def columns(row: Any) -> Columns:
    """The arrays of a chunk; what was left out for saying nothing is filled in."""
    count = len(row["times"])
    if (sequences := row["sequences"]) is None:
        sequences = [*range(row["first_sequence"], row["last_sequence"] + 1)]
    nothing: list[Any] = [None] * count
    return Columns(
        sequences=sequences,
        times=row["times"],
        qualities=row["qualities"] or [TimeQuality.OK] * count,
        latitudes=row["latitudes"],
        longitudes=row["longitudes"],
        accuracies=row["accuracies"],
        speeds=row["speeds"] or nothing,
        headings=row["headings"] or nothing,
        uptimes=row["uptimes"] or nothing,
        ignitions=row["ignitions"] or [0] * count,
        odometers=row["odometers"] or nothing,
        charges=row["charges"] or nothing,
        auxiliaries=row["auxiliaries"] or [False] * count,
    )


def moment(micros: int) -> datetime:
    """Microseconds since 1970 as a moment."""
    return EPOCH + timedelta(microseconds=micros)


def runs_from(text: str | None) -> tuple[Run, ...]:
    """The ranges of a multirange, ends included: `{[1,5),[9,10)}` is 1 to 4 and 9 to 9."""
    if not text or text == "{}":
        return ()
    pairs = (span.split(",") for span in text[2:-2].split("),["))
    return tuple((int(first), int(past) - 1) for first, past in pairs)


def acked_through(ranges: Sequence[Run]) -> int:
    """Everything up to here was answered."""
    return ranges[0][1] if ranges and ranges[0][0] == 1 else 0


def gaps(ranges: Sequence[Run]) -> tuple[Run, ...]:
    """What is missing between 1 and the end of the ranges."""
    ends = [0, *(last for _, last in ranges)]
    found = [
        (before + 1, first - 1)
        for before, (first, _) in zip(ends, ranges, strict=False)
        if first > before + 1
    ]
    return tuple(found[:GAPS_MAX])
