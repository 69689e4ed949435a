"""Files of zones that the tests share, small enough to see, and how they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import osmium

from services.compliance.convert.imports.files import read_file
from services.compliance.domain.checking import check_presences
from services.compliance.domain.geometry import Point
from services.compliance.domain.presence import Presence
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import Zone
from services.compliance.domain.zone_import import Harvest, ImportFormat, ZoneImport
from services.compliance.file_reader import means
from services.compliance.tests.places import RECORDED, book

MEANS = means()
SQUARE = [[24.9, 60.1], [25.0, 60.1], [25.0, 60.2], [24.9, 60.2], [24.9, 60.1]]
BAN = {"rule_id": "ban", "prohibition": {}, "filter": {"fuels": ["DIESEL"]}}
OURS = {
    "zone_id": "centre",
    "title": "Centre",
    "kind": "LOW_EMISSION",
    "time_zone": "Europe/Helsinki",
    "rules": [BAN],
}


def harvest(kind: ImportFormat, content: bytes) -> Harvest:
    """What a file yields."""
    return read_file(MEANS, ZoneImport("imp_1", kind, RECORDED, "the city"), content)


def feature(properties: Any, ring: Any = SQUARE, kind: str = "Polygon") -> dict[str, Any]:
    """A feature of GeoJSON; a polygon is one ring."""
    coordinates = [ring] if kind == "Polygon" else ring
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: Any) -> bytes:
    """A file of features."""
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def extract(folder: Path, *ways: Mapping[str, str]) -> bytes:
    """A map: parallel streets from west to east, 111 m apart, from (49.401, 8.7) on."""
    file = folder / "extract.osm.pbf"
    file.unlink(missing_ok=True)
    writer = osmium.SimpleWriter(str(file))
    for number in range(1, len(ways) + 1):
        for end, lng in enumerate((8.7, 8.705)):
            place = (lng, 49.4 + number * 0.001)
            writer.add_node(osmium.osm.mutable.Node(id=number * 10 + end, location=place, tags={}))
    for number, tags in enumerate(ways, 1):
        nodes = [number * 10, number * 10 + 1]
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=dict(tags)))
    writer.close()
    return file.read_bytes()


def drawn(folder: Path, tags: Mapping[str, str], *places: tuple[float, float]) -> bytes:
    """A map of one way along places, by longitude and latitude; it may return to its first one."""
    file = folder / "way.osm.pbf"
    file.unlink(missing_ok=True)
    writer = osmium.SimpleWriter(str(file))
    numbers = {place: number for number, place in enumerate(dict.fromkeys(places), 1)}
    for place, number in numbers.items():
        writer.add_node(osmium.osm.mutable.Node(id=number, location=place, tags={}))
    nodes = [numbers[place] for place in places]
    writer.add_way(osmium.osm.mutable.Way(id=1, nodes=nodes, tags=dict(tags)))
    writer.close()
    return file.read_bytes()


def verdict(zones: Sequence[Zone], vehicle: Vehicle, moment: datetime, place: Point) -> Verdict:
    """What zones say to a vehicle that stands somewhere at a moment."""
    asked = [(vehicle, Presence(place, moment))]
    return next(iter(check_presences(book(*zones), asked))).verdict


def zones_of(found: Harvest) -> list[Zone]:
    """The zones of a file in which nothing is wrong."""
    assert found.faults == []
    return [read.zone for read in found.zones if isinstance(read.zone, Zone)]


def faults_of(found: Harvest) -> dict[str, str]:
    """What is wrong, by place."""
    return {fault.path: fault.description for fault in found.faults}
