"""
What an event is split by: the circumstances of a delivery when the event was recorded. Pure.

They are stamped once and stand in the event, so that a later edit of the delivery changes no figure
of the past.
"""

from __future__ import annotations

from dataclasses import dataclass

import h3

from services.tracking.domain.geo import Point
from services.tracking.domain.route import Window

RESOLUTION = 8  # of H3: hexagons of 0.74 km2 on average; the contract states it


@dataclass(frozen=True, slots=True)
class Facets:
    """Empty where a delivery has none, or where the deliveries of one stop differ."""

    cell: str = ""  # H3
    depot_id: str = ""  # where the goods lay
    territory_id: str = ""
    service_level: str = ""
    segment: str = ""
    slot: Window | None = None  # promised when it went out, or else now
    place: str = ""  # a place id, or the digest of an address
    region: str = ""
    order_reference: str = ""  # no facet: by it an order's attempts are told together


NO_FACETS = Facets()


def cell_of(point: Point | None) -> str:
    """The hexagon of a place."""
    return h3.latlng_to_cell(point.latitude, point.longitude, RESOLUTION) if point else ""
