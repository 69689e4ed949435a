"""Batches: optimizations that are solved side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial

from doorstep.planner.v1 import optimization_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.caller import current_caller
from meshkit.errors import Invalid, Violation
from meshkit.idempotency import Call, commit_once, recall
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from services.planner.adapters import postgres_optimizations as stored
from services.planner.convert.optimizations import batch_to_proto, part_request, plans_in
from services.planner.domain.optimization import Batch
from services.planner.servicer.base import Context
from services.planner.servicer.jobs import Jobs, Look, wanted
from services.planner.usecases import optimizations


class Batches(Jobs):
    """Batches of optimizations."""

    async def StartBatchOptimization(
        self, request: pb.StartBatchOptimizationRequest, context: Context
    ) -> pb.StartBatchOptimizationResponse:
        call = await asyncio.to_thread(Call.of, current_caller(), request)
        answer = await recall(self._db, call, pb.StartBatchOptimizationResponse)
        if answer is not None:
            return answer
        parts = await asyncio.to_thread(wanted_parts, request.parts)
        start = partial(self._start_batch, parts)
        answer = await commit_once(self._db, call, pb.StartBatchOptimizationResponse, start)
        self._bell.rung()
        return answer

    async def GetBatchOptimization(
        self, request: pb.GetBatchOptimizationRequest, context: Context
    ) -> pb.GetBatchOptimizationResponse:
        tenant = current_caller().required_tenant()
        look = await self._look_at_batch(tenant, request.batch_optimization_id, ())
        told = await asyncio.to_thread(batch_to_proto, look.own, look.plan)
        return pb.GetBatchOptimizationResponse(batch_optimization=told)

    async def WatchBatchOptimization(
        self, request: pb.WatchBatchOptimizationRequest, context: Context
    ) -> AsyncIterator[pb.WatchBatchOptimizationResponse]:
        tenant, batch_id = current_caller().required_tenant(), request.batch_optimization_id
        sent: set[str] = set()
        look = partial(self._look_at_batch, tenant, batch_id, sent)
        async for news in self._watch(batch_id, look):
            if news is None:
                yield pb.WatchBatchOptimizationResponse()
                continue
            async for told in in_messages(news.own, news.plan):
                yield pb.WatchBatchOptimizationResponse(batch_optimization=told)
            sent |= set(news.plan)

    async def CancelBatchOptimization(
        self, request: pb.CancelBatchOptimizationRequest, context: Context
    ) -> pb.CancelBatchOptimizationResponse:
        call = Call.of(current_caller(), request)
        cancel = partial(self._cancel_batch, request.batch_optimization_id)
        answer = await commit_once(self._db, call, pb.CancelBatchOptimizationResponse, cancel)
        self._bell.rung()
        return answer

    async def _start_batch(
        self, parts: Sequence[optimizations.Wanted], tx: Transaction
    ) -> pb.StartBatchOptimizationResponse:
        store = self._store(tx)
        batch = await optimizations.start_batch(store, new_id, self._clock.now(), parts)
        return pb.StartBatchOptimizationResponse(batch_optimization=batch_to_proto(batch, {}))

    async def _cancel_batch(
        self, batch_id: str, tx: Transaction
    ) -> pb.CancelBatchOptimizationResponse:
        batch = await optimizations.cancel_batch(self._store(tx), batch_id, self._clock.now())
        return pb.CancelBatchOptimizationResponse(batch_optimization=batch_to_proto(batch, {}))

    async def _look_at_batch(
        self, tenant: str, batch_id: str, but: set[str] | tuple[str, ...]
    ) -> Look[Batch]:
        async with self._db.snapshot(tenant) as now:
            revision = await stored.batch_revision_of(now, tenant, batch_id)
            found = await stored.find_batch(now, tenant, batch_id)
            batch = optimizations.known_batch(found, batch_id)
            plans = await stored.plans_of_parts(now, tenant, batch_id, sorted(but))
        return Look(revision, batch.state.is_over, batch, plans)


async def in_messages(
    batch: Batch, plans: Mapping[str, bytes]
) -> AsyncIterator[optimization_pb2.BatchOptimization]:
    """A batch as it stands, in as many messages as its plans take; what fits into none is left."""
    told = await asyncio.to_thread(batch_to_proto, batch, plans)
    yield told
    while sent := plans_in(told):
        plans = {name: plan for name, plan in plans.items() if name not in sent}
        told = await asyncio.to_thread(batch_to_proto, batch, plans)
        if plans_in(told):
            yield told


def wanted_parts(parts: Sequence[pb.BatchProblem]) -> list[optimizations.Wanted]:
    """All parts, read; Invalid with the faults of all that have some."""
    optimizations.refuse_same_ids([part.part_id for part in parts])
    read: list[optimizations.Wanted] = []
    faults: list[Violation] = []
    reason = ""
    for rank, part in enumerate(parts):
        try:
            read.append(wanted(part_request(part), part_id=part.part_id))
        except Invalid as error:
            reason = reason or error.reason
            faults += faults_of_part(rank, error)
    if faults:
        raise Invalid(reason, f"{faults[0].field}: {faults[0].description}", violations=faults)
    return read


def faults_of_part(rank: int, error: Invalid) -> list[Violation]:
    """The faults of a part, named within the request."""
    if not error.violations:
        return [Violation(f"parts[{rank}].problem", str(error), error.reason)]
    return [
        Violation(f"parts[{rank}].{own.field}", own.description, own.reason)
        for own in error.violations
    ]
