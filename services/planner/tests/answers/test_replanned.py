"""
What is better, a new plan or the known one: tiers first, then cost, churn counted; and what the
problem asks for besides, few shifts or even routes.

Method: plans that stand for a cost; and days on a plane, replanned by the use-case itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from meshkit.clock import SystemClock
from meshkit.errors import Internal
from services.planner.domain.access import Charge
from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import CostKind, Evenness, Plan, Route, Unassigned, WhyNot
from services.planner.domain.problem import (
    Balance,
    Churn,
    FixedRoute,
    FixedVisit,
    Objective,
    Problem,
)
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Costs
from services.planner.ports import Presence
from services.planner.rules.balance import evenness_of
from services.planner.rules.verify import verify
from services.planner.search.given import given_solution
from services.planner.tests.near import Hall, InPlace, Kept, question, world
from services.planner.tests.problems import at, on_plane, shift, spot, task
from services.planner.usecases.better import is_better, score_of
from services.planner.usecases.last_word import last_word
from services.planner.usecases.reoptimize import (
    NOTHING_BETTER,
    Replanned,
    reoptimize,
    with_reasons,
)
from services.planner.usecases.replay import replay


def day() -> Instance:
    tasks = (task("low", 800, 0), task("high", 1_600, 0, priority=5))
    return on_plane(Problem(tasks, (shift("s0"),)))


def plan(micros: int, *left: Unassigned, charges: tuple[Charge, ...] = ()) -> Plan:
    """A plan of one route that costs so much."""
    costs = ((CostKind.TIME, micros), (CostKind.ACCESS, sum(c.amount_micros for c in charges)))
    route = Route(0, at(8), at(9), at(9), (), costs=costs, charges=charges)
    return Plan((route,), left)


def test_the_cheaper_plan_is_better_and_charges_of_zones_do_not_count() -> None:
    charged = plan(5, charges=(Charge("lez", "r", 100, "EUR", False, 0),))

    assert score_of(day(), plan(5)) == score_of(day(), charged) < score_of(day(), plan(6))


def test_a_task_of_a_higher_tier_is_worth_any_cost() -> None:
    without_high = plan(1, Unassigned(1, 10))
    without_low = plan(1_000, Unassigned(0, 10_000))

    assert score_of(day(), without_low) < score_of(day(), without_high)


def test_what_dropping_a_known_task_costs_counts() -> None:
    churn = Churn(base_routes=(known("s0", "low"),), drop_cost_micros=7)
    told = on_plane(replace(day().problem, churn=churn))
    dropped = plan(5, Unassigned(0, 10))

    assert score_of(told, dropped)[1] == score_of(day(), dropped)[1] + 7


def test_the_known_plan_takes_over_the_reasons_that_were_found() -> None:
    why = WhyNot(Reason.SKILL, ("s0",))
    found = plan(5, Unassigned(0, 10, (why,)))
    kept = with_reasons(plan(4, Unassigned(0, 10), Unassigned(1, 10)), found)

    assert [left.reasons for left in kept.unassigned] == [(why,), (NOTHING_BETTER,)]


PER_KILOMETER = Costs(kilometer_micros=400_000)
HERE = shift("here", costs=PER_KILOMETER)
THERE = shift("there", costs=PER_KILOMETER, start_point=spot(6_000, 0), end_point=spot(6_000, 0))
TWIN = replace(HERE, shift_id="twin")
EACH_ITS_OWN = (((0, 0), (2, 0)), ((1, 0), (3, 0)))
ALL_BY_ONE = (((0, 0), (2, 0), (1, 0), (3, 0)), ())


def known(shift_id: str, *task_ids: str) -> FixedRoute:
    return FixedRoute(shift_id, tuple(map(FixedVisit, task_ids)))


def two_towns(objective: Objective) -> Problem:
    """Two tasks in each of two towns, each with a van, which is known to serve its own."""
    base = (known("here", "t0", "t2"), known("there", "t1", "t3"))
    tasks = tuple(task(f"t{rank}", 6_000 * (rank % 2), 100 * rank) for rank in range(4))
    return Problem(tasks, (HERE, THERE), churn=Churn(base_routes=base), objective=objective)


def one_town(percent: int) -> Problem:
    """Three tasks in one street and one across the town, two vans; the known plan is uneven."""
    tasks = (*(task(f"t{rank}", 500 + 10 * rank, 0) for rank in range(3)), task("t3", -500, 0))
    churn = Churn(base_routes=(known("here", "t0", "t1", "t2"), known("twin", "t3")))
    objective = Objective(balance=Balance.STOPS, balance_cost_percent_max=percent)
    return Problem(tasks, (HERE, TWIN), churn=churn, objective=objective)


UNEVEN = (((0, 0), (1, 0), (2, 0)), ((3, 0),))
EVEN = (((0, 0), (3, 0)), ((1, 0), (2, 0)))  # goes across the town for it: half as far again
EVEN_DEARER = (((0, 0), (1, 0)), ((2, 0), (3, 0)))


def of(instance: Instance, sequences: Sequence[Sequence[Node]]) -> Plan:
    """A plan of sequences, with how even it is where that is asked for."""
    made = given_solution(instance, sequences).plan()
    return replace(made, evenness=evenness_of(instance, made, made.cost_micros))


async def replanned(
    problem: Problem, found: Sequence[Sequence[Node]], hall: Hall | None = None
) -> Plan:
    """The answer where a search finds some sequences."""
    return (await answered(problem, finding(found), Kept(), hall)).answer.plan


def finding(found: Sequence[Sequence[Node]]) -> InPlace:
    """A search that finds some sequences."""
    return InPlace(finds=lambda instance: (of(instance, found),))


async def answered(
    problem: Problem, solver: InPlace, records: Kept, hall: Hall | None = None
) -> Replanned:
    near, asked = world(hall, solver), question(problem)
    return await reoptimize(near, records, SystemClock(), lambda kind: kind, "acme", asked)


async def test_one_shift_that_was_asked_for_replaces_two_that_are_cheaper() -> None:
    as_cheap, few = two_towns(Objective()), two_towns(Objective(fewest_shifts=True))
    two, one = on_plane(as_cheap), on_plane(few)

    assert of(two, EACH_ITS_OWN).cost_micros < of(two, ALL_BY_ONE).cost_micros
    assert len((await replanned(as_cheap, ALL_BY_ONE)).routes) == 2
    assert len((await replanned(few, ALL_BY_ONE)).routes) == 1
    assert is_better(one, of(one, ALL_BY_ONE), of(one, EACH_ITS_OWN))


@pytest.mark.parametrize("found", [ALL_BY_ONE, EACH_ITS_OWN])
async def test_a_replay_keeps_the_known_plan_where_the_answer_did(
    found: Sequence[Sequence[Node]],
) -> None:
    problem, records, solver = two_towns(Objective()), Kept(), finding(found)
    answer = (await answered(problem, solver, records)).answer
    again = await replay(world(None, solver), records, lambda _: question(problem), "acme", "opt")

    assert again.routes_equal
    assert again.answer.plan.routes == answer.plan.routes


async def test_an_even_plan_that_was_asked_for_replaces_a_cheaper_one() -> None:
    plan = await replanned(one_town(100), EVEN)

    assert [len(route.visits) for route in plan.routes] == [2, 2]
    assert plan.evenness is not None


async def test_a_known_plan_that_is_better_says_how_even_it_is() -> None:
    problem = one_town(100)
    plan = await replanned(problem, (UNEVEN[0][::-1], ((3, 0),)))  # as even, and as dear or dearer
    cheapest = of(on_plane(problem), UNEVEN).cost_micros

    assert plan.evenness == Evenness(Balance.STOPS, 1, 3, cheapest)
    assert [one for one in verify(on_plane(problem), plan) if one.hard] == []


def test_an_even_plan_is_better_only_within_what_it_may_cost() -> None:
    loose, tight = on_plane(one_town(100)), on_plane(one_town(10))

    for instance, is_worth in ((loose, True), (tight, False)):
        assert is_better(instance, of(instance, EVEN), of(instance, UNEVEN)) is is_worth
        assert is_better(instance, of(instance, UNEVEN), of(instance, EVEN)) is not is_worth
    assert is_better(loose, of(loose, EVEN), of(loose, EVEN_DEARER))


async def test_a_known_plan_that_compliance_denies_is_not_answered_with() -> None:
    def there(one: Presence) -> bool:
        return one.vehicle.vehicle_id == "v-there"

    problem = two_towns(Objective())
    plan = await replanned(problem, ALL_BY_ONE, Hall(there))

    assert [route.shift for route in plan.routes] == [0]


async def test_the_last_word_refuses_a_plan_that_claims_too_little() -> None:
    instance = on_plane(two_towns(Objective()))
    plan = given_solution(instance, [((0, 0), (2, 0)), ((1, 0), (3, 0))]).plan()
    route = plan.routes[0]
    cheap = replace(route, costs=tuple((kind, micros - 1) for kind, micros in route.costs))

    assert await last_word(InPlace(), instance, plan) == plan
    with pytest.raises(Internal) as caught:
        await last_word(InPlace(), instance, plan.with_routes((cheap, plan.routes[1])))
    assert caught.value.reason == "PLAN_UNVERIFIED"


async def test_the_last_word_refuses_a_plan_that_gives_no_reason() -> None:
    instance = on_plane(two_towns(Objective()))
    with pytest.raises(Internal) as caught:
        await last_word(
            InPlace(), instance, given_solution(instance, [((0, 0), (2, 0)), ()]).plan()
        )

    assert "COVERAGE t1" in str(caught.value)
