"""The time zone of a place, and the country of a time zone, from packaged tables."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from services.compliance.domain.faults import Unsound
from services.compliance.domain.geometry import Point

TABLES = files("tzdata") / "zoneinfo"


def time_zone_at(point: Point) -> str:
    """The IANA zone of a place; Unsound at sea."""
    latitude, longitude = point.degrees
    found = _finder().timezone_at(lat=latitude, lng=longitude)
    if not found:
        raise Unsound(f"no time zone is known at latitude {latitude}, longitude {longitude}")
    return str(found)


def country_of(time_zone: str) -> str:
    """The ISO 3166 country of a zone, such as DE of Europe/Berlin; empty when none is known."""
    return _countries().get(_links().get(time_zone, time_zone), _countries().get(time_zone, ""))


@cache
def _finder() -> Any:
    """Loaded when first wanted: its import takes seconds, and few processes ever import a map."""
    return importlib.import_module("timezonefinder").TimezoneFinder()


@cache
def _countries() -> Mapping[str, str]:
    lines = (TABLES / "zone.tab").read_text().splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


@cache
def _links() -> Mapping[str, str]:
    """Names that other zones are known by too, such as US/Eastern."""
    lines = (line.split() for line in (TABLES / "tzdata.zi").read_text().splitlines())
    return {words[2]: words[1] for words in lines if words and words[0] == "L"}
