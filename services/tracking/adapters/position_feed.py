"""
The feed of positions: every one of them once, in the order of the commits of its shard.

A cursor is the vector of the commits read per shard; the commits are numbered without gaps, so a
reader that was given 7 has seen everything up to 7.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from meshkit import cursor as cursors
from meshkit import feed
from meshkit.postgres import Database
from services.tracking.adapters.ingest import POSITIONS
from services.tracking.adapters.postgres_devices import LIST_COLUMNS, recorded
from services.tracking.domain.fix import RecordedFix

NAME = "tracking.positions"  # marks cursors, so that one of another feed is refused
ROWS_MAX = 5_000  # of one answer; the contract states it
COMMITS_MAX = 500  # looked at in one read

COMMITS = """
    SELECT c.shard, c.sequence, c.commit_id, c.row_count
    FROM unnest($1::integer[], $2::bigint[]) AS a (shard, after)
    CROSS JOIN LATERAL (
        SELECT shard, sequence, commit_id, row_count FROM position_commits
        WHERE shard = a.shard AND sequence > a.after ORDER BY sequence LIMIT $3
    ) c ORDER BY c.commit_id, c.shard"""

READ = f"""
    SELECT {LIST_COLUMNS}
    FROM unnest($1::bigint[], $2::smallint[]) WITH ORDINALITY AS c (commit_id, shard, place)
    JOIN positions p ON p.commit_id = c.commit_id AND p.shard = c.shard
    JOIN epochs e USING (tenant, device_id, epoch)
    WHERE p.tenant = $3 AND (cardinality($4::text[]) = 0 OR p.device_id = ANY ($4))
    ORDER BY c.place, p.device_id, p.epoch, p.sequence"""  # noqa: S608 - constant


@dataclass(frozen=True, slots=True)
class Read:
    """Positions, and the place after them."""

    positions: tuple[RecordedFix, ...]
    place: Mapping[int, int]
    cursor: str


class PositionFeed:
    """Reads positions in commit order."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def start(self, cursor: str, *, at_head: bool) -> Read:
        """
        Where a reader begins: after its cursor, at the head, or at the oldest that is kept.

        Raises Invalid `CURSOR_INVALID` or Gone `CURSOR_COMPACTED`.
        """
        async with self._db.worker() as tx:
            heads = await feed.heads(tx, POSITIONS)
            oldest = await feed.oldest(tx, POSITIONS)
        if not cursor:
            return self._at(heads if at_head else oldest)
        place = cursors.unpack(NAME, cursor)
        if any(sequence > heads.get(shard, 0) for shard, sequence in place.items()):
            raise cursors.invalid("it is ahead of the feed")
        if any(place.get(shard, 0) < before for shard, before in oldest.items()):
            raise feed.compacted(cursors.pack(NAME, oldest))
        return self._at({shard: place.get(shard, 0) for shard in heads})

    async def next(
        self, place: Mapping[int, int], tenant: str, device_ids: Collection[str], seconds: float
    ) -> Read:
        """The next positions; none after so many seconds without any."""
        if not await self._db.pulse.wait_beyond(POSITIONS, place, seconds):
            return self._at(place)
        shards = sorted(place)
        async with self._db.worker() as tx:
            after = [place[shard] for shard in shards]
            commits = _bounded(await tx.fetch(COMMITS, shards, after, COMMITS_MAX))
            ids, where = [c["commit_id"] for c in commits], [c["shard"] for c in commits]
            rows = await tx.fetch(READ, ids, where, tenant, list(device_ids))
        moved = dict(place)
        for commit in commits:
            moved[commit["shard"]] = max(moved[commit["shard"]], commit["sequence"])
        return self._at(moved, tuple(map(recorded, rows)))

    def _at(self, place: Mapping[int, int], positions: tuple[RecordedFix, ...] = ()) -> Read:
        return Read(positions, place, cursors.pack(NAME, place))


def _bounded(commits: list[Any]) -> list[Any]:
    """As many commits as fit into one answer, and always one."""
    rows = 0
    for number, commit in enumerate(commits):
        rows += commit["row_count"]
        if rows > ROWS_MAX and number:
            return commits[:number]
    return commits
