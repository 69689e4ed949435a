"""
What serving a stop takes, learned from what serving stops took. Pure.

The logarithm of the time is a base plus one effect for each thing known of the stop: its building,
floor, goods, driver and place. Effects are held back towards zero by as much as the history leaves
them in doubt (empirical Bayes, by the method of moments), so that a place that was visited once
says little and one that was visited often says most. A time is then log-normal about its median.

Source of the estimators: Efron and Morris (1977), Stein's paradox in statistics; DerSimonian and
Laird (1986) for the variance between groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import NormalDist, fmean

ROUNDS = 8  # of backfitting: the effects of one factor given those of the others
CLIP = 2.5  # standard deviations: what lies farther out counts as if it lay there
SECONDS_MIN, SECONDS_MAX = 5, 4 * 3_600  # of a stop; outside it is no service but a slip or a shift
SPREAD_MIN, SPREAD_MAX = 0.1, 1.5  # of the logarithm
SPREAD_USUAL = 0.35  # as long as nothing was learned
FLOOR_MAX, FLOOR_MIN = 10, -1  # beyond, floors are one group
MASS_EDGES = (1_000, 3_000, 10_000, 25_000)  # grams
COUNT_EDGES = (1, 2, 4)
FREEDOM_MIN = 30  # stops beside the first of each group: with fewer a factor explains nothing
DOUBT_SHARE_MIN = 1e-4  # variance between groups, never quite nothing
NORMAL = NormalDist()


class Factor(StrEnum):
    """What an effect is of, the general before the particular."""

    BUILDING = "building"
    FLOOR = "floors"
    MASS = "mass"
    COUNT = "count"
    TASKS = "tasks"
    DRIVER = "driver"
    PLACE = "place"
    SHIFT = "shift"  # one driver's day: of the past it only tells how much days differ


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a stop before it is served. Empty and None mean unknown."""

    place: str = ""
    building: str = ""
    floor: int | None = None
    lift: bool = False
    driver_id: str = ""
    mass_grams: int = 0
    parcel_count: int = 1
    task_count: int = 1

    @property
    def subjects(self) -> tuple[tuple[Factor, str], ...]:
        """The names under which its effects are kept; what is unknown has none."""
        return tuple(self._subjects())

    def _subjects(self) -> Iterator[tuple[Factor, str]]:
        if self.building:
            yield Factor.BUILDING, f"building.{self.building.lower()}"
        if self.floor is not None:
            way = "lift" if self.lift else "stairs"
            yield Factor.FLOOR, f"floors.{min(FLOOR_MAX, max(FLOOR_MIN, self.floor))}.{way}"
        if self.mass_grams:
            yield Factor.MASS, f"mass.{_group(self.mass_grams, MASS_EDGES)}"
        yield Factor.COUNT, f"count.{_group(self.parcel_count, COUNT_EDGES)}"
        yield Factor.TASKS, f"tasks.{_group(self.task_count, COUNT_EDGES)}"
        if self.driver_id:
            yield Factor.DRIVER, f"driver.{self.driver_id}"
        if self.place:
            yield Factor.PLACE, self.place


