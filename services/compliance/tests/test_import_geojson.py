"""
Files of GeoJSON with our rules, and files that are none.

Method: files small enough to see, one fault each; the real zone of Heidelberg where it is there.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshkit.errors import Invalid
from services.compliance.convert.imports.files import refuse_unreadable
from services.compliance.domain.geometry import E7, Point
from services.compliance.domain.vehicle import Category, Fuel, Sticker, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import ZoneKind
from services.compliance.domain.zone_import import ImportFormat
from services.compliance.tests.files import (
    BAN,
    OURS,
    SQUARE,
    collection,
    faults_of,
    feature,
    harvest,
    verdict,
    zones_of,
)
from services.compliance.tests.places import DIESEL_VAN, at, day
from tests import shared
from tests.run import ROOT

BOW = [SQUARE[corner] for corner in (0, 2, 1, 3, 0)]
TWICE = [BAN, {**BAN, "rule_id": "b"}]


def test_a_feature_with_our_rules_is_a_zone() -> None:
    (zone,) = zones_of(harvest(ImportFormat.GEOJSON, collection(feature(OURS))))

    assert (zone.zone_id, zone.kind, zone.source) == ("centre", ZoneKind.LOW_EMISSION, "the city")
    assert zone.rules[0].filter.fuels == (Fuel.DIESEL,)
    middle = Point(601 * E7 // 10 + E7 // 100, 2495 * E7 // 100)
    assert verdict([zone], DIESEL_VAN, at("2026-05-12 09:00"), middle) is Verdict.DENY


def test_a_template_gives_all_that_the_feature_does_not_say() -> None:
    named = {"zone_id": "milan", "template_id": "it-milan-area-c", "title": "Cerchia dei Bastioni"}
    (zone,) = zones_of(harvest(ImportFormat.GEOJSON, collection(feature(named))))

    assert (zone.zone_id, zone.title) == ("milan", "Cerchia dei Bastioni")
    assert [rule.rule_id for rule in zone.rules][:1] == ["areac-ban-n1"]
    assert zone.verified is not None


def test_a_line_becomes_the_strip_along_it() -> None:
    line = [[24.9, 60.1], [24.91, 60.1]]
    street = feature({**OURS, "halfwidth_meters": 8}, line, "LineString")
    (zone,) = zones_of(harvest(ImportFormat.GEOJSON, collection(street)))

    lats = [point.lat_e7 for point in zone.area[0].outer.points]
    assert (max(lats) - min(lats)) * 111_195 / E7 == pytest.approx(16, abs=0.1)


def test_a_calendar_is_filled_in() -> None:
    named = {**OURS, "holiday_calendar": "SE"}
    (zone,) = zones_of(harvest(ImportFormat.GEOJSON, collection(feature(named))))

    assert day("2026-06-19") in zone.holidays


P, G = "features[0].properties", "features[0].geometry"


@pytest.mark.parametrize(
    ("item", "path", "said"),
    [
        (feature({**OURS, "zone_id": "A"}), f"{P}.zone_id", ""),
        (feature({**OURS, "kind": "ZFE"}), f"{P}.kind", "is not one of"),
        (feature({**OURS, "rules": [{**BAN, "if": 1}]}), f"{P}.rules[0].if", "no field"),
        (feature({**OURS, "rules": None}), f"{P}.rules", "[] lets everybody in"),
        (feature({**OURS, "template_id": "atlantis"}), f"{P}.template_id", "no built-in zone"),
        (feature({**OURS, "holiday_calendar": "XX"}), f"{P}.holiday_calendar", "no holiday cal"),
        (feature({**OURS, "time_zone": "Europe/Atlantis"}), f"{P}.time_zone", "no time zone"),
        (feature({**OURS, "halfwidth_meters": 0}), f"{P}.halfwidth_meters", "1 to 100"),
        (feature({**OURS, "rules": TWICE}), f"{P}.rules[1].rule_id", "once more"),
        (feature(OURS, SQUARE[:2]), f"{G}.coordinates[0]", "three corners"),
        (feature(OURS, BOW), f"{G}.coordinates[0]", "crosses itself"),
        (feature(OURS, [[181, 0], *SQUARE]), f"{G}.coordinates[0][0]", "longitude"),
        (feature(OURS, [["x", 0], *SQUARE]), f"{G}.coordinates[0][0]", "a position is"),
        (
            feature(OURS, [[SQUARE], [SQUARE]], "MultiPolygon"),
            f"{G}.coordinates[1]",
            "same as coordinates[0]",
        ),
        (feature(OURS, [24.9, 60.1], "Point"), G, "has no area"),
        ({"type": "Feature", "properties": OURS, "geometry": None}, G, "has no area"),
        ({"type": "Polygon"}, "features[0]", "Feature"),
        ({"type": "Feature", "properties": []}, P, "object"),
    ],
)
def test_a_fault_of_a_feature_is_told_with_its_place(item: Any, path: str, said: str) -> None:
    found = faults_of(harvest(ImportFormat.GEOJSON, collection(item)))

    assert list(found) == [path]
    assert said in found[path]


def test_all_faults_of_a_file_are_told_at_once() -> None:
    bad = feature({**OURS, "kind": "ZFE", "title": 7}, SQUARE[:2])
    found = harvest(ImportFormat.GEOJSON, collection(feature(OURS), bad, feature(OURS)))

    assert set(faults_of(found)) == {
        "features[1].properties.kind",
        "features[1].properties.title",
        "features[1].geometry.coordinates[0]",
        "features[2].properties",  # the id stands twice
    }


def test_what_has_no_meaning_is_a_notice_and_the_rest_holds() -> None:
    named = {**OURS, "fileName": "lez", "listOfCities": []}
    found = harvest(ImportFormat.GEOJSON, collection(feature(named, SQUARE[:-1])))

    assert [notice.path for notice in found.notices] == [
        "features[0].properties.fileName",
        "features[0].properties.listOfCities",
        "features[0].geometry.coordinates[0]",  # closed by us
    ]
    assert len(zones_of(found)) == 1


def test_the_example_of_the_page_is_read() -> None:
    page = (ROOT / "docs" / "zone-imports.md").read_text()
    example = page.partition("```json\n")[2].partition("```")[0]
    (zone,) = zones_of(harvest(ImportFormat.GEOJSON, example.encode()))

    assert zone.rules[0].schedule.spans[0].start_seconds == 7 * 3_600


@pytest.mark.shared
def test_the_real_heidelberg_zone_takes_the_german_template() -> None:
    document = json.loads(shared.path("data/zones/de_heidelberg.geojson").read_text())
    named = {"zone_id": "heidelberg", "template_id": "de-umweltzone-green"}
    document["features"][0]["properties"].update(named)
    (zone,) = zones_of(harvest(ImportFormat.GEOJSON, json.dumps(document).encode()))

    station = Point.of_degrees(49.4094, 8.6937)  # Bismarckplatz
    green, none = Sticker("de-plakette", 4), Sticker("de-plakette", 0)
    for sticker, expected in ((green, Verdict.ALLOW), (none, Verdict.DENY)):
        van = Vehicle("van", Category.N1, Fuel.DIESEL, stickers=(sticker,))
        assert verdict([zone], van, at("2022-05-12 09:00"), station) is expected


@pytest.mark.parametrize("kind", list(ImportFormat))
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"type": "Feature"}', b"\x00\x01", b'{"data": 1}']
)
def test_a_file_in_another_format_is_refused_at_once(kind: ImportFormat, content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        refuse_unreadable(kind, content)
    assert caught.value.reason == "IMPORT_INVALID"


def test_an_empty_file_is_a_fault() -> None:
    assert faults_of(harvest(ImportFormat.GEOJSON, collection())) == {
        "": "there is no zone in the file"
    }
