"""Windows, explanations, emissions and insertions, as callers see them: on real roads."""

from __future__ import annotations

import pytest

from doorstep.planner.v1 import (
    insertion_pb2,
    problem_pb2,
    reason_pb2,
    shift_pb2,
    task_pb2,
)
from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.errors import Invalid
from services.planner.tests import wire
from services.planner.tests.city_hall import Zone
from services.planner.tests.served.town import Town
from services.planner.tests.served.vans import city, emitting, routes_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]


async def test_emissions_of_tasks_add_up_to_stops_and_of_stops_to_routes_and_the_plan(
    town: Town,
) -> None:
    plan = await town.optimize(city(30, 3))

    assert list(plan.factor_set_versions) == ["uk-2025.1"]
    for route in plan.routes:
        for stop in route.stops:
            assert sum(task.co2e_milligrams for task in stop.tasks) == stop.co2e_milligrams
        whole = sum(stop.co2e_milligrams for stop in route.stops)
        assert whole == route.metrics.co2e_milligrams > 0
    routes = [route.metrics.co2e_milligrams for route in plan.routes]
    assert sum(routes) == plan.metrics.co2e_milligrams


async def test_without_factors_emissions_are_unset_and_so_is_the_sum(town: Town) -> None:
    problem = wire.city(10, 1)
    problem.shifts.append(emitting("s1"))
    fixed = wire.fixed({"s0": ["t0", "t1"], "s1": ["t2", "t3"]})
    request = pb.EvaluateRoutesRequest(problem=problem, routes=fixed)
    plan = (await town.planner.EvaluateRoutes(request)).plan

    unknown, known = plan.routes
    assert not unknown.metrics.HasField("co2e_milligrams")
    assert not unknown.stops[0].HasField("co2e_milligrams")
    assert known.metrics.HasField("co2e_milligrams")
    assert not plan.metrics.HasField("co2e_milligrams")
    assert list(plan.factor_set_versions) == ["uk-2025.1"]


async def test_a_route_says_where_the_clocks_of_its_driver_stand(town: Town) -> None:
    problem = wire.city(6, 1)
    problem.shifts[0].duty_limits.limits.add(
        limit_id="span", clock="DUTY_CLOCK_SPAN", limit_duration=wire.seconds(36_000)
    )
    plan = await town.optimize(problem)
    (reading,) = plan.routes[0].duty_readings
    lasted = plan.routes[0].metrics.total_duration.seconds

    assert reading.limit_id == "span"
    assert reading.highest_duration.seconds == reading.end_duration.seconds == lasted
    assert reading.left_duration.seconds == 36_000 - lasted


async def test_an_insertion_tells_all_that_follows_from_it(town: Town) -> None:
    problem = city(20, 2)
    routes = await routes_of(town, problem)
    tight = [task_pb2.TimeWindow(interval=wire.interval(9, 9.1))]
    problem.tasks.append(wire.task("new", 60.1701, 24.9433, windows=tight))
    request = pb.ProposeInsertionsRequest(problem=problem, routes=routes, task_ids=["new"])
    found = (await town.planner.ProposeInsertions(request)).task_insertions[0].insertions

    assert [one.delta_cost_micros for one in found] == sorted(o.delta_cost_micros for o in found)
    for one in found:
        assert sum(term.cost_micros for term in one.delta_costs) == one.delta_cost_micros
        assert one.HasField("delta_co2e_milligrams")
        later = [move.delta_duration.seconds for move in one.task_shifts]
        assert one.worst_delay_duration.seconds == max([0, *later])
        assert [risk.task_id for risk in one.promise_risks if risk.task_id == "new"] == ["new"]
        assert all(risk.slack_duration.seconds < 900 for risk in one.promise_risks)


