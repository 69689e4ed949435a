"""
What a vehicle does at tenants' own geofences, from its fixes. Pure.

In it comes by fixes inside that nothing contradicts, out by fixes beyond the margin that no
straying receiver explains (`domain.halt`), so noise at an edge does not flap; in between it stays
what it was. A vehicle that was inside too briefly to have come in, or whose way between two fixes
leads through, has crossed. Staying is measured between the fixes' own times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import shapely

from services.tracking.domain.event import Crew, FencePassed
from services.tracking.domain.fence import Box, Fence, around, box_of, shape_of, touching
from services.tracking.domain.geo import meters
from services.tracking.domain.halt import LEFT_NATS, Sample, leaving
from services.tracking.domain.words import FencePassage

INSIDE_FIXES, INSIDE_FOR = 3, timedelta(seconds=9)  # in a row: two may have strayed in
LEFT_FOR = timedelta(seconds=20)  # beyond the margin
MOVED_SPREADS = 4.0  # a way between two fixes; less is noise of a vehicle that stands
WAY_METERS_MAX = 5_000.0  # between two fixes; nobody knows which way a longer one led
DETOUR, DETOUR_METERS = 1.5, 60.0  # a fix that makes the way so much longer has strayed
INSIDE_MAX = 64  # fences that one vehicle is in at a time; of more the first by id count


@dataclass(frozen=True, slots=True)
class Inside:
    """A vehicle inside a geofence."""

    fence_id: str
    since: datetime
    dwelt: bool = False  # told


@dataclass(frozen=True, slots=True)
class Passing:
    """Which geofences a vehicle is in, and up to when its way was looked at."""

    inside: tuple[Inside, ...] = ()
    until: datetime | None = None

    @property
    def fence_ids(self) -> tuple[str, ...]:
        """Those it is in."""
        return tuple(one.fence_id for one in self.inside)


Told = list[FencePassed]
Boxed = tuple[Box, Fence]


def boxed(fences: Iterable[Fence]) -> list[Boxed]:
    """Fences ready to be asked about many fixes, by id."""
    return [(box_of(one.area), one) for one in sorted(fences, key=lambda one: one.fence_id)]


def at_hand(passing: Passing, samples: Sequence[Sample], fences: Iterable[Boxed]) -> list[Fence]:
    """Those that it is in, or that its way may have touched; measuring all of them takes long."""
    if not samples:
        return []
    way, inside = around([one.point for one in samples]), passing.fence_ids
    return [one for box, one in fences if touching(box, way) or one.fence_id in inside]


def passed(
    passing: Passing, samples: Sequence[Sample], fences: Iterable[Fence], crew: Crew
) -> tuple[Passing, Told]:
    """Where a vehicle is after its last fix, and what it did since the one before."""
    if not samples or (passing.until is not None and samples[-1].at <= passing.until):
        return passing, []
    known = {one.fence_id: one for one in passing.inside}
    inside, told = list[Inside](), Told()
    for fence in sorted(fences, key=lambda one: one.fence_id):
        stay, events = _at(fence, known.get(fence.fence_id), samples, crew)
        inside += [stay] if stay else []
        told += events
    return Passing(tuple(inside[:INSIDE_MAX]), samples[-1].at), told


def _at(
    fence: Fence, stay: Inside | None, samples: Sequence[Sample], crew: Crew
) -> tuple[Inside | None, Told]:
    offs = _offs(fence, samples)
    if stay is None:
        return _outside(fence, offs, samples, crew)
    gone = _gone(fence, stay, offs, samples)
    within = [one.at for one, off in zip(samples, offs, strict=True) if off == 0]
    stay, told = _dwell(fence, stay, gone or max(within, default=stay.since), crew)
    if gone is None:
        return stay, told
    return None, [*told, FencePassed(crew, fence.fence_id, FencePassage.EXIT, gone, stay.since)]


def _outside(
    fence: Fence, offs: Sequence[float], samples: Sequence[Sample], crew: Crew
) -> tuple[Inside | None, Told]:
    outside = [i for i, off in enumerate(offs) if off > 0]
    row = samples[outside[-1] + 1 :] if outside else samples
    if len(row) >= INSIDE_FIXES and row[-1].at - row[0].at >= INSIDE_FOR:
        entered = FencePassed(crew, fence.fence_id, FencePassage.ENTER, row[0].at)
        stay, told = _dwell(fence, Inside(fence.fence_id, row[0].at), row[-1].at, crew)
        return stay, [entered, *told]
    crossed = _crossed(fence, offs, samples)
    if crossed is None:
        return None, []
    return None, [FencePassed(crew, fence.fence_id, FencePassage.CROSSED, crossed)]


def _dwell(fence: Fence, stay: Inside, until: datetime, crew: Crew) -> tuple[Inside, Told]:
    if stay.dwelt or not fence.dwell or until - stay.since < fence.dwell:
        return stay, []
    at = stay.since + fence.dwell
    told = FencePassed(crew, fence.fence_id, FencePassage.DWELL, at, stay.since)
    return replace(stay, dwelt=True), [told]


def _offs(fence: Fence, samples: Sequence[Sample]) -> list[float]:
    """How far outside each fix is, in meters; 0 inside."""
    plane, shape = shape_of(fence.area)
    points = shapely.points([plane.flat(one.point) for one in samples])
    return [float(off) for off in shapely.distance(shape, points)]


def _gone(
    fence: Fence, stay: Inside, offs: Sequence[float], samples: Sequence[Sample]
) -> datetime | None:
    """When it left, once that is beyond doubt: the first fix of the way beyond the margin."""
    if offs[-1] <= fence.margin_meters:
        return None
    first, most, lead = len(samples) - 1, 0.0, 0.0
    for i in range(len(samples) - 1, 0, -1):
        if samples[i].at <= stay.since:
            break
        jump = meters(samples[i - 1].point, samples[i].point)
        lead += leaving(samples[i - 1], samples[i], jump, offs[i], fence.margin_meters)
        if lead > most:
            first, most = i, lead
    long_enough = samples[-1].at - samples[first].at >= LEFT_FOR
    return samples[first].at if most >= LEFT_NATS and long_enough else None


def _crossed(fence: Fence, offs: Sequence[float], samples: Sequence[Sample]) -> datetime | None:
    """When the way to the last fix but one led through: the last tells whether that one strayed."""
    way = [i for i in range(len(samples) - 1) if not _astray(samples, i)]
    if not way or way[-1] != len(samples) - 2 or offs[way[-1]] == 0:
        return None
    outside = [n for n, i in enumerate(way[:-1]) if offs[i] > 0]
    if not outside or not _drove(samples[way[outside[-1]]], samples[way[-1]]):
        return None
    plane, shape = shape_of(fence.area)
    for before, behind in pairwise(way[outside[-1] :]):
        line = shapely.LineString([plane.flat(samples[i].point) for i in (before, behind)])
        touched = shapely.get_coordinates(line.intersection(shape))
        if len(touched):
            first = min(line.project(shapely.Point(at)) for at in touched)
            share = float(first / line.length)
            return samples[before].at + share * (samples[behind].at - samples[before].at)
    return None


def _drove(before: Sample, behind: Sample) -> bool:
    way = meters(before.point, behind.point)
    return MOVED_SPREADS * max(before.spread, behind.spread) < way < WAY_METERS_MAX


def _astray(samples: Sequence[Sample], i: int) -> bool:
    """Whether a fix lies off the way between the two around it."""
    if i == 0:
        return False
    before, here, behind = (samples[n].point for n in (i - 1, i, i + 1))
    through = meters(before, here) + meters(here, behind)
    return through > DETOUR * meters(before, behind) + DETOUR_METERS
