"""
Plans that broke a rule, kept in files: found again, verified again, searched again.

Method: a search whose last plan claims to cost less than it does, and one that is sound.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from services.planner.adapters import rejected
from services.planner.adapters.rejected import Rejected
from services.planner.adapters.solver_pool import SolverPool, found_by
from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Plan
from services.planner.domain.settings import SearchSettings
from services.planner.search.kernel import Sequences
from services.planner.solver.solve import Solve
from services.planner.tests.problems import city, on_plane

QUICK = SearchSettings(solution_limit=3, seconds=30)


class Miscounted(Solve):
    """A solve whose last plan claims to cost less than it does."""

    def last_plan(self, sequences: Sequences) -> Plan:
        return cheaper(super().last_plan(sequences))


def cheaper(plan: Plan) -> Plan:
    first = replace(plan.routes[0], costs=((CostKind.TIME, 1),))
    return plan.with_routes((first, *plan.routes[1:]))


@pytest.fixture(scope="module")
def instance() -> Instance:
    return on_plane(city(1, 20, 3))


@pytest.fixture(scope="module")
def of_a_search(instance: Instance) -> Rejected:
    outcome = Miscounted(instance, QUICK, lambda _: None).run()
    assert outcome.rejected is not None
    return found_by(outcome.rejected, instance, QUICK, ())


def test_a_kept_plan_is_read_as_it_was_and_breaks_the_same_rule(
    tmp_path: Path, of_a_search: Rejected
) -> None:
    kept = rejected.read(rejected.keep(tmp_path, "plan_1", of_a_search))

    assert kept == of_a_search
    assert {one.reason.value for one in kept.broken} == {"COST"}


def test_its_search_runs_again_and_tells_what_this_version_still_breaks(
    monkeypatch: pytest.MonkeyPatch, of_a_search: Rejected
) -> None:
    assert of_a_search.again() == ()

    monkeypatch.setattr(rejected, "Solve", Miscounted)
    assert of_a_search.again() == of_a_search.broken


@pytest.mark.parametrize(("sound", "code"), [(True, 0), (False, 1)])
def test_the_command_ends_with_one_while_anything_is_broken(
    tmp_path: Path, instance: Instance, sound: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Solve(instance, QUICK, lambda _: None).run().plan
    own = Rejected(instance, plan if sound else cheaper(plan), is_answer=True)
    file = rejected.keep(tmp_path, "plan_1", own)

    assert rejected.main([str(file)]) == code
    assert ("COST s" in capsys.readouterr().out) is not sound


def test_only_the_last_ones_are_kept(tmp_path: Path, instance: Instance) -> None:
    for number in range(rejected.FILES_MAX + 3):
        rejected.keep(tmp_path, f"plan_{number:03}", Rejected(instance, Plan(()), is_answer=False))

    names = sorted(file.stem for file in tmp_path.iterdir())
    assert names == [f"plan_{number:03}" for number in range(3, rejected.FILES_MAX + 3)]


def test_an_answer_that_breaks_a_rule_is_kept_where_the_settings_say(
    tmp_path: Path, instance: Instance
) -> None:
    pool = SolverPool.of(1, 1, "test", tmp_path)
    asyncio.run(pool.keep_rejected(instance, Plan(())))

    (file,) = tmp_path.iterdir()
    assert rejected.read(file).broken