@dataclass(frozen=True, slots=True)
class Service:
    """How long a stop will take: log-normal about a median."""

    median_seconds: float
    spread: float = SPREAD_USUAL  # standard deviation of the logarithm
    shared: float = 0.0  # variance of it that all stops of a crew's day have in common
    count: int = 0  # stops of the same place that it rests on
    failure: float | None = None  # chance that the attempt fails; None: not known

    @property
    def mean_seconds(self) -> float:
        """What sums of many stops add up to."""
        return self._raw(1, 0.0)

    def quantile(self, share: float) -> float:
        """So many seconds are enough in this share of cases."""
        return self.median_seconds * math.exp(self.spread * NORMAL.inv_cdf(share))

    @property
    def moments(self) -> tuple[float, float, float]:
        """Mean, variance and third central moment."""
        return _central(self.mean_seconds, *(self._raw(power, 0.0) for power in (2, 3)))

    def left(self, elapsed: float) -> tuple[float, float, float]:
        """The same of what is left once so many seconds have passed and it is not over."""
        if elapsed <= 0 or self.median_seconds <= 0:
            return self.moments
        mean, second, third = (self._raw(power, elapsed) for power in (1, 2, 3))
        found = _central(mean, second, third)
        return max(0.0, found[0] - elapsed), found[1], found[2]

    def slowed(self, factor: float) -> Service:
        """The same for somebody who takes so much longer."""
        return replace(self, median_seconds=self.median_seconds * factor)

    def _raw(self, power: int, elapsed: float) -> float:
        """The moment about zero of a log-normal that is known to be more than `elapsed`."""
        mu = math.log(max(SECOND_MIN, self.median_seconds))
        s = max(SPREAD_LEAST, self.spread)
        whole = math.exp(power * mu + power * power * s * s / 2)
        if elapsed <= 0:
            return whole
        z = (mu - math.log(elapsed)) / s
        beyond = NORMAL.cdf(z)
        if beyond < TAIL_MIN:  # so late that the law says nothing: as much again, roughly
            return float((elapsed * (1 + s)) ** power)
        return whole * NORMAL.cdf(z + power * s) / beyond


TAIL_MIN = 1e-6
SECOND_MIN, SPREAD_LEAST = 1e-3, 1e-6  # so that logarithms and shares exist


@dataclass(frozen=True, slots=True)
class Effect:
    """What one subject does to the logarithm, and how sure that is."""

    mean: float
    doubt: float  # variance of the mean
    count: int


@dataclass(frozen=True, slots=True)
class Served:
    """One stop that was served: what was known before, and what it took."""

    traits: Traits
    seconds: int
    shift: str = ""

    @property
    def subjects(self) -> tuple[tuple[Factor, str], ...]:
        """The names under which it counts."""
        own = ((Factor.SHIFT, f"shift.{self.shift}"),) if self.shift else ()
        return (*self.traits.subjects, *own)


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """What was learned. Of places it holds those that were asked for, or all."""

    base: float = 0.0  # logarithm of seconds
    spread: float = SPREAD_USUAL
    count: int = 0
    between: dict[str, float] = field(default_factory=dict)  # variance by factor
    effects: dict[str, Effect] = field(default_factory=dict)  # by subject

    @property
    def typical_seconds(self) -> float:
        """Half of all stops take less; 0 as long as nothing was learned."""
        return math.exp(self.base) if self.count else 0.0

    def of(self, traits: Traits) -> Service:
        """How long a stop will take."""
        mean, doubt, shared, count = self.base, self.spread**2, 0.0, 0
        for factor, subject in traits.subjects:
            effect = self.effects.get(subject)
            own = effect.doubt if effect else self.between.get(factor, 0.0)
            mean += effect.mean if effect else 0.0
            if factor is Factor.DRIVER:
                shared += own
            else:
                doubt += own
            if effect and factor is Factor.PLACE:
                count = effect.count
        shared += self.between.get(Factor.SHIFT, 0.0)
        spread = min(SPREAD_MAX, math.sqrt(doubt))
        return Service(math.exp(mean), spread, shared, count)

    def subject(self, name: str) -> Service | None:
        """How long a stop takes of which nothing is known but this."""
        effect = self.effects.get(name)
        if effect is None:
            return None
        spread = math.sqrt(self.spread**2 + effect.doubt)
        return Service(math.exp(self.base + effect.mean), spread, count=effect.count)


def learn(history: Sequence[Served]) -> ServiceTimes:
    """What a history says. An empty one says nothing."""
    usable = [one for one in history if SECONDS_MIN <= one.seconds <= SECONDS_MAX]
    if not usable:
        return ServiceTimes()
    return _Fit(usable).learned()


