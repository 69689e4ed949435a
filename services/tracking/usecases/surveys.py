"""Surveys: a recipient answers about the last attempt that ended, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from meshkit.errors import AlreadyExists, NotReady
from services.tracking.domain.customer import Answers, SurveyAnswered
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import OutcomeRecorded
from services.tracking.domain.route import Window
from services.tracking.ports import World
from services.tracking.usecases.recording import record

AT_ONCE = timedelta(microseconds=1)


async def answer(
    world: World, delivery_id: str, answers: Answers, comment: str, now: datetime
) -> SurveyAnswered:
    """
    Keeps what a recipient answers, joined to the attempt as it ended.

    Raises NotReady `SURVEY_EARLY` while no attempt has ended, AlreadyExists `SURVEY_ANSWERED`.
    """
    known = (await world.deliveries.get([delivery_id])).get(delivery_id)
    attempt = await _last_attempt(world, known) if known else None
    if attempt is None:
        raise NotReady("SURVEY_EARLY", "no attempt at the delivery has ended")
    answered = SurveyAnswered(attempt, answers, now)
    if not await world.surveys.add(answered, comment):
        raise AlreadyExists("SURVEY_ANSWERED", "the attempt has an answer; the first one stays")
    await record(world, [answered], now)
    return answered


async def _last_attempt(world: World, delivery: Delivery) -> OutcomeRecorded | None:
    if delivery.outcome_at is None:
        return None
    at = delivery.outcome_at
    events = await world.journal.read(Window(at, at + AT_ONCE), [OutcomeRecorded.__name__])
    ours = (
        event
        for event, _ in events
        if isinstance(event, OutcomeRecorded) and event.task.task_id == delivery.outcome_task_id
    )
    return next(ours, None)
