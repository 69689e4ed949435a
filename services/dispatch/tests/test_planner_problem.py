"""What the planner is told of a shift's costs, and what its answer is taken to cost. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from doorstep.planner.v1 import plan_pb2
from services.dispatch.adapters.planner import proposal_from_planner
from services.dispatch.adapters.planner_problem import problem_to_planner
from services.dispatch.domain.fleet import RateCard
from services.dispatch.domain.planning import Problem
from services.dispatch.tests.domain.samples import VAN, at, plan_shift

CARD = RateCard("card", "EUR", kilometer_cost_micros=240_000, liter_cost_micros=1_600_000)


def test_fuel_is_part_of_what_a_kilometer_costs() -> None:
    diesel = replace(VAN, consumption_milliliters_per_hundred_kilometers=9_500)
    shift = plan_shift(vehicle=diesel, rate_card=CARD)

    told = problem_to_planner(Problem((), (shift,)))

    assert told.shifts[0].costs.kilometer_cost_micros == 240_000 + 152_000  # 0.095 l at 1.60


def test_a_vehicle_without_fuel_costs_its_kilometers_alone() -> None:
    told = problem_to_planner(Problem((), (plan_shift(vehicle=VAN, rate_card=CARD),)))

    assert told.shifts[0].costs.kilometer_cost_micros == 240_000


def test_hours_that_are_paid_anyway_cost_nothing_more_up_to_their_end() -> None:
    card = replace(CARD, hour_cost_micros=24_000_000)
    paid = plan_shift(rate_card=card, paid_duration=timedelta(minutes=66))
    counted = plan_shift(rate_card=card)

    told = problem_to_planner(Problem((), (paid, counted)))

    anyway, by_the_hour = (shift.costs for shift in told.shifts)
    assert (anyway.hour_cost_micros, anyway.overtime_hour_cost_micros) == (0, 24_000_000)
    assert anyway.overtime_after_duration.ToTimedelta() == timedelta(minutes=66)
    assert (by_the_hour.hour_cost_micros, by_the_hour.overtime_hour_cost_micros) == (24_000_000, 0)
    assert not by_the_hour.HasField("overtime_after_duration")


def test_a_route_costs_what_the_rate_card_says_whoever_is_paid_anyway() -> None:
    card = replace(CARD, hour_cost_micros=24_000_000)
    shift = plan_shift(rate_card=card, paid_duration=timedelta(hours=1))
    half_an_hour_beyond = plan_pb2.Route(shift_id="shift", cost_micros=12_000_000)
    half_an_hour_beyond.start_time.FromDatetime(at(0))
    half_an_hour_beyond.end_time.FromDatetime(at(90))
    half_an_hour_beyond.legs.add(polyline="??").start_time.FromDatetime(at(0))

    answer = plan_pb2.Plan(routes=[half_an_hour_beyond])

    (route,) = proposal_from_planner(answer, Problem((), (shift,))).routes
    assert route.cost_micros == 36_000_000
