"""
How fast a way is driven when it is free, and by how much the hour slows it.

Pure, except that the hourly factors are read once from `hourly_factors.json`. Speeds are km/h,
factors are parts per thousand of the free speed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from pathlib import Path

from services.planner.adapters.roads.tags import MILE_KILOMETERS, Tags

FACTORS_FILE = Path(__file__).with_name("hourly_factors.json")
FACTOR_SCALE = 1000
HOURS = 24


class RoadClass(IntEnum):
    """The classes of way that any traveller can use; the number stands in compiled maps."""

    MOTORWAY = 0
    TRUNK = 1
    PRIMARY = 2
    SECONDARY = 3
    TERTIARY = 4
    UNCLASSIFIED = 5
    RESIDENTIAL = 6
    LIVING_STREET = 7
    SERVICE = 8
    TRACK = 9
    PEDESTRIAN = 10
    CYCLEWAY = 11
    FOOTWAY = 12
    PATH = 13
    STEPS = 14
    FERRY = 15


_BY_HIGHWAY = {
    "motorway": RoadClass.MOTORWAY,
    "motorway_link": RoadClass.MOTORWAY,
    "trunk": RoadClass.TRUNK,
    "trunk_link": RoadClass.TRUNK,
    "primary": RoadClass.PRIMARY,
    "primary_link": RoadClass.PRIMARY,
    "secondary": RoadClass.SECONDARY,
    "secondary_link": RoadClass.SECONDARY,
    "tertiary": RoadClass.TERTIARY,
    "tertiary_link": RoadClass.TERTIARY,
    "unclassified": RoadClass.UNCLASSIFIED,
    "road": RoadClass.UNCLASSIFIED,
    "residential": RoadClass.RESIDENTIAL,
    "living_street": RoadClass.LIVING_STREET,
    "service": RoadClass.SERVICE,
    "track": RoadClass.TRACK,
    "pedestrian": RoadClass.PEDESTRIAN,
    "cycleway": RoadClass.CYCLEWAY,
    "footway": RoadClass.FOOTWAY,
    "corridor": RoadClass.FOOTWAY,
    "platform": RoadClass.FOOTWAY,
    "path": RoadClass.PATH,
    "bridleway": RoadClass.PATH,
    "steps": RoadClass.STEPS,
}

# km/h where no maxspeed is tagged. Source: Project OSRM, profiles/car.lua, speed_profile.
MOTOR_KMH: Mapping[RoadClass, int] = {
    RoadClass.MOTORWAY: 90,
    RoadClass.TRUNK: 85,
    RoadClass.PRIMARY: 65,
    RoadClass.SECONDARY: 55,
    RoadClass.TERTIARY: 40,
    RoadClass.UNCLASSIFIED: 25,
    RoadClass.RESIDENTIAL: 25,
    RoadClass.LIVING_STREET: 10,
    RoadClass.SERVICE: 15,
    RoadClass.TRACK: 5,
    RoadClass.FERRY: 5,
}
# A street where people walk is driven at walking pace even where a tag lets a van in.
MOTOR_BY_TAG_KMH: Mapping[RoadClass, int] = {RoadClass.PEDESTRIAN: 7}
# A maxspeed on these is a limit that nobody reaches: the default above stays the ceiling.
SLOW_CLASSES = frozenset(
    {RoadClass.LIVING_STREET, RoadClass.SERVICE, RoadClass.TRACK, RoadClass.PEDESTRIAN}
)

# Source of both tables: Project OSRM, profiles/bicycle.lua, bicycle_speeds and surface_speeds.
CYCLING_KMH: Mapping[RoadClass, int] = {
    RoadClass.PRIMARY: 15,
    RoadClass.SECONDARY: 15,
    RoadClass.TERTIARY: 15,
    RoadClass.UNCLASSIFIED: 15,
    RoadClass.RESIDENTIAL: 15,
    RoadClass.LIVING_STREET: 15,
    RoadClass.SERVICE: 15,
    RoadClass.CYCLEWAY: 15,
    RoadClass.TRACK: 12,
    RoadClass.PATH: 13,
    RoadClass.FERRY: 5,
}
CYCLING_SURFACE_KMH: Mapping[str, int] = {
    "wood": 10,
    "metal": 10,
    "cobblestone:flattened": 10,
    "paving_stones": 10,
    "compacted": 10,
    "fine_gravel": 10,
    "ground": 10,
    "sett": 9,
    "dirt": 8,
    "cobblestone": 7,
    "unpaved": 6,
    "gravel": 6,
    "pebblestone": 6,
    "grass_paver": 6,
    "earth": 6,
    "grass": 6,
    "mud": 3,
    "sand": 3,
    "woodchips": 3,
}
CYCLING_BY_TAG_KMH: Mapping[RoadClass, int] = {
    RoadClass.TRUNK: 15,
    RoadClass.PEDESTRIAN: 7,  # shared with people on foot: walking pace
    RoadClass.FOOTWAY: 7,
}
# Source: Project OSRM, profiles/foot.lua, speed_profile.
WALKING_KMH: Mapping[RoadClass, int] = {
    # Steps: profiles/bicycle.lua, pedestrian_speeds.
    kind: 2 if kind is RoadClass.STEPS else 5
    for kind in RoadClass
    if kind not in {RoadClass.MOTORWAY, RoadClass.TRUNK}
}
WALKING_BY_TAG_KMH: Mapping[RoadClass, int] = {RoadClass.TRUNK: 5}

# Implied limits, km/h. Source: OpenStreetMap wiki, Default speed limits; the common value where
# countries differ.
_IMPLIED_KMH = {
    "urban": 50,
    "rural": 80,
    "trunk": 100,
    "motorway": 120,
    "living_street": 20,
    "walk": 7,
    "none": 130,
}
_SPEED = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph|knots)?\s*$")
_ZONE = re.compile(r"zone:?(\d+)$")


def road_class(tags: Tags) -> RoadClass | None:
    """The class of a way, or None for what nobody can travel on."""
    if tags.get("route") == "ferry":
        return RoadClass.FERRY
    if tags.get("area") == "yes":
        return None  # a square is crossed along the ways mapped on it
    return _BY_HIGHWAY.get(tags.get("highway", ""))


def limit_kmh(value: str | None) -> float | None:
    """A tagged speed limit in km/h, or None when there is none to read."""
    if value is None:
        return None
    if number := _SPEED.match(value):
        factor = {"mph": MILE_KILOMETERS, "knots": 1.852}.get(number[2] or "", 1.0)
        return float(number[1]) * factor or None
    if zone := _ZONE.search(value):
        return float(zone[1])
    return _IMPLIED_KMH.get(value.rsplit(":", 1)[-1])


@cache
def hourly_factors() -> Mapping[RoadClass, tuple[int, ...]]:
    """Per road class, 24 parts per thousand of the free speed; classes left out keep 1000."""
    content = json.loads(FACTORS_FILE.read_text())
    groups = {RoadClass[name]: group for name, group in content["group_of_class"].items()}
    return {kind: tuple(content["groups"][group]) for kind, group in groups.items()}
