"""Optimizations as callers see them: stored, watched, stopped, repeated."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from google.protobuf.duration_pb2 import Duration

from doorstep.planner.v1 import event_pb2, optimization_pb2, plan_pb2, problem_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.errors import Invalid, NotFound, NotReady
from meshkit.testing import Role
from services.planner.tests import wire
from services.planner.tests.served.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]
QUICK = optimization_pb2.SearchOptions(solution_limit=20, search_duration=Duration(seconds=20))
LONG = optimization_pb2.SearchOptions(
    solution_limit=10_000_000, search_duration=Duration(seconds=600)
)
DONE = optimization_pb2.OPTIMIZATION_STATE_DONE
RUNNING = optimization_pb2.OPTIMIZATION_STATE_RUNNING
CANCELLED = optimization_pb2.OPTIMIZATION_STATE_CANCELLED
WAIT_SECONDS = 60


def request_id() -> str:
    return str(uuid.uuid4())


async def started(
    town: Town,
    problem: problem_pb2.Problem,
    options: optimization_pb2.SearchOptions = QUICK,
    name: str = "",
) -> optimization_pb2.Optimization:
    request = pb.StartOptimizationRequest(
        request_id=name or request_id(), problem=problem, options=options, title="Monday"
    )
    return (await town.planner.StartOptimization(request)).optimization


async def watched(town: Town, optimization_id: str) -> list[pb.WatchOptimizationResponse]:
    """Everything that a watch tells until the end."""
    request = pb.WatchOptimizationRequest(optimization_id=optimization_id)
    async with asyncio.timeout(WAIT_SECONDS):
        return [news async for news in town.planner.WatchOptimization(request)]


async def first_plan(town: Town, optimization_id: str) -> pb.WatchOptimizationResponse:
    request = pb.WatchOptimizationRequest(optimization_id=optimization_id)
    async with asyncio.timeout(WAIT_SECONDS):
        async for news in town.planner.WatchOptimization(request):
            if news.HasField("plan"):
                return news
    pytest.fail("it ended without a plan")


async def cancelled(
    town: Town, optimization_id: str, name: str = ""
) -> pb.CancelOptimizationResponse:
    request = pb.CancelOptimizationRequest(
        request_id=name or request_id(), optimization_id=optimization_id
    )
    return await town.planner.CancelOptimization(request)


async def test_an_optimization_is_watched_to_its_end(town: Town) -> None:
    own = await started(town, wire.city(30, 3))
    told = await watched(town, own.optimization_id)
    last = told[-1]
    found = await town.planner.GetOptimization(
        pb.GetOptimizationRequest(optimization_id=own.optimization_id)
    )

    assert own.title == "Monday"
    assert own.task_count == 30
    assert last.optimization.state == DONE
    assert last.optimization.progress_percent == 100
    assert found.optimization == last.optimization
    assert found.plan == last.plan
    assert last.plan.optimization_id == own.optimization_id
    assert last.plan.access_checked
    assert last.plan.cost_micros == last.optimization.cost_micros
    assert last.optimization.costs == last.plan.costs
    assert all(leg.polyline for route in last.plan.routes for leg in route.legs)
    assert last.optimization.HasField("end_time")


async def test_the_same_request_id_starts_once_and_another_body_is_refused(town: Town) -> None:
    name = request_id()
    own, again = [await started(town, wire.city(5, 1), QUICK, name) for _ in range(2)]
    with pytest.raises(Invalid) as caught:
        await started(town, wire.city(6, 1), QUICK, name)

    assert own.optimization_id == again.optimization_id
    assert caught.value.reason == "REQUEST_ID_REUSED"


async def test_a_contradictory_problem_is_refused_at_the_start(town: Town) -> None:
    problem = wire.city(3, 1)
    problem.tasks[1].task_id = problem.tasks[0].task_id
    with pytest.raises(Invalid) as caught:
        await started(town, problem)

    assert caught.value.reason == "PROBLEM_INVALID"


async def test_a_watch_tells_better_plans_with_their_terms_and_a_stop_keeps_the_best(
    town: Town,
) -> None:
    own = await started(town, wire.city(40, 4), LONG)
    news = await first_plan(town, own.optimization_id)
    name = request_id()
    stopped, again = [await cancelled(town, own.optimization_id, name) for _ in range(2)]
    found = await town.planner.GetOptimization(
        pb.GetOptimizationRequest(optimization_id=own.optimization_id)
    )

    assert news.optimization.state == RUNNING
    assert sum(term.cost_micros for term in news.optimization.costs) == news.plan.cost_micros
    assert news.optimization.unassigned_count == len(news.plan.unassigned)
    assert not news.plan.access_checked
    assert [one for one in news.plan.violations if one.hard] == []
    assert stopped.optimization.state == CANCELLED
    assert stopped.optimization.record.end == plan_pb2.SOLVE_END_CANCELLED
    assert stopped.plan == again.plan == found.plan
    assert found.plan.cost_micros <= news.plan.cost_micros


async def test_what_was_stopped_is_repeated_up_to_its_best_plan(town: Town) -> None:
    own = await started(town, wire.city(40, 4), LONG)
    await first_plan(town, own.optimization_id)
    request = pb.ReplayOptimizationRequest(optimization_id=own.optimization_id)
    with pytest.raises(NotReady) as early:
        await town.planner.ReplayOptimization(request)
    stopped = await cancelled(town, own.optimization_id)
    again = await town.planner.ReplayOptimization(request)

    assert early.value.reason == "OPTIMIZATION_RUNNING"
    assert again.routes_equal
    assert again.plan.cost_micros == stopped.plan.cost_micros


async def test_a_replay_waits_behind_no_search_that_somebody_waits_for(town: Town) -> None:
    plan = await town.optimize(wire.city(9, 1))
    busy = pb.OptimizeRoutesRequest(problem=wire.city(40, 4), options=LONG)
    search = asyncio.ensure_future(town.planner.OptimizeRoutes(busy, timeout=WAIT_SECONDS))
    async with asyncio.timeout(WAIT_SECONDS / 2):
        while town.pool._searches.turns.idle:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        request = pb.ReplayOptimizationRequest(optimization_id=plan.optimization_id)
        again = await town.planner.ReplayOptimization(request)
    is_over = search.done()
    search.cancel()
    await asyncio.wait([search])

    assert again.routes_equal
    assert not is_over


async def test_what_is_over_cannot_be_stopped_and_what_is_not_known_is_not_found(
    town: Town,
) -> None:
    own = await started(town, wire.city(5, 1))
    await watched(town, own.optimization_id)
    with pytest.raises(NotReady) as ended:
        await cancelled(town, own.optimization_id)
    with pytest.raises(NotFound) as unknown:
        await cancelled(town, "opt_nobody")
    stranger = raising(
        pb_grpc.PlannerServiceStub(town.mesh.channel(Role.DISPATCHER, tenant="other"))
    )
    with pytest.raises(NotFound) as strange:
        await stranger.GetOptimization(
            pb.GetOptimizationRequest(optimization_id=own.optimization_id)
        )

    assert ended.value.reason == "OPTIMIZATION_ENDED"
    assert unknown.value.reason == strange.value.reason == "OPTIMIZATION_UNKNOWN"


async def test_optimizations_are_listed_by_pages_newest_first(town: Town) -> None:
    ids = [(await started(town, wire.city(4, 1))).optimization_id for _ in range(3)]
    for one in ids:
        await watched(town, one)
    request = pb.ListOptimizationsRequest(page_size=2, states=[DONE])
    first = await town.planner.ListOptimizations(request)
    request.page_token = first.next_page_token
    second = await town.planner.ListOptimizations(request)
    request.states[:] = [CANCELLED]
    with pytest.raises(Invalid) as caught:
        await town.planner.ListOptimizations(request)

    assert [one.optimization_id for one in first.optimizations] == [ids[2], ids[1]]
    assert second.optimizations[0].optimization_id == ids[0]
    assert caught.value.reason == "PAGE_TOKEN_MISMATCH"


async def test_the_feed_tells_one_change_per_state(town: Town) -> None:
    own = await started(town, wire.city(5, 1))
    await watched(town, own.optimization_id)
    watcher = raising(pb_grpc.PlannerServiceStub(town.mesh.channel(Role.PLATFORM)))
    request = event_pb2.WatchEventsRequest(types=["optimization_changed"])
    states: list[str] = []
    async with asyncio.timeout(WAIT_SECONDS):
        async for response in watcher.WatchEvents(request):
            for change in response.changes:
                if change.subject == own.optimization_id:
                    state = change.optimization_changed.optimization.state
                    states.append(optimization_pb2.OptimizationState.Name(state)[19:])
            if "DONE" in states:
                break

    assert states == ["QUEUED", "RUNNING", "DONE"]


async def test_a_solve_is_repeated_with_the_same_routes(town: Town) -> None:
    plan = await town.optimize(wire.city(25, 2))
    own = await started(town, wire.city(25, 2))
    job = (await watched(town, own.optimization_id))[-1].plan
    for first in (plan, job):
        request = pb.ReplayOptimizationRequest(optimization_id=first.optimization_id)
        again = await town.planner.ReplayOptimization(request)

        assert again.routes_equal
        assert again.plan.routes == first.routes
        assert again.first_record == first.record


async def test_a_solve_under_other_access_rules_is_not_repeated(town: Town) -> None:
    plan = await town.optimize(wire.city(8, 1))
    town.hall.is_away = True
    with pytest.raises(NotReady) as caught:
        await town.planner.ReplayOptimization(
            pb.ReplayOptimizationRequest(optimization_id=plan.optimization_id)
        )
    with pytest.raises(NotFound):
        await town.planner.ReplayOptimization(
            pb.ReplayOptimizationRequest(optimization_id="opt_nobody")
        )

    assert caught.value.reason == "REPLAY_OUTDATED"
    assert caught.value.metadata["changed"] == "access_rules_version"
