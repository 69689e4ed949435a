"""TrackingService: what recipients answer, by the link that they were given."""

from __future__ import annotations

from functools import partial

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit.caller import current_caller
from meshkit.errors import Invalid, NotFound, Violation
from meshkit.idempotency import Call, commit_once
from meshkit.postgres import Transaction
from services.tracking.convert.surveys import answers, answers_to_proto
from services.tracking.domain.customer import Answers
from services.tracking.domain.link import Link, LinkScope
from services.tracking.servicer.common import Context
from services.tracking.servicer.looking import Looking
from services.tracking.usecases.surveys import answer


class Surveys(Looking):
    """The survey of an attempt."""

    async def SubmitSurveyResponse(
        self, request: pb.SubmitSurveyResponseRequest, context: Context
    ) -> pb.SubmitSurveyResponseResponse:
        link = await self._link(request.token, LinkScope.SURVEY)
        if link is None:
            raise NotFound("LINK_INVALID", "this link does not work")
        _refuse_empty(request)
        call = Call.of(current_caller(), request)
        effect = partial(self._answer, request, link)
        return await commit_once(self._desk.db, call, pb.SubmitSurveyResponseResponse, effect)

    async def _answer(
        self, request: pb.SubmitSurveyResponseRequest, link: Link, tx: Transaction
    ) -> pb.SubmitSurveyResponseResponse:
        told, now = request.response, self._desk.clock.now()
        world = self._desk.worlds(tx)
        kept = await answer(world, link.delivery_id, answers(told), told.comment, now)
        shown = answers_to_proto(kept, told.comment)
        return pb.SubmitSurveyResponseResponse(response=shown)


def _refuse_empty(request: pb.SubmitSurveyResponseRequest) -> None:
    if answers(request.response) == Answers() and not request.response.comment:
        fault = Violation("response", "answers nothing", "SURVEY_EMPTY")
        raise Invalid("SURVEY_EMPTY", "answer one question at least", violations=[fault])
