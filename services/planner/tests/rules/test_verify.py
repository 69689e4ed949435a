"""The verifier as a whole: every rule is in it, and a valid plan passes."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

from services.planner import rules
from services.planner.domain.plan import CostKind
from services.planner.domain.reason import OF_THE_SEARCH, Reason
from services.planner.domain.task import Window
from services.planner.rules import cost, verify
from services.planner.search.answers import time_routes
from services.planner.tests.problems import at, on_plane, shift, task
from services.planner.tests.rules.valid import broken, nothing, valid, with_option

RULES = Path(next(iter(rules.__path__)))
NO_RULES = {"__init__", "timeline", "verify", "walk"}


def test_a_valid_plan_passes() -> None:
    assert broken(nothing) == []


def test_a_violation_names_the_route_and_the_stop() -> None:
    instance, plan = valid()
    tasks = (*instance.problem.tasks, task("alone", 500, 500))
    problem = replace(
        instance.problem, tasks=tasks, shifts=(shift("bike"), *instance.problem.shifts)
    )
    wider = on_plane(problem)
    nodes = [((5, 0),), plan.routes[0].sequence]
    timed = time_routes(wider, nodes, verify.verify)
    late = with_option("call", windows=(Window(at(16), at(17)),))
    changed = replace(wider, problem=late(wider, timed)[0].problem)
    found = verify.verify(changed, timed)

    assert [(one.shift_id, one.task_id, one.reason.value) for one in found] == [
        ("van", "call", "WINDOW")
    ]


def test_every_reason_has_a_cure() -> None:
    assert set(verify.CURES) == set(Reason)


def test_every_rule_has_a_test_of_its_own_and_a_place_in_the_verifier() -> None:
    names = {file.stem for file in RULES.glob("*.py")} - NO_RULES
    tested = {file.stem.removeprefix("test_") for file in Path(__file__).parent.glob("test_*.py")}
    asked = {short(rule.__name__) for rule in (*verify.ROUTE_RULES, *verify.PLAN_RULES)}
    priced = {short(term.__module__) for _, term in cost.VISIT_TERMS}

    assert names <= tested
    assert names == asked | priced


def test_every_reason_and_every_cost_is_broken_alone_somewhere() -> None:
    rows = [row for name in modules() for row in getattr(import_module(name), "TABLE", [])]
    alone = {told[0] for row in rows if len({one[0] for one in row[-1]}) == 1 for told in row[-1]}
    costs = {told[2] for row in rows for told in row[-1] if told[0] == Reason.COST.value}

    assert alone == {reason.value for reason in set(Reason) - OF_THE_SEARCH}
    assert costs == {kind.value for kind in CostKind}


def modules() -> list[str]:
    package = __name__.rpartition(".")[0]
    return [f"{package}.{file.stem}" for file in sorted(Path(__file__).parent.glob("test_*.py"))]


def short(name: str) -> str:
    return name.rpartition(".")[2]
