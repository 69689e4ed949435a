"""
Where a vehicle stands and since when: two explanations of its last fixes compete. Pure.

Standing says that fixes lie around one place, as far off as a receiver errs, and that now and then
it strays for a while. Driving says that each lies about the fix before, the farther the longer that
is ago. What one explanation is ahead of the other is its lead, in nats (natural logarithms of a
ratio of likelihoods). A halt begins where the lead of standing over all that followed is greatest,
a drive where that of driving is: the maximum likelihood of a change point, as in Page's test
(Biometrika 41, 1954). No timer and no single fix decides, so a buffer says what live fixes would.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Plane, Point

ACCURACY_METERS_MAX = 100  # a worse fix could be on either side of any fence
EVERY = timedelta(seconds=5)  # fixes closer together err alike: they are no more evidence
SPAN = timedelta(minutes=8)  # what is looked back on
SAMPLES_MAX = 96

RADIUS_68 = 1.51  # the circle that holds 68 % of a normal error is 1.51 sigma wide (Rayleigh)
SIGMA_METERS = 15.0  # of a receiver that does not say: a phone between houses
SIGMA_METERS_MIN = 10.0  # receivers are surer of themselves than they should be
WANDER_METERS = 9.0  # what a standing receiver creeps beside its noise within a minute or two
TOWN_METERS_PER_SECOND = 8.0  # a vehicle in a town, while it drives
WAY_METERS_PER_SECOND = 10.0  # the same without halts
STRAY_SIGMAS = 3.0  # farther off than this a fix has strayed
STRAY_BEGINS = -3.0  # nats: one fix in twenty strays
STRAY_LASTS = -0.1  # nats a second: nobody drives off and is back within so few of them
STRAY_SECONDS_MAX = 19.0  # none strays longer; a gap of a minute counts as one fix
STANDING_METERS_PER_SECOND = 1.0  # by Doppler; a parked receiver reads less
MOVING_METERS_PER_SECOND = 2.5
STANDING_NATS, DRIVING_NATS = 0.7, -3.0  # what a measured speed says; traffic halts as well
UNWATCHED = timedelta(seconds=15)  # no way round a block is shorter
RECENT = timedelta(seconds=20)  # fixes that say where the vehicle is now
RECENT_FIXES = 3
ROUNDS = 4  # of fitting place and beginning to each other
LEAD_MIN, SAID_LEAD_MIN = 4.0, 1.0  # nats: 55 to 1, and 3 to 1
SHIFT_NATS = 8.0  # what it takes to take one halt for two: a light, and then a stop beyond it
CREEP_METERS = 9.0  # by which the mean of a halt's fixes creeps from one minute to the next
MOVED_NATS, UNMOVED_NATS = 4.0, -8.0  # what a measured speed between two halts says for them
WAY = timedelta(seconds=100)  # a fix longer before a halt, or after it, says nothing of its edge
DETOUR, DETOUR_METERS = 1.5, 60.0  # a way by a fix that is so much longer was not driven

STRAY_SHARE = 0.05  # one fix in twenty
STRAY_METERS = 150.0  # how far off fixes stray: half of them this far or less
OUTER_NATS = -8.0  # what a fix in the outer circle says for having left it
LEFT_NATS = 15.0  # 3 million to 1: of fixes by the thousand none may send a parked vehicle off
LEFT_FIXES, LEFT_FOR = 3, timedelta(seconds=45)  # receivers stray for less


@dataclass(frozen=True, slots=True)
class Sample:
    """What is kept of a fix."""

    at: datetime
    point: Point
    sigma_meters: float
    meters_per_second: float | None = None

    @property
    def spread(self) -> float:
        """How far off the fix of a standing vehicle lies on one axis, in meters."""
        return math.hypot(self.sigma_meters, WANDER_METERS)


@dataclass(frozen=True, slots=True)
class Halt:
    """A vehicle that stands."""

    place: Point
    since: datetime  # when it came to stand, judged by how fast it came
    first: datetime  # the first fix there
    last: datetime  # the last one
    seen: timedelta  # for how long it was seen standing: no longer than it stood
    lead: float  # of standing over driving, in nats


def extended(samples: tuple[Sample, ...], fix: Fix) -> tuple[Sample, ...]:
    """The samples after a fix, without those that are too vague, too close or too old."""
    if fix.accuracy_meters > ACCURACY_METERS_MAX:
        return samples
    if samples and fix.at - samples[-1].at < EVERY:
        return samples
    speed = fix.speed_centimeters_per_second
    sample = Sample(
        at=fix.at,
        point=fix.point,
        sigma_meters=_sigma(fix.accuracy_meters),
        meters_per_second=None if speed is None else speed / 100,
    )
    kept = tuple(one for one in samples if fix.at - one.at <= SPAN)
    return (*kept, sample)[-SAMPLES_MAX:]


def after(samples: Sequence[Sample], left_at: datetime | None) -> Sequence[Sample]:
    """The samples since a vehicle left a place, and the last one there, as if seen on leaving."""
    if left_at is None:
        return samples
    there = [one for one in samples if one.at < left_at]
    since = [one for one in samples if one.at >= left_at]
    return [replace(there[-1], at=left_at), *since] if there else since


def standing(
    samples: Sequence[Sample], before: Point | None = None, *, said: bool = False
) -> Halt | None:
    """
    The halt of a vehicle at the last sample; None while it drives.

    `before`: where it stood before. Standing there still is one more rival of standing here.
    `said`: somebody says that it stands, so little more is needed.
    """
    if len(samples) < RECENT_FIXES:
        return None
    seen = _Seen(samples, samples[-1].point, before)
    least = SAID_LEAD_MIN if said else LEAD_MIN
    halts = [seen.halt(place, least) for place in seen.places()]
    return max((halt for halt in halts if halt is not None), key=_lead, default=None)


def left(samples: Sequence[Sample], place: Point, outer_meters: float) -> datetime | None:
    """When a vehicle left the circle around the place where it stood; None when it has not."""
    if len(samples) < LEFT_FIXES + 1:
        return None
    seen = _Seen(samples, place, None)
    first, lead = _most([seen.leaves(i, outer_meters) for i in range(1, len(samples))])
    away = samples[first:]
    if lead < LEFT_NATS or len(away) < LEFT_FIXES or away[-1].at - away[0].at < LEFT_FOR:
        return None
    return seen.went((0.0, 0.0), first)


def _lead(halt: Halt) -> float:
    return halt.lead


def leaving(before: Sample, sample: Sample, jump: float, off: float, outer_meters: float) -> float:
    """
    By how much a fix speaks for driving outside of an area, against straying.

    It lies `jump` meters from the one before, and `off` meters from the area or its middle.
    """
    if off <= outer_meters:
        return OUTER_NATS
    return max(0.0, _log_normal(jump, _driven(before, sample)) - _log_stray(off))


def _driven(before: Sample, sample: Sample) -> float:
    """How far from the fix before one of a driving vehicle lies on one axis, in meters."""
    way = TOWN_METERS_PER_SECOND * (sample.at - before.at).total_seconds() / math.sqrt(2)
    return math.hypot(before.sigma_meters, sample.sigma_meters, way)


def _sigma(accuracy_meters: int) -> float:
    return max(SIGMA_METERS_MIN, accuracy_meters / RADIUS_68) if accuracy_meters else SIGMA_METERS


def _most(leads: Sequence[float]) -> tuple[int, float]:
    """The sample from which on an explanation leads most, and by how much."""
    lead, first, most = 0.0, len(leads) + 1, 0.0
    for i in range(len(leads), 0, -1):
        lead += leads[i - 1]
        if lead > most:
            first, most = i, lead
    return first, most


def _log_normal(off: float, sigma: float) -> float:
    """The logarithm of the density, a square meter, of a fix so many meters off."""
    return -math.log(math.tau * sigma * sigma) - off * off / (2 * sigma * sigma)


def _log_stray(off: float) -> float:
    """The same for a fix that strays: a bivariate t with two degrees of freedom."""
    spread = STRAY_METERS * STRAY_METERS
    return math.log(STRAY_SHARE * spread / math.pi) - 2 * math.log(spread + off * off)


class _Seen:
    """Samples on a plane, meters east and north of a point."""

    def __init__(self, samples: Sequence[Sample], origin: Point, before: Point | None) -> None:
        self.samples = samples
        self.plane = Plane(origin)
        self.flat = [self.plane.flat(one.point) for one in samples]
        self.before = None if before is None else self.plane.flat(before)

    def places(self) -> Iterator[tuple[float, float]]:
        """Where the vehicle may stand: the middle of the last fixes, and of those before them."""
        recent = sum(self.samples[-1].at - one.at <= RECENT for one in self.samples)
        count = max(recent, RECENT_FIXES)
        for last in (self.flat[-count:], self.flat[-2 * count : -count]):
            if last:
                yield median(x for x, _ in last), median(y for _, y in last)

    def halt(self, place: tuple[float, float], least: float) -> Halt | None:
        """The halt at a place or nearby, place and beginning fitted to each other."""
        first, lead, there = 0, 0.0, list[int]()
        for _ in range(ROUNDS):
            astray = self.astray(place)
            leads = [self.stands(i, place, astray) for i in range(1, len(self.samples))]
            first, lead = _most(leads)
            there = [i for i in range(first, len(self.samples)) if astray[i] is None]
            if lead < least or not there or self._gone(there[-1]):
                return None
            place = self.mean(there)
        if (later := self.shift(there)) is not None:
            first, there = later, [i for i in there if i >= later]
            place = self.mean(there)
        at = self.plane.point(*place)
        begun, ended = self.samples[there[0]].at, self.samples[there[-1]].at
        return Halt(at, self.came(place, first), begun, ended, self.seen(there), lead)

    def seen(self, there: Sequence[int]) -> timedelta:
        """How long a halt was watched: while fixes strayed it may have been a way round a block."""
        watched = timedelta()
        for i, j in pairwise(there):
            passed = self.samples[j].at - self.samples[i].at
            if j == i + 1 or passed <= UNWATCHED:
                watched += passed
        return watched

    def _gone(self, last: int) -> bool:
        """Whether the fixes after the last one there are more than a stray."""
        past = self.samples[-1].at - self.samples[last].at
        return last < len(self.samples) - 2 and past.total_seconds() > STRAY_SECONDS_MAX

    def astray(self, place: tuple[float, float]) -> list[float | None]:
        """For how many seconds fixes have been too far off a place to be there; None: they are."""
        found: list[float | None] = []
        begun = None
        for one, at in zip(self.samples, self.flat, strict=True):
            off = math.dist(place, at) > STRAY_SIGMAS * one.spread
            begun = (begun or one.at) if off else None
            found.append(None if begun is None else (one.at - begun).total_seconds())
        return found

    def stands(self, i: int, place: tuple[float, float], astray: Sequence[float | None]) -> float:
        """By how much a sample speaks for standing at a place, against driving."""
        one, lasting = self.samples[i], astray[i]
        if lasting is not None:
            if lasting > STRAY_SECONDS_MAX:
                return -math.inf
            seconds = (one.at - self.samples[i - 1].at).total_seconds()
            if seconds > STRAY_SECONDS_MAX and _moves(one):
                return -math.inf
            return STRAY_LASTS * seconds if lasting else STRAY_BEGINS
        driven = self._driven(i)
        rival = _log_normal(min(math.dist(self.flat[i - 1], self.flat[i]), driven), driven)
        if self.before is not None:
            rival = max(rival, _log_normal(math.dist(self.before, self.flat[i]), one.spread))
        return _log_normal(math.dist(place, self.flat[i]), one.spread) - rival + _speaks(one)

    def leaves(self, i: int, outer_meters: float) -> float:
        """By how much a sample speaks for driving outside of a circle, against straying."""
        jump, off = math.dist(self.flat[i - 1], self.flat[i]), math.hypot(*self.flat[i])
        return leaving(self.samples[i - 1], self.samples[i], jump, off, outer_meters)

    def mean(self, there: Sequence[int]) -> tuple[float, float]:
        """The mean of samples, each weighed by its accuracy."""
        weights = [self.samples[i].spread ** -2 for i in there]
        pairs = list(zip(weights, (self.flat[i] for i in there), strict=True))
        total = sum(weights)
        return sum(w * at[0] for w, at in pairs) / total, sum(w * at[1] for w, at in pairs) / total

    def shift(self, there: Sequence[int]) -> int | None:
        """The first sample of the last of two halts; None where one explains all as well."""
        best, found = SHIFT_NATS, None
        for n in range(2, len(there) - 2):
            a, b = self.mean(there[:n]), self.mean(there[n:])
            sigma = self.samples[there[n]].sigma_meters
            noise = sigma * sigma * (1 / n + 1 / (len(there) - n)) + 2 * CREEP_METERS**2
            gain = math.dist(a, b) ** 2 / (2 * noise) + self._moved(there[n - 1], there[n])
            if gain >= best:
                best, found = gain, there[n]
        return found

    def _moved(self, i: int, j: int) -> float:
        """What measured speeds say for a move between two samples."""
        told = [self.samples[n].meters_per_second for n in (i, j)]
        speeds = [speed for speed in told if speed is not None]
        if any(speed > MOVING_METERS_PER_SECOND for speed in speeds):
            return MOVED_NATS
        unseen = self.samples[j].at - self.samples[i].at - EVERY
        return UNMOVED_NATS if speeds and unseen < EVERY / 2 else 0.0

    def came(self, place: tuple[float, float], first: int) -> datetime:
        """When it came to stand: between two fixes, when the rest of the way was driven."""
        here, way = self.samples[first].at, self._way(place, first - 1, first - 2)
        if way is None or here - self.samples[way].at > WAY:
            return here
        return min(here, self.samples[way].at + self._time(way, place))

    def went(self, place: tuple[float, float], first: int) -> datetime:
        """When it drove off: the same, backwards."""
        before, way = self.samples[first - 1].at, self._way(place, first, first + 1)
        if way is None or self.samples[way].at - before > WAY:
            return before
        latest = max(before, self.samples[way].at - self._time(way, place))
        return before + (latest - before) / 2  # it may have waited on the way

    def _way(self, place: tuple[float, float], near: int, next_one: int) -> int | None:
        """The fix of the way nearest to a halt; the one behind it when that one has strayed."""
        if not 0 <= near < len(self.samples):
            return None
        if not 0 <= next_one < len(self.samples):
            return near
        straight = math.dist(self.flat[next_one], place)
        through = math.dist(self.flat[next_one], self.flat[near]) + math.dist(
            self.flat[near], place
        )
        strayed = through > straight * DETOUR + DETOUR_METERS and not _moves(self.samples[near])
        return next_one if strayed else near

    def _time(self, i: int, place: tuple[float, float]) -> timedelta:
        """How long a vehicle drives between a sample and a place."""
        told = self.samples[i].meters_per_second or 0.0
        speed = max(WAY_METERS_PER_SECOND, told)
        return timedelta(seconds=round(math.dist(place, self.flat[i]) / speed))

    def _driven(self, i: int) -> float:
        return _driven(self.samples[i - 1], self.samples[i])


def _moves(sample: Sample) -> bool:
    """Whether a measured speed says that the vehicle drives."""
    return (sample.meters_per_second or 0.0) > MOVING_METERS_PER_SECOND


def _speaks(sample: Sample) -> float:
    """What a measured speed says for standing."""
    speed = sample.meters_per_second
    if speed is None:
        return 0.0
    return STANDING_NATS if speed <= STANDING_METERS_PER_SECOND else DRIVING_NATS
