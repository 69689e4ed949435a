"""
What an insertion does to its route, and how a plan differs from the known one.

Method: routes on a plane, timed exactly, before and after a change that a reader can follow.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.difference import (
    NOT_SERVED,
    ChangeKind,
    Spot,
    delta_costs,
    difference,
    kind_of,
)
from services.planner.domain.emissions import EmissionFactors
from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import CostKind, Plan, Route
from services.planner.domain.problem import Churn, FixedRoute, FixedVisit, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.task import Window
from services.planner.rules.verify import route_violations
from services.planner.search.evaluate import evaluate, views_of
from services.planner.search.given import given_solution, kept_plan
from services.planner.tests.problems import MINUTE, at, on_plane, shift, task
from services.planner.usecases.consequences import delays, promise_risks, soft_caused

TOLERANCE = 10 * MINUTE
HERE = Spot("s0", 2, at(9))


def route_of(instance: Instance, *nodes: Node) -> Route:
    return evaluate(views_of(instance)[0], nodes).route


@pytest.mark.parametrize(
    ("base", "now", "kind"),
    [
        (HERE, HERE, None),
        (HERE, replace(HERE, rank=5), None),
        (HERE, replace(HERE, second=at(9) + TOLERANCE), None),
        (HERE, replace(HERE, second=at(9) + TOLERANCE + 1), ChangeKind.RETIMED),
        (HERE, replace(HERE, second=at(9) - TOLERANCE - 1), ChangeKind.RETIMED),
        (HERE, replace(HERE, shift_id="s1"), ChangeKind.MOVED),
        (HERE, Spot(), ChangeKind.DROPPED),
        (Spot(), HERE, ChangeKind.ADDED),
        (Spot(), Spot(), None),
        (replace(HERE, second=None), HERE, None),
    ],
)
def test_what_happens_to_a_task_follows_from_where_and_when_it_is_served(
    base: Spot, now: Spot, kind: ChangeKind | None
) -> None:
    assert kind_of(base, now, TOLERANCE) is kind


def test_terms_that_stay_and_charges_of_zones_are_no_difference() -> None:
    before = ((CostKind.TIME, 5), (CostKind.DISTANCE, 7), (CostKind.ACCESS, 1))
    after = ((CostKind.TIME, 5), (CostKind.STOPS, 2), (CostKind.ACCESS, 9))

    assert delta_costs(before, after) == ((CostKind.DISTANCE, -7), (CostKind.STOPS, 2))


def known_day() -> Instance:
    """Two tasks that were told to one shift, one of them at an hour at which it cannot be."""
    own = shift("s0")
    factors = EmissionFactors("uk-2025.1", 240_000)
    own = replace(own, vehicle=replace(own.vehicle, emissions=factors))
    soft = Window(at(8), at(12), soft_last_second=at(8.5), late_cost_micros_per_hour=1_000_000)
    tasks = (task("a", 4_800, 0, windows=(soft,)), task("b", 800, 0), task("new", 1_600, 0))
    visits = (FixedVisit("gone"), FixedVisit("b", service_start_second=at(8.1)), FixedVisit("a"))
    churn = Churn((FixedRoute("s0", visits),), tolerance_seconds=TOLERANCE)
    return on_plane(Problem(tasks, (own,), churn=churn))


def test_a_plan_is_compared_with_the_known_one_as_it_is_timed_now() -> None:
    instance = known_day()
    kept = given_solution(instance, [((1, 0), (0, 0))]).plan()
    plan = given_solution(instance, [((2, 0), (0, 0))]).plan()
    found = difference(instance, kept, plan)
    told = {change.task_id: change for change in found.changes}

    assert {name: change.kind for name, change in told.items()} == {
        "b": ChangeKind.DROPPED,
        "new": ChangeKind.ADDED,
    }
    assert told["b"].base == Spot("s0", 0, at(8.1))
    assert told["b"].now == Spot("", NOT_SERVED, None)
    assert found.base_cost_micros + found.delta_cost_micros == plan.cost_micros
    assert found.delta_meters == 0
    assert found.delta_milligrams == 0
    assert found.lost_task_ids == ()


def test_time_after_preferred_ends_is_added_up() -> None:
    instance = known_day()
    on_time = given_solution(instance, [((0, 0), (1, 0))]).plan()
    late = given_solution(instance, [((1, 0), (0, 0))]).plan()
    moved = replace(late.routes[0].visits[1], start_second=at(8.75))
    route = replace(late.routes[0], visits=(late.routes[0].visits[0], moved))

    assert difference(instance, on_time, Plan((route,))).delta_late_seconds == 15 * MINUTE


def test_what_no_longer_holds_is_left_out_of_the_known_plan_and_named() -> None:
    instance = known_day()
    closed = replace(instance.problem.shifts[0], end_second=at(8.2))
    shorter = on_plane(replace(instance.problem, shifts=(closed,)))
    kept = kept_plan(shorter, [((1, 0), (0, 0))], route_violations)

    assert [visit.task for visit in kept.routes[0].visits] == [1]
    assert difference(shorter, kept, kept).lost_task_ids == ("a",)


def test_who_is_served_later_and_by_how_much_is_told() -> None:
    instance = on_plane(Problem((task("a", 800, 0), task("new", 800, 0)), (shift("s0"),)))
    base, route = route_of(instance, (0, 0)), route_of(instance, (1, 0), (0, 0))
    shifted = replace(route, start_second=base.start_second)

    assert dict(delays(base, route)) == {
        0: route.visits[1].start_second - base.visits[0].start_second
    }
    assert dict(delays(None, shifted)) == {}


def test_a_soft_rule_counts_when_it_is_broken_anew_or_by_more() -> None:
    instance = known_day()
    base = route_of(instance, (0, 0))
    first, last = at(8.6), at(8.7)
    slightly = replace(base, visits=(replace(base.visits[0], start_second=first),))
    more = replace(base, visits=(replace(base.visits[0], start_second=last),))

    assert [one.reason for one in soft_caused(instance, slightly, more)] == [Reason.WINDOW]
    assert list(soft_caused(instance, more, slightly)) == []
    assert [one.task_id for one in soft_caused(instance, None, more)] == ["a"]


@pytest.mark.parametrize(
    ("minutes_left", "minutes_before", "is_at_risk"),
    [(14, None, True), (14, 20, True), (14, 14, False), (14, 10, False), (15, None, False)],
)
def test_a_promise_is_at_risk_when_it_comes_near_to_its_end_and_nearer_than_before(
    minutes_left: int, minutes_before: int | None, is_at_risk: bool
) -> None:
    window = Window(at(9), at(11) - 1)
    instance = on_plane(Problem((task("a", 800, 0, windows=(window,)),), (shift("s0"),)))
    plain = route_of(instance, (0, 0))

    def starting(minutes: int) -> Route:
        start = at(11) - minutes * MINUTE
        return replace(plain, visits=(replace(plain.visits[0], start_second=start),))

    base = None if minutes_before is None else starting(minutes_before)
    found = list(promise_risks(instance, base, starting(minutes_left)))

    assert bool(found) is is_at_risk
    assert all(risk.window_end_second == at(11) for risk in found)
