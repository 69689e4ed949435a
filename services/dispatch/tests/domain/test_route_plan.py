"""
Route plans: DRAFT -> CHECKED -> PUBLISHED -> ACTIVE -> COMPLETED, and nothing binds while a
violation stands.

Method: the machine as a table of (state, command).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from meshkit.errors import Conflict, MeshError, NotReady
from services.dispatch.domain.route import RouteState
from services.dispatch.domain.route_plan import (
    Clearance,
    PlanViolation,
    PlanViolationKind,
    RoutePlan,
    RoutePlanState,
    after_routes,
    checked,
    published,
    require_publishable,
    require_revision,
    violated,
)
from services.dispatch.tests.domain.samples import DAY, at, reason, route

NOW = at(30)
ZONE = PlanViolation(
    PlanViolationKind.ACCESS_DENIED, "zone.1", "r", decision_id="dec_1", detail="diesel"
)
CLEAR = Clearance((), {"r1": ("dec_1", "dec_2"), "r2": ("dec_3",)}, {"r1": 5_000, "r2": 700})
BLOCKED = Clearance((ZONE,), {"r": ("dec_1",)}, {})


def plan(state: RoutePlanState = RoutePlanState.DRAFT, **fields: Any) -> RoutePlan:
    return RoutePlan("plan", DAY, ("r",), at(0), state=state, **fields)


def follow(*states: str) -> Callable[[RoutePlan], RoutePlan | None]:
    routes = [route("", route_id=f"r{n}", state=RouteState(s)) for n, s in enumerate(states)]
    return lambda found: after_routes(found, routes)


COMMANDS: dict[str, Callable[[RoutePlan], RoutePlan | None]] = {
    "pass": lambda found: checked(found, CLEAR, NOW),
    "fail": lambda found: checked(found, BLOCKED, NOW),
    "publish": lambda found: published(found, CLEAR, NOW),
    "publish against": lambda found: published(found, BLOCKED, NOW),
    "a route starts": follow("ACTIVE", "PUBLISHED"),
    "all routes end": follow("COMPLETED", "WITHDRAWN"),
}
# What each state answers, in the order of COMMANDS: a state, a refusal, or nothing.
ANSWERS = {
    "DRAFT": "CHECKED DRAFT PLAN_NOT_CHECKED PLAN_NOT_CHECKED - -",
    "CHECKED": "CHECKED DRAFT PUBLISHED PLAN_VIOLATED - -",
    "PUBLISHED": "PUBLISHED PUBLISHED PLAN_NOT_CHECKED PLAN_NOT_CHECKED ACTIVE COMPLETED",
    "ACTIVE": "ACTIVE ACTIVE PLAN_NOT_CHECKED PLAN_NOT_CHECKED - COMPLETED",
    "COMPLETED": "COMPLETED COMPLETED PLAN_NOT_CHECKED PLAN_NOT_CHECKED - -",
    "SUPERSEDED": "SUPERSEDED SUPERSEDED PLAN_NOT_CHECKED PLAN_NOT_CHECKED - -",
}


def answer(found: RoutePlan, command: str) -> str:
    try:
        after = COMMANDS[command](found)
    except MeshError as refusal:
        return refusal.reason
    if after is None:
        return "-"
    assert after.revision == found.revision + 1
    return after.state.value


@pytest.mark.parametrize("state", RoutePlanState)
def test_each_state_answers_each_command_as_written(state: RoutePlanState) -> None:
    answers = {command: answer(plan(state), command) for command in COMMANDS}

    assert answers == dict(zip(COMMANDS, ANSWERS[state.value].split(), strict=True))


@pytest.mark.parametrize("state", RoutePlanState)
def test_what_is_violated_is_published_in_no_state(state: RoutePlanState) -> None:
    with pytest.raises(NotReady) as caught:
        published(plan(state, violations=(ZONE,)), CLEAR, NOW)

    assert reason(caught.value) == "PLAN_VIOLATED"


@pytest.mark.parametrize("state", RoutePlanState)
def test_a_plan_binds_while_it_is_published_or_active(state: RoutePlanState) -> None:
    binds = state in (RoutePlanState.PUBLISHED, RoutePlanState.ACTIVE)

    assert plan(state).is_published is binds


@pytest.mark.parametrize("state", RoutePlanState)
def test_a_check_keeps_what_it_found_whatever_the_state(state: RoutePlanState) -> None:
    passed = checked(plan(state, violations=(ZONE,)), CLEAR, NOW)
    failed = checked(passed, BLOCKED, at(31))

    assert passed.violations == ()
    assert passed.decision_ids == ("dec_1", "dec_2", "dec_3")
    assert passed.access_charge_micros == 5_700
    assert (passed.access_checked, passed.check_time) == (True, NOW)
    assert failed.violations == (ZONE,)
    assert (failed.decision_ids, failed.access_charge_micros) == (("dec_1",), 0)
    assert (failed.revision, failed.check_time) == (3, at(31))


def test_publishing_keeps_the_last_decisions_and_says_when() -> None:
    after = published(plan(RoutePlanState.CHECKED, decision_ids=("dec_0",)), CLEAR, NOW)

    assert after.decision_ids == ("dec_1", "dec_2", "dec_3")
    assert (after.publish_time, after.check_time) == (NOW, NOW)


def test_only_a_checked_plan_without_violations_is_publishable() -> None:
    require_publishable(plan(RoutePlanState.CHECKED))
    with pytest.raises(NotReady) as caught:
        require_publishable(plan(RoutePlanState.DRAFT))

    assert reason(caught.value) == "PLAN_NOT_CHECKED"
    assert caught.value.metadata == {"route_plan_id": "plan", "state": "DRAFT"}


@pytest.mark.parametrize(
    ("etag", "seen"), [("7", True), ("6", False), ("8", False), ("", False), ("07", False)]
)
def test_a_plan_is_published_as_its_caller_saw_it(etag: str, seen: bool) -> None:
    found = plan(revision=7)
    if seen:
        require_revision(found, etag)
        return
    with pytest.raises(Conflict) as caught:
        require_revision(found, etag)
    assert reason(caught.value) == "ETAG_STALE"


@pytest.mark.parametrize(
    ("states", "after"),
    [
        ("", None),
        ("PUBLISHED PUBLISHED", None),
        ("PUBLISHED WITHDRAWN", None),
        ("PUBLISHED ACTIVE", "ACTIVE"),
        ("ACTIVE COMPLETED", "ACTIVE"),
        ("COMPLETED PUBLISHED", None),
        ("COMPLETED COMPLETED", "COMPLETED"),
        ("WITHDRAWN WITHDRAWN", "COMPLETED"),
    ],
)
def test_a_published_plan_moves_with_its_first_start_and_its_last_end(
    states: str, after: str | None
) -> None:
    moved = follow(*states.split())(plan(RoutePlanState.PUBLISHED))

    assert (moved.state if moved else None) == after


def test_a_refusal_names_the_first_violation_and_counts_them_all() -> None:
    late = PlanViolation(PlanViolationKind.VERIFIER, "window", "r", "s1", "t1", excess=60)

    refusal = violated([ZONE, late])

    assert refusal.reason == "PLAN_VIOLATED"
    assert refusal.metadata == {
        "kind": "ACCESS_DENIED",
        "rule_id": "zone.1",
        "route_id": "r",
        "decision_id": "dec_1",
    }
    assert str(refusal) == "2 violations, first ACCESS_DENIED: diesel"
    assert "window" in str(violated([late])), "a rule stands in for words that are missing"
