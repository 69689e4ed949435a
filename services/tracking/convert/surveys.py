"""Surveys, both ways."""

from __future__ import annotations

from typing import Any

from doorstep.tracking.v1 import survey_pb2 as pb
from doorstep.tracking.v1 import tracking_event_pb2 as words_pb
from services.tracking.convert.wire import number, stamp, word
from services.tracking.domain.customer import Answers, SurveyAnswered
from services.tracking.domain.words import Answer


def answers(message: pb.SurveyResponse) -> Answers:
    """What was answered, without the free words."""
    return Answers(
        proof_clear=word(pb.SurveyAnswer, message.proof_clear, Answer),
        courteous=word(pb.SurveyAnswer, message.driver_courteous, Answer),
        time_kept=word(pb.SurveyAnswer, message.time_kept, Answer),
        score=message.recommend_score if message.HasField("recommend_score") else None,
    )


def answers_to_proto(event: SurveyAnswered, comment: str = "") -> pb.SurveyResponse:
    """The answers as their giver reads them: nothing of who drove."""
    told = event.answers
    return pb.SurveyResponse(
        task_id=event.attempt.task.task_id,
        delivery_id=event.attempt.task.delivery_id,
        proof_clear=_answer(told.proof_clear),
        driver_courteous=_answer(told.courteous),
        time_kept=_answer(told.time_kept),
        recommend_score=told.score,
        comment=comment,
        answer_time=stamp(event.at),
    )


def response_to_proto(event: SurveyAnswered, comment: str = "") -> pb.SurveyResponse:
    """The answers beside the facts of the attempt."""
    message, attempt = answers_to_proto(event, comment), event.attempt
    message.attempt_number = attempt.attempt_number
    message.outcome = number(words_pb.TaskOutcome, attempt.outcome)
    message.outcome_time.CopyFrom(stamp(attempt.at))
    message.on_time = attempt.on_time
    message.route_id = attempt.crew.route_id
    message.driver_id = attempt.crew.driver_id
    message.carrier_id = attempt.crew.carrier_id
    return message


def _answer(one: Answer) -> Any:
    return number(pb.SurveyAnswer, one)
