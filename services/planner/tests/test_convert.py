"""
The wire to the domain and back: reloads, releases, slots and what else a caller can state.

Method: one request, one field at a time; every fault is told with the path of its field. Routes on
the wire are those of the plan with a reload, on straight lines.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.planner.v1 import (
    load_pb2,
    optimization_pb2,
    plan_pb2,
    problem_pb2,
    shift_pb2,
    task_pb2,
    vehicle_pb2,
)
from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.errors import Invalid
from services.planner.convert.problem import fixed_routes, problem_from_proto
from services.planner.convert.questions import question_from_proto
from services.planner.convert.routes import RouteWriter
from services.planner.domain.problem import Balance, FixedReload, Objective
from services.planner.domain.task import SlotCost
from services.planner.domain.travel import Basis, Leg, Profile
from services.planner.servicer.jobs import wanted
from services.planner.tests import wire
from services.planner.tests.rules import trips
from services.planner.usecases.world import Prepared

HOUR = 3_600
VAN = vehicle_pb2.TRAVEL_PROFILE_VAN


def dock(**more: object) -> shift_pb2.Reload:
    settings: dict[str, object] = {"location": wire.DEPOT, "loading_duration": wire.seconds(600)}
    return shift_pb2.Reload(reload_id="dock", **(settings | more))  # type: ignore[arg-type]


def rich() -> problem_pb2.Problem:
    """One task and one shift that state every new field."""
    task = wire.task("t0", 60.17, 24.94, setup_duration=wire.seconds(60))
    task.release_time.CopyFrom(wire.moment(9))
    task.release_time.nanos = 1
    task.slot_costs.add(interval=wire.interval(8, 10), cost_micros=5)
    task.profile_services.add(profile=VAN, service_duration=wire.seconds(30))
    task.profile_services[0].setup_duration.CopyFrom(wire.seconds(20))
    van = wire.shift("van", reloads=[dock(windows=[wire.interval(9, 11)])], reload_limit=2)
    van.start_state.state_time.CopyFrom(wire.moment(9))
    van.start_state.location.CopyFrom(wire.DEPOT)
    crates = load_pb2.LoadAmount(dimension="crates", amount=3)
    van.start_state.onboard_load.CopyFrom(load_pb2.Load(mass_grams=7, amounts=[crates]))
    objective = problem_pb2.Objective(
        balance=problem_pb2.BALANCE_MEASURE_STOPS, balance_cost_percent_max=5, fewest_shifts=True
    )
    return problem_pb2.Problem(tasks=[task], shifts=[van], objective=objective)


def test_every_new_field_arrives() -> None:
    problem = problem_from_proto(rich())
    task, shift = problem.tasks[0], problem.shifts[0]
    nine = wire.moment(9).seconds

    assert task.release_second == nine + 1  # a plan never promises more than it was given
    assert task.slot_costs == (SlotCost(nine - HOUR, nine + HOUR - 1, 5),)
    assert task.options[0].service_for(Profile.VAN) == 30
    assert task.options[0].setup_for(Profile.VAN) == 20
    assert task.options[0].setup_for(Profile.FOOT) == 60
    assert [(own.first_second, own.last_second) for own in shift.reloads[0].windows] == [
        (nine, nine + 2 * HOUR - 1)
    ]
    assert (shift.reloads[0].service_seconds, shift.reload_limit) == (600, 2)
    assert shift.start_state is not None
    assert dict(zip(problem.dimensions, shift.start_state.onboard_load, strict=True)) == {
        "mass_grams": 7, "volume_cubic_centimeters": 0, "item_count": 0, "crates": 3,
    }  # fmt: skip
    assert problem.objective == Objective(0, Balance.STOPS, 5, fewest_shifts=True)
    assert problem.unsearched == ()
    assert hash(problem)  # the search looks values up


def test_a_profile_without_its_own_setup_takes_the_tasks() -> None:
    request = rich()
    request.tasks[0].profile_services[0].ClearField("setup_duration")
    option = problem_from_proto(request).tasks[0].options[0]

    assert (option.service_for(Profile.VAN), option.setup_for(Profile.VAN)) == (30, 60)


def test_given_routes_bring_their_reloads() -> None:
    route = wire.fixed({"van": ["t0"]})[0]
    route.reloads.add(reload_id="dock", visit_rank=1)

    assert fixed_routes([route])[0].reloads == (FixedReload("dock", 1),)


def reload_nowhere(request: problem_pb2.Problem) -> None:
    request.shifts[0].reloads[0].location.CopyFrom(LatLng())


def reload_backwards(request: problem_pb2.Problem) -> None:
    request.shifts[0].reloads[0].windows.append(wire.interval(8, 9))


def open_slot(request: problem_pb2.Problem) -> None:
    request.tasks[0].slot_costs[0].interval.CopyFrom(Interval(start_time=wire.moment(9)))


def release_of_a_pickup(request: problem_pb2.Problem) -> None:
    request.tasks[0].type = task_pb2.TASK_TYPE_PICKUP


def profile_twice(request: problem_pb2.Problem) -> None:
    request.tasks[0].profile_services.append(request.tasks[0].profile_services[0])


def endless(request: problem_pb2.Problem) -> None:
    request.shifts[0].interval.end_time.seconds = wire.moment(8 + 24).seconds + 1


def goods_beside_themselves(request: problem_pb2.Problem) -> None:
    request.incompatible_goods.add(goods_class="acid", other_goods_class="acid")


FAULTS: dict[Callable[[problem_pb2.Problem], None], str] = {
    reload_nowhere: "problem.shifts[0].reloads[0]",
    reload_backwards: "problem.shifts[0].reloads[0]",
    open_slot: "problem.tasks[0].slot_costs[0]",
    release_of_a_pickup: "problem.tasks[0]",
    profile_twice: "problem.tasks[0].profile_services[1].profile",
    endless: "problem.shifts[0]",
    goods_beside_themselves: "problem.incompatible_goods[0]",
}


def faults_of(*spoil: Callable[[problem_pb2.Problem], None]) -> set[str]:
    request = rich()
    for one in spoil:
        one(request)
    with pytest.raises(Invalid) as caught:
        problem_from_proto(request)
    return {violation.field for violation in caught.value.violations}


@pytest.mark.parametrize("spoil", FAULTS)
def test_a_fault_is_told_where_it_stands(spoil: Callable[[problem_pb2.Problem], None]) -> None:
    assert faults_of(spoil) == {FAULTS[spoil]}


def test_all_faults_are_told_at_once() -> None:
    chosen = (reload_nowhere, open_slot, profile_twice)

    assert faults_of(*chosen) == {FAULTS[one] for one in chosen}


def break_without_length(request: problem_pb2.Problem) -> None:
    request.shifts[0].breaks[0].break_duration.seconds = -1


def nameless(request: problem_pb2.Problem) -> None:
    request.tasks[1].priority = 12


def window_backwards(request: problem_pb2.Problem) -> None:
    request.tasks[2].windows.add(interval=wire.interval(12, 10))


def nowhere(request: problem_pb2.Problem) -> None:
    request.tasks[3].location.CopyFrom(LatLng())


def beyond_the_pole(request: problem_pb2.Problem) -> None:
    request.tasks[4].location.latitude = 99


def over_before_it_begins(request: problem_pb2.Problem) -> None:
    request.shifts[1].interval.CopyFrom(wire.interval(16, 8))
    request.shifts[1].start_location.CopyFrom(LatLng())


def twice(request: problem_pb2.Problem) -> None:
    request.tasks[5].task_id = "t1"  # as one of which not all can be read


def no_such_pickup(request: problem_pb2.Problem) -> None:
    request.tasks[6].pickup_task_id = "gone"


def no_such_profile(request: problem_pb2.Problem) -> None:
    request.shifts[2].vehicle.profile = 77  # type: ignore[assignment]


def no_such_task(request: problem_pb2.Problem) -> None:
    request.pins.add(task_id="gone", shift_id="s1", level=problem_pb2.FREEZE_LEVEL_SHIFT)


LAYERS: dict[Callable[[problem_pb2.Problem], None], set[str]] = {
    break_without_length: {"shifts[0].breaks[0].break_duration", "shifts[0].breaks[0]"},
    nameless: {"tasks[1].priority", "tasks[1]"},
    window_backwards: {"tasks[2].windows[0]"},
    nowhere: {"tasks[3].location"},
    beyond_the_pole: {"tasks[4].location"},
    over_before_it_begins: {"shifts[1]", "shifts[1].start_location"},
    twice: {"tasks[5].task_id"},
    no_such_pickup: {"tasks[6].pickup_task_id"},
    no_such_profile: {"shifts[2].vehicle.profile"},
    no_such_task: {"pins[0].task_id"},
}


def many() -> problem_pb2.Problem:
    """A problem to spoil in many places: pickups, a known depot, a start under way."""
    request = wire.city(8, 3)
    for own in request.tasks:
        own.ClearField("windows")
    request.tasks[7].pickup_task_id, request.tasks[3].type = "t3", task_pb2.TASK_TYPE_PICKUP
    request.tasks[3].load.mass_grams = request.tasks[7].load.mass_grams = 9_000
    request.shifts[0].start_state.state_time.CopyFrom(wire.moment(9))
    request.shifts[0].start_state.location.CopyFrom(wire.DEPOT)
    request.shifts[0].start_state.taken_break_ids.append("lunch")
    return request


def told_of(*spoil: Callable[[problem_pb2.Problem], None]) -> set[str]:
    request = many()
    for one in spoil:
        one(request)
    with pytest.raises(Invalid) as caught:
        problem_from_proto(request)
    return {own.field.removeprefix("problem.") for own in caught.value.violations}


def test_faults_of_every_layer_are_told_at_once() -> None:
    assert problem_from_proto(many())
    assert told_of(*LAYERS) == set.union(*LAYERS.values())


@pytest.mark.parametrize("spoil", LAYERS)
def test_what_cannot_be_read_makes_nothing_else_look_wrong(
    spoil: Callable[[problem_pb2.Problem], None],
) -> None:
    assert told_of(spoil) == LAYERS[spoil]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ((break_without_length,), "FIELD_INVALID"),
        ((no_such_profile,), "FIELD_INVALID"),
        ((no_such_profile, nowhere), "PROBLEM_INVALID"),
    ],
)
def test_what_only_breaks_the_contract_is_told_so(
    spoil: tuple[Callable[[problem_pb2.Problem], None], ...], reason: str
) -> None:
    request = many()
    for one in spoil:
        one(request)
    with pytest.raises(Invalid) as caught:
        problem_from_proto(request)

    assert caught.value.reason == reason


def test_routes_to_start_from_must_name_what_there_is() -> None:
    seeds = wire.fixed({"van": ["t0"], "gone": ["t1"]})
    seeds[0].visits[0].alternative_id = "locker-9"
    twice = [*seeds, seeds[1]]
    asked = optimization_pb2.SearchOptions(seed_routes=twice)
    with pytest.raises(Invalid) as caught:
        question_from_proto(pb.OptimizeRoutesRequest(problem=rich(), options=asked), 1, 1.0)
    with pytest.raises(Invalid) as stored:
        wanted(pb.OptimizeRoutesRequest(problem=rich(), options=asked))
    told = [violation.field for violation in caught.value.violations]

    assert told == [violation.field for violation in stored.value.violations]
    assert told == [
        "options.seed_routes[2].shift_id",
        "options.seed_routes[0].visits[0].alternative_id",
        "options.seed_routes[2].visits[0].task_id",
    ]


def test_a_known_plan_that_is_also_where_to_start_is_faulted_once() -> None:
    request = rich()
    request.churn.base_routes.extend(wire.fixed({"van": ["t0"]}))
    request.churn.base_routes[0].visits[0].alternative_id = "locker-9"
    with pytest.raises(Invalid) as caught:
        problem_from_proto(request, request.churn.base_routes)

    assert [own.field for own in caught.value.violations] == [
        "problem.churn.base_routes[0].visits[0].alternative_id"
    ]


def written() -> plan_pb2.Route:
    """The plan with a reload, as an answer shows it."""
    instance, plan = trips.valid()
    prepared = Prepared(instance, (), (), access_checked=False, access_rules_version=0, notices=())
    way = Leg(0, 0, "", Basis.ROAD)
    ways = {(0, *pair): way for pair in permutations(range(len(instance.places.points)), 2)}
    return RouteWriter(prepared, ways).route(plan.routes[0])


def test_a_reload_is_a_stop_of_its_own_kind() -> None:
    route = written()
    shown = [(stop.reload_id, [own.task_id for own in stop.tasks]) for stop in route.stops]
    reload = route.stops[2]

    assert shown == [("", ["first"]), ("", ["back"]), ("dock", []), ("", ["second"])]
    assert reload.place_id == "dock"
    assert reload.departure_time.seconds - reload.service_start_time.seconds == 600
    assert len(route.legs) == len(route.stops) + 1


def test_what_is_loaded_at_a_reload_counts_from_there_on() -> None:
    route = written()

    assert route.start_load.mass_grams == route.peak_load.mass_grams == 6_000
    assert [stop.departure_load.mass_grams for stop in route.stops] == [0, 3_000, 6_000, 0]


def test_a_reload_counts_as_loading_and_as_no_stop() -> None:
    metrics = written().metrics

    assert (metrics.stop_count, metrics.task_count, metrics.reload_count) == (3, 3, 1)
    assert metrics.delay_duration.seconds == 600
    assert metrics.service_duration.seconds == 3 * (180 + 60)
    lasted = (metrics.travel_duration, metrics.service_duration, metrics.wait_duration,
              metrics.break_duration, metrics.delay_duration)  # fmt: skip
    assert sum(part.seconds for part in lasted) == metrics.total_duration.seconds
