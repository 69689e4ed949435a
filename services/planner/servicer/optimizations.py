"""Optimizations: started, looked at, watched, stopped, repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.caller import current_caller
from meshkit.idempotency import Call, commit_once, recall
from meshkit.ids import new_id
from meshkit.paging import page_of
from meshkit.postgres import Transaction
from services.planner.adapters import postgres_optimizations as stored
from services.planner.convert.optimizations import optimization_to_proto, states_from_proto
from services.planner.convert.plan import plan_to_proto, record_to_proto
from services.planner.convert.questions import read_plan
from services.planner.domain.optimization import Optimization
from services.planner.servicer.base import Context
from services.planner.servicer.jobs import Jobs, Look, wanted
from services.planner.usecases import optimizations
from services.planner.usecases.replay import replay


class Optimizations(Jobs):
    """Long-running optimizations."""

    async def StartOptimization(
        self, request: pb.StartOptimizationRequest, context: Context
    ) -> pb.StartOptimizationResponse:
        call = await asyncio.to_thread(Call.of, current_caller(), request)
        answer = await recall(self._db, call, pb.StartOptimizationResponse)
        if answer is not None:
            return answer
        one = pb.OptimizeRoutesRequest(problem=request.problem, options=request.options)
        asked = await asyncio.to_thread(wanted, one, title=request.title)
        start = partial(self._start, asked)
        answer = await commit_once(self._db, call, pb.StartOptimizationResponse, start)
        self._bell.rung()
        return answer

    async def GetOptimization(
        self, request: pb.GetOptimizationRequest, context: Context
    ) -> pb.GetOptimizationResponse:
        tenant = current_caller().required_tenant()
        look = await self._look(tenant, request.optimization_id, with_plan=True)
        plan = await asyncio.to_thread(read_plan, look.plan) if look.plan else None
        return pb.GetOptimizationResponse(optimization=optimization_to_proto(look.own), plan=plan)

    async def ListOptimizations(
        self, request: pb.ListOptimizationsRequest, context: Context
    ) -> pb.ListOptimizationsResponse:
        tenant, page = current_caller().required_tenant(), page_of(request)
        states = states_from_proto(request.states)
        async with self._db.transaction(tenant) as tx:
            found = await stored.listed(tx, tenant, states, page.after, page.limit)
        entries, token = page.cut(found, key=lambda own: (own.create_time, own.optimization_id))
        return pb.ListOptimizationsResponse(
            optimizations=map(optimization_to_proto, entries), next_page_token=token
        )

    async def WatchOptimization(
        self, request: pb.WatchOptimizationRequest, context: Context
    ) -> AsyncIterator[pb.WatchOptimizationResponse]:
        tenant, optimization_id = current_caller().required_tenant(), request.optimization_id
        first = await self._look(tenant, optimization_id, with_plan=False)
        subject = first.own.batch_id or optimization_id
        look = partial(self._look, tenant, optimization_id, with_plan=not request.omit_plans)
        async for news in self._watch(subject, look):
            if news is None:
                yield pb.WatchOptimizationResponse()
                continue
            plan = await asyncio.to_thread(read_plan, news.plan) if news.plan else None
            told = optimization_to_proto(news.own)
            yield pb.WatchOptimizationResponse(optimization=told, plan=plan)

    async def CancelOptimization(
        self, request: pb.CancelOptimizationRequest, context: Context
    ) -> pb.CancelOptimizationResponse:
        call = Call.of(current_caller(), request)
        cancel = partial(self._cancel, request.optimization_id)
        answer = await commit_once(self._db, call, pb.CancelOptimizationResponse, cancel)
        self._bell.rung()
        # No better one comes any more, so that an answer that is given again has the same.
        look = await self._look(call.tenant, request.optimization_id, with_plan=True)
        if look.plan:
            answer.plan.CopyFrom(await asyncio.to_thread(read_plan, look.plan))
        return answer

    async def ReplayOptimization(
        self, request: pb.ReplayOptimizationRequest, context: Context
    ) -> pb.ReplayOptimizationResponse:
        tenant = current_caller().required_tenant()
        world, own = self._world_for_jobs, request.optimization_id  # it takes as long as one does
        again = await replay(world, self._records, self._read, tenant, own)
        plan = await asyncio.to_thread(plan_to_proto, again.answer)
        return pb.ReplayOptimizationResponse(
            plan=plan,
            routes_equal=again.routes_equal,
            first_record=record_to_proto(again.first_record),
        )

    async def _start(
        self, asked: optimizations.Wanted, tx: Transaction
    ) -> pb.StartOptimizationResponse:
        store = self._store(tx)
        own = await optimizations.start(store, new_id, self._clock.now(), asked)
        return pb.StartOptimizationResponse(optimization=optimization_to_proto(own))

    async def _cancel(self, optimization_id: str, tx: Transaction) -> pb.CancelOptimizationResponse:
        own = await optimizations.cancel(self._store(tx), optimization_id, self._clock.now())
        return pb.CancelOptimizationResponse(optimization=optimization_to_proto(own))

    async def _look(
        self, tenant: str, optimization_id: str, *, with_plan: bool
    ) -> Look[Optimization]:
        async with self._db.snapshot(tenant) as now:
            revision = await stored.revision_of(now, tenant, optimization_id)
            found = await stored.find(now, tenant, optimization_id)
            own = optimizations.known(found, optimization_id)
            plan = await stored.plan_of(now, tenant, optimization_id) if with_plan else None
        return Look(revision, own.state.is_over, own, plan)
