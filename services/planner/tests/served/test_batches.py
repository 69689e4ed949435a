"""Batches as callers see them: parts side by side, each with its own result."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from google.protobuf.duration_pb2 import Duration

from doorstep.planner.v1 import optimization_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.errors import Invalid, NotFound, NotReady
from services.planner.tests import wire
from services.planner.tests.served.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]
QUICK = optimization_pb2.SearchOptions(solution_limit=20, search_duration=Duration(seconds=20))
LONG = optimization_pb2.SearchOptions(
    solution_limit=10_000_000, search_duration=Duration(seconds=600)
)
DONE = optimization_pb2.OPTIMIZATION_STATE_DONE
CANCELLED = optimization_pb2.OPTIMIZATION_STATE_CANCELLED
WAIT_SECONDS = 60


def part(
    part_id: str, tasks: int, options: optimization_pb2.SearchOptions = QUICK
) -> pb.BatchProblem:
    return pb.BatchProblem(part_id=part_id, problem=wire.city(tasks, 2), options=options)


async def started(town: Town, *parts: pb.BatchProblem) -> optimization_pb2.BatchOptimization:
    request = pb.StartBatchOptimizationRequest(request_id=str(uuid.uuid4()), parts=parts)
    return (await town.planner.StartBatchOptimization(request)).batch_optimization


async def watched(town: Town, batch_id: str) -> list[optimization_pb2.BatchOptimization]:
    request = pb.WatchBatchOptimizationRequest(batch_optimization_id=batch_id)
    async with asyncio.timeout(WAIT_SECONDS):
        return [
            news.batch_optimization async for news in town.planner.WatchBatchOptimization(request)
        ]


async def found(town: Town, batch_id: str) -> optimization_pb2.BatchOptimization:
    request = pb.GetBatchOptimizationRequest(batch_optimization_id=batch_id)
    return (await town.planner.GetBatchOptimization(request)).batch_optimization


async def cancelled(town: Town, batch_id: str) -> optimization_pb2.BatchOptimization:
    request = pb.CancelBatchOptimizationRequest(
        request_id=str(uuid.uuid4()), batch_optimization_id=batch_id
    )
    return (await town.planner.CancelBatchOptimization(request)).batch_optimization


async def test_every_part_of_a_batch_has_its_own_result(town: Town) -> None:
    batch = await started(town, part("north", 12), part("south", 8))
    told = await watched(town, batch.batch_optimization_id)
    last = await found(town, batch.batch_optimization_id)
    sent = [own.part_id for news in told for own in news.parts if own.HasField("plan")]

    assert told[-1].state == last.state == DONE
    assert sorted(sent) == ["north", "south"]  # each plan once in a watch
    assert [own.part_id for own in last.parts] == ["north", "south"]
    assert [own.optimization.task_count for own in last.parts] == [12, 8]
    for own in last.parts:
        assert own.plan.optimization_id == own.optimization.optimization_id
        assert own.optimization.batch_optimization_id == batch.batch_optimization_id
        assert own.plan.cost_micros == own.optimization.cost_micros


async def test_a_bad_part_is_named_with_all_its_faults(town: Town) -> None:
    bad = part("bad", 3)
    bad.problem.tasks[1].task_id = bad.problem.tasks[0].task_id
    with pytest.raises(Invalid) as caught:
        await started(town, part("good", 3), bad)
    with pytest.raises(Invalid) as twins:
        await started(town, part("one", 3), part("one", 3))

    assert caught.value.reason == "PROBLEM_INVALID"
    assert caught.value.violations[0].field.startswith("parts[1].problem.tasks[1]")
    assert twins.value.violations[0].field == "parts[1].part_id"


async def test_a_stopped_batch_stops_all_its_parts_and_ends(town: Town) -> None:
    batch = await started(town, part("north", 30, LONG), part("south", 30, LONG))
    stopped = await cancelled(town, batch.batch_optimization_id)
    with pytest.raises(NotReady) as ended:
        await cancelled(town, batch.batch_optimization_id)
    with pytest.raises(NotFound) as unknown:
        await found(town, "opt_nobody")

    assert stopped.state == CANCELLED
    assert {own.optimization.state for own in stopped.parts} == {CANCELLED}
    assert ended.value.reason == "OPTIMIZATION_ENDED"
    assert unknown.value.reason == "BATCH_UNKNOWN"
