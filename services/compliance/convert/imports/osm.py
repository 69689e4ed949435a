"""
Extracts of OpenStreetMap (PBF) -> zones: streets with rules, and low emission zones.

A street becomes a strip along it, and all ways of one name with the same rules one zone. Where a
street without rules crosses or ends, its own strip is cut out, and out of one that is always closed
that of every street which is open at times: whoever drives along one is not in the other.
OpenStreetMap draws low emission zones and does not say whom they keep out: what they answer is
unknown until somebody writes their rules.

(c) OpenStreetMap contributors, ODbL 1.0.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import osmium

from services.compliance.convert.imports.features import unreadable
from services.compliance.convert.imports.means import Means, keep_zone
from services.compliance.convert.imports.osm_tags import (
    ACCESS_KEYS,
    CONDITIONAL,
    MOTOR,
    UNREAD,
    street_of,
)
from services.compliance.domain.faults import Unsound
from services.compliance.domain.filter import VehicleFilter
from services.compliance.domain.geometry import (
    E7,
    LAT_MAX,
    LNG_MAX,
    Area,
    Point,
    Polygon,
    Ring,
    box_around,
)
from services.compliance.domain.rule import PermitDemand, Rule
from services.compliance.domain.schedule import ALWAYS
from services.compliance.domain.shapes import Lines, check_polygon, strips
from services.compliance.domain.zone import Confidence, Zone, ZoneKind
from services.compliance.domain.zone_import import Harvest, ZoneImport

HALFWIDTH_METERS = 5  # of a street: a lane and a half to each side of its middle
PARTS_MAX = 500  # of one zone, by the contract
THROUGH = {
    f"{road}{link}"
    for road in ("motorway", "trunk", "primary", "secondary", "tertiary")
    for link in ("", "_link")
} | {"unclassified", "residential", "living_street", "road"}  # others may cross on these
DRIVEN = THROUGH | {"service", "pedestrian", "busway"}
LOW_EMISSION = ("boundary", "low_emission_zone")
SOURCE = "OpenStreetMap, (c) OpenStreetMap contributors, ODbL 1.0"
SLUG_MAX = 40  # characters of a name in an id
MARGIN = E7 // 100  # 1 km on the equator
AT_AN_END = "it crosses the antimeridian, or comes near to it or a pole: cut it out of the extract"
ASK = "OpenStreetMap does not say whom the zone keeps out: write its rules with UpdateZone."

Line = tuple[Point, ...]


@dataclass
class Group:
    """The ways of one name with the same rules."""

    title: str
    kind: ZoneKind
    rules: tuple[Rule, ...]
    path: str  # of its first way
    lines: list[Line] = field(default_factory=list)
    areas: list[Polygon] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        """Whether some vehicle of any size never gets in: then every other street cuts it."""
        return any(
            rule.schedule == ALWAYS and VehicleFilter(rule.filter.categories) == rule.filter
            for rule in self.rules
        )


@dataclass
class Map:
    """What an extract says that matters here."""

    groups: dict[tuple[Any, ...], Group] = field(default_factory=dict)
    free: list[Line] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def refuse_no_extract(content: bytes) -> None:
    """Raises Invalid unless the header of the file can be read."""
    try:
        with osmium.io.Reader(_buffer(content)) as reader:
            reader.header()
    except RuntimeError as error:
        raise unreadable(f"the content is no OpenStreetMap PBF file: {error}") from error


def read(means: Means, own: ZoneImport, content: bytes) -> Harvest:
    """One zone per street and set of rules, and one per low emission zone."""
    harvest, found = Harvest(), Map()
    try:
        _read_ways(content, found, harvest)
        areas = list(_low_emission_zones(content, harvest))
    except (RuntimeError, UnicodeDecodeError) as error:
        harvest.fault("", f"the file ends to be readable: {error}")
        return harvest
    for notice, count in sorted(found.left_out.items()):
        harvest.notice("ways", f"{notice} ({count} ways)")
    sometimes = [group for group in found.groups.values() if not group.is_closed]
    free = Lines(found.free)
    others = Lines([*found.free, *(line for group in sometimes for line in group.lines)])
    for group in filter(_has_ground, found.groups.values()):
        _keep(means, own, harvest, group, others if group.is_closed else free)
    for path, title, area in areas:
        _keep_low_emission(means, own, harvest, path, title, area)
    return harvest


def _has_ground(group: Group) -> bool:
    return bool(group.lines or group.areas)


def _buffer(content: bytes) -> Any:
    return osmium.io.FileBuffer(content, "pbf")


def _read_ways(content: bytes, found: Map, harvest: Harvest) -> None:
    read = osmium.FileProcessor(_buffer(content), osmium.osm.NODE | osmium.osm.WAY)
    ways: Any = read.with_locations().with_filter(osmium.filter.KeyFilter("highway"))
    for way in ways:
        if way.is_way():
            tags = {tag.k: tag.v for tag in way.tags}
            if _is_driven(tags):
                _read_way(way, tags, found, harvest)


def _is_driven(tags: Mapping[str, str]) -> bool:
    """Whether vehicles may be about there at all: by its kind, or because it says when."""
    return tags["highway"] in DRIVEN or any(key + CONDITIONAL in tags for key in ACCESS_KEYS)


def _read_way(way: Any, tags: Mapping[str, str], found: Map, harvest: Harvest) -> None:
    line = _line(way)
    if len(set(line)) < 2:
        return  # the extract cut it off
    street, path = street_of(tags), f"way/{way.id}"
    if _is_at_an_end(line):
        if street.rules:
            harvest.fault(path, AT_AN_END)
        return
    for notice in dict.fromkeys(street.notices):
        found.left_out[notice] += 1
    if not street.rules:
        if tags["highway"] in THROUGH:
            found.free.append(line)
        return
    title = tags.get("name", "")
    key = (title, street.kind, tuple(street.rules))
    group = found.groups.setdefault(key, Group(title, street.kind, tuple(street.rules), path))
    if tags.get("area") == "yes" and line[0] == line[-1]:
        _add_area(group, path, line, harvest)
    else:
        group.lines.append(line)


def _line(way: Any) -> Line:
    nodes = (node.location for node in way.nodes if node.location.valid())
    places = ((round(node.lat * E7), round(node.lon * E7)) for node in nodes)
    return tuple(Point(*place) for place in places if any(place))  # (0, 0) is a lost one


def _is_at_an_end(line: Line) -> bool:
    """Whether a strip along the line could leave the map."""
    box = box_around(line)
    wide = box.east_e7 - box.west_e7 >= LNG_MAX
    west_or_east = max(-box.west_e7, box.east_e7) > LNG_MAX - MARGIN
    return wide or west_or_east or max(-box.south_e7, box.north_e7) > LAT_MAX - 100 * MARGIN


def _add_area(group: Group, path: str, line: Line, harvest: Harvest) -> None:
    try:
        polygon = Polygon(Ring(line))
        check_polygon(polygon)
    except Unsound as fault:
        harvest.notice(path, f"its area is left out: {fault}")
    else:
        group.areas.append(polygon)


def _keep(means: Means, own: ZoneImport, harvest: Harvest, group: Group, free: Lines) -> None:
    parts = strips(group.lines, HALFWIDTH_METERS, group.areas, free)
    for number, first in enumerate(range(0, len(parts), PARTS_MAX)):
        area = parts[first : first + PARTS_MAX]
        suffix = "" if not number else f".{number + 1}"
        zone_id = f"{_name(group)}{suffix}"
        title = group.title or f"{group.kind.value.replace('_', ' ').lower()} streets without name"
        time_zone = means.time_zone(area[0].outer.points[0])
        calendar = _calendar(means, time_zone, group.rules)
        zone = Zone(
            zone_id,
            title[:200],
            group.kind,
            time_zone,
            area,
            group.rules,
            calendar,
            means.calendar(calendar) if calendar else (),
            own.source or SOURCE,
            Confidence.MEDIUM,
        )
        keep_zone(harvest, group.path, zone)


def _calendar(means: Means, time_zone: str, rules: Iterable[Rule]) -> str:
    """National holidays, where a rule asks for any; those of regions are not told by the map."""
    asks = any(rule.schedule.asks_for_holidays for rule in rules)
    return means.country(time_zone) if asks else ""


def _name(group: Group) -> str:
    """An id that is the same for the same name and rules, whatever else the map says."""
    plain = unicodedata.normalize("NFKD", group.title.replace("ß", "ss"))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:SLUG_MAX].rstrip("-")
    told = repr((group.title, group.kind, group.rules)).encode()
    return f"osm-{slug or 'street'}-{hashlib.sha256(told).hexdigest()[:8]}"


def _low_emission_zones(content: bytes, harvest: Harvest) -> Iterator[tuple[str, str, Area]]:
    wanted = osmium.filter.TagFilter(LOW_EMISSION)
    found: Any = osmium.FileProcessor(_buffer(content)).with_areas(wanted).with_filter(wanted)
    for area in found:
        if not area.is_area():
            continue
        path = f"{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
        try:
            parts = tuple(_polygon(area, outer) for outer in area.outer_rings())
        except Unsound as fault:
            harvest.fault(path, str(fault))
        else:
            yield path, area.tags.get("name", "Low emission zone"), parts


def _polygon(area: Any, outer: Any) -> Polygon:
    holes = tuple(Ring(_line_of(inner)) for inner in area.inner_rings(outer))
    polygon = Polygon(Ring(_line_of(outer)), holes)
    check_polygon(polygon)
    return polygon


def _line_of(ring: Any) -> Line:
    return tuple(Point(round(node.lat * 1e7), round(node.lon * 1e7)) for node in ring)


def _keep_low_emission(
    means: Means, own: ZoneImport, harvest: Harvest, path: str, title: str, area: Area
) -> None:
    wanted = VehicleFilter(categories=MOTOR, lacking_permits=(UNREAD,))
    zone = Zone(
        f"osm-lez-{path.replace('/', '-')}",
        title[:200],
        ZoneKind.LOW_EMISSION,
        means.time_zone(area[0].outer.points[0]),
        area,
        (Rule("unwritten", PermitDemand(UNREAD, ASK), wanted, title=ASK),),
        source=own.source or SOURCE,
        confidence=Confidence.UNCERTAIN,
    )
    harvest.notice(path, ASK)
    keep_zone(harvest, path, zone)