async def test_a_pick_up_point_is_offered_beside_the_door_with_grams_of_its_own(
    town: Town,
) -> None:
    problem = city(20, 1)
    routes = await routes_of(town, problem)
    new = wire.task("new", 60.1781, 24.9633)
    on_the_way = problem.tasks[3].location  # somebody is served there anyway
    new.alternatives.add(
        alternative_id="pudo", location=on_the_way, service_duration=wire.seconds(60)
    )
    problem.tasks.append(new)
    request = pb.ProposeInsertionsRequest(problem=problem, routes=routes, task_ids=["new"])
    found = (await town.planner.ProposeInsertions(request)).task_insertions[0].insertions
    grams = {one.alternative_id: one.delta_co2e_milligrams for one in found}

    assert all(one.HasField("delta_co2e_milligrams") for one in found)
    assert set(grams) == {"", "pudo"}
    assert grams["pudo"] < grams[""]


async def test_windows_are_priced_ranked_and_the_lowest_emissions_are_green(town: Town) -> None:
    problem = city(40, 3)
    routes = await routes_of(town, problem)
    problem.tasks.append(wire.task("new", 60.1701, 24.9433))
    windows = [wire.interval(hour, hour + 2) for hour in (5, 8, 10, 12, 14, 20)]
    request = pb.SuggestTimeWindowsRequest(
        problem=problem, routes=routes, task_id="new", windows=windows
    )
    answer = await town.planner.SuggestTimeWindows(request)
    feasible = [offer for offer in answer.offers if offer.feasible]
    lowest = min(offer.delta_co2e_milligrams for offer in feasible)

    assert answer.access_checked
    assert [offer.window for offer in answer.offers] == windows
    assert [offer.feasible for offer in answer.offers] == [False, True, True, True, True, False]
    assert sorted(offer.cost_rank for offer in feasible) == [1, 2, 3, 4]
    for offer in feasible:
        at = offer.service_start_time.seconds
        assert offer.window.start_time.seconds <= at < offer.window.end_time.seconds
        assert offer.green == (offer.delta_co2e_milligrams == lowest)
        assert offer.factor_set_version == "uk-2025.1"
    assert answer.offers[0].reasons[0].reason == reason_pb2.REASON_WINDOW
    assert answer.offers[5].reasons[0].reason == reason_pb2.REASON_SHIFT


async def test_a_window_costs_what_the_task_costs_with_that_window(town: Town) -> None:
    problem = city(20, 2)
    routes = await routes_of(town, problem)
    problem.tasks.append(wire.task("new", 60.1701, 24.9433))
    span = wire.interval(10, 12)
    ask = pb.SuggestTimeWindowsRequest(
        problem=problem, routes=routes, task_id="new", windows=[span]
    )
    (offer,) = (await town.planner.SuggestTimeWindows(ask)).offers
    problem.tasks[-1].windows.add(interval=span)
    request = pb.ProposeInsertionsRequest(problem=problem, routes=routes, task_ids=["new"])
    one = (await town.planner.ProposeInsertions(request)).task_insertions[0].insertions[0]

    assert offer.delta_cost_micros == one.delta_cost_micros
    assert offer.delta_co2e_milligrams == one.delta_co2e_milligrams
    assert (offer.shift_id, offer.rank) == (one.shift_id, one.rank)


async def test_faults_about_windows_routes_and_the_task_are_told_at_once(town: Town) -> None:
    request = pb.SuggestTimeWindowsRequest(
        problem=wire.city(2, 1),
        routes=wire.fixed({"s0": ["t0", "x"]}),
        task_id="t0",
        windows=[wire.interval(9, 11), wire.interval(12, 12)],
    )
    with pytest.raises(Invalid) as caught:
        await town.planner.SuggestTimeWindows(request)

    assert [violation.field for violation in caught.value.violations] == [
        "routes[0].visits[1].task_id",
        "task_id",
        "windows[1]",
    ]


