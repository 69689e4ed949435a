"""
What the tags of a way or a node say to a kind of traveller: who may pass, which way, how wide.

Pure: tags in, values out. A value that the wiki does not document counts as no statement.

Sources: OpenStreetMap wiki, pages Key:access, Key:oneway, Key:barrier, Key:cycleway, Key:maxspeed,
Key:maxheight, Key:maxweight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum

Tags = Mapping[str, str]

MILE_KILOMETERS = 1.609344  # international mile, exact
FOOT_METERS = 0.3048  # international foot, exact
INCH_METERS = 0.0254  # international inch, exact

OPEN_VALUES = frozenset({"yes", "permissive", "designated", "official", "hov", "discouraged"})
# Open to whoever has business there, closed to through traffic.
ENDS_ONLY_VALUES = frozenset(
    {
        "destination",
        "delivery",
        "customers",
        "private",
        "permit",
        "residents",
        "service",
    }
)
CLOSED_VALUES = frozenset(
    {"no", "agricultural", "forestry", "emergency", "military", "psv", "bus", "use_sidepath"}
)
ONEWAY_FORWARD = frozenset({"yes", "true", "1"})
ONEWAY_BACKWARD = frozenset({"-1", "reverse"})
ONEWAY_NONE = frozenset({"no", "false", "0"})
# Changes with the hour or by a signal: a planner cannot count on either direction.
ONEWAY_UNPLANNABLE = frozenset({"reversible", "alternating"})
CONTRAFLOW_VALUES = frozenset({"opposite", "opposite_lane", "opposite_track"})

# Barriers that stop a motor vehicle unless a tag says otherwise. Gates are left open: a delivery
# rings the bell, and a gate that is really shut carries access=no.
MOTOR_BARRIERS = frozenset(
    {
        "block",
        "bollard",
        "bus_trap",
        "chain",
        "cycle_barrier",
        "debris",
        "fence",
        "hedge",
        "jersey_barrier",
        "kissing_gate",
        "log",
        "planter",
        "rope",
        "stile",
        "sump_buster",
        "turnstile",
        "wall",
        "wedge",
    }
)
# A cargo bike is wider than a bicycle: it passes bollards, not chicanes.
CARGO_BIKE_BARRIERS = frozenset(
    {"cycle_barrier", "fence", "hedge", "kissing_gate", "stile", "turnstile", "wall", "debris"}
)
FOOT_BARRIERS = frozenset({"fence", "hedge", "wall"})

_NUMBER = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(\S*)")
_FEET_INCHES = re.compile(r"^\s*(\d+)'\s*(?:(\d+)\"?)?\s*$")


class Access(IntEnum):
    """Whether a traveller may use a way."""

    UNSAID = 0
    CLOSED = 1
    ENDS_ONLY = 2
    OPEN = 3


class Direction(IntEnum):
    """In which direction of its nodes a way may be used."""

    BOTH = 0
    FORWARD = 1
    BACKWARD = 2
    NEITHER = 3


def access(tags: Tags, keys: Iterable[str]) -> Access:
    """What the first of `keys` (most specific first) that makes a statement says."""
    for key in keys:
        said = _statement(tags.get(key, ""))
        if said is not Access.UNSAID:
            return said
    return Access.UNSAID


def _statement(value: str) -> Access:
    values = {part.strip() for part in value.split(";")}
    if values & OPEN_VALUES:
        return Access.OPEN
    if values & ENDS_ONLY_VALUES:
        return Access.ENDS_ONLY
    return Access.CLOSED if values & CLOSED_VALUES else Access.UNSAID


def direction(tags: Tags, keys: Iterable[str]) -> Direction:
    """
    The direction that the first of `keys` (most specific first) allows.

    Roundabouts and motorways are one-way unless a tag says no (wiki Key:oneway, implied values).
    """
    for key in keys:
        value = tags.get(key, "")
        if value in ONEWAY_FORWARD:
            return Direction.FORWARD
        if value in ONEWAY_BACKWARD:
            return Direction.BACKWARD
        if value in ONEWAY_NONE:
            return Direction.BOTH
        if value in ONEWAY_UNPLANNABLE:
            return Direction.NEITHER
    round_road = tags.get("junction") in {"roundabout", "circular"}
    return Direction.FORWARD if round_road or _is_motorway(tags) else Direction.BOTH


def _is_motorway(tags: Tags) -> bool:
    return tags.get("highway") in {"motorway", "motorway_link"}


def has_contraflow(tags: Tags) -> bool:
    """Whether bicycles may ride against a one-way street (wiki Key:cycleway)."""
    if tags.get("oneway:bicycle") in ONEWAY_NONE:
        return True
    sides = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
    return any(tags.get(side) in CONTRAFLOW_VALUES for side in sides) or _has_backward_lane(tags)


def _has_backward_lane(tags: Tags) -> bool:
    sides = ("cycleway:left", "cycleway:right", "cycleway:both")
    return any(tags.get(f"{side}:oneway") in ONEWAY_BACKWARD | ONEWAY_NONE for side in sides)


def stops_at(tags: Tags, keys: Iterable[str], barriers: frozenset[str]) -> bool:
    """Whether a node with these tags cannot be passed; an access tag on it outranks its barrier."""
    if tags.get("highway") == "crossing":
        return False  # the tags of a crossing speak of those who cross the road
    said = access(tags, keys)
    if said is Access.UNSAID:
        return tags.get("barrier") in barriers
    return said is Access.CLOSED


def meters(value: str | None) -> float | None:
    """A length such as `2.5`, `2.5 m` or `8'6"`, or None when there is none to read."""
    if value is None:
        return None
    if feet := _FEET_INCHES.match(value):
        return int(feet[1]) * FOOT_METERS + int(feet[2] or 0) * INCH_METERS
    return _scaled(value, {"": 1.0, "m": 1.0, "cm": 0.01, "ft": FOOT_METERS})


def tonnes(value: str | None) -> float | None:
    """A mass such as `3.5`, `3.5 t` or `7500 kg`, or None when there is none to read."""
    return None if value is None else _scaled(value, {"": 1.0, "t": 1.0, "kg": 0.001})


def _scaled(value: str, units: Mapping[str, float]) -> float | None:
    number = _NUMBER.match(value)
    if number is None or number[2].rstrip(";") not in units:
        return None
    return float(number[1].replace(",", ".")) * units[number[2].rstrip(";")]
