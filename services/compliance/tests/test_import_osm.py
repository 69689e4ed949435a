"""
Streets of OpenStreetMap as zones.

Method: maps of a few parallel streets, written as an extract is; the real one of Heidelberg, with
the ways that carry delivery hours, where it is there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.compliance.domain.checking import check_presences
from services.compliance.domain.geometry import Point
from services.compliance.domain.presence import Presence
from services.compliance.domain.vehicle import Category, Fuel, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import ZoneKind
from services.compliance.domain.zone_import import ImportFormat
from services.compliance.tests.files import SQUARE, drawn, extract, harvest, verdict, zones_of
from services.compliance.tests.places import BIKE, DIESEL_VAN, at, book
from tests import shared

STREET = Point.of_degrees(49.401, 8.7025)
TRUCK = Vehicle("truck", Category.N3, Fuel.DIESEL, 6, 18_000_000, height_centimeters=380)


WALK = "pedestrian | motor_vehicle:conditional=destination @ (Mo-Sa 06:00-11:00)"
NIGHT = "residential | hgv:conditional=no @ (19:00-6:00)"
DAY = "residential | access:conditional=no @ (7:30-19:00 AND weight>7.5)"
WORKS = "residential | access:conditional=no @ (2026 May 10 - 2026 May 12)"
BUT = "residential | motor_vehicle=no | motor_vehicle:conditional="
SLOT = (
    "residential | motor_vehicle:conditional=no @ (Mo-Fr 08:00-16:00); "
    "delivery @ (Mo-Fr 10:00-12:00)"
)
TURNED = (
    "residential | motor_vehicle:conditional=delivery @ (Mo-Fr 10:00-12:00); "
    "no @ (Mo-Fr 08:00-16:00)"
)
GOODS = (
    "residential | vehicle:conditional=no @ (08:00-16:00) | "
    "goods:conditional=yes @ (Mo-Fr 10:00-12:00)"
)
HOURLY = "residential | maxweight=3 | maxweight:conditional=7.5 @ (06:00-10:00)"
UNWEIGHED = Vehicle("truck", Category.N2)


@pytest.mark.parametrize(
    ("tags", "vehicle", "clock", "expected"),
    [
        # by the wall of Heidelberg, on days of May 2026; the 12th is a Tuesday
        (WALK, DIESEL_VAN, "12 06:00", Verdict.ALLOW),
        (WALK, DIESEL_VAN, "12 05:59", Verdict.DENY),
        (WALK, DIESEL_VAN, "12 10:59", Verdict.ALLOW),
        (WALK, DIESEL_VAN, "12 11:00", Verdict.DENY),
        (WALK, DIESEL_VAN, "17 09:00", Verdict.DENY),  # a Sunday
        (WALK, BIKE, "17 09:00", Verdict.ALLOW),
        ("pedestrian", DIESEL_VAN, "12 08:00", Verdict.DENY),
        ("pedestrian | motor_vehicle=delivery", DIESEL_VAN, "12 08:00", Verdict.ALLOW),
        ("residential | motor_vehicle=no | bicycle=yes", BIKE, "12 08:00", Verdict.ALLOW),
        ("residential | vehicle=no | bicycle=no", BIKE, "12 08:00", Verdict.DENY),
        ("residential | hgv=no", TRUCK, "12 08:00", Verdict.DENY),
        ("residential | hgv=no", DIESEL_VAN, "12 08:00", Verdict.ALLOW),
        (NIGHT, TRUCK, "12 03:00", Verdict.DENY),
        (NIGHT, TRUCK, "12 07:00", Verdict.ALLOW),
        (DAY, TRUCK, "12 11:00", Verdict.DENY),
        (DAY, TRUCK, "12 20:00", Verdict.ALLOW),
        (DAY, DIESEL_VAN, "12 11:00", Verdict.ALLOW),
        (DAY, UNWEIGHED, "12 11:00", Verdict.UNKNOWN),
        (WORKS, BIKE, "12 11:00", Verdict.DENY),
        (WORKS, BIKE, "13 11:00", Verdict.ALLOW),
        (
            "residential | access:conditional=no @ (SH 7:30-8:30)",
            BIKE,
            "12 8:00",
            Verdict.UNKNOWN,
        ),
        ("residential | access=restricted", DIESEL_VAN, "12 11:00", Verdict.UNKNOWN),
        ("residential | access=private", DIESEL_VAN, "12 11:00", Verdict.ALLOW),
        ("residential | bicycle=use_sidepath", BIKE, "12 11:00", Verdict.ALLOW),
        (BUT + "yes @ (snow)", DIESEL_VAN, "12 11:00", Verdict.UNKNOWN),
        (BUT + "residents @ (08:00-10:00)", DIESEL_VAN, "12 09:00", Verdict.UNKNOWN),
        (BUT + "residents @ (08:00-10:00)", DIESEL_VAN, "12 11:00", Verdict.DENY),
        (BUT + "yes @ (08:00-10:00; PH off)", DIESEL_VAN, "12 09:00", Verdict.ALLOW),
        (BUT + "yes @ (weight>=7.5)", DIESEL_VAN, "12 11:00", Verdict.UNKNOWN),
        (BUT + "maybe @ (08:00-10:00)", DIESEL_VAN, "12 09:00", Verdict.UNKNOWN),
        (SLOT, DIESEL_VAN, "12 11:00", Verdict.ALLOW),
        (SLOT, DIESEL_VAN, "12 09:00", Verdict.DENY),
        (SLOT, DIESEL_VAN, "12 12:00", Verdict.DENY),
        (SLOT, DIESEL_VAN, "12 16:00", Verdict.ALLOW),
        (TURNED, DIESEL_VAN, "12 11:00", Verdict.DENY),  # the later clause wins
        (GOODS, DIESEL_VAN, "12 11:00", Verdict.ALLOW),  # the more special key wins
        (GOODS, TRUCK, "12 11:00", Verdict.DENY),
        (SLOT + "; yes @ (weight<=2.8)", DIESEL_VAN, "12 09:00", Verdict.DENY),
        (SLOT + "; yes @ (weight<=3.5)", DIESEL_VAN, "12 09:00", Verdict.ALLOW),
        ("residential | access=private | access:conditional=no @ (22:00-06:00)",
         DIESEL_VAN, "12 23:00", Verdict.DENY),
        ("residential | vehicle:conditional=no @ (2026 May 20 - 2026 May 10)",
         DIESEL_VAN, "12 23:00", Verdict.UNKNOWN),
        (HOURLY, DIESEL_VAN, "12 07:00", Verdict.ALLOW),
        (HOURLY, DIESEL_VAN, "12 11:00", Verdict.DENY),
        (HOURLY, TRUCK, "12 07:00", Verdict.DENY),
        ("residential | maxweight=about 3", DIESEL_VAN, "12 11:00", Verdict.UNKNOWN),
        ("residential | maxweight:conditional=3 @ (snow)", DIESEL_VAN, "12 11:00", Verdict.UNKNOWN),
        (BUT + "yes @ (weight<3.5)", DIESEL_VAN, "12 11:00", Verdict.DENY),
        (BUT + "yes @ (weight<=3.5)", DIESEL_VAN, "12 11:00", Verdict.ALLOW),
        (BUT + "yes @ (weight<=3.5)", TRUCK, "12 11:00", Verdict.DENY),
        ("residential | maxweight=3.5", DIESEL_VAN, "12 11:00", Verdict.ALLOW),
        ("residential | maxweight=3", DIESEL_VAN, "12 11:00", Verdict.DENY),
        ("residential | maxweight=3", BIKE, "12 11:00", Verdict.ALLOW),
        ("residential | maxweight=3", UNWEIGHED, "12 11:00", Verdict.UNKNOWN),
        (
            "residential | maxweight=3 | maxweight:conditional=none @ destination",
            DIESEL_VAN,
            "12 11:00",
            Verdict.ALLOW,
        ),
        ("residential | maxheight=3.8", TRUCK, "12 11:00", Verdict.ALLOW),
        ("residential | maxheight=3.7", TRUCK, "12 11:00", Verdict.DENY),
        ("residential | maxheight=12'0\"", TRUCK, "12 11:00", Verdict.DENY),
        ("residential | maxheight=default", TRUCK, "12 11:00", Verdict.ALLOW),
    ],
)  # fmt: skip
def test_a_street_says_who_may_drive_there_when(
    tmp_path: Path, tags: str, vehicle: Vehicle, clock: str, expected: Verdict
) -> None:
    other = {"highway": "pedestrian", "name": "elsewhere"}
    zones = zones_of(harvest(ImportFormat.OSM_PBF, extract(tmp_path, street(tags), other)))

    assert verdict(zones, vehicle, wall(clock), STREET) is expected


def street(text: str) -> dict[str, str]:
    kind, *tags = text.split(" | ")
    return {"highway": kind, **dict(tag.split("=", 1) for tag in tags)}


def wall(clock: str) -> datetime:
    return datetime.strptime(f"2026-05-{clock} +0200", "%Y-%m-%d %H:%M %z").astimezone(UTC)


def test_ways_of_one_name_with_the_same_rules_are_one_zone(tmp_path: Path) -> None:
    one = {"highway": "pedestrian", "name": "Märzgasse"}
    file = extract(tmp_path, one, one, {**one, "maxweight": "3.5"})
    zones = zones_of(harvest(ImportFormat.OSM_PBF, file))

    assert sorted(len(zone.area) for zone in zones) == [1, 2]
    assert all(zone.zone_id.startswith("osm-marzgasse-") for zone in zones)
    assert {zone.kind for zone in zones} == {ZoneKind.PEDESTRIAN}
    again = zones_of(harvest(ImportFormat.OSM_PBF, file))
    assert again == zones


def test_what_a_map_says_that_is_not_ours_is_counted(tmp_path: Path) -> None:
    private = {"highway": "service", "access": "private"}
    found = harvest(
        ImportFormat.OSM_PBF, extract(tmp_path, private, private, {"highway": "pedestrian"})
    )

    (notice,) = found.notices
    assert notice.description == "access=private: who lives there decides; left out (2 ways)"


def test_a_low_emission_zone_of_the_map_is_unknown_until_its_rules_are_written(
    tmp_path: Path,
) -> None:
    tags = {"boundary": "low_emission_zone", "name": "Keskusta", "type": "boundary"}
    content = drawn(tmp_path, tags, *((lng, lat) for lng, lat in SQUARE))
    found = harvest(ImportFormat.OSM_PBF, content)

    (zone,) = zones_of(found)
    assert (zone.title, zone.kind) == ("Keskusta", ZoneKind.LOW_EMISSION)
    inside = Point.of_degrees(60.15, 24.95)
    assert verdict([zone], DIESEL_VAN, at("2026-05-12 09:00"), inside) is Verdict.UNKNOWN
    assert verdict([zone], BIKE, at("2026-05-12 09:00"), inside) is Verdict.ALLOW


@pytest.mark.parametrize(
    ("tags", "places", "said"),
    [
        ("pedestrian", [(179.999, 10), (-179.999, 10)], "antimeridian"),
        ("pedestrian", [(180, 10), (179.9999, 10)], "antimeridian"),
        ("pedestrian", [(10, 90), (10, 89.9)], "a pole"),
        ("pedestrian", [(0, 0), (1, 1)], "no zone in the file"),
        ("pedestrian | area=yes", [(8.7, 49.4), (8.8, 49.4), (8.7, 49.4)], "no zone in the file"),
    ],
)
def test_a_way_that_no_strip_can_follow_is_a_fault(
    tmp_path: Path, tags: str, places: list[tuple[float, float]], said: str
) -> None:
    found = harvest(ImportFormat.OSM_PBF, drawn(tmp_path, street(tags), *places))

    (fault,) = found.faults
    assert said in fault.description


def test_a_measure_without_measure_is_not_read(tmp_path: Path) -> None:
    tags = {"highway": "residential", "maxweight": "9" * 30}
    found = harvest(ImportFormat.OSM_PBF, extract(tmp_path, tags))

    (notice,) = found.notices
    assert "the answer is unknown" in notice.description


@pytest.mark.shared
def test_the_delivery_hours_of_heidelberg_come_out_right() -> None:
    content = shared.path("data/osm/heidelberg-2024-09.osm.pbf").read_bytes()
    ways = json.loads(
        shared.path("data/zones/heidelberg_conditional_access_ways.geojson").read_text()
    )
    zones = zones_of(harvest(ImportFormat.OSM_PBF, content))
    middles = [
        Point.of_degrees(lat, lng)
        for way in ways["features"]
        if way["properties"].get("motor_vehicle:conditional") == "destination @ (Mo-Sa 06:00-11:00)"
        for lng, lat in way["geometry"]["coordinates"][1:-1]
    ]
    small = Vehicle("van", Category.N1, Fuel.DIESEL, 6, 3_500_000, height_centimeters=190)

    assert len(middles) > 100
    kept = book(*zones)
    hours = {"05:59": 0, "06:00": 1, "10:59": 1, "11:00": 0, "12:00": 0}
    for clock, allowed in hours.items():
        asked = [(small, Presence(middle, wall(f"12 {clock}"))) for middle in middles]
        let_in = [answer.verdict is Verdict.ALLOW for answer in check_presences(kept, asked)]
        assert sum(let_in) / len(let_in) == pytest.approx(allowed, abs=0.07), clock
