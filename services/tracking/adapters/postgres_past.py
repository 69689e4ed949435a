"""What the past is learned from, and what was learned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import available_timezones

from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.attempt_import import AttemptImport
from services.tracking.domain.learned import Place, Today, Version
from services.tracking.domain.pace import Driven
from services.tracking.domain.past import Judged, Piece, Start, Try, Visit
from services.tracking.learning_ports import PastTexts, PieceRow, PlaceText

MATERIAL_MAX = 100_000  # pieces of a kind that one run takes in
ROWS_AT_ONCE = 2_000  # of one statement, so that others have their turn
TENANTS_MAX, VERSIONS_MAX = 256, 64  # kept structured by one process
FEW = 1_000  # more new stops need not be counted

Value = TypeVar("Value")

ADD = """
    INSERT INTO past (key, kind, at, import_id, body)
    SELECT u.key, u.kind, u.at, u.import_id, u.body::jsonb
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[])
         AS u (key, kind, at, import_id, body)
    ON CONFLICT DO NOTHING"""

STAMP = "SELECT version, stamp FROM learning"

TODAY = "SELECT body FROM learning"

CLAIM = """
    INSERT INTO learning (version, stamp, body) VALUES (0, 0, $1)
    ON CONFLICT (tenant) DO UPDATE SET stamp = learning.stamp RETURNING body"""

SET_TODAY = """
    INSERT INTO learning (version, stamp, body) VALUES ($1, 1, $2)
    ON CONFLICT (tenant) DO UPDATE SET version = $1, stamp = learning.stamp + 1, body = $2"""

JUDGED = """
    UPDATE past SET judged = true
    WHERE key IN (
        SELECT key FROM past WHERE kind = 'Judged' AND NOT judged ORDER BY at LIMIT $1
    )
    RETURNING at, key, body"""

LATEST_PIECES = """
    SELECT body FROM past WHERE kind = $1 AND at >= $2 AND NOT withdrawn
    ORDER BY at DESC, key LIMIT $3"""

TEXTS = f"""
    SELECT coalesce(string_agg(body::text, E'\\n'), '')
    FROM ({LATEST_PIECES}) latest"""  # noqa: S608 - constant

TENANT_ZONE = "SELECT time_zone FROM civil_zones WHERE place_id = ''"

COUNT_VISITS = """
    SELECT count(*) FROM (
        SELECT 1 FROM past WHERE kind = 'Visit' AND NOT withdrawn
          AND ($1::timestamptz IS NULL OR at > $1) LIMIT $2
    ) found"""

LATEST = "SELECT coalesce(max(version), 0) FROM learned_versions"

GET_VERSION = "SELECT body FROM learned_versions WHERE version = $1"

LIST_VERSIONS = """
    SELECT body FROM learned_versions WHERE ($1::bigint IS NULL OR version < $1)
    ORDER BY version DESC LIMIT $2"""

ADD_VERSION = "INSERT INTO learned_versions (version, learned_at, body) VALUES ($1, $2, $3)"

ADD_PLACES = """
    INSERT INTO learned_places (version, subject, body)
    SELECT $1, u.subject, u.body::jsonb
    FROM unnest($2::text[], $3::text[]) AS u (subject, body)"""

OLD = """
    SELECT version FROM learned_versions
    WHERE version <= $1 AND version <> coalesce((SELECT version FROM learning), 0)"""

FORGET = "DELETE FROM learned_versions WHERE version = ANY ($1)"

FORGET_PLACES = "DELETE FROM learned_places WHERE version = ANY ($1)"

PLACES = "SELECT body FROM learned_places WHERE version = $1 AND subject = ANY ($2)"

LIST_PLACES = """
    SELECT body FROM learned_places
    WHERE version = $1 AND ($2::text IS NULL OR subject COLLATE "C" > $2)
    ORDER BY subject COLLATE "C" LIMIT $3"""

WAITING_IMPORTS = "SELECT count(*) FROM attempt_imports WHERE state IN ('QUEUED', 'RUNNING')"

ADD_IMPORT = "INSERT INTO attempt_imports (import_id, state, body) VALUES ($1, $2, $3)"

ADD_FILE = "INSERT INTO attempt_import_files (import_id, content) VALUES ($1, $2)"

GET_IMPORT = "SELECT body FROM attempt_imports WHERE import_id = $1"

LOCK_IMPORT = f"{GET_IMPORT} FOR UPDATE"

SAVE_IMPORT = "UPDATE attempt_imports SET state = $2, body = $3 WHERE import_id = $1"

FORGET_FILE = "DELETE FROM attempt_import_files WHERE import_id = $1"

FORGET_PAST = """
    DELETE FROM past WHERE at < $1 OR (kind = 'Judged' AND judged AND at < $2)"""

WITHDRAW = "UPDATE past SET withdrawn = true WHERE import_id = $1"


class PostgresPast:
    """Implements `learning_ports.Past`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, pieces: Sequence[tuple[str, Piece]]) -> None:
        """Keeps pieces; the first of a key stays."""
        await self.add_rows([piece_row(key, piece) for key, piece in pieces])

    async def add_rows(self, rows: Sequence[PieceRow]) -> None:
        """The same for many, ready to be kept."""
        for start in range(0, len(rows), ROWS_AT_ONCE):
            columns = zip(*rows[start : start + ROWS_AT_ONCE], strict=True)
            await self._tx.execute(ADD, *map(list, columns))

    async def today(self) -> Today:
        """What ticks go by; read as a whole only when it has changed."""
        row = await self._tx.fetchrow(STAMP)
        if row is None:
            return Today()
        key = (self._tx.tenant or "", row["version"], row["stamp"])
        known = _TODAYS.get(key[0])
        if known is None or known[0] != key:
            known = key, unpack(await self._tx.fetchval(TODAY), Today)
            if len(_TODAYS) >= TENANTS_MAX:
                _TODAYS.pop(next(iter(_TODAYS)))
            _TODAYS[key[0]] = known
        return known[1]

    async def claim(self) -> Today:
        """The same, held until the transaction ends."""
        return unpack(await self._tx.fetchval(CLAIM, pack(Today())), Today)

    async def set_today(self, today: Today) -> None:
        """Keeps what ticks go by."""
        await self._tx.execute(SET_TODAY, today.version, pack(today))

    async def judged(self, limit: int) -> Sequence[Judged]:
        """Expectations that came true or not, each handed out once, the oldest first."""
        rows = await self._tx.fetch(JUDGED, limit)
        ordered = sorted(rows, key=lambda row: (row["at"], row["key"]))
        return [unpack(row["body"], Judged) for row in ordered]

    async def legs_since(self, at: datetime, limit: int) -> Sequence[Driven]:
        """Legs that ended after a moment, the latest first."""
        return await self._pieces(Driven, at, limit)

    async def texts(self, since: datetime) -> PastTexts:
        """The past since a moment, as much as one run takes in, the latest first."""
        return PastTexts(
            visits=await self._text(Visit, since),
            tries=await self._text(Try, since),
            legs=await self._text(Driven, since),
            starts=await self._text(Start, since),
            zone=await self._zone(),
        )

    async def forget(self, before: datetime, judged_before: datetime) -> None:
        """Forgets what is too old to learn from, and expectations that were taken in."""
        await self._tx.execute(FORGET_PAST, before, judged_before)

    async def visits_since(self, at: datetime | None) -> int:
        """How many stops were kept after a moment, up to a few."""
        return int(await self._tx.fetchval(COUNT_VISITS, at, FEW))

    async def latest(self) -> int:
        """The number of the latest version; 0 without one."""
        return int(await self._tx.fetchval(LATEST))

    async def version(self, number: int) -> Version | None:
        """A version."""
        return _version(self._tx.tenant or "", await self._tx.fetchval(GET_VERSION, number))

    async def page(self, before: int | None, limit: int) -> Sequence[Version]:
        """Versions, the latest first."""
        rows = await self._tx.fetch(LIST_VERSIONS, before, limit)
        return [unpack(row["body"], Version) for row in rows]

    async def keep_version(self, version: Version, places: Sequence[PlaceText], keep: int) -> None:
        """Keeps a version, and forgets the oldest beyond so many, but never the one in force."""
        await self._tx.execute(ADD_VERSION, version.version, version.learned_at, pack(version))
        for start in range(0, len(places), ROWS_AT_ONCE):
            names, bodies = zip(*places[start : start + ROWS_AT_ONCE], strict=True)
            await self._tx.execute(ADD_PLACES, version.version, list(names), list(bodies))
        old = [row["version"] for row in await self._tx.fetch(OLD, version.version - keep)]
        await self._tx.execute(FORGET_PLACES, old)
        await self._tx.execute(FORGET, old)

    async def places(self, version: int, subjects: Collection[str]) -> dict[str, Place]:
        """What a version knows of some places."""
        rows = await self._tx.fetch(PLACES, version, list(subjects))
        found = (unpack(row["body"], Place) for row in rows)
        return {one.subject: one for one in found}

    async def page_places(self, version: int, after: str | None, limit: int) -> Sequence[Place]:
        """Places of a version, by name."""
        rows = await self._tx.fetch(LIST_PLACES, version, after, limit)
        return [unpack(row["body"], Place) for row in rows]

    async def _zone(self) -> str:
        """The tenant's; dispatch tells it."""
        name = await self._tx.fetchval(TENANT_ZONE)
        return name if name in available_timezones() else "UTC"

    async def _text(self, kind: type, since: datetime) -> str:
        return str(await self._tx.fetchval(TEXTS, kind.__name__, since, MATERIAL_MAX))

    async def _pieces(self, kind: type[Value], since: datetime, limit: int) -> list[Value]:
        rows = await self._tx.fetch(LATEST_PIECES, kind.__name__, since, limit)
        return [unpack(row["body"], kind) for row in rows]


