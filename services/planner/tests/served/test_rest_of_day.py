"""The rest of a day planned anew, as callers see it: what stays, what changes, what it gains."""

from __future__ import annotations

import pytest

from doorstep.planner.v1 import insertion_pb2, optimization_pb2, plan_pb2, problem_pb2, shift_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.errors import Invalid
from services.planner.tests import wire
from services.planner.tests.served.town import QUICK, Town
from services.planner.tests.served.vans import city

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]
MOVED, RETIMED, ADDED, DROPPED = (
    insertion_pb2.PLAN_CHANGE_KIND_MOVED,
    insertion_pb2.PLAN_CHANGE_KIND_RETIMED,
    insertion_pb2.PLAN_CHANGE_KIND_ADDED,
    insertion_pb2.PLAN_CHANGE_KIND_DROPPED,
)


async def known_day(town: Town) -> tuple[problem_pb2.Problem, plan_pb2.Plan]:
    """A day that was planned and told, with a price for departing from it."""
    problem = city(24, 3)
    plan = await town.optimize(problem)
    base = [
        problem_pb2.FixedRoute(
            shift_id=route.shift_id,
            visits=[
                problem_pb2.FixedVisit(
                    task_id=task.task_id, service_start_time=task.service_start_time
                )
                for stop in route.stops
                for task in stop.tasks
            ],
        )
        for route in plan.routes
    ]
    problem.churn.CopyFrom(
        problem_pb2.ChurnPolicy(
            base_routes=base,
            shift_change_cost_micros=5_000_000,
            time_change_cost_micros_per_hour=10_000_000,
            tolerance_duration=wire.seconds(600),
        )
    )
    return problem, plan


async def again(town: Town, problem: problem_pb2.Problem) -> pb.ReoptimizeRoutesResponse:
    request = pb.ReoptimizeRoutesRequest(problem=problem, options=QUICK)
    return await town.planner.ReoptimizeRoutes(request)


async def test_a_day_on_which_nothing_happens_stays_as_it_was_told(town: Town) -> None:
    problem, plan = await known_day(town)
    answer = await again(town, problem)

    assert wire.served(answer.plan.routes) == wire.served(plan.routes)
    assert list(answer.changes) == []
    assert answer.difference.delta_cost_micros == 0
    assert answer.difference.base_cost_micros == answer.plan.cost_micros


async def test_a_new_task_is_added_and_the_plan_costs_no_more_than_leaving_it_out(
    town: Town,
) -> None:
    problem, _ = await known_day(town)
    problem.tasks.append(wire.task("new", 60.1701, 24.9433))
    problem.tasks[0].skills.all_of.append("crane")  # nobody has it: the known plan loses a task
    answer = await again(town, problem)
    kinds = {change.task_id: change.kind for change in answer.changes}
    added = next(change for change in answer.changes if change.task_id == "new")

    assert kinds["new"] == ADDED
    assert kinds["t0"] == DROPPED
    assert (added.base_rank, added.base_shift_id) == (-1, "")
    assert added.rank >= 0
    assert answer.difference.delta_cost_micros < 0
    assert list(answer.difference.lost_task_ids) == ["t0"]
    assert answer.difference.added_count == 1
    terms = sum(term.cost_micros for term in answer.difference.delta_costs)
    assert terms == answer.difference.delta_cost_micros
    assert answer.plan.cost_micros == answer.difference.base_cost_micros + terms


async def test_work_of_a_shift_that_ends_early_moves_and_every_move_is_told(town: Town) -> None:
    problem, plan = await known_day(town)
    busiest = max(plan.routes, key=lambda route: route.metrics.task_count)
    last = [task.task_id for stop in busiest.stops for task in stop.tasks][-1]
    own = next(shift for shift in problem.shifts if shift.shift_id == busiest.shift_id)
    # By more than is allowed for nothing, whatever the plan leaves free at its end.
    own.interval.end_time.seconds = busiest.stops[-1].service_start_time.seconds - 3_600
    del own.breaks[:]
    answer = await again(town, problem)
    now = {
        task: (shift_id, rank)
        for shift_id, tasks in wire.served(answer.plan.routes).items()
        for rank, task in enumerate(tasks)
    }

    assert [v for v in answer.plan.violations if v.hard] == []
    for change in answer.changes:
        if change.kind in (MOVED, RETIMED, ADDED):
            assert (change.shift_id, change.rank) == now[change.task_id]
    assert last in {change.task_id for change in answer.changes}


async def test_pins_hold_in_a_new_plan_and_the_lint_is_told(town: Town) -> None:
    problem, plan = await known_day(town)
    first = plan.routes[0].stops[0].tasks[0].task_id
    problem.pins.add(task_id=first, shift_id=plan.routes[0].shift_id, level="FREEZE_LEVEL_SEQUENCE")
    problem.tasks[3].skills.all_of.append("crane")
    answer = await again(town, problem)
    route = next(r for r in answer.plan.routes if r.shift_id == plan.routes[0].shift_id)

    assert route.stops[0].tasks[0].task_id == first
    assert "SKILL_HELD_BY_NONE" in {
        plan_pb2.LintCode.Name(n.code)[10:] for n in answer.plan.notices
    }
    assert answer.plan.optimization_id.startswith("opt_")


async def test_vans_under_way_go_on_with_what_they_have_on_board_as_it_was_decided(
    town: Town,
) -> None:
    problem, plan = await known_day(town)
    for route in plan.routes:
        shift = next(own for own in problem.shifts if own.shift_id == route.shift_id)
        names = [task.task_id for stop in route.stops for task in stop.tasks]
        shift.start_state.CopyFrom(
            shift_pb2.StartState(
                state_time=route.legs[0].start_time,
                location=route.start_location,
                onboard_task_ids=names,
            )
        )
    first = plan.routes[0].stops[0].tasks[0]
    problem.pins.add(
        task_id=first.task_id,
        shift_id=plan.routes[0].shift_id,
        level="FREEZE_LEVEL_TIME",
        service_start_time=first.service_start_time,
    )
    answer = await again(town, problem)
    before, now = wire.served(plan.routes), wire.served(answer.plan.routes)
    route = next(r for r in answer.plan.routes if r.shift_id == plan.routes[0].shift_id)

    assert {name: sorted(tasks) for name, tasks in now.items()} == {
        name: sorted(tasks) for name, tasks in before.items()
    }
    assert route.stops[0].tasks[0].service_start_time == first.service_start_time
    assert MOVED not in {change.kind for change in answer.changes}
    assert answer.difference.delta_cost_micros <= 0


async def test_a_contradictory_day_is_refused_with_every_fault(town: Town) -> None:
    problem, _ = await known_day(town)
    problem.pins.add(task_id="t0", shift_id="nobody", level="FREEZE_LEVEL_SHIFT")
    problem.churn.base_routes[0].visits.add(task_id="t1", alternative_id="locker")
    with pytest.raises(Invalid) as caught:
        await again(town, problem)

    assert len(caught.value.violations) >= 2


async def test_options_of_a_search_hold_for_a_new_plan_too(town: Town) -> None:
    problem, _ = await known_day(town)
    options = optimization_pb2.SearchOptions(solution_limit=1, seed=7, omit_polylines=True)
    request = pb.ReoptimizeRoutesRequest(problem=problem, options=options)
    plan = (await town.planner.ReoptimizeRoutes(request)).plan

    assert plan.record.seed == 7
    assert not any(leg.polyline for route in plan.routes for leg in route.legs)
