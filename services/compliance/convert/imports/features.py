"""
GeoJSON (RFC 7946): features and their geometry. Positions are longitude, latitude, in WGS 84.

A ring that its sender did not close is closed, with a notice; either direction is right; an
altitude is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from meshkit.errors import Invalid, Violation
from services.compliance.convert.faults import Faults
from services.compliance.convert.given import number, shown
from services.compliance.domain.faults import Unsound, check, inside
from services.compliance.domain.geometry import GEOMETRY, Area, Point, Polygon, Ring
from services.compliance.domain.shapes import buffered, check_area, check_polygon, joined
from services.compliance.domain.zone_import import ZONES_MAX, Harvest, too_many

HALFWIDTH_METERS = 5  # of a street that is drawn as a line, where nobody says more
POLYGONS = {"Polygon", "MultiPolygon"}
LINES = {"LineString", "MultiLineString"}
SUSPECT = re.compile(rb"\\u(0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")  # NUL, half a character


def read_json(content: bytes) -> Any:
    """The JSON of a file; Invalid `IMPORT_INVALID` with the place where it ends to be some."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:  # too many digits are a plain ValueError
        raise unreadable(f"the content is not JSON: {error}") from error
    if SUSPECT.search(content):
        _refuse_no_text(document)
    return document


def _refuse_no_text(document: Any) -> None:
    """Raises Invalid when a text holds what nobody can write or keep."""
    left = [document]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            left += [*node, *node.values()]
        elif isinstance(node, list):
            left += node
        elif isinstance(node, str) and (
            "\0" in node or any("\ud800" <= c <= "\udfff" for c in node)
        ):
            raise unreadable("a text of the content holds NUL or half of a surrogate pair")


def unreadable(message: str) -> Invalid:
    """What refuses a file that is not in its format at all."""
    violation = Violation("content", message, "IMPORT_INVALID")
    return Invalid("IMPORT_INVALID", message, violations=[violation])


def refuse_no_collection(content: bytes) -> None:
    """Raises Invalid unless the file is a collection of features."""
    document = read_json(content)
    is_one = isinstance(document, dict) and document.get("type") == "FeatureCollection"
    if not is_one or not isinstance(document.get("features"), list):
        raise unreadable("the content is no GeoJSON FeatureCollection with a list of features")


def features(content: bytes, harvest: Harvest) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every feature with its place in the file."""
    for index, feature in enumerate(_listed(read_json(content), harvest)):
        path = f"features[{index}]"
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            harvest.fault(path, 'must be an object of type "Feature"')
        elif not isinstance(properties, (dict, type(None))):
            harvest.fault(f"{path}.properties", "must be an object, or null")
        else:
            yield path, feature


def _listed(document: Any, harvest: Harvest) -> list[Any]:
    if not isinstance(document, dict):
        harvest.fault("content", "must be a FeatureCollection")
        return []
    if document.get("type") != "FeatureCollection":
        harvest.fault("type", 'must be "FeatureCollection"')
    listed = document.get("features")
    if not isinstance(listed, list):
        harvest.fault("features", f"must be a list, not {shown(listed)}")
        return []
    if len(listed) > ZONES_MAX:
        harvest.fault("features", too_many(len(listed), "features"))
        return []
    return listed


def area_of(feature: Mapping[str, Any], path: str, harvest: Harvest, halfwidth: int) -> Area:
    """The area of a feature; a line becomes the strip along it. Empty when something is wrong."""
    faults, at = Faults(), f"{path}.geometry"
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if geometry is None or not isinstance(kind, str) or kind not in POLYGONS | LINES:
        known = ", ".join(sorted(POLYGONS | LINES))
        said = "no geometry" if kind is None else shown(kind)
        harvest.fault(at, f"{said} has no area; there are {known}")
        return ()
    parts = _parts(geometry, kind, f"{at}.coordinates", faults, halfwidth)
    area = None if faults.found else faults.take(f"{at}.coordinates", _together, parts, kind)
    for violation in faults.found:
        harvest.fault(violation.field, violation.description)
    if area is None:
        return ()
    for place in _unclosed(geometry, kind, f"{at}.coordinates"):
        harvest.notice(place, "the ring does not end where it begins; it was closed")
    return area


def _together(parts: list[Polygon], kind: str) -> Area:
    if kind == "MultiPolygon":
        _check_parts(parts)
    return joined(parts) if kind in LINES else tuple(parts)


def _parts(
    geometry: Mapping[str, Any], kind: str, path: str, faults: Faults, halfwidth: int
) -> list[Polygon]:
    given = geometry.get("coordinates")
    if not isinstance(given, list) or not given:
        faults.add(path, "must be a list of positions", GEOMETRY)
        return []
    many = given if kind.startswith("Multi") else [given]
    places = [f"{path}[{i}]" if kind.startswith("Multi") else path for i in range(len(many))]
    made = [
        faults.take(place, _strip, part, halfwidth)
        if kind in LINES
        else faults.take(place, _polygon, part)
        for place, part in zip(places, many, strict=True)
    ]
    return [polygon for polygon in made if polygon]


def _check_parts(parts: list[Polygon]) -> None:
    try:
        check_area(tuple(parts))
    except Unsound as fault:
        said = str(fault).replace("areas[", "coordinates[")
        raise Unsound(said, fault.reason, fault.where.removeprefix("areas")) from fault


def _polygon(rings: Any) -> Polygon:
    check(isinstance(rings, list) and bool(rings), "must be a list of rings", GEOMETRY)
    made = [inside(f"[{i}]", _ring, ring) for i, ring in enumerate(rings)]
    polygon = Polygon(made[0], tuple(made[1:]))
    try:
        check_polygon(polygon)
    except Unsound as fault:
        raise Unsound(str(fault), fault.reason, _ring_place(fault.where)) from fault
    return polygon


def _ring_place(where: str) -> str:
    """GeoJSON counts the outer boundary as ring 0 and holes from 1 on."""
    if where == "outer":
        return "[0]"
    hole = where.removeprefix("holes[").rstrip("]")
    return f"[{int(hole) + 1}]" if hole.isdecimal() else ""


def _ring(positions: Any) -> Ring:
    return Ring(_points(positions))


def _strip(positions: Any, halfwidth: int) -> Polygon:
    points = _points(positions)
    check(len(set(points)) >= 2, "a line has at least two points", GEOMETRY)
    return buffered(points, halfwidth)


def _points(positions: Any) -> tuple[Point, ...]:
    check(isinstance(positions, list), "must be a list of positions", GEOMETRY)
    return tuple(inside(f"[{i}]", _point, position) for i, position in enumerate(positions))


def _point(position: Any) -> Point:
    sound = isinstance(position, list) and len(position) in (2, 3)
    check(sound, "a position is a longitude and a latitude", GEOMETRY)
    try:
        lng, lat, *_ = map(number, position)
    except Unsound as fault:
        said = f"a position is a longitude and a latitude: {fault}"
        raise Unsound(said, GEOMETRY) from fault
    return Point.of_degrees(lat, lng)


def _unclosed(geometry: Mapping[str, Any], kind: str, path: str) -> Iterator[str]:
    if kind not in POLYGONS or not isinstance(geometry.get("coordinates"), list):
        return
    many = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
    for part, rings in enumerate(many):
        at = f"{path}[{part}]" if kind == "MultiPolygon" else path
        for index, ring in enumerate(rings if isinstance(rings, list) else ()):
            if isinstance(ring, list) and ring and ring[0] != ring[-1]:
                yield f"{at}[{index}]"
