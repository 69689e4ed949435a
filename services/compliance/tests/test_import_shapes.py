"""
Files in which something has the wrong shape: they yield or are refused with a place, never break.

Method: a small sound file of every JSON format; every value in it is replaced by each of some
others in turn, and every key and item is left out in turn.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from services.compliance.domain.zone_import import ZONES_MAX, ImportFormat
from services.compliance.tests.files import (
    BAN,
    OURS,
    SQUARE,
    collection,
    faults_of,
    feature,
    harvest,
)
from services.compliance.tests.test_import_cds import CURB, POLICY, curbs
from services.compliance.tests.test_import_zfe import PARIS_INSIDE, PARIS_SQUARE, ZFE

HUGE = float("inf")  # written as 1e400
DEEP: Any = []
for _ in range(400):
    DEEP = [DEEP]
ODD = [
    *(None, True, 7, -7, 0.5, HUGE, -HUGE, "x", "", "\x00", "\ud800", [], {}, [[]], [{}], {"x": 1}),
    *(10**30, 10**400, "9" * 5000, "0001-01-01", "9999-12-31", "9999 Dec 31", DEEP),
]
LINE = [[24.9, 60.1], [24.91, 60.1]]
TIMED = {
    **BAN,
    "schedule": {
        "spans": [{"days": ["Mo"], "start": "07:30", "end": "10:00"}],
        "start_date": "2026-01-01",
    },
}
NAMED = {**OURS, "rules": [TIMED], "holiday_calendar": "SE", "halfwidth_meters": 8}
SPAN = {
    "days_of_week": ["tue"], "time_of_day_start": "10:00", "time_of_day_end": "16:00",
    "months": [1], "days_of_month": [2], "designated_period": "holidays",
    "designated_period_except": True,
}  # fmt: skip
RULE = {
    "activity": "loading", "max_stay": 15, "max_stay_unit": "minute", "no_return": 1,
    "no_return_unit": "hour", "user_classes": ["van"], "rate": [],
}  # fmt: skip
MILAN = {"zone_id": "milan", "template_id": "it-milan-area-c"}
FULL_CURB = {**CURB, "name": "Bay", "street_name": "Main St", "end_date": 1_952_678_594_428}
FILES = {
    "geojson": (
        ImportFormat.GEOJSON,
        collection(
            feature(NAMED, LINE, "LineString"),
            feature(MILAN, [[SQUARE]], "MultiPolygon"),
        ),
    ),
    "zfe": (
        ImportFormat.FR_ZFE,
        collection(
            feature(ZFE, PARIS_SQUARE),
            feature({**ZFE, "id": "b", "date_debut": "2020-07-01"}, PARIS_INSIDE),
        ),
    ),
    "cds": (
        ImportFormat.CDS,
        curbs([FULL_CURB], [{**POLICY, "name": "p", "time_spans": [SPAN], "rules": [RULE]}]),
    ),
}  # fmt: skip

Place = tuple[str | int, ...]


def places(node: Any, at: Place = ()) -> Iterator[Place]:
    """Every value of a document, the document too."""
    yield at
    keys: Iterable[str | int] = node if isinstance(node, dict) else ()
    for key in range(len(node)) if isinstance(node, list) else keys:
        yield from places(node[key], (*at, key))


def holder(document: Any, at: Place) -> Any:
    for key in at[:-1]:
        document = document[key]
    return document


def written(document: Any) -> bytes:
    return json.dumps(document).replace("Infinity", "1e400").encode()


def planted(document: Any, at: Place, value: Any) -> bytes:
    """The document with another value at a place."""
    if not at:
        return written(value)
    document = copy.deepcopy(document)
    holder(document, at)[at[-1]] = value
    return written(document)


def without(document: Any, at: Place) -> bytes:
    document = copy.deepcopy(document)
    del holder(document, at)[at[-1]]
    return written(document)


@pytest.mark.parametrize("name", FILES)
def test_the_sound_file_yields(name: str) -> None:
    found = harvest(*FILES[name])

    assert found.faults == []
    assert found.zones


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("number", range(len(ODD)))
def test_an_odd_value_anywhere_yields_or_is_a_fault(name: str, number: int) -> None:
    kind, content = FILES[name]
    document = json.loads(content)
    for at in places(document):
        assert_told(kind, planted(document, at, ODD[number]), at)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_value_anywhere_yields_or_is_a_fault(name: str) -> None:
    kind, content = FILES[name]
    document = json.loads(content)
    for at in filter(None, places(document)):
        assert_told(kind, without(document, at), at)


def assert_told(kind: ImportFormat, content: bytes, at: Place) -> None:
    try:
        found = harvest(kind, content)
    except Exception as error:
        raise AssertionError(f"it broke at {at}: {error!r}") from error
    assert found.zones or found.faults, at
    for remark in (*found.faults, *found.notices):  # the store keeps these
        assert "\x00" not in remark.path + remark.description
        (remark.path + remark.description).encode()
        assert len(remark.description) < 2_000, at


F = "features[0]"
P, Z = "data.policies[0]", "data.zones[0]"


def zfe(**fields: Any) -> bytes:
    return collection(feature({**ZFE, **fields}, PARIS_SQUARE))


@pytest.mark.parametrize(
    ("kind", "content", "paths"),
    [
        ("FR_ZFE", zfe(date_debut="0001-01-01"), {f"{F}.properties.date_debut"}),
        ("FR_ZFE", zfe(date_debut=20190701), {f"{F}.properties.date_debut"}),
        ("FR_ZFE", zfe(vul_critair=[]), {f"{F}.properties.vul_critair"}),
        ("FR_ZFE", zfe(url_arrete=[7]), {f"{F}.properties.url_arrete"}),
        ("GEOJSON", b'{"type": "FeatureCollection", "features": {}}', {"features"}),
        ("GEOJSON", b'{"type": [], "features": []}', {"type"}),
        ("GEOJSON", b"7", {"content"}),
        ("GEOJSON", collection(*[7] * (ZONES_MAX + 1)), {"features"}),
        ("CDS", curbs(zones=[7] * (ZONES_MAX + 1)), {"data.zones"}),
        ("GEOJSON", collection({**feature(OURS), "type": []}), {F}),
        ("GEOJSON", collection({**feature(OURS), "properties": 7}), {f"{F}.properties"}),
        ("GEOJSON", collection(feature(OURS, SQUARE, [])), {f"{F}.geometry"}),  # type: ignore[arg-type]
        ("CDS", curbs(policies=[{**POLICY, "time_spans": 1}]), {f"{P}.time_spans"}),
        ("CDS", curbs(zones=[{**CURB, "curb_policy_ids": 1}]), {f"{Z}.curb_policy_ids"}),
        ("CDS", curbs(zones=[{**CURB, "start_date": 10**20}]), {f"{Z}.start_date"}),
        ("CDS", curbs(zones=[{**CURB, "name": []}]), {f"{Z}.name"}),
        (
            "CDS",
            curbs(policies=[{**POLICY, "rules": [{**RULE, "activity": []}]}]),
            {f"{P}.rules[0].activity"},
        ),
        (
            "CDS",
            curbs(
                policies=[{**POLICY, "rules": [{**RULE, "max_stay": HUGE, "user_classes": [7]}]}]
            ),
            {f"{P}.rules[0].max_stay", f"{P}.rules[0].user_classes[0]"},
        ),
        (
            "CDS",
            curbs(policies=[{**POLICY, "time_spans": [7, {"months": [[]], "days_of_week": [7]}]}]),
            {
                f"{P}.time_spans[0]",
                f"{P}.time_spans[1].months[0]",
                f"{P}.time_spans[1].days_of_week",
            },
        ),
    ],
)  # fmt: skip
def test_every_wrong_shape_is_told_with_its_place(
    kind: str, content: bytes, paths: set[str]
) -> None:
    found = faults_of(harvest(ImportFormat(kind), content.replace(b"Infinity", b"1e400")))

    assert paths <= set(found)
    odd = {path for path in found if path not in paths and "curb_policy_ids[0]" not in path}
    assert not odd
