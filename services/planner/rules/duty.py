"""
Duty: no clock of the driver passes its limit.

Hard. Limits come as data, each with what is used already; dispatch derives them from the law and
the duty log. Exactly at the limit is legal. A break of the stated length sets a clock to zero, as
do split parts in their order. Reason DUTY; cure: send a driver with more time left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import DutyClock, DutyLimit
from services.planner.rules.timeline import Activity, Span, timeline
from services.planner.rules.walk import Walk

REASON = Reason.DUTY
CURE = "send a driver with more time left"
COUNTED = {
    DutyClock.DRIVING: {Activity.DRIVING},
    DutyClock.WORK: {Activity.DRIVING, Activity.WORK},
    DutyClock.SPAN: {Activity.DRIVING, Activity.WORK, Activity.BREAK},
}


def violations(walk: Walk) -> Iterator[Violation]:
    """One per limit that is passed, with the greatest excess."""
    limits = walk.shift.duty_limits
    spans = tuple(timeline(walk)) if limits else ()
    for limit in limits:
        excess = max(readings(limit, spans), default=0) - limit.limit_seconds
        if excess > 0:
            yield walk.broken(REASON, excess_seconds=excess, subject=limit.limit_id)


def readings(limit: DutyLimit, spans: Iterable[Span]) -> Iterator[int]:
    """What the clock shows after each span that it counts."""
    shown, taken = limit.used_seconds, limit.split_taken_count
    parts = limit.split_reset_seconds
    for span in spans:
        if span.activity in COUNTED[limit.clock]:
            shown += span.seconds
            yield shown
        if span.activity is Activity.BREAK:
            whole = limit.reset_seconds is not None and span.seconds >= limit.reset_seconds
            taken += bool(parts) and span.seconds >= parts[min(taken, len(parts) - 1)]
            if whole or (parts and taken == len(parts)):
                shown = taken = 0
