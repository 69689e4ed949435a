"""Answers about routes as they are given, and the rest of a day planned anew."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.caller import current_caller
from meshkit.deadline import remaining
from meshkit.ids import new_id
from services.planner.convert.differences import change_to_proto, difference_to_proto
from services.planner.convert.explanations import explanations_to_proto
from services.planner.convert.offers import offers_to_proto, windows_from_proto
from services.planner.convert.plan import plan_to_proto
from services.planner.convert.problem import digest_of, fixed_routes
from services.planner.convert.questions import question_from_proto
from services.planner.convert.sizes import fitted
from services.planner.domain.settings import SearchSettings
from services.planner.servicer.base import Context, read_problem
from services.planner.servicer.plans import ANSWER_SECONDS, Plans
from services.planner.usecases import answers
from services.planner.usecases.asked import Question
from services.planner.usecases.reoptimize import Replanned, reoptimize
from services.planner.usecases.world import refuse_too_many_tasks

EXPLAIN_SECONDS = 20.0  # the contract's maximum
EXPLAIN_SHARE = 0.6  # of what is left, for changes; travel and legs take the rest


class Answers(Plans):
    """Windows, explanations, the rest of a day."""

    async def ReoptimizeRoutes(
        self, request: pb.ReoptimizeRoutesRequest, context: Context
    ) -> pb.ReoptimizeRoutesResponse:
        tenant, asked = current_caller().required_tenant(), from_known_plan(request)
        refuse_too_many_tasks(len(request.problem.tasks))
        seed, seconds = self._defaults.seed, self._search_seconds(asked)
        question = await asyncio.to_thread(question_from_proto, asked, seed, seconds)
        question = replace(question, answer_by=time.monotonic() + (remaining() or ANSWER_SECONDS))
        answer = await reoptimize(self._world, self._records, self._clock, new_id, tenant, question)
        return await asyncio.to_thread(replanned_to_proto, answer)

    async def SuggestTimeWindows(
        self, request: pb.SuggestTimeWindowsRequest, context: Context
    ) -> pb.SuggestTimeWindowsResponse:
        answer = await answers.suggest_windows(
            self._world,
            await lineless(request, omit_access=request.omit_access),
            fixed_routes(request.routes),
            request.task_id,
            windows_from_proto(request.windows),
        )
        response = pb.SuggestTimeWindowsResponse(
            offers=await asyncio.to_thread(lambda: list(offers_to_proto(answer, request.windows))),
            access_checked=answer.finished.access_checked,
            access_rules_version=answer.finished.access_rules_version,
        )
        return await asyncio.to_thread(fitted, response)

    async def ExplainUnassigned(
        self, request: pb.ExplainUnassignedRequest, context: Context
    ) -> pb.ExplainUnassignedResponse:
        answer = await answers.explain_unassigned(
            self._world,
            await lineless(request),
            fixed_routes(request.routes),
            request.task_ids,
            (remaining() or EXPLAIN_SECONDS) * EXPLAIN_SHARE,
        )
        response = pb.ExplainUnassignedResponse(
            explanations=await asyncio.to_thread(lambda: list(explanations_to_proto(answer))),
            access_checked=answer.finished.access_checked,
            access_rules_version=answer.finished.access_rules_version,
        )
        return await asyncio.to_thread(fitted, response)


def from_known_plan(request: pb.ReoptimizeRoutesRequest) -> pb.OptimizeRoutesRequest:
    """The question for a plan that begins where the known one is, unless the caller says where."""
    asked = pb.OptimizeRoutesRequest(problem=request.problem, options=request.options)
    if not asked.options.seed_routes:
        asked.options.seed_routes.extend(request.problem.churn.base_routes)
    return asked


def replanned_to_proto(answer: Replanned) -> pb.ReoptimizeRoutesResponse:
    """A plan for the rest of a day, with what changes."""
    return pb.ReoptimizeRoutesResponse(
        plan=plan_to_proto(answer.answer),
        changes=map(change_to_proto, answer.difference.changes),
        difference=difference_to_proto(answer.difference),
    )


async def lineless(
    request: pb.SuggestTimeWindowsRequest | pb.ExplainUnassignedRequest,
    *,
    omit_access: bool = False,
) -> Question:
    """What is asked about given routes, whose legs nobody draws."""
    return Question(
        await read_problem(request.problem),
        digest_of(request.problem),
        SearchSettings(),
        omit_polylines=True,
        omit_access=omit_access,
    )
