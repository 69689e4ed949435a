"""Comments on timeline entries, and reports of the weather. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.geo import Point, meters
from services.tracking.domain.route import Window

AS_USUAL_PERMILLE = 1_000


class Audience(StrEnum):
    """Who may read a comment."""

    INTERNAL = "INTERNAL"
    CREW = "CREW"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote."""

    comment_id: str
    entry_id: str
    delivery_id: str
    author: str
    text: str
    audience: Audience
    create_time: datetime


class Condition(StrEnum):
    """Kinds of weather."""

    UNSPECIFIED = "UNSPECIFIED"
    CLEAR = "CLEAR"
    RAIN = "RAIN"
    HEAVY_RAIN = "HEAVY_RAIN"
    SNOW = "SNOW"
    ICE = "ICE"
    FOG = "FOG"
    STORM = "STORM"
    HEAT = "HEAT"


# What weather adds to travel time where the report says nothing more, in permille of the usual.
# Source: FHWA Road Weather Management, "How Do Weather Events Impact Roads?": speed falls by 10 %
# on wet streets, 17 % in heavy rain, 12 % in low visibility, 30 to 40 % on snow and ice.
USUAL_PERMILLE = {
    Condition.RAIN: 1_111,
    Condition.HEAVY_RAIN: 1_205,
    Condition.STORM: 1_205,
    Condition.FOG: 1_136,
    Condition.SNOW: 1_429,
    Condition.ICE: 1_667,
}


@dataclass(frozen=True, slots=True)
class Weather:
    """The weather of an area for a time."""

    report_id: str
    center: Point
    radius_meters: int
    window: Window
    condition: Condition
    record_time: datetime
    temperature_decidegrees: int | None = None
    wind_centimeters_per_second: int | None = None
    travel_time_permille: int = AS_USUAL_PERMILLE
    attribution: str = ""


def slowdown(reports: tuple[Weather, ...], point: Point, at: datetime) -> float:
    """How much longer driving takes at a place: the worst report that holds there and then."""
    holding = [
        max(report.travel_time_permille, USUAL_PERMILLE.get(report.condition, 0))
        for report in reports
        if at in report.window and meters(report.center, point) <= report.radius_meters
    ]
    return max([AS_USUAL_PERMILLE, *holding]) / AS_USUAL_PERMILLE
