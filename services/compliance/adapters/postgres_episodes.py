"""Idling episodes in PostgreSQL. As X_app: row-level security adds the tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from meshkit.feed import Draft
from meshkit.postgres import Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.episode import IdlingEpisode
from services.compliance.ports import EpisodeFilter

IS_KNOWN = "SELECT EXISTS (SELECT 1 FROM idling_episodes WHERE event_id = $1)"

ADD = """
    INSERT INTO idling_episodes (tenant, idling_episode_id, event_id, vehicle_id, starts, episode)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5)"""

EPISODES = """
    SELECT episode FROM idling_episodes
    WHERE ($1 = '' OR vehicle_id = $1)
      AND ($2::timestamptz IS NULL OR starts >= $2) AND ($3::timestamptz IS NULL OR starts < $3)
      AND ($4::timestamptz IS NULL OR (starts, idling_episode_id) < ($4, $5))
    ORDER BY starts DESC, idling_episode_id DESC LIMIT $6"""


class PostgresEpisodes:
    """Implements `ports.EpisodeStore` in one transaction; `encode` makes the feed's drafts."""

    def __init__(self, tx: Transaction, encode: Callable[[IdlingEpisode], Draft]) -> None:
        self._tx = tx
        self._encode = encode

    async def is_known(self, event_id: str) -> bool:
        return bool(await self._tx.fetchval(IS_KNOWN, event_id))

    async def add(self, episode: IdlingEpisode) -> None:
        await self._tx.execute(
            ADD,
            episode.idling_episode_id,
            episode.event_id,
            episode.vehicle.vehicle_id,
            episode.start,
            pack(episode),
        )
        self._tx.append(self._encode(episode))

    async def list(
        self, wanted: EpisodeFilter, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[IdlingEpisode]:
        start, episode_id = before or (None, "")
        rows = await self._tx.fetch(
            EPISODES, wanted.vehicle_id, wanted.start, wanted.end, start, episode_id, limit
        )
        return [unpack(row["episode"], IdlingEpisode) for row in rows]
