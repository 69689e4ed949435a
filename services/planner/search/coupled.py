"""
Sequences whose moments are coupled: rides, duty clocks, overtime beside soft costs.

Every way to put the breaks into legs that windows allow becomes a lattice (see `lattice`), with
arcs for the limits; the cheapest of all is taken. How far a leg is driven before a break in it is
left open within a range, from which driving clocks take their share; two breaks that both reset
one driving clock within legs of their own share the limit at either end of their ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise

from services.planner.domain.plan import Route
from services.planner.domain.shift import DutyClock, DutyLimit
from services.planner.search.course import Course, Held, route_of
from services.planner.search.curve import Curve, cut
from services.planner.search.duty import resets
from services.planner.search.lattice import Arc, Lattice, least
from services.planner.search.sweep import Price, end_curve, last_over, stay_curve

PLACEMENTS_MAX = 300  # ways to put breaks into legs that are looked at
Range = tuple[int, int]  # driven before a break since the start, at least and at most


@dataclass(frozen=True, slots=True)
class Placement:
    """The legs of the breaks held, in order, and how much is driven before each."""

    legs: tuple[int, ...]
    driven: tuple[Range, ...] = ()


def coupled(course: Course, latest: Sequence[int], price: Price) -> Route | None:
    """The cheapest route that keeps windows, breaks, rides and clocks; None where none does."""
    ways = [
        Placement(legs, driven)
        for legs in islice(placements(course, latest), PLACEMENTS_MAX)
        for driven in driven_ranges(course, legs)
    ]
    lattices = [lattice_of(course, latest, price, way) for way in ways]
    found = least(lattices)
    if found is None:
        return None
    lattice, moments = found
    way = next(own for own, made in zip(ways, lattices, strict=True) if made is lattice)
    return route_of(course, moments[0], begun_of(course, moments), held_of(course, way, moments))


def begun_of(course: Course, moments: Sequence[int]) -> list[int]:
    """The service starts, and the end of the last leg."""
    return [*moments[1 : len(course.stays) + 1], moments[-1]]


def held_of(course: Course, way: Placement, moments: Sequence[int]) -> list[Held]:
    """The breaks at their moments."""
    first, before = len(course.stays) + 1, list(driven_before(course))
    return [
        Held(course.breaks[rank][0], moments[first + rank], course.breaks[rank][3], leg,
             way.driven[rank][1] - before[leg])
        for rank, leg in enumerate(way.legs)
    ]  # fmt: skip


def placements(course: Course, latest: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every way to put breaks into legs, as far as each leg by itself allows it."""
    leaves, ends = earliest_departures(course), latest_ends(course, latest)

    def further(legs: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if leaves[-1] + course.travels[-1] <= last_over(course, len(legs)):
            yield legs
        if len(legs) == len(course.breaks):
            return
        _, first, last, length = course.breaks[len(legs)]
        for leg in range(legs[-1] if legs else 0, len(ends)):
            if leaves[leg] <= last and first + length <= ends[leg]:
                yield from further((*legs, leg))

    return further(())


def earliest_departures(course: Course) -> list[int]:
    """When each leg can be left at the earliest, breaks left out."""
    found = [course.leave_second]
    for leg, stay in enumerate(course.stays):
        ready = found[-1] + course.travels[leg] + course.setups[leg]
        start = next((max(ready, first) for first, last in stay.windows if ready <= last), ready)
        found.append(start + stay.service_seconds)
    return found


def latest_ends(course: Course, latest: Sequence[int]) -> list[int]:
    """When each leg must be over."""
    own = [start - setup for start, setup in zip(latest, course.setups, strict=True)]
    return [*own, course.over_second]


def driven_before(course: Course) -> Iterator[int]:
    """How much is driven before each leg, and in all."""
    return accumulate(course.travels, initial=0)


def lattice_of(course: Course, latest: Sequence[int], price: Price, way: Placement) -> Lattice:
    """The events of a placement: the start, services, breaks, and the end of the last leg."""
    count, after = len(way.legs), price.overtime_after - course.unloading_seconds
    start, view = course.leave_second - course.loading_seconds, course.view
    ready: Curve = [(start, course.over_second, 0, -price.slope)]
    stays = (stay_curve(s, at, price.weight) for s, at in zip(course.stays, latest, strict=True))
    breaks: list[Curve] = [[(first, last, 0, 0)] for _, first, last, _ in course.breaks[:count]]
    end = cut(end_curve(course, price), course.leave_second, last_over(course, count))
    arcs = [arc for leg in range(len(course.travels)) for arc in leg_arcs(course, way, leg)]
    arcs += [*ride_arcs(course), *clock_arcs(course, way)]
    return Lattice(
        tuple(arcs),
        ([(start, start, 0, 0)] if view.shift.is_under_way else ready, *stays, *breaks, end),
        price.overtime_slope if price.has_overtime else 0,
        after,
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a leg: an event, what follows it at once, and how much was driven before it."""

    event: int
    lasting: int
    driven: Range


def leg_arcs(course: Course, way: Placement, leg: int) -> Iterator[Arc]:
    """What lies between a departure, the breaks of its leg, and the next event."""
    stays, before = course.stays, list(driven_before(course))
    lasting = stays[leg - 1].service_seconds if leg else course.loading_seconds
    marks = [Mark(leg, lasting, (before[leg], before[leg]))]
    for rank, own in enumerate(way.legs):
        if own == leg:
            marks.append(Mark(len(stays) + 1 + rank, course.breaks[rank][3], way.driven[rank]))
    is_last = leg == len(stays)
    event = len(stays) + 1 + len(way.legs) if is_last else leg + 1
    marks.append(Mark(event, 0, (before[leg + 1], before[leg + 1])))
    for rank, one in enumerate(marks):
        resting = one.lasting
        for other in marks[rank + 1 :]:
            seconds = resting + max(0, other.driven[0] - one.driven[1])
            if other is marks[-1] and not is_last:
                seconds += course.setups[leg]
            yield one.event, other.event, seconds
            resting += other.lasting


def ride_arcs(course: Course) -> Iterator[Arc]:
    """Deliveries that start at most so long after their pickup ended."""
    problem = course.view.instance.problem
    ranks = {node[0]: rank for rank, node in enumerate(course.nodes)}
    for rank, (task_rank, _) in enumerate(course.nodes):
        task = problem.tasks[task_rank] if task_rank >= 0 else None
        if task is None or task.ride_limit_seconds is None or not task.pickup_task_id:
            continue
        pickup = ranks.get(problem.rank_of_task[task.pickup_task_id])
        if pickup is not None:
            most = task.ride_limit_seconds + course.stays[pickup].service_seconds
            yield rank + 1, pickup + 1, -most


def clock_arcs(course: Course, way: Placement) -> Iterator[Arc]:
    """Ends of stretches that come at most so long after their beginnings."""
    for limit in course.view.shift.duty_limits:
        if limit.clock is not DutyClock.DRIVING:
            yield from stretch_arcs(course, way, limit)


def stretch_arcs(course: Course, way: Placement, limit: DutyLimit) -> Iterator[Arc]:
    """The stretches of a clock that counts all time, or all but breaks."""
    lengths = [course.breaks[rank][3] for rank in range(len(way.legs))]
    spans, first = limit.clock is DutyClock.SPAN, len(course.stays) + 1
    resetting = set(resets(limit, lengths))
    since, lasting, most = 0, 0, limit.limit_seconds - limit.used_seconds
    for rank, length in enumerate(lengths):
        if rank not in resetting:
            most += 0 if spans else length
            continue
        yield first + rank, since, (length if spans else 0) - lasting - most
        since, lasting, most = first + rank, length, limit.limit_seconds
    yield first + len(lengths), since, course.unloading_seconds - lasting - most


def driven_ranges(course: Course, legs: tuple[int, ...]) -> Iterator[tuple[Range, ...]]:
    """How much may be driven before each break so that no driving clock passes its limit."""
    before = list(driven_before(course))
    found = [[(before[leg], before[leg + 1]) for leg in legs]]
    for limit in course.view.shift.duty_limits:
        if limit.clock is DutyClock.DRIVING:
            lengths = [course.breaks[rank][3] for rank in range(len(legs))]
            own = resets(limit, lengths)
            found = [more for ranges in found for more in limited(ranges, own, limit, before[-1])]
    return (tuple(ranges) for ranges in found)


def limited(
    ranges: list[Range], resetting: Sequence[int], limit: DutyLimit, total: int
) -> Iterator[list[Range]]:
    """Ranges within which any choice keeps a driving clock."""
    most, left = limit.limit_seconds, limit.limit_seconds - limit.used_seconds
    if not resetting:
        if total <= left:
            yield ranges
        return
    low, high = [one for one, _ in ranges], [other for _, other in ranges]
    reach, need = left, total - most
    for rank in resetting:
        high[rank] = min(high[rank], reach)
        reach = high[rank] + most
    for rank in reversed(resetting):
        low[rank] = max(low[rank], need)
        need = low[rank] - most
    if need <= left - most and all(low[rank] <= high[rank] for rank in resetting):
        yield from split(low, high, resetting, most)


def split(
    low: list[int], high: list[int], resetting: Sequence[int], most: int
) -> Iterator[list[Range]]:
    """Shares the limit between two resets whose ranges together would pass it."""
    for one, other in pairwise(resetting):
        if high[other] - low[one] > most:
            later, sooner = list(low), list(high)
            later[one], sooner[other] = high[other] - most, low[one] + most
            if later[one] <= high[one]:
                yield from split(later, high, resetting, most)
            if low[other] <= sooner[other]:
                yield from split(low, sooner, resetting, most)
            return
    yield list(zip(low, high, strict=True))
