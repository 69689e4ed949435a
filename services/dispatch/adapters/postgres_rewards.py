"""Rewards. The store itself keeps that a delivery earns each reason once."""

from __future__ import annotations

from collections.abc import Sequence

from meshkit.errors import AlreadyExists
from meshkit.postgres import Transaction
from services.dispatch.adapters.documents import pack, unpack
from services.dispatch.adapters.postgres_fleet import after_name
from services.dispatch.domain.reward import RewardCode
from services.dispatch.ports import Slice

ADD = """
    INSERT INTO reward_codes (tenant, reward_code_id, delivery_id, reason, body)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT ON CONSTRAINT reward_codes_once DO NOTHING"""
EARNED = "SELECT reward_code_id FROM reward_codes WHERE delivery_id = $1 AND reason = $2"
LIST = """
    SELECT body FROM reward_codes
    WHERE reward_code_id > $1 AND ($2 = '' OR delivery_id = $2)
    ORDER BY reward_code_id LIMIT $3"""


class PostgresRewardCodes:
    """Implements `ports.RewardCodes`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, reward: RewardCode) -> None:
        earned_by = reward.delivery_id, reward.reason.value
        row = (self._tx.tenant, reward.reward_code_id, *earned_by, pack(reward))
        if await self._tx.execute(ADD, *row):
            return
        known = await self._tx.fetchval(EARNED, *earned_by)
        raise AlreadyExists(
            "REWARD_CODE_EXISTS",
            f"delivery {reward.delivery_id!r} has its reward for {reward.reason.value}",
            reward_code_id=known,
        )

    async def list_page(self, delivery_id: str, page: Slice) -> Sequence[RewardCode]:
        rows = await self._tx.fetch(LIST, after_name(page), delivery_id, page.limit)
        return [unpack(RewardCode, row["body"]) for row in rows]
