"""
What a device has captured and nobody has confirmed: an SQLite file that survives crashes.

Positions are numbered here, at capture and before they wait, so that the server can tell a replay
from news and a gap from an end. Facts and proofs keep the order in which they happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROWS_MAX = 72 * 3_600  # positions: three days of one a second
SCHEMA = """
    CREATE TABLE IF NOT EXISTS positions (
        epoch TEXT, sequence INTEGER, captured REAL, body BLOB,
        PRIMARY KEY (epoch, sequence)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS positions_captured ON positions (captured);
    CREATE TABLE IF NOT EXISTS outbox (no INTEGER PRIMARY KEY, kind TEXT, body BLOB);
    CREATE TABLE IF NOT EXISTS refused (no INTEGER PRIMARY KEY, kind TEXT, reason TEXT, body BLOB);
    CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT);
"""

OLDEST = """
    SELECT epoch, sequence, body FROM positions WHERE captured >= ? AND captured < ?
    ORDER BY captured, sequence LIMIT ?"""
NEWEST = """
    SELECT epoch, sequence, body FROM positions WHERE captured >= ? AND captured < ?
    ORDER BY captured DESC, sequence DESC LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A position that waits."""

    epoch: str
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request of the outbox."""

    no: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that the server will never take."""

    kind: str
    reason: str
    body: bytes


class Buffer:
    """One file of one device; use as a context. Every method is durable when it returns."""

    def __init__(self, path: Path, rows_max: int = ROWS_MAX) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)
        self._rows_max = rows_max
        self._count = self._number("SELECT count(*) FROM positions")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._db.close()

    def note(self, name: str) -> str:
        """What was noted under a name; empty when nothing was."""
        found = self._rows("SELECT value FROM notes WHERE name = ?", name)
        return str(found[0][0]) if found else ""

    def keep_note(self, name: str, value: str) -> None:
        """Notes a value."""
        self._do("INSERT OR REPLACE INTO notes VALUES (?, ?)", name, value)

    def next_sequence(self, epoch: str) -> int:
        """The number of the next position of an epoch, given once only."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            sequence = int(self.note(f"last {epoch}") or 0) + 1
            self.keep_note(f"last {epoch}", str(sequence))
            self._db.execute("COMMIT")
        return sequence

    def begin_epoch(self, epoch: str) -> None:
        """From here on positions are numbered under an epoch; those that waited for it join it."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            last = self.note("last ")
            self._do("UPDATE positions SET epoch = ? WHERE epoch = ''", epoch)
            self.keep_note("epoch", epoch)
            if last:
                self.keep_note(f"last {epoch}", last)
            self._do("DELETE FROM notes WHERE name IN ('last ', 'opening')")
            self._db.execute("COMMIT")

    def add_position(self, position: Kept, captured: float) -> None:
        """Keeps a position; old ones are thinned when there are too many."""
        row = (position.epoch, position.sequence, captured, position.body)
        self._do("INSERT INTO positions VALUES (?, ?, ?, ?)", *row)
        self._count += 1
        if self._count > self._rows_max:
            self._thin()

    def positions(self, *, since: float, until: float, newest: bool, limit: int) -> list[Kept]:
        """Positions captured in `[since, until)`, the newest or the oldest, in order of capture."""
        rows = self._rows(NEWEST if newest else OLDEST, since, until, limit)
        found = [Kept(*row) for row in rows]
        return found[::-1] if newest else found

    def drop_positions(self, positions: Iterable[Kept]) -> None:
        """The server has them for good, or will never take them."""
        keys = [(one.epoch, one.sequence) for one in positions]
        self._db.executemany("DELETE FROM positions WHERE epoch = ? AND sequence = ?", keys)
        self._count = self._number("SELECT count(*) FROM positions")

    def drop_epoch(self, epoch: str) -> int:
        """Drops what the server no longer takes; how many that were."""
        dropped = self._do("DELETE FROM positions WHERE epoch = ?", epoch)
        self._count -= dropped
        return dropped

    def put(self, kind: str, body: bytes) -> None:
        """Puts a request at the end of the outbox."""
        self._do("INSERT INTO outbox (kind, body) VALUES (?, ?)", kind, body)

    def outbox(self, limit: int) -> list[Waiting]:
        """The first requests."""
        rows = self._rows("SELECT no, kind, body FROM outbox ORDER BY no LIMIT ?", limit)
        return [Waiting(*row) for row in rows]

    def sent(self, requests: Sequence[Waiting]) -> None:
        """They were answered."""
        numbers = [(one.no,) for one in requests]
        self._db.executemany("DELETE FROM outbox WHERE no = ?", numbers)

    def refuse(self, request: Waiting, reason: str) -> None:
        """Takes a request out of the outbox and keeps it aside, with why it was refused."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self.sent([request])
            row = (request.kind, reason, request.body)
            self._do("INSERT INTO refused (kind, reason, body) VALUES (?, ?, ?)", *row)
            self._db.execute("COMMIT")

    def refused(self) -> list[Refused]:
        """What was refused, in order."""
        return [
            Refused(*row)
            for row in self._rows("SELECT kind, reason, body FROM refused ORDER BY no")
        ]

    @property
    def waiting(self) -> int:
        """How much waits in all."""
        return self._count + self._number("SELECT count(*) FROM outbox")

    def _thin(self) -> None:
        """Drops every second position of the older half: the way stays, coarser."""
        half = self._rows_max // 2
        (middle,) = self._rows(
            "SELECT captured FROM positions ORDER BY captured LIMIT 1 OFFSET ?", half
        )
        dropped = self._do(
            "DELETE FROM positions WHERE captured < ? AND sequence % 2 = 0", middle[0]
        )
        if not dropped:
            dropped = self._do(
                "DELETE FROM positions WHERE (epoch, sequence) IN "
                "(SELECT epoch, sequence FROM positions ORDER BY captured LIMIT ?)",
                half // 2,
            )
        self._count -= dropped

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with closing(self._db.execute(sql, values)) as cursor:
            return cursor.fetchall()

    def _number(self, sql: str) -> int:
        return int(self._rows(sql)[0][0])

    def _do(self, sql: str, *values: object) -> int:
        with closing(self._db.execute(sql, values)) as cursor:
            return cursor.rowcount
