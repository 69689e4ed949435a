"""
What was learned, as a version: services, failures and pace of one run over the past. Pure.

A version never changes. What is known of single places is kept place by place beside it, so that
a route needs to read only its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.tracking.domain.calibration import Calibration
from services.tracking.domain.chance import Chances, Count, Drop, Past, learn_chances
from services.tracking.domain.pace import Driven, Pace, learn_pace
from services.tracking.domain.past import Start, Try, Visit, slot_of
from services.tracking.domain.service_time import (
    Effect,
    Factor,
    Served,
    Service,
    ServiceTimes,
    Traits,
    learn,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What one version knows of one place."""

    subject: str
    effect: Effect | None = None
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """What one run over the past has learned, without places."""

    version: int
    learned_at: datetime
    services: ServiceTimes
    chances: Chances
    pace: Pace
    visits: int
    legs: int
    zone: str = "UTC"  # in which its slots are

    def service(self, traits: Traits, at: datetime, place: Place | None) -> Service:
        """How long a stop takes and how likely it fails."""
        times = self.services
        if place is not None and place.effect is not None:
            times = replace(times, effects={**times.effects, place.subject: place.effect})
        failure = self.chances.of(traits, slot_of(at, self.zone), place.past if place else None)
        return replace(times.of(traits), failure=failure)


@dataclass(frozen=True, slots=True)
class Today:
    """What ticks go by: the version in force, today's traffic, and honest widths."""

    version: int = 0  # 0: nothing was learned yet
    pace: Pace = field(default_factory=Pace)
    calibration: Calibration = field(default_factory=Calibration)
    adopted: bool = False  # a person chose the version: no later one takes its place by itself
    learned_at: datetime | None = None  # the last run
    stale: bool = False  # past was brought or withdrawn since
    changes: int = 0  # how often it was; a run has seen those of its beginning


@dataclass(frozen=True, slots=True)
class Material:
    """The past, as much as one run takes in."""

    visits: Sequence[Visit] = ()
    tries: Sequence[Try] = ()
    legs: Sequence[Driven] = ()
    starts: Sequence[Start] = ()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a version says about one subject."""

    subject: str
    service: Service | None
    count: int
    failure: float
    drop: Drop | None = None
    slots: tuple[tuple[str, float, int], ...] = ()  # slot, chance, attempts


def run(material: Material, version: int, now: datetime) -> tuple[Version, list[Place]]:
    """One run: a version, and its places by name."""
    found = learn([Served(one.traits, one.seconds, one.shift) for one in material.visits])
    chances, pasts = learn_chances(material.tries, material.zone)
    pace = learn_pace(material.legs, [one.late_seconds for one in material.starts])
    visited = (one.traits.place for one in material.visits)
    names = {*visited, *(one.traits.place for one in material.tries)} - {""}
    places = [Place(one, found.effects.get(one), pasts.get(one)) for one in sorted(names)]
    general = {name: one for name, one in found.effects.items() if name not in names}
    services = replace(found, effects=general)
    visits, legs = len(material.visits), len(material.legs)
    zone = material.zone
    return Version(version, now, services, chances, pace, visits, legs, zone), places


def of_place(version: Version, place: Place) -> Estimate:
    """What is known of a place, whatever else is not."""
    past, building = place.past or Past(), Traits(place=place.subject)
    slots = tuple(
        (slot, version.chances.of(building, slot, past) or 0.0, count.tried)
        for slot, count in sorted(past.slots.items())
    )
    return Estimate(
        subject=place.subject,
        service=_alone(version, place.effect),
        count=place.effect.count if place.effect else past.count.tried,
        failure=_share(past.count, version),
        drop=past.drop,
        slots=slots,
    )


def generals(version: Version) -> Iterator[Estimate]:
    """What is known of buildings, floors, goods and drivers."""
    for name, effect in sorted(version.services.effects.items()):
        kind = name.removeprefix(f"{Factor.BUILDING}.").upper()
        count = version.chances.buildings.get(kind) if name.startswith(Factor.BUILDING) else None
        failure = _share(count or version.chances.count, version)
        yield Estimate(name, _alone(version, effect), effect.count, failure)


def of_stop(version: Version, subject: str, traits: Traits, at: datetime, place: Place) -> Estimate:
    """What is known of a stop, from everything known of it."""
    service = version.service(traits, at, place)
    return Estimate(
        subject=subject,
        service=service,
        count=service.count,
        failure=service.failure or 0.0,
        drop=place.past.drop if place.past else None,
        slots=of_place(version, place).slots,
    )


def places_of(traits: Mapping[str, Traits]) -> set[str]:
    """The places that stops name."""
    return {one.place for one in traits.values() if one.place}


def _alone(version: Version, effect: Effect | None) -> Service | None:
    times = version.services
    if effect is None or not times.count:
        return None
    return replace(times, effects={"": effect}).subject("")


def _share(count: Count, version: Version) -> float:
    if not count.tried:
        return version.chances.usual if version.chances.count.tried else 0.0
    return count.failed / count.tried
