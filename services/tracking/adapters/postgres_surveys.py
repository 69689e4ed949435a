"""What recipients answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.customer import SurveyAnswered
from services.tracking.domain.route import Window

ADD = """
    INSERT INTO survey_responses (task_id, delivery_id, answered_at, comment, body)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"""

ANSWERED = "SELECT EXISTS (SELECT FROM survey_responses WHERE task_id = $1)"

LIST = """
    SELECT comment, body FROM survey_responses
    WHERE answered_at >= $1 AND answered_at < $2
      AND ($3::timestamptz IS NULL OR (answered_at, task_id) > ($3, $4))
    ORDER BY answered_at, task_id LIMIT $5"""


class PostgresSurveys:
    """Implements `ports.Surveys`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, answered: SurveyAnswered, comment: str) -> bool:
        """Keeps an answer; whether it is the first of its attempt."""
        task = answered.attempt.task
        row = (task.task_id, task.delivery_id, answered.at, comment, pack(answered))
        return bool(await self._tx.execute(ADD, *row))

    async def answered(self, task_id: str) -> bool:
        """Whether the attempt of a task has an answer."""
        return bool(await self._tx.fetchval(ANSWERED, task_id))

    async def page(
        self, span: Window, after: tuple[Any, ...], limit: int
    ) -> Sequence[tuple[SurveyAnswered, str]]:
        """Answers of a span with their comments, oldest first."""
        rows = await self._tx.fetch(LIST, span.start, span.end, *after, limit)
        return [(unpack(row["body"], SurveyAnswered), row["comment"]) for row in rows]
