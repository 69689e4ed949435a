"""
Reads from an OpenStreetMap extract what the day needs to know of a city: doors, streets, chargers.

The road graph is none of its business: the planner has its own, and answers by the contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium

from clients.day.addresses import Address, Charger, City, Point, Street, each_once

BUILT_IN_CITY = Path(__file__).parent / "city" / "helsinki.osm.pbf"
STREET_CLASSES = frozenset(
    {"primary", "secondary", "tertiary", "unclassified", "residential", "living_street"}
)
LEVELS_MAX = 200  # a tag beyond it is a slip
PLACES_MAX = 200

Tags = Mapping[str, str]


class BadExtract(ValueError):
    """The file tells nothing of a city; the message says what to do."""


@dataclass(slots=True)
class _Found:
    addresses: list[Address] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    chargers: list[Charger] = field(default_factory=list)
    outlines: dict[int, Tags] = field(default_factory=dict)
    """Tags of buildings that are relations, by the way that outlines them."""


def read_city(path: Path = BUILT_IN_CITY) -> City:
    """The city in an extract, or BadExtract."""
    if not path.is_file():
        raise BadExtract(f"{path} is no file. Name an OpenStreetMap extract such as city.osm.pbf")
    found = _Found()
    try:
        for item in _objects(path):
            _note(found, item)
        for way in _ways(path, found.outlines):
            _note_address(found, found.outlines[way.id], _middle(way))
    except RuntimeError as error:  # how libosmium reports whatever it cannot parse
        raise BadExtract(f"{path} cannot be read ({error}). Fetch it again") from error
    if not (found.addresses or found.streets):
        raise BadExtract(f"{path} holds neither addresses nor named streets. Take another extract")
    return City(each_once(found.addresses), tuple(found.streets), tuple(found.chargers))


def _objects(path: Path) -> Iterator[Any]:
    keys = osmium.filter.KeyFilter("addr:housenumber", "highway", "amenity")
    yield from osmium.FileProcessor(str(path)).with_locations().with_filter(keys)


def _ways(path: Path, wanted: Iterable[int]) -> Iterator[Any]:
    kinds = osmium.osm.NODE | osmium.osm.WAY
    ways = osmium.FileProcessor(str(path), kinds).with_locations()
    ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    yield from ways.with_filter(osmium.filter.IdFilter(list(wanted)))


def _note(found: _Found, item: Any) -> None:
    tags = {tag.k: tag.v for tag in item.tags}
    if item.is_relation():
        outline = next((each.ref for each in item.members if each.type == "w"), None)
        if outline is not None and "addr:housenumber" in tags:
            found.outlines[outline] = tags
        return
    place = _place(item)
    _note_address(found, tags, place)
    if place is not None and tags.get("amenity") == "charging_station":
        found.chargers.append(_charger(tags, place))
    if item.is_way() and tags.get("highway") in STREET_CLASSES and "name" in tags:
        _note_street(found, tags, _points(item))


def _note_address(found: _Found, tags: Tags, place: Point | None) -> None:
    if place is None or not tags.get("addr:housenumber") or not tags.get("addr:street"):
        return
    found.addresses.append(
        Address(
            street=tags["addr:street"],
            housenumber=tags["addr:housenumber"],
            postcode=tags.get("addr:postcode", ""),
            city=tags.get("addr:city", ""),
            latitude=place[0],
            longitude=place[1],
            levels=_number(tags.get("building:levels"), LEVELS_MAX),
        )
    )


def _note_street(found: _Found, tags: Tags, points: tuple[Point, ...]) -> None:
    if len(points) > 1 and tags.get("tunnel", "no") == "no":
        found.streets.append(Street(tags["name"], tags["highway"], points))


def _charger(tags: Tags, place: Point) -> Charger:
    name = tags.get("name") or tags.get("operator") or ""
    return Charger(place[0], place[1], name, _number(tags.get("capacity"), PLACES_MAX) or 1)


def _place(item: Any) -> Point | None:
    if not item.is_node():
        return _middle(item)
    return (item.location.lat, item.location.lon) if item.location.valid() else None


def _middle(way: Any) -> Point | None:
    """The middle of the box around a way, as far as the extract holds it."""
    points = _points(way)
    if not points:
        return None
    lats, lngs = zip(*points, strict=True)
    return (min(lats) + max(lats)) / 2, (min(lngs) + max(lngs)) / 2


def _points(way: Any) -> tuple[Point, ...]:
    """Its points up to the first one that the extract lacks."""
    points: list[Point] = []
    for node in way.nodes:
        if node.location.valid():
            points.append((node.location.lat, node.location.lon))
        elif points:
            break
    return tuple(points)


def _number(text: str | None, limit: int) -> int | None:
    """A whole number from 1 to the limit, None for anything else."""
    if text is None or not text.isdigit():
        return None
    return int(text) if 1 <= int(text) <= limit else None
