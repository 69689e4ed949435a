"""Skills: what a class of shifts may serve, and between which moments; no state per stop."""

from __future__ import annotations

from services.planner.domain.shift import Shift
from services.planner.domain.task import SkillNeed
from services.planner.search.full.arrays import FOREVER

Span = tuple[int, int]
NEVER_HELD = (1, 0)
ALWAYS = (-FOREVER, FOREVER)


def skill_span(shift: Shift, need: SkillNeed) -> Span:
    """Between which starts of service a need is met; the first is after the last where never."""
    last = min((expiry(shift, skill) for skill in need.all_of), default=FOREVER)
    if need.one_of:
        last = min(last, max(expiry(shift, skill) for skill in need.one_of))
    first = max((expiry(shift, skill) + 1 for skill in need.none_of), default=-FOREVER)
    refused = any(expiry(shift, skill) >= shift.end_second for skill in need.none_of)
    return NEVER_HELD if refused or last <= 0 else (first, last)


def expiry(shift: Shift, skill: str) -> int:
    """The last second at which a shift holds a skill; 0: it does not."""
    ends = [
        FOREVER if own.expire_second is None else own.expire_second - 1
        for own in shift.skills
        if own.skill == skill
    ]
    last = max(ends, default=0)
    return last if last >= shift.ready_second else 0
