"""What a route emits, as a whole and by visit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Visit


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a route emits."""

    factor_set_version: str
    milligrams: int
    weights: tuple[int, ...]
    """Per visit, what to share the whole by: its way, time and stop; 0 for a reload."""


@dataclass(frozen=True, slots=True)
class Part:
    """The way to one visit and the stay there."""

    visit: Visit
    meters: int
    seconds: int
    stops: int


def footprint(instance: Instance, route: Route) -> Footprint | None:
    """What a route emits; None when its vehicle states no factors."""
    factors = instance.problem.shifts[route.shift].vehicle.emissions
    if factors is None:
        return None
    parts = tuple(parts_of(instance, route))
    meters = meters_of(instance, route)
    stops = sum(part.stops for part in parts)
    lasted = route.end_second - route.start_second
    return Footprint(
        factors.factor_set_version,
        factors.milligrams(meters, lasted, stops),
        tuple(
            0 if part.visit.is_reload else factors.weight(part.meters, part.seconds, part.stops)
            for part in parts
        ),
    )


def parts_of(instance: Instance, route: Route) -> Iterator[Part]:
    """The route cut at the end of each visit; a stop is counted where the place changes."""
    here, reached = instance.places.starts[route.shift], route.start_second
    for rank, visit in enumerate(route.visits):
        there = instance.place_on(route.shift, visit.node)
        is_stop = not visit.is_reload and (rank == 0 or here != there)
        meters = instance.travel_meters(route.shift, here, there)
        yield Part(visit, meters, visit.end_second - reached, int(is_stop))
        here, reached = there, visit.end_second


def meters_of(instance: Instance, route: Route) -> int:
    """The length of a route."""
    return sum(part.meters for part in parts_of(instance, route)) + meters_home(instance, route)


def meters_home(instance: Instance, route: Route) -> int:
    """The way from the last visit to the end."""
    last = instance.places.starts[route.shift]
    if route.visits:
        last = instance.place_on(route.shift, route.visits[-1].node)
    return instance.travel_meters(route.shift, last, instance.end_place(route.shift, last))


def milligrams_of(instance: Instance, routes: Iterable[Route]) -> int | None:
    """What routes emit together; None when it is unknown of one of them."""
    found = [footprint(instance, route) for route in routes]
    known = [one.milligrams for one in found if one is not None]
    return sum(known) if len(known) == len(found) else None


def delta_milligrams(instance: Instance, base: Route | None, route: Route) -> int | None:
    """By how much a route emits more than before; None when it is unknown."""
    before = milligrams_of(instance, [base] if base else [])
    after = milligrams_of(instance, [route])
    return None if before is None or after is None else after - before
