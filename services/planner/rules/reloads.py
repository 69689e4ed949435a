"""
Reloads: a route comes back for more only where, when and as often as its shift may.

Hard. Loading starts inside a window of the place; the place itself is held by the travel rule, its
duration by the service rule. A reload is no stop. Reason RELOAD; cure: widen the reload's window,
or raise the limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Reload
from services.planner.rules.walk import Walk

REASON = Reason.RELOAD
CURE = "widen the reload's window, or raise the limit"


def violations(walk: Walk) -> Iterator[Violation]:
    """Reloads outside every window of their place, and those beyond the limit."""
    for visit in walk.reloads:
        excess = missed(walk.shift.reloads[visit.option], visit.start_second)
        if excess:
            yield walk.broken(REASON, visit, excess_seconds=excess)
    beyond = len(walk.reloads) - walk.shift.reload_limit
    if beyond > 0:
        yield walk.broken(REASON, subject="limit", excess_amount=beyond)


def missed(reload: Reload, second: int) -> int:
    """By how much a moment misses every window of a reload."""
    misses = [max(w.first_second - second, second - w.last_second, 0) for w in reload.windows]
    return min(misses, default=0)
