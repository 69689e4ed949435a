"""
Learning: keeping the past, looking at it every minute, running over it every few hours.

A look takes in the expectations that came true or not, and what the last hours say of the traffic.
A run makes a version of everything; it takes seconds of processor time and happens elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from meshkit.errors import NotFound
from services.tracking.domain import learned
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.eta import Outlook
from services.tracking.domain.geo import Point
from services.tracking.domain.journal import Event
from services.tracking.domain.learned import Estimate, Place, Today, Version
from services.tracking.domain.note import Weather, slowdown
from services.tracking.domain.pace import RECENT, with_traffic
from services.tracking.domain.past import named, pieces, traits_of
from services.tracking.domain.run import Run
from services.tracking.domain.service_time import Service, Traits
from services.tracking.learning_ports import Past, PastTexts, PlaceText
from services.tracking.ports import World

JUDGED_MAX = 500  # expectations that one look takes in; the next is a minute later
LEGS_MAX = 500  # the latest of them: more make today's traffic no surer
MEMORY = timedelta(days=730)  # business time: older services say little about tomorrow's
JUDGED_KEPT = timedelta(days=2)  # business time; the journal has them for ever
RUN_EVERY = timedelta(hours=6)  # business time, and only with new stops
STOPS_MIN = 30  # new stops that are worth a run
VERSIONS_KEPT = 20  # the contract states it at VERSION_UNKNOWN


async def remember(world: World, events: Sequence[Event], changed: Mapping[str, Delivery]) -> None:
    """Keeps what events say for later."""
    said = [event for event in events if any(pieces(event, {}))]
    if not said:
        return
    names = {name for event in said for name in named(event)} - changed.keys()
    known = {**(await world.deliveries.get(names) if names else {}), **changed}
    await world.past.add([piece for event in said for piece in pieces(event, known)])


async def outlook_of(world: World, run: Run, now: datetime) -> Outlook:
    """What is known beside a route: the weather, services as learned, widths, the traffic."""
    reports = await world.reports.holding(now)
    today = await world.past.today()
    key = f"{today.version}.{run.route.revision}"
    if run.progress.services_of != key:
        services = await _services(world, run, today.version)
        run.progress = replace(run.progress, services=services, services_of=key)
    return Outlook(partial(_slower, reports), run.progress.services, today.calibration, today.pace)


async def look(world: World, now: datetime) -> Today:
    """Takes in what came true or not, and what today's traffic is like."""
    today = await world.past.claim()
    judged = await world.past.judged(JUDGED_MAX)
    calibration = today.calibration
    for one in judged:
        calibration = calibration.after(one.mark, one.at)
    legs = await world.past.legs_since(now - RECENT, LEGS_MAX)
    pace = with_traffic(today.pace, legs, now)
    seen = replace(today, calibration=calibration, pace=pace)
    if seen != today:
        await world.past.set_today(seen)
    return seen


async def material(world: World, today: Today, now: datetime) -> PastTexts | None:
    """What a run would take in; None when it is not worth one yet."""
    if not (today.stale and today.version):  # what was withdrawn goes, however little is left
        since = None if today.stale else today.learned_at
        due = since is None or now - since >= RUN_EVERY
        if not due or await world.past.visits_since(since) < STOPS_MIN:
            return None
    return replace(await world.past.texts(now - MEMORY), changes=today.changes)


async def keep(
    world: World, version: Version, places: Sequence[PlaceText], changes: int
) -> Version:
    """
    Keeps what a run has learned, and puts it in force unless a person chose another. What changed
    the past after the run took it in asks for another run.
    """
    today = await world.past.claim()
    numbered = replace(version, version=await world.past.latest() + 1)
    await world.past.keep_version(numbered, places, VERSIONS_KEPT)
    learned_at = numbered.learned_at
    await world.past.forget(learned_at - MEMORY, learned_at - JUDGED_KEPT)
    number = today.version if today.adopted else numbered.version
    pace = today.pace if today.adopted else numbered.pace
    stale = today.stale and today.changes != changes
    kept = replace(today, version=number, pace=pace, learned_at=learned_at, stale=stale)
    await world.past.set_today(kept)
    return numbered


async def past_changed(past: Past) -> None:
    """Past was brought or withdrawn: the next look is to run over all of it."""
    today = await past.claim()
    await past.set_today(replace(today, stale=True, changes=today.changes + 1))


async def adopt(world: World, number: int) -> tuple[Version | None, Today]:
    """Puts a version in force until another one is; 0 is always the latest."""
    today = await world.past.claim()
    wanted = number or await world.past.latest()
    if not wanted:
        return None, today
    version = await known_version(world, wanted)
    chosen = replace(today, version=wanted, pace=version.pace, adopted=number > 0)
    await world.past.set_today(chosen)
    return version, chosen


async def known_version(world: World, number: int) -> Version:
    """A version. Raises NotFound `VERSION_UNKNOWN`."""
    version = await world.past.version(number)
    if version is None:
        raise NotFound("VERSION_UNKNOWN", f"no version {number}", version=str(number))
    return version


@dataclass(frozen=True, slots=True)
class Asked:
    """Which estimates of which version; 0 is the one in force."""

    version: int = 0
    subjects: Collection[str] = ()
    delivery_ids: Sequence[str] = ()


async def version_asked(world: World, number: int) -> Version | None:
    """The version asked for; None when nothing was learned yet."""
    if number:
        return await known_version(world, number)
    today = await world.past.today()
    return await world.past.version(today.version) if today.version else None


async def of_deliveries(
    world: World, version: Version, names: Sequence[str], now: datetime
) -> list[Estimate]:
    """One estimate for each delivery that is known, from all that is known of its stop."""
    known = await world.deliveries.get(names)
    traits = {name: traits_of([known[name]], 1) for name in names if name in known}
    places = await world.past.places(version.version, learned.places_of(traits))
    return [
        learned.of_stop(version, name, one, _due(known[name], now), _at(places, one))
        for name, one in traits.items()
    ]


async def of_subjects(world: World, version: Version, names: Collection[str]) -> list[Estimate]:
    """Estimates of subjects that have one, by name."""
    places = await world.past.places(version.version, names)
    general = [one for one in learned.generals(version) if one.subject in names]
    found = [learned.of_place(version, place) for place in places.values()]
    return sorted([*general, *found], key=lambda one: one.subject)


async def _services(world: World, run: Run, number: int) -> dict[str, Service]:
    """What was learned of every stop of a route; nothing before the first version."""
    version = await world.past.version(number) if number else None
    if version is None or not version.services.count:
        return {}
    names = {task.delivery_id for task in run.route.tasks}
    known = await world.deliveries.get(names)
    driver, traits = run.route.driver_id, dict[str, Traits]()
    for stop in run.route.stops:
        ours = [known[t.delivery_id] for t in stop.tasks if t.delivery_id in known]
        traits[stop.stop_id] = traits_of(ours, len(stop.tasks), driver, stop.place_id)
    places = await world.past.places(number, learned.places_of(traits))
    return {
        stop.stop_id: version.service(
            traits[stop.stop_id], stop.arrival, places.get(traits[stop.stop_id].place)
        )
        for stop in run.route.stops
    }


def _due(delivery: Delivery, now: datetime) -> datetime:
    """When it will be tried, as far as anybody knows."""
    return delivery.planned_at or (delivery.promise.start if delivery.promise else now)


def _at(places: Mapping[str, Place], traits: Traits) -> Place:
    return places.get(traits.place) or Place(traits.place)


def _slower(reports: tuple[Weather, ...], point: Point, at: datetime) -> float:
    return slowdown(reports, point, at)
