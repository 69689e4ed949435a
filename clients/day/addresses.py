"""
Where the day delivers: real doors first, then points on named streets that say they are invented.

Pure: what an extract holds goes in (`extract.py` reads it), addresses come out, the same for the
same seed. Distances are great-circle.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EARTH_RADIUS_METERS = 6_371_008.8  # IUGG mean radius
METERS_PER_NUMBER = 10  # ours: an invented house number counts the tens of meters along its street
# A depot lies on a street that lorries reach, not on the smallest ones.
MOST = 0.98  # of the addresses: the rest may be strays
DEPOT_CLASSES = frozenset({"primary", "secondary", "tertiary", "unclassified"})

Point = tuple[float, float]  # latitude, longitude in degrees


@dataclass(frozen=True, slots=True)
class Address:
    """A door, or a point on a street where one is invented."""

    street: str
    housenumber: str
    postcode: str
    """Empty where the map does not tell."""
    city: str
    """Empty where the map does not tell."""
    latitude: float
    longitude: float
    levels: int | None = None
    """Storeys of the building, where tagged."""
    is_synthetic: bool = False
    """Whether the house number is invented; the street is real."""


@dataclass(frozen=True, slots=True)
class Street:
    """A stretch of a named street."""

    name: str
    road_class: str
    points: tuple[Point, ...]

    @property
    def meters(self) -> float:
        """Its length."""
        return sum(itertools.starmap(distance_meters, itertools.pairwise(self.points)))

    def at(self, meters: float) -> Point:
        """The point so far along it, its end beyond that."""
        left = meters
        for here, there in itertools.pairwise(self.points):
            step = distance_meters(here, there)
            if left < step:
                share = left / step
                return _between(here, there, share)
            left -= step
        return self.points[-1]


@dataclass(frozen=True, slots=True)
class Charger:
    """A public charging station."""

    latitude: float
    longitude: float
    name: str
    """Empty where the map does not tell."""
    places: int
    """How many vehicles charge at once; 1 where the map does not tell."""


@dataclass(frozen=True, slots=True)
class City:
    """What an extract tells about where one delivers."""

    addresses: tuple[Address, ...]
    """Real ones, each once, by street and number."""
    streets: tuple[Street, ...]
    chargers: tuple[Charger, ...]


def sample(city: City, count: int, seed: int) -> list[Address]:
    """`count` different addresses: real ones as long as there are any, then invented ones."""
    dice = random.Random(seed)
    if count <= len(city.addresses):
        return dice.sample(city.addresses, count)
    real = dice.sample(city.addresses, len(city.addresses))
    return real + invented(city.streets, count - len(real), dice)


def invented(streets: Sequence[Street], count: int, dice: random.Random) -> list[Address]:
    """Points on named streets, each meter of street as likely as any other."""
    if count and not streets:
        raise ValueError("the map has no named street to invent addresses on: take another extract")
    lengths = [street.meters for street in streets]
    chosen = dice.choices(streets, lengths, k=count) if count else []
    return [_invented(street, dice.uniform(0, street.meters)) for street in chosen]


def depot(city: City) -> Point:
    """
    A plausible depot: on the larger street that lies furthest out, but not beyond the doors.

    Depots lie at the edge, on streets that lorries reach; in the middle of a street, because an
    extract cuts its streets at the border, and streets far out lead to other towns.
    """
    center = middle(city)
    large = [street for street in city.streets if street.road_class in DEPOT_CLASSES]
    points = [street.at(street.meters / 2) for street in large or city.streets]
    if not points:
        raise ValueError("the map has no named street to put a depot on: take another extract")
    away = sorted((distance_meters(center, point), point) for point in points)
    reach = _reach(city, center)
    return [point for meters, point in away if meters <= max(reach, away[0][0])][-1]


def middle(city: City) -> Point:
    """The mean of all addresses, of all streets where there are none."""
    points = [(address.latitude, address.longitude) for address in city.addresses]
    points = points or [street.points[0] for street in city.streets]
    if not points:
        raise ValueError("the map has neither addresses nor named streets: take another extract")
    return _mean(lat for lat, _ in points), _mean(lng for _, lng in points)


def each_once(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Every street and number once, in the order of a street directory."""
    known: dict[tuple[str, str], Address] = {}
    for address in addresses:
        key = (address.street, address.housenumber.replace(" ", "").lower())
        known[key] = _fuller(known.get(key), address)
    return tuple(sorted(known.values(), key=_directory_order))


def distance_meters(here: Point, there: Point) -> float:
    """Great-circle distance, by the haversine formula."""
    lat, to_lat = math.radians(here[0]), math.radians(there[0])
    half = math.sin((to_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(to_lat) * math.sin(math.radians(there[1] - here[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_METERS * math.asin(math.sqrt(half))


def _reach(city: City, center: Point) -> float:
    """How far from the center most addresses lie; endless where there are none."""
    away = sorted(distance_meters(center, (a.latitude, a.longitude)) for a in city.addresses)
    return away[int(len(away) * MOST)] if away else math.inf


def _invented(street: Street, meters: float) -> Address:
    lat, lng = street.at(meters)
    number = 1 + int(meters // METERS_PER_NUMBER)
    return Address(street.name, str(number), "", "", lat, lng, is_synthetic=True)


def _fuller(known: Address | None, new: Address) -> Address:
    """Of two entries for one door, the one that says more; the first where they say the same."""
    return new if known is None or _told(new) > _told(known) else known


def _told(address: Address) -> int:
    return bool(address.postcode) + bool(address.city) + (address.levels is not None)


def _directory_order(address: Address) -> tuple[str, int, str]:
    number = re.match(r"\d+", address.housenumber)
    return address.street, int(number[0]) if number else 0, address.housenumber


def _between(here: Point, there: Point, share: float) -> Point:
    lat, lng = here
    return lat + (there[0] - lat) * share, lng + (there[1] - lng) * share


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)
