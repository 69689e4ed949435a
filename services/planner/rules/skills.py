"""
Skills: a task asks for abilities that its shift must, may or must not have.

Hard. A skill counts while it is held: certificates expire, and what counts is the moment when
service starts. A spare skill costs nothing. Reason SKILL; cure: give the shift the skill, or
another shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Shift
from services.planner.domain.task import SkillNeed
from services.planner.rules.walk import Walk

REASON = Reason.SKILL
CURE = "give the shift the skill, or another shift"
NONE = SkillNeed()


def violations(walk: Walk) -> Iterator[Violation]:
    """One per visit and skill that is missing or refused."""
    for visit, task in walk.served:
        if task.skills != NONE:
            for skill in wrong(task.skills, walk.shift, visit.start_second):
                yield walk.broken(REASON, visit, subject=skill)


def wrong(need: SkillNeed, shift: Shift, second: int) -> Iterator[str]:
    """The skills that a shift lacks, or holds and must not, at a moment."""
    yield from sorted(skill for skill in need.all_of if not shift.holds(skill, second))
    if need.one_of and not any(shift.holds(skill, second) for skill in need.one_of):
        yield "|".join(sorted(need.one_of))
    yield from sorted(skill for skill in need.none_of if shift.holds(skill, second))