class _Fit:
    """Backfitting: each factor in turn explains what the others leave."""

    def __init__(self, history: Sequence[Served]) -> None:
        logs = [math.log(one.seconds) for one in history]
        self.base = _middle(logs)
        self.rest = [one - self.base for one in logs]
        self.groups = _groups(history)
        self.shifts = self.groups.get(Factor.SHIFT, {})
        self.effects: dict[str, Effect] = {}
        self.between: dict[str, float] = {}
        self.spread = _deviation(self.rest)

    def learned(self) -> ServiceTimes:
        for _ in range(ROUNDS):
            self._center()
            for factor, members in self.groups.items():
                self._explain(factor, members)
            self.spread = _deviation(self.rest)
        kept = {name: one for name, one in self.effects.items() if name not in self.shifts}
        return ServiceTimes(self.base, self._noise(), len(self.rest), self.between, kept)

    def _center(self) -> None:
        shift = fmean(self._clipped(self.rest))
        self.base += shift
        self.rest = [one - shift for one in self.rest]

    def _explain(self, factor: Factor, members: Mapping[str, list[int]]) -> None:
        means, within = self._means(members)
        between = _between(means, members, within)
        self.between[factor] = between
        for subject, places in members.items():
            weight = between / (between + within / len(places))
            mean = weight * means[subject]
            more = mean - self._known(subject)
            self.effects[subject] = Effect(mean, between * (1 - weight), len(places))
            for i in places:
                self.rest[i] -= more

    def _means(self, members: Mapping[str, list[int]]) -> tuple[dict[str, float], float]:
        """What the other factors leave, by group, and its variance within the groups."""
        means, squares, freedom = {}, 0.0, 0
        for subject, places in members.items():
            left = self._clipped([self.rest[i] for i in places])
            middle = fmean(left)
            means[subject] = self._known(subject) + middle
            squares += sum((one - middle) ** 2 for one in left)
            freedom += len(left) - 1
        if freedom < FREEDOM_MIN:  # hardly anything was seen twice: all of it may be chance
            return means, SPREAD_MAX**2
        return means, max(squares / freedom, SPREAD_MIN**2)

    def _known(self, subject: str) -> float:
        return self.effects[subject].mean if subject in self.effects else 0.0

    def _noise(self) -> float:
        """What nothing explains, outliers included: they are part of the day."""
        explained = sum(
            1 - self.effects[subject].doubt / self.between[factor]
            for factor, members in self.groups.items()
            for subject in members
        )
        free = max(1.0, len(self.rest) - explained)
        whole = math.sqrt(sum(one * one for one in self.rest) / free)
        return min(SPREAD_MAX, max(SPREAD_MIN, whole))

    def _clipped(self, values: Sequence[float]) -> list[float]:
        most = CLIP * self.spread
        return [min(most, max(-most, one)) for one in values]


def _between(
    means: Mapping[str, float], members: Mapping[str, Sequence[int]], within: float
) -> float:
    """The variance between groups that their sizes do not explain."""
    weighed = sum(len(members[subject]) * mean**2 for subject, mean in means.items())
    total = sum(len(places) for places in members.values())
    return max(DOUBT_SHARE_MIN, (weighed - len(means) * within) / total)


def _groups(history: Sequence[Served]) -> dict[Factor, dict[str, list[int]]]:
    found: dict[Factor, dict[str, list[int]]] = {factor: {} for factor in Factor}
    for number, one in enumerate(history):
        for factor, subject in one.subjects:
            found[factor].setdefault(subject, []).append(number)
    return {factor: members for factor, members in found.items() if members}


def _deviation(values: Sequence[float]) -> float:
    """The standard deviation as the middle half of the values has it: outliers do not count."""
    ordered = sorted(abs(one) for one in values)
    return max(SPREAD_MIN / 2, ordered[len(ordered) // 2] / NORMAL.inv_cdf(0.75))


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _group(value: int, edges: Sequence[int]) -> int:
    """The first edge that is not passed; one more than the last where all are."""
    return next((edge for edge in edges if value <= edge), edges[-1] + 1)


def _central(mean: float, second: float, third: float) -> tuple[float, float, float]:
    variance = max(0.0, second - mean**2)
    return mean, variance, max(0.0, third - 3 * mean * second + 2 * mean**3)
