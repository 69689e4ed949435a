"""Plans, times and prices, while the caller waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

from doorstep.planner.v1 import event_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.caller import Role, current_caller
from meshkit.deadline import remaining
from meshkit.ids import new_id
from meshkit.watch import serve_watch
from services.planner.convert.insertions import insertions_to_proto
from services.planner.convert.matrix import map_to_proto, matrix_question, matrix_to_proto
from services.planner.convert.plan import notice_to_proto, plan_to_proto
from services.planner.convert.problem import digest_of, fixed_routes
from services.planner.convert.questions import question_from_proto
from services.planner.convert.sizes import fitted
from services.planner.domain.settings import SearchSettings
from services.planner.servicer.base import Context, PlannerBase, read_problem
from services.planner.usecases import given, matrix
from services.planner.usecases.asked import Question
from services.planner.usecases.optimize import optimize
from services.planner.usecases.suspicions import suspicions
from services.planner.usecases.world import refuse_too_many_tasks

ANSWER_SECONDS = 60.0  # what a caller without a deadline waits: the contract's maximum


class Plans(PlannerBase):
    """Plans, times, prices."""

    async def OptimizeRoutes(
        self, request: pb.OptimizeRoutesRequest, context: Context
    ) -> pb.OptimizeRoutesResponse:
        tenant = current_caller().required_tenant()
        refuse_too_many_tasks(len(request.problem.tasks))
        seed, seconds = self._defaults.seed, self._search_seconds(request)
        question = await asyncio.to_thread(question_from_proto, request, seed, seconds)
        left = remaining() or ANSWER_SECONDS
        question = replace(question, answer_by=time.monotonic() + left)
        answer = await optimize(self._world, self._records, self._clock, new_id, tenant, question)
        return pb.OptimizeRoutesResponse(plan=await asyncio.to_thread(plan_to_proto, answer))

    async def EvaluateRoutes(
        self, request: pb.EvaluateRoutesRequest, context: Context
    ) -> pb.EvaluateRoutesResponse:
        question = await self._given_question(request)
        answer = await given.evaluate_routes(self._world, question, fixed_routes(request.routes))
        feasible = not any(violation.hard for violation in answer.plan.violations)
        plan = await asyncio.to_thread(plan_to_proto, answer)
        return pb.EvaluateRoutesResponse(plan=plan, feasible=feasible)

    async def ProposeInsertions(
        self, request: pb.ProposeInsertionsRequest, context: Context
    ) -> pb.ProposeInsertionsResponse:
        question = await self._given_question(request)
        answer = await given.propose_insertions(
            self._world,
            question,
            fixed_routes(request.routes),
            request.task_ids,
            request.proposal_count,
        )
        response = pb.ProposeInsertionsResponse(
            task_insertions=await asyncio.to_thread(lambda: list(insertions_to_proto(answer))),
            access_checked=answer.finished.access_checked,
            access_rules_version=answer.finished.access_rules_version,
        )
        return await asyncio.to_thread(fitted, response)

    async def LintProblem(
        self, request: pb.LintProblemRequest, context: Context
    ) -> pb.LintProblemResponse:
        problem = await read_problem(request.problem)
        found = await suspicions(self._world.travel, self._world.access, problem)
        return pb.LintProblemResponse(notices=map(notice_to_proto, found))

    async def ComputeTravelMatrix(
        self, request: pb.ComputeTravelMatrixRequest, context: Context
    ) -> pb.ComputeTravelMatrixResponse:
        question = matrix_question(request)
        answer = await matrix.compute_matrix(self._world.travel, self._world.access, question)
        return await asyncio.to_thread(matrix_to_proto, request, question, answer)

    async def GetRoadMap(
        self, request: pb.GetRoadMapRequest, context: Context
    ) -> pb.GetRoadMapResponse:
        info = await self._world.travel.map_info()
        return pb.GetRoadMapResponse(road_map=map_to_proto(info))

    async def WatchEvents(
        self, request: event_pb2.WatchEventsRequest, context: Context
    ) -> AsyncIterator[event_pb2.WatchEventsResponse]:
        caller = current_caller()
        tenant = None if caller.role is Role.SERVICE else caller.required_tenant()
        answers = serve_watch(self._db, request, event_pb2.WatchEventsResponse, tenant=tenant)
        async for response in answers:
            yield response

    def _search_seconds(self, request: pb.OptimizeRoutesRequest) -> float:
        """The most time for a search, before it is known how long all else takes."""
        asked = request.options.HasField("search_duration")
        return ANSWER_SECONDS if asked else self._defaults.search_seconds

    async def _given_question(
        self, request: pb.EvaluateRoutesRequest | pb.ProposeInsertionsRequest
    ) -> Question:
        """What is asked about given routes."""
        return Question(
            await read_problem(request.problem),
            digest_of(request.problem),
            SearchSettings(),
            omit_polylines=request.omit_polylines,
            omit_access=request.omit_access,
        )