class PostgresAttemptImports:
    """Implements `learning_ports.AttemptImports`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def waiting(self) -> int:
        """How many are not over."""
        return int(await self._tx.fetchval(WAITING_IMPORTS))

    async def add(self, own: AttemptImport, content: bytes) -> None:
        """Keeps an import with its file."""
        await self._tx.execute(ADD_IMPORT, own.import_id, own.state, pack(own))
        await self._tx.execute(ADD_FILE, own.import_id, content)

    async def get(self, import_id: str) -> AttemptImport | None:
        """One by name."""
        return _import(await self._tx.fetchval(GET_IMPORT, import_id))

    async def lock(self, import_id: str) -> AttemptImport | None:
        """One by name, held until the transaction ends."""
        return _import(await self._tx.fetchval(LOCK_IMPORT, import_id))

    async def save(self, own: AttemptImport) -> None:
        """Keeps where it stands; the file is forgotten once it is over."""
        await self._tx.execute(SAVE_IMPORT, own.import_id, own.state, pack(own))
        if own.is_over:
            await self._tx.execute(FORGET_FILE, own.import_id)

    async def withdraw(self, import_id: str) -> None:
        """Withdraws everything that it brought."""
        await self._tx.execute(WITHDRAW, import_id)


def piece_row(key: str, piece: Piece) -> PieceRow:
    """A piece as it is kept."""
    at = piece.end if isinstance(piece, Driven) else piece.at
    return key, type(piece).__name__, at, getattr(piece, "import_id", ""), pack(piece)


_TODAYS: dict[str, tuple[tuple[str, int, int], Today]] = {}  # of each tenant the last one


@lru_cache(maxsize=VERSIONS_MAX)
def _version(tenant: str, text: Any) -> Version | None:
    """The text is part of the key, so that a restored database cannot meet a version of before."""
    return unpack(text, Version) if text else None


def _import(text: Any) -> AttemptImport | None:
    return unpack(text, AttemptImport) if text else None
