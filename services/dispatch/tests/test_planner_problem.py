"""What the planner is told of a shift's costs. Pure."""

from __future__ import annotations

from dataclasses import replace

from services.dispatch.adapters.planner_problem import problem_to_planner
from services.dispatch.domain.fleet import RateCard
from services.dispatch.domain.planning import Problem
from services.dispatch.tests.domain.samples import VAN, plan_shift

CARD = RateCard("card", "EUR", kilometer_cost_micros=240_000, liter_cost_micros=1_600_000)


def test_fuel_is_part_of_what_a_kilometer_costs() -> None:
    diesel = replace(VAN, consumption_milliliters_per_hundred_kilometers=9_500)
    shift = plan_shift(vehicle=diesel, rate_card=CARD)

    told = problem_to_planner(Problem((), (shift,)))

    assert told.shifts[0].costs.kilometer_cost_micros == 240_000 + 152_000  # 0.095 l at 1.60


def test_a_vehicle_without_fuel_costs_its_kilometers_alone() -> None:
    told = problem_to_planner(Problem((), (plan_shift(vehicle=VAN, rate_card=CARD),)))

    assert told.shifts[0].costs.kilometer_cost_micros == 240_000
