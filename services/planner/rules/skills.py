"""
Skills: a task asks for abilities that its shift must, may or must not have.

Hard. A skill counts while it is held: certificates expire, and what counts is the moment when
service starts. A spare skill costs nothing. Reason SKILL; cure: give the shift the skill, or
another shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Shift
from services.planner.domain.task import SkillNeed
from services.planner.rules.walk import broken, shift_of, task_of

REASON = Reason.SKILL
CURE = "give the shift the skill, or another shift"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """One per visit and skill that is missing or refused."""
    shift = shift_of(instance, route)
    for visit in route.visits:
        for skill in wrong(task_of(instance, visit).skills, shift, visit.start_second):
            yield broken(REASON, instance, route, visit, subject=skill)


def wrong(need: SkillNeed, shift: Shift, second: int) -> Iterator[str]:
    """The skills that a shift lacks, or holds and must not, at a moment."""
    yield from sorted(skill for skill in need.all_of if not shift.holds(skill, second))
    if need.one_of and not any(shift.holds(skill, second) for skill in need.one_of):
        yield "|".join(sorted(need.one_of))
    yield from sorted(skill for skill in need.none_of if shift.holds(skill, second))
