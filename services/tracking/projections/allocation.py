"""
What the work of routes cost and emitted, shared among their attempts. Pure; whole numbers.

A leg is charged to the attempts at the stop it leads to; the stem, empty legs, fixed cost, charges
on the way and idle time to all attempts of the route; a failed attempt to its delivery. Carbon goes
where compliance's shares say. Shares are rounded by the largest remainder, so that over any
grouping they add up to what was paid, to the micro. What nobody attempted stays with its event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypeVar

from services.tracking.domain.event import (
    LegCompleted,
    OutcomeRecorded,
    RouteCompleted,
    StopDeparted,
)
from services.tracking.domain.heard import EmissionRecorded
from services.tracking.domain.journal import Event
from services.tracking.projections.costs import DROPS, Books, Cost

Key = TypeVar("Key", bound=Hashable)
COMMON = ""  # no stop: what is shared by all attempts of a route
TERMS = tuple(one.name for one in fields(Cost))


@dataclass(frozen=True, slots=True)
class Burden:
    """What one attempt, or an event that nobody attempted anything for, is charged with."""

    cost: Cost = Cost()  # noqa: RUF009 - frozen
    milligrams: int = 0

    def __add__(self, other: Burden) -> Burden:
        return Burden(self.cost + other.cost, self.milligrams + other.milligrams)


@dataclass(slots=True)
class Allocation:
    """Burdens by task, and by the place of an event in what was given where no task bears it."""

    of_task: dict[str, Burden] = field(default_factory=lambda: defaultdict(Burden))
    left: dict[int, Burden] = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """The attempts of one route, and how long it was busy for each of its stops."""

    stops: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    deliveries: dict[str, str] = field(default_factory=dict)  # the last task of each
    seconds: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def tasks(self) -> list[str]:
        return sorted(task for tasks in self.stops.values() for task in tasks)

    def bearers(self, leg: LegCompleted) -> str:
        """The stop that a leg is driven for; COMMON for the stem, an empty leg, a skipped stop."""
        shared = leg.empty or not leg.from_stop_id or leg.to_stop_id not in self.stops
        return COMMON if shared else leg.to_stop_id

    def drive(self, leg: LegCompleted) -> None:
        """Counts the time of a leg."""
        self.seconds[self.bearers(leg)] += _seconds(leg.start, leg.end)

    def stay(self, left: StopDeparted) -> None:
        """Counts the time at a stop where something was attempted."""
        if left.arrived_at and left.stop_id in self.stops:
            self.seconds[left.stop_id] += _seconds(left.arrived_at, left.at)

    def at(self, stop_id: str) -> list[str]:
        """Who bears what falls to a stop."""
        return sorted(self.stops[stop_id]) if stop_id else self.tasks


def divided(amount: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """An amount in proportion to weights, by the largest remainder; ties in the order of keys."""
    total = sum(weights.values())
    if total == 0:
        return divided(amount, dict.fromkeys(weights, 1)) if weights else {}
    shares = {key: amount * weight // total for key, weight in weights.items()}
    rest = amount - sum(shares.values())
    remainders = {key: amount * weight % total for key, weight in weights.items()}
    for key in sorted(weights, key=lambda one: (-remainders[one], str(one)))[:rest]:
        shares[key] += 1
    return shares


def allocated(events: Sequence[Event], books: Books) -> Allocation:
    """Who bears what."""
    works, legs, made = _works(events), _legs(events), Allocation()
    for place, event in enumerate(events):
        cost, milligrams = books.cost(event), books.milligrams(event)
        if cost == Cost() and not milligrams:
            continue
        work = works.get(books.route_of(event))
        if work is None:
            made.left[place] = Burden(cost, milligrams)
            continue
        for task, share in _costs(work, event, cost):
            made.of_task[task] += Burden(share)
        if isinstance(event, EmissionRecorded):
            for task, part in _carbon(work, event, legs.get(event.leg_id), milligrams).items():
                made.of_task[task] += Burden(milligrams=part)
    return made


def _works(events: Iterable[Event]) -> dict[str, _Work]:
    works: dict[str, _Work] = defaultdict(_Work)
    outcomes = [one for one in events if isinstance(one, OutcomeRecorded) and one.kind in DROPS]
    for one in sorted(outcomes, key=lambda one: (one.at, one.task.task_id)):
        work, task = works[one.crew.route_id], one.task
        if task.task_id not in work.stops[one.stop_id]:
            work.stops[one.stop_id].append(task.task_id)
        work.deliveries[task.delivery_id] = task.task_id
    for event in events:
        if isinstance(event, LegCompleted) and event.crew.route_id in works:
            works[event.crew.route_id].drive(event)
        elif isinstance(event, StopDeparted) and event.crew.route_id in works:
            works[event.crew.route_id].stay(event)
    return works


def _legs(events: Iterable[Event]) -> dict[str, LegCompleted]:
    return {event.leg_id: event for event in events if isinstance(event, LegCompleted)}


def _costs(work: _Work, event: Event, cost: Cost) -> Iterator[tuple[str, Cost]]:
    for term in TERMS:
        if amount := getattr(cost, term):
            for task, share in _shares(work, event, amount).items():
                yield task, Cost(**{term: share})


def _shares(work: _Work, event: Event, amount: int) -> dict[str, int]:
    match event:
        case OutcomeRecorded():
            return {event.task.task_id: amount}
        case LegCompleted():
            return _evenly(amount, work.at(work.bearers(event)))
        case RouteCompleted():
            return _time(work, event, amount)
        case _:
            return _evenly(amount, work.tasks)


def _time(work: _Work, event: RouteCompleted, amount: int) -> dict[str, int]:
    """Driving and service go to their stop; what is left of the route's time is common."""
    busy = {stop: seconds for stop, seconds in work.seconds.items() if stop != COMMON}
    idle = _seconds(event.start, event.end) - sum(busy.values())
    sums: dict[str, int] = defaultdict(int)
    for stop, part in divided(amount, {**busy, COMMON: max(0, idle)}).items():
        for task, share in _evenly(part, work.at(stop)).items():
            sums[task] += share
    return sums


def _carbon(
    work: _Work, event: EmissionRecorded, leg: LegCompleted | None, milligrams: int
) -> dict[str, int]:
    """Compliance's shares by delivery; what has none here, like the leg's cost."""
    sums: dict[str, int] = defaultdict(int)
    tasks = set(work.tasks)
    for share in event.shares:
        task = share.task_id if share.task_id in tasks else work.deliveries.get(share.delivery_id)
        if task:
            sums[task] += share.milligrams
    rest = milligrams - sum(sums.values())
    for task, part in _evenly(rest, work.at(work.bearers(leg) if leg else COMMON)).items():
        sums[task] += part
    return sums


def _evenly(amount: int, tasks: Sequence[str]) -> dict[str, int]:
    return divided(amount, dict.fromkeys(tasks, 1))


def _seconds(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds())
