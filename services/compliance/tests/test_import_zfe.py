"""
Low emission zones in the French schema.

Method: squares near Paris; the examples of the schema where they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.compliance.domain.geometry import Point
from services.compliance.domain.vehicle import Category, Sticker, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone_import import ImportFormat
from services.compliance.tests.files import (
    SQUARE,
    collection,
    faults_of,
    feature,
    harvest,
    verdict,
    zones_of,
)
from services.compliance.tests.places import at
from tests import shared

INSIDE = [[24.92, 60.12], [24.94, 60.12], [24.94, 60.14], [24.92, 60.14], [24.92, 60.12]]
ZFE = {
    "id": "200046977-ZFE-001",
    "date_debut": "2019-07-01",
    "date_fin": "2029-07-01",
    "vul_critair": "V4",
    "vul_horaires": "Mo-Fr 08:00-20:00; PH off",
}


def critair(grade: int, category: Category = Category.N1) -> Vehicle:
    return Vehicle("van", category, stickers=(Sticker("fr-critair", grade),))


PARIS_SQUARE = [[x - 22.6, y - 11.3] for x, y in SQUARE]
PARIS_INSIDE = [[x - 22.6, y - 11.3] for x, y in INSIDE]
IN_BOTH, IN_ONE = Point.of_degrees(48.83, 2.33), Point.of_degrees(48.88, 2.38)


@pytest.mark.parametrize(
    ("vehicle", "moment", "expected"),
    [
        (critair(4), "2026-05-12 09:00", Verdict.DENY),
        (critair(6), "2026-05-12 09:00", Verdict.DENY),  # without sticker
        (critair(3), "2026-05-12 09:00", Verdict.ALLOW),
        (critair(4), "2026-05-12 18:30", Verdict.ALLOW),  # 20:30 in Paris
        (critair(4), "2026-05-09 09:00", Verdict.ALLOW),  # a Saturday
        (critair(4), "2026-05-08 09:00", Verdict.ALLOW),  # a public holiday
        (critair(4), "2019-06-28 09:00", Verdict.ALLOW),  # before it is law
        (critair(4), "2029-06-29 09:00", Verdict.DENY),
        (critair(4), "2029-07-02 09:00", Verdict.ALLOW),  # after the last day
        (critair(4, Category.N2), "2026-05-12 09:00", Verdict.ALLOW),  # says nothing of trucks
        (Vehicle("van", Category.N1), "2026-05-12 09:00", Verdict.UNKNOWN),
    ],
)
def test_a_french_zone_keeps_out_from_its_sticker_on(
    vehicle: Vehicle, moment: str, expected: Verdict
) -> None:
    zones = zones_of(harvest(ImportFormat.FR_ZFE, collection(feature(ZFE, PARIS_SQUARE))))

    assert zones[0].time_zone == "Europe/Paris"
    assert verdict(zones, vehicle, at(moment), IN_BOTH) is expected


def test_the_last_day_of_the_calendar_means_no_end() -> None:
    for_ever = {**ZFE, "date_fin": "9999-12-31"}
    (zone,) = zones_of(harvest(ImportFormat.FR_ZFE, collection(feature(for_ever, PARIS_SQUARE))))

    assert {rule.schedule.end for rule in zone.rules} == {None}


@pytest.mark.parametrize(
    ("place", "moment", "grade", "expected"),
    [
        (IN_ONE, "2026-05-12 09:00", 4, Verdict.DENY),
        (IN_BOTH, "2026-05-12 09:00", 4, Verdict.ALLOW),  # the later area wins
        (IN_BOTH, "2026-05-12 09:00", 5, Verdict.DENY),
        (IN_BOTH, "2024-05-14 09:00", 4, Verdict.DENY),  # before the later area is law
    ],
)
def test_of_overlapping_areas_the_last_wins_while_it_holds(
    place: Point, moment: str, grade: int, expected: Verdict
) -> None:
    milder = {**ZFE, "id": "B", "date_debut": "2025-01-01", "vul_critair": "V5"}
    features = (feature(ZFE, PARIS_SQUARE), feature(milder, PARIS_INSIDE))
    zones = zones_of(harvest(ImportFormat.FR_ZFE, collection(*features)))

    assert verdict(zones, critair(grade), at(moment), place) is expected


def test_a_road_beats_an_area_wherever_it_stands_in_the_file() -> None:
    road = {"id": "ROAD", "date_debut": "2019-07-01"}  # it keeps nobody out
    line = [[2.3, 48.85], [2.4, 48.85]]
    features = (feature(road, line, "LineString"), feature(ZFE, PARIS_SQUARE))
    found = harvest(ImportFormat.FR_ZFE, collection(*features))
    zones = zones_of(found)

    on, off = Point.of_degrees(48.85, 2.35), Point.of_degrees(48.8502, 2.35)
    moment = at("2026-05-12 09:00")
    assert verdict(zones, critair(5), moment, on) is Verdict.ALLOW
    assert verdict(zones, critair(5), moment, off) is Verdict.DENY
    assert [notice.path for notice in found.notices] == ["features[0]"]


@pytest.mark.parametrize(
    ("planted", "path", "said"),
    [
        ({"vul_critair": "V6"}, "vul_critair", "is not one of EL, V1"),
        ({"vul_horaires": None}, "vul_horaires", "hours are required"),
        ({"vul_horaires": "Mo-Fr from eight"}, "vul_horaires", "syntax"),
        ({"vul_horaires": "SH Mo-Fr 08:00-09:00"}, "vul_horaires", "not read"),
        ({"vp_critair": "V4"}, "vp_horaires", "hours are required"),
        ({"date_debut": "1 July"}, "date_debut", "is no date"),
        ({"date_debut": None}, "date_debut", "is no date"),
        ({"date_fin": "2018-01-01"}, "date_fin", "ends before"),
        ({"id": None}, "id", "required"),
    ],
)
def test_a_fault_of_a_french_zone_is_told_with_its_place(
    planted: Mapping[str, Any], path: str, said: str
) -> None:
    file = collection(feature({**ZFE, **planted}, PARIS_SQUARE))
    found = faults_of(harvest(ImportFormat.FR_ZFE, file))

    assert list(found) == [f"features[0].properties.{path}"]
    assert said in found[f"features[0].properties.{path}"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "count"), [("zfe_exemple-valide-zone", 1), ("zfe_exemple-valide-voie-speciale", 4)]
)
def test_the_examples_of_the_french_schema_are_read(name: str, count: int) -> None:
    content = shared.path(f"data/zones/{name}.geojson").read_bytes()
    zones = zones_of(harvest(ImportFormat.FR_ZFE, content))

    assert len(zones) == count
    for zone in zones:
        assert [rule.rule_id for rule in zone.rules] == [
            "vp",
            "vul",
            "pl",
            "autobus_autocars",
            "deux_rm",
        ]
        assert zone.rules[0].schedule.end == date(2023, 7, 2)
