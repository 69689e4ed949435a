"""Duty clocks for the search: whether a timed route passes a limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.planner.domain.plan import Route
from services.planner.domain.shift import DutyClock, DutyLimit
from services.planner.search.view import ShiftView

Pause = tuple[int, int]  # start, length
# What lies between two pauses, in seconds at the wheel and in all, and the length of the pause.
Stretch = tuple[int, int, int]


def keeps_limits(view: ShiftView, route: Route) -> bool:
    """Whether no clock passes its limit."""
    if not view.shift.duty_limits:
        return True
    stretches = tuple(stretches_of(view, route))
    return all(keeps(limit, stretches) for limit in view.shift.duty_limits)


def stretches_of(view: ShiftView, route: Route) -> Iterator[Stretch]:
    """The route cut at its breaks."""
    driving, since = 0, route.start_second
    here, rules = view.start_place, view.shift.breaks
    ends = [(view.stay(visit.node).place, visit.arrival_second) for visit in route.visits]
    last = ends[-1][0] if ends else here
    ends.append((view.end_of(last), route.end_arrival_second))
    for leg, (there, arrival) in enumerate(ends):
        left = view.seconds(here, there)
        pauses = [
            (b.start_second, rules[b.rule].length_seconds) for b in route.breaks if b.leg == leg
        ]
        for rank, (start, length) in enumerate(pauses):
            after = driven_after(left, arrival, pauses[rank:])
            yield driving + left - after, start - since, length
            driving, since, left = 0, start + length, after
        driving, here = driving + left, there
    yield driving, route.end_second - since, 0


def driven_after(left: int, arrival: int, pauses: list[Pause]) -> int:
    """How much of a leg's driving comes after the first of its remaining pauses."""
    free = arrival - pauses[0][0]
    free -= sum(length for start, length in pauses if start < arrival)
    return max(0, min(left, free))


def keeps(limit: DutyLimit, stretches: tuple[Stretch, ...]) -> bool:
    """Whether one clock stays within its limit."""
    shown, resetting = limit.used_seconds, set(resets(limit, [one[2] for one in stretches[:-1]]))
    for rank, (driving, lasting, pause) in enumerate(stretches):
        shown += driving if limit.clock is DutyClock.DRIVING else lasting
        shown += pause if limit.clock is DutyClock.SPAN else 0
        if shown > limit.limit_seconds:
            return False
        if rank in resetting:
            shown = 0
    return True


def resets(limit: DutyLimit, lengths: Sequence[int]) -> list[int]:
    """Which of the breaks held, by their lengths in order, set a clock to zero."""
    found, taken, parts = [], limit.split_taken_count, limit.split_reset_seconds
    for rank, length in enumerate(lengths):
        if parts and length >= parts[min(taken, len(parts) - 1)]:
            taken += 1
        whole = limit.reset_seconds is not None and length >= limit.reset_seconds
        if whole or (parts and taken == len(parts)):
            found.append(rank)
            taken = 0
    return found
