"""Published scores and the keys that signed them, in PostgreSQL. As X_app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshkit.postgres import Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.score import Score, ScoreKey

ADD = """
    INSERT INTO emission_scores (tenant, emission_score_id, publish_time, key_id, score)
    VALUES (doorstep_tenant(), $1, $2, $3, $4)"""

GET = "SELECT score FROM emission_scores WHERE emission_score_id = $1"

LIST = """
    SELECT score FROM emission_scores
    WHERE $1::timestamptz IS NULL OR (publish_time, emission_score_id) < ($1, $2)
    ORDER BY publish_time DESC, emission_score_id DESC LIMIT $3"""

USE_KEY = """
    INSERT INTO score_keys (tenant, key_id, jwk, create_time)
    VALUES (doorstep_tenant(), $1, $2, $3)
    ON CONFLICT (tenant, key_id) DO UPDATE SET retire_time = NULL"""

RETIRE_OTHERS = """
    UPDATE score_keys SET retire_time = $2 WHERE key_id <> $1 AND retire_time IS NULL"""

KEYS = """
    SELECT key_id, jwk, create_time, retire_time FROM score_keys
    ORDER BY retire_time DESC NULLS FIRST, key_id LIMIT $1"""


class PostgresScores:
    """Implements `ports.ScoreStore` in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, score: Score, key: ScoreKey) -> None:
        at = score.publish_time
        await self._tx.execute(USE_KEY, key.key_id, key.jwk, at)
        await self._tx.execute(RETIRE_OTHERS, key.key_id, at)
        await self._tx.execute(ADD, score.emission_score_id, at, key.key_id, pack(score))

    async def get(self, emission_score_id: str) -> Score | None:
        document = await self._tx.fetchval(GET, emission_score_id)
        return None if document is None else unpack(document, Score)

    async def list(self, before: tuple[datetime, str] | None, limit: int) -> Sequence[Score]:
        rows = await self._tx.fetch(LIST, *(before or (None, "")), limit)
        return [unpack(row["score"], Score) for row in rows]

    async def keys(self, limit: int) -> Sequence[ScoreKey]:
        rows = await self._tx.fetch(KEYS, limit)
        return [
            ScoreKey(row["key_id"], row["jwk"], row["create_time"], row["retire_time"])
            for row in rows
        ]
