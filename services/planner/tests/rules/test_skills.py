"""
Skills: what a shift must and must not be able to do, at the start of service.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan
from services.planner.domain.shift import ShiftSkill
from services.planner.domain.task import SkillNeed
from services.planner.tests.rules.valid import Change, told, valid, with_shift, with_task

LIFT, FRIDGE = frozenset({"lift"}), frozenset({"fridge"})


def expiring(second: int) -> Change:
    """The call needs a lift that the shift has until a moment."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        skilled = with_shift(skills=(ShiftSkill("lift", second),))(instance, plan)
        return with_task("call", skills=SkillNeed(all_of=LIFT))(*skilled)

    return change


SERVED = valid()[1].routes[0].visits[2].start_second
TABLE = [
    (with_task("call", skills=SkillNeed(all_of=LIFT)), []),
    (with_task("call", skills=SkillNeed(all_of=LIFT | FRIDGE)), [("SKILL", "call", "fridge", 0)]),
    (with_task("call", skills=SkillNeed(one_of=LIFT | FRIDGE)), []),
    (with_task("call", skills=SkillNeed(one_of=FRIDGE)), [("SKILL", "call", "fridge", 0)]),
    (with_task("call", skills=SkillNeed(none_of=FRIDGE)), []),
    (with_task("call", skills=SkillNeed(none_of=LIFT)), [("SKILL", "call", "lift", 0)]),
    (expiring(SERVED + 1), []),
    (expiring(SERVED), [("SKILL", "call", "lift", 0)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_skills_is_told_as_skills_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
