"""
Duty: limits of driving and span are sums and durations; others follow the timed route.

A limit on driving that no break resets is a sum of ways; one on the span, or on work where there is
no break, is the duration of the route: constant time. What breaks reset is read off the timed
route, clock by clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from services.planner.domain.shift import DutyClock, DutyLimit
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER
from services.planner.search.full.space import Model, Record, State, duties_of, held_of, parts_of
from services.planner.search.view import ShiftView

CLOCKS = {DutyClock.DRIVING: 0, DutyClock.WORK: 1, DutyClock.SPAN: 2}
DRIVING, WORK, SPAN = range(3)


@dataclass(slots=True)
class Clocks:
    """The limits of all classes in a row, as the fields of DUTY, and their split parts."""

    duties: list[tuple[int, ...]] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)

    def add(self, limit: DutyLimit) -> None:
        """Lists a limit that follows the timed route."""
        reset = FOREVER if limit.reset_seconds is None else limit.reset_seconds
        parts = limit.split_reset_seconds
        own = (CLOCKS[limit.clock], limit.limit_seconds, limit.used_seconds, reset)
        self.duties.append((*own, len(self.parts), len(parts), limit.split_taken_count))
        self.parts += parts


def compile_duties(line: np.void, view: ShiftView, clocks: Clocks) -> None:
    """Splits the limits of a class into sums, durations and what must be followed."""
    line["drive_limit"] = line["span_limit"] = FOREVER
    line["duties_from"] = len(clocks.duties)
    before = int(line["ready"] - line["began"])
    for limit in view.shift.duty_limits:
        left = limit.limit_seconds - limit.used_seconds
        if is_reset(limit, view) or (limit.clock is DutyClock.WORK and view.breaks):
            clocks.add(limit)
        elif limit.clock is DutyClock.DRIVING:
            line["drive_limit"] = min(left, int(line["drive_limit"]))
        else:
            line["span_limit"] = min(left + before, int(line["span_limit"]))
            line["is_timed"] = 1
    line["duties"] = len(clocks.duties) - int(line["duties_from"])


def is_reset(limit: DutyLimit, view: ShiftView) -> bool:
    """Whether any break of a shift can set a clock to zero, or be a part of that."""
    lengths = [length for _, _, _, length in view.breaks]
    whole = limit.reset_seconds is not None and any(own >= limit.reset_seconds for own in lengths)
    parts = limit.split_reset_seconds
    return whole or bool(parts and lengths and max(lengths) >= min(parts))


@compiled
def keeps_driving(line: Record, seconds: int) -> bool:
    """Whether so much driving is allowed."""
    return seconds <= line.drive_limit


@compiled
def keeps_span(line: Record, lasting: int) -> bool:
    """Whether a route may last so long."""
    return lasting <= line.span_limit


@compiled
def keeps_clocks(
    model: Model, state: State, line: Record, begin: int, over: int, taken: int
) -> bool:
    """Whether a timed route with some breaks held passes none of the limits that are followed."""
    for rank in range(line.duties_from, line.duties_from + line.duties):
        if not keeps_clock(model, state, duties_of(model)[rank], begin, over, taken):
            return False
    return True


@compiled
def keeps_clock(
    model: Model, state: State, duty: Record, begin: int, over: int, taken: int
) -> bool:
    """Whether one clock stays within its limit."""
    held, shown, since, parts = held_of(state), duty.used, begin, duty.taken
    for rank in range(taken + 1):
        start, length = (held[rank, 0], held[rank, 1]) if rank < taken else (over, 0)
        shown += held[rank, 2] if duty.clock == DRIVING else start - since
        shown += length if duty.clock == SPAN else 0
        if shown > duty.limit:
            return False
        since = start + length
        if rank < taken and duty.parts:
            need = parts_of(model)[duty.parts_from + min(parts, duty.parts - 1)]
            parts += length >= need
        if rank < taken and (length >= duty.reset or (duty.parts and parts == duty.parts)):
            shown = parts = 0
    return True
