"""
Curbs in the Curb Data Specification.

Method: one zone with one policy and one fault each; the examples of the specification where they
are there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.compliance.domain.curb import Activity, CurbStay
from services.compliance.domain.curb_zone import CurbZone
from services.compliance.domain.zone_import import ImportFormat
from services.compliance.tests.files import SQUARE, faults_of, harvest
from services.compliance.tests.places import at
from tests import shared

POLICY = {
    "curb_policy_id": "p1",
    "published_date": 1_552_678_594_428,
    "priority": 1,
    "time_spans": [
        {"days_of_week": ["tue"], "time_of_day_start": "10:00", "time_of_day_end": "16:00"}
    ],
    "rules": [{"activity": "loading", "max_stay": 15, "user_classes": ["van"]}],
}
CURB = {
    "curb_zone_id": "z1",
    "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    "curb_policy_ids": ["p1"],
    "published_date": 1_552_678_594_428,
    "start_date": 1_552_678_594_428,
}


def curbs(zones: Sequence[Any] = (CURB,), policies: Sequence[Any] = (POLICY,)) -> bytes:
    data = {"zones": zones, "policies": policies}
    return json.dumps({"version": "1.0", "time_zone": "US/Eastern", "data": data}).encode()


@pytest.mark.parametrize(
    ("start", "minutes", "allowed"),
    [
        ("2026-05-12 14:00", 15, True),  # 10:00 in New York
        ("2026-05-12 13:59", 15, False),
        ("2026-05-12 14:00", 16, False),
        ("2026-05-13 14:00", 15, False),  # a Wednesday
        ("2019-03-12 14:00", 15, False),  # before the zone was there
    ],
)
def test_a_stretch_of_curb_keeps_its_policies(start: str, minutes: int, allowed: bool) -> None:
    (read,) = harvest(ImportFormat.CDS, curbs()).zones
    assert isinstance(read.zone, CurbZone)
    begin, length = at(start), timedelta(minutes=minutes)

    stay = CurbStay(Activity.LOADING, frozenset({"van"}), begin, begin + length)
    assert read.zone.answer(stay).allowed is allowed


def planted(**fields: Any) -> bytes:
    return curbs(policies=[{**POLICY, **fields}])


P, Z = "data.policies[0]", "data.zones[0]"
LINE = {"type": "Polygon", "coordinates": [SQUARE[:2]]}
MOON = {"activity": "parking", "max_stay": 1, "max_stay_unit": "moon"}
SCHOOL = {"designated_period": "school days"}


@pytest.mark.parametrize(
    ("file", "path", "said"),
    [
        (curbs(policies=()), f"{Z}.curb_policy_ids[0]", "no policy"),
        (planted(priority="first"), f"{P}.priority", "whole number"),
        (planted(rules=[{"activity": "dancing"}]), f"{P}.rules[0].activity", "not one of"),
        (planted(rules=[MOON]), f"{P}.rules[0].max_stay", "unit"),
        (planted(time_spans=[SCHOOL]), f"{P}.time_spans[0].designated_period", "school days"),
        (planted(time_spans=[{"days_of_week": ["x"]}]), f"{P}.time_spans[0].days_of_week", "days"),
        (planted(time_spans=[{"start_date": 1}]), f"{P}.time_spans[0]", "start_date"),
        (
            curbs(zones=[{**CURB, "geometry": LINE}]),
            f"{Z}.geometry.coordinates[0]",
            "three",
        ),
        (curbs(zones=[CURB, CURB]), "data.zones[1]", "stands at data.zones[0] too"),
    ],
)
def test_a_fault_of_a_curb_is_told_with_its_place(file: bytes, path: str, said: str) -> None:
    found = faults_of(harvest(ImportFormat.CDS, file))

    assert path in found
    assert said in found[path]


@pytest.mark.shared
def test_the_examples_of_the_curb_specification_are_read() -> None:
    zones, policies = (
        json.loads(shared.path(f"data/curb/curbs_{n}.json").read_text()) for n in (0, 1)
    )
    zones["data"] |= policies["data"]
    found = harvest(ImportFormat.CDS, json.dumps(zones).encode())

    (read,) = found.zones
    assert found.faults == []
    assert isinstance(read.zone, CurbZone)
    assert (len(read.zone.policies), read.zone.source) == (1, "the city")
