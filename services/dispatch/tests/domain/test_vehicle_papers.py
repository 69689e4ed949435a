"""
What access rules ask of a vehicle's papers.

Sources: Regulation (EU) 2018/858, article 4(1)(b) for N1, N2 and N3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.dispatch.domain.fleet import TravelProfile
from services.dispatch.domain.vehicle_papers import category, euro_class, permits, stickers
from services.dispatch.tests.domain.samples import VAN


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "UNSPECIFIED"),
        ({"gross_mass_grams": 1}, "N1"),
        ({"gross_mass_grams": 3_500_000}, "N1"),
        ({"gross_mass_grams": 3_500_001}, "N2"),
        ({"gross_mass_grams": 12_000_000}, "N2"),
        ({"gross_mass_grams": 12_000_001}, "N3"),
        ({"profile": TravelProfile.TRUCK, "gross_mass_grams": 7_500_000}, "N2"),
        ({"profile": TravelProfile.TRUCK}, "UNSPECIFIED"),
        ({"profile": TravelProfile.CARGO_BIKE}, "CYCLE"),
        ({"profile": TravelProfile.MOPED}, "L"),
        ({"profile": TravelProfile.FOOT}, "FOOT"),
        ({"profile": TravelProfile.CAR, "gross_mass_grams": 9_000_000}, "M1"),
        ({"vehicle_category": "n1", "gross_mass_grams": 9_000_000}, "N1"),  # papers win
        ({"vehicle_category": "M3"}, "M3"),
        ({"vehicle_category": "tank", "gross_mass_grams": 9_000_000}, "N2"),
    ],
)
def test_papers_or_else_profile_and_mass_say_the_category(
    fields: dict[str, Any], expected: str
) -> None:
    assert category(replace(VAN, **fields)) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("6", 6),
        ("6d", 6),
        ("6d-TEMP", 6),
        ("7", 7),
        ("euro 5", 5),
        ("Euro6", 6),
        ("EURO 4", 4),
        ("", None),
        ("8", None),
        ("VI", None),
        ("unknown", None),
    ],
)
def test_an_emission_class_is_a_number_from_zero_to_seven_or_unknown(
    text: str, number: int | None
) -> None:
    assert euro_class(replace(VAN, emission_class=text)) == number


@pytest.mark.parametrize(
    ("names", "marked", "held"),
    [
        ((), [], []),
        (("de-plakette.4",), [("de-plakette", 4)], []),
        (("fr-critair.0", "gb-dvs"), [("fr-critair", 0)], ["gb-dvs"]),
        (("a.10", "b.100"), [("a", 10)], ["b.100"]),
        (("v1.2.3",), [], ["v1.2.3"]),
    ],
)
def test_a_sticker_has_a_grade_and_a_permit_has_none(
    names: tuple[str, ...], marked: list[tuple[str, int]], held: list[str]
) -> None:
    known = replace(VAN, permit_ids=names)

    assert list(stickers(known)) == marked
    assert permits(known) == held
