"""
Where the demonstration zone lies and what it rules, and the civil time of a place.

The zone is ours and says so: no city has it. It lies over the middle of the map, forbids old diesel
vans all day and charges newer ones once a day, so that a day meets a denial and a charge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from zoneinfo import ZoneInfo

from google.type.latlng_pb2 import LatLng
from timezonefinder import TimezoneFinder

from clients.day.addresses import Address
from clients.day.drive import Point
from clients.day.wire import latlng
from doorstep.compliance.v1 import access_rule_pb2, vehicle_pb2, zone_pb2

ZONE_ID = "demonstration-core"
CHARGE_MICROS = 4_000_000  # a day
ZONE_SHARE = 0.35  # of the map's height and width


@dataclass(frozen=True, slots=True)
class Box:
    """South-west and north-east corner, in degrees."""

    south: float
    west: float
    north: float
    east: float

    @property
    def middle(self) -> Point:
        return (self.south + self.north) / 2, (self.west + self.east) / 2

    def shrunk(self, share: float) -> Box:
        """The box around the same middle with `share` of height and width."""
        lat, lng = self.middle
        tall, wide = (self.north - self.south) * share / 2, (self.east - self.west) * share / 2
        return Box(lat - tall, lng - wide, lat + tall, lng + wide)

    def holds(self, point: Point) -> bool:
        return self.south <= point[0] <= self.north and self.west <= point[1] <= self.east

    def ring(self) -> Iterator[LatLng]:
        """Its corners, counter-clockwise, the first one again at the end."""
        corners = ((self.south, self.west), (self.south, self.east))
        others = ((self.north, self.east), (self.north, self.west), corners[0])
        yield from map(latlng, (*corners, *others))


def around(addresses: Sequence[Address]) -> Box:
    lats = [address.latitude for address in addresses]
    lngs = [address.longitude for address in addresses]
    return Box(min(lats), min(lngs), max(lats), max(lngs))


def zone_of(point: Point) -> ZoneInfo:
    """The civil time zone at a point."""
    name = TimezoneFinder().timezone_at(lat=point[0], lng=point[1])
    return ZoneInfo(name or "UTC")


def country_of(zone: ZoneInfo) -> str:
    """The country of a time zone, ISO 3166-1 alpha-2, by the tz database's own table."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text()
    rows = (row.split("\t") for row in table.splitlines() if not row.startswith("#"))
    return next(country for country, _, name, *_ in rows if name == zone.key)


def core(addresses: Sequence[Address]) -> Box:
    """Where the demonstration zone lies."""
    return around(addresses).shrunk(ZONE_SHARE)


def demonstration_zone(box: Box, zone: ZoneInfo) -> zone_pb2.Zone:
    return zone_pb2.Zone(
        zone_id=ZONE_ID,
        title="Demonstration core",
        kind=zone_pb2.ZONE_KIND_LOW_EMISSION,
        time_zone=zone.key,
        areas=[zone_pb2.Polygon(outer=zone_pb2.Ring(points=list(box.ring())))],
        rules=[old_diesel_stays_out(), diesel_pays()],
        source="Doorstep's demonstration: no authority has made this zone.",
        demonstration=True,
    )


def old_diesel_stays_out() -> access_rule_pb2.AccessRule:
    return access_rule_pb2.AccessRule(
        rule_id="old-diesel-stays-out",
        title="Diesel up to Euro 5 may not enter",
        filter=diesel(access_rule_pb2.Bounds(max=5)),
        prohibition=access_rule_pb2.Prohibition(),
    )


def diesel_pays() -> access_rule_pb2.AccessRule:
    charge = access_rule_pb2.Charge(
        amount_micros=CHARGE_MICROS, currency_code="EUR", unit=access_rule_pb2.CHARGE_UNIT_DAY
    )
    return access_rule_pb2.AccessRule(
        rule_id="diesel-pays",
        title="Diesel from Euro 6 pays once a day",
        filter=diesel(access_rule_pb2.Bounds(min=6)),
        charge=charge,
    )


def diesel(euro_class: access_rule_pb2.Bounds) -> access_rule_pb2.VehicleFilter:
    fuels = [vehicle_pb2.FUEL_DIESEL]
    return access_rule_pb2.VehicleFilter(fuels=fuels, euro_class=euro_class)
