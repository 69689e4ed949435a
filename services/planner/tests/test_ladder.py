"""
The ladder: what a solve answers first when routes are given, and that each rung is no worse.

Method: a planned city and a few tasks more; all that is told is looked at in order.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.search.kernel import Sequences
from services.planner.solver import ladder, master
from services.planner.solver.assembly import Assembly
from services.planner.solver.kernels import Kernels
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests.problems import city, on_plane

SETTINGS = SearchSettings(solution_limit=400, seconds=20.0)


@pytest.fixture(scope="module")
def town() -> tuple[Instance, Sequences]:
    """A city with a plan for all tasks but the last five."""
    instance = on_plane(city(4, 45, 6))
    outcome = Solve(instance, SETTINGS, lambda _: None).run()
    sequences = {route.shift: route.sequence for route in outcome.plan.routes}
    kept = (tuple(node for node in sequences.get(shift, ()) if node[0] < 40) for shift in range(6))
    return instance, Assembly(instance).held(kept)


def told(instance: Instance, given: Sequences, settings: SearchSettings) -> list[Outcome]:
    heard: list[Outcome] = []
    Solve(instance, settings, heard.append).run(given)
    return heard


def test_given_routes_are_told_as_they_are_then_with_what_is_new(
    town: tuple[Instance, Sequences],
) -> None:
    instance, given = town
    first, second, *_ = told(instance, given, SETTINGS)

    assert [route.sequence for route in first.plan.routes] == [own for own in given if own]
    assert len(first.plan.unassigned) == 5
    assert second.plan.unassigned == ()
    assert first.broken == second.broken == ()


def test_every_rung_is_no_worse_than_the_one_below(town: tuple[Instance, Sequences]) -> None:
    instance, given = town
    costs = [one.plan.cost_micros for one in told(instance, given, SETTINGS)]

    assert costs == sorted(costs, reverse=True)


def test_in_haste_the_kernel_alone_searches_around_what_changed(
    town: tuple[Instance, Sequences],
) -> None:
    instance, given = town
    heard = told(instance, given, SearchSettings(seconds=0.5, pace=Pace.CPU))

    assert [one.engine for one in heard[-1].phases] == ["full", master.ENGINE]
    assert heard[-1].broken == ()


def test_in_haste_only_given_inserted_and_last_plan_are_told(
    town: tuple[Instance, Sequences],
) -> None:
    instance, given = town
    heard = told(instance, given, SearchSettings(seconds=0.5, pace=Pace.CPU))

    assert [one.is_final for one in heard] == [False, False, True]


def test_a_large_plan_is_searched_around_what_changed_only(
    town: tuple[Instance, Sequences], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "NEAR_TASKS", 20)
    instance, given = town
    heard = told(instance, given, SearchSettings(seconds=0.5, pace=Pace.CPU))
    again = Solve(instance, SearchSettings(), lambda _: None).replay(heard[-1].phases, given)

    assert heard[-1].phases[0].engine == ladder.ENGINE
    assert heard[-1].broken == ()
    assert again.plan.routes == heard[-1].plan.routes


def test_routes_with_nothing_new_are_not_searched_around(town: tuple[Instance, Sequences]) -> None:
    instance, _ = town
    outcome = Solve(instance, SETTINGS, lambda _: None).run()
    sequences = {route.shift: route.sequence for route in outcome.plan.routes}
    again = told(instance, tuple(sequences.get(shift, ()) for shift in range(6)), SETTINGS)

    assert ladder.ENGINE not in [one.engine for one in again[-1].phases]
    assert again[-1].plan.cost_micros <= outcome.plan.cost_micros


def test_only_changed_routes_count_as_changed(town: tuple[Instance, Sequences]) -> None:
    instance, given = town
    changed = ladder.inserted(Assembly(instance), given)
    differing = {rank for rank in range(6) if changed.sequences[rank] != given[rank]}

    assert changed.shifts == differing
    assert 1 <= len(differing) <= 5


def test_without_kernels_what_is_new_is_inserted_all_the_same(
    town: tuple[Instance, Sequences], monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, given = town
    monkeypatch.setattr(Kernels, "are_ready", False)
    last = told(instance, given, SearchSettings(seconds=0.5, pace=Pace.CPU))[-1]

    assert not last.broken
    assert not last.plan.unassigned