async def test_a_task_left_out_is_told_what_blocks_it_and_what_would_let_it_in(
    town: Town,
) -> None:
    early = wire.task("early", 60.1701, 24.9433)
    early.windows.add(interval=wire.interval(7, 7.9))
    early.skills.all_of.append("lift")
    day = wire.interval(8, 17)  # its middle stays in the hour whose speeds it was asked for
    able = wire.shift("able", skills=[shift_pb2.ShiftSkill(skill="lift")], interval=day)
    problem = problem_pb2.Problem(tasks=[early], shifts=[able, wire.shift("s1")])
    request = pb.ExplainUnassignedRequest(problem=problem, task_ids=["early"])
    (told,) = (await town.planner.ExplainUnassigned(request)).explanations
    blocked = {name: block for block in told.blocks for name in block.shift_ids}

    assert told.unassigned.task_id == "early"
    assert [v.reason for v in blocked["able"].violations] == [reason_pb2.REASON_WINDOW]
    assert {v.reason for v in blocked["s1"].violations} >= {reason_pb2.REASON_SKILL}
    assert {one.shift_id for one in told.relaxations} == {"able"}
    assert all(one.message.startswith("would fit if ") for one in told.relaxations)
    for one in told.relaxations:
        assert await is_served(town, problem, one.delta_duration.seconds, one)
        assert not await is_served(town, problem, one.delta_duration.seconds - 1, one)


async def is_served(
    town: Town, problem: problem_pb2.Problem, length: int, one: insertion_pb2.Relaxation
) -> bool:
    """Whether the first task fits once the caller moved the end of what a relaxation names."""
    changed = problem_pb2.Problem()
    changed.CopyFrom(problem)
    window = changed.tasks[0].windows[one.window_rank].interval
    shift = next(own for own in changed.shifts if own.shift_id == one.shift_id).interval
    moved = window if one.reason == reason_pb2.REASON_WINDOW else shift
    if one.edge == insertion_pb2.RELAXATION_EDGE_START:
        moved.start_time.seconds -= length
    else:
        moved.end_time.seconds += length
    request = pb.ProposeInsertionsRequest(problem=changed, task_ids=[changed.tasks[0].task_id])
    return bool((await town.planner.ProposeInsertions(request)).task_insertions[0].insertions)


async def test_a_longer_shift_that_drives_at_other_hours_speeds_is_told_only_if_it_holds(
    town: Town,
) -> None:
    early = wire.task("early", 60.1701, 24.9433)
    early.windows.add(interval=wire.interval(7, 7.9))
    problem = problem_pb2.Problem(tasks=[early], shifts=[wire.shift("van")])
    request = pb.ExplainUnassignedRequest(problem=problem, task_ids=["early"])
    (told,) = (await town.planner.ExplainUnassigned(request)).explanations

    assert told.relaxations
    for one in told.relaxations:
        assert await is_served(town, problem, one.delta_duration.seconds, one)


async def test_a_change_whose_route_compliance_denies_is_not_proposed(town: Town) -> None:
    day = (wire.moment(0).seconds, wire.moment(24).seconds)
    town.hall.zones = [Zone(60.170, 24.940, 60.174, 24.946, *day)]
    inside = wire.task("inside", 60.172, 24.943)
    inside.skills.all_of.append("lift")
    problem = problem_pb2.Problem(tasks=[inside], shifts=[wire.shift("van")])
    request = pb.ExplainUnassignedRequest(problem=problem, task_ids=["inside"])
    (told,) = (await town.planner.ExplainUnassigned(request)).explanations

    assert told.unassigned.reasons[0].reason == reason_pb2.REASON_ZONE
    assert not told.relaxations


async def test_faults_of_a_question_for_an_explanation_are_told_at_once(town: Town) -> None:
    request = pb.ExplainUnassignedRequest(
        problem=wire.city(2, 1), routes=wire.fixed({"s9": ["t0"]}), task_ids=["t0", "x"]
    )
    with pytest.raises(Invalid) as caught:
        await town.planner.ExplainUnassigned(request)

    assert [violation.field for violation in caught.value.violations] == [
        "routes[0].shift_id",
        "task_ids[0]",
        "task_ids[1]",
    ]
