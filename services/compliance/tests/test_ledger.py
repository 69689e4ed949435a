"""
The carbon ledger: parts add up to their whole, to the milligram.

Method: random loads for conservation; small ones for who is charged with what.
"""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.amounts import rounded, shared
from services.compliance.domain.footprint import Co2e, Setting
from services.compliance.domain.ledger import (
    Leg,
    Load,
    ReportRow,
    allocated,
    entry,
    estimates,
)
from services.compliance.tests.places import DIESEL_VAN, at

SETTING = Setting(builtin_sets()["desnz-2025"], "GB")
NOON = at("2026-05-12 09:00")


def leg(name: str, *loads: Load, meters: int = 5_000) -> Leg:
    return Leg(
        name,
        DIESEL_VAN,
        NOON,
        NOON + timedelta(minutes=10),
        meters,
        route_id="r",
        loads=loads,
        empty=not loads,
    )


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (10, [0, 0], [5, 5]),
        (7, [1, 2, 4], [1, 2, 4]),
        (0, [3, 4], [0, 0]),
        (5, [], []),
        (1, [1, 3], [0, 1]),
    ],
)
def test_shares_go_by_largest_remainder(total: int, weights: list[int], parts: list[int]) -> None:
    assert shared(total, weights) == parts


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"), [(1, 2, 1), (4, 3, 1), (5, 3, 2)]
)
def test_rounding_is_half_up(numerator: int, denominator: int, quotient: int) -> None:
    assert rounded(numerator, denominator) == quotient


@pytest.mark.parametrize("seed", range(20))
def test_shares_add_up_to_their_leg_exactly(seed: int) -> None:
    draw = random.Random(seed)
    loads = [
        Load(f"d{n}", f"t{n}", draw.randrange(0, 40_000), draw.randrange(0, 30_000))
        for n in range(draw.randrange(1, 200))
    ]
    whole = Co2e(draw.randrange(10**9), draw.randrange(10**9))
    shares = allocated(whole, loads, 5_000)

    assert sum(s.co2e.wtt_milligrams for s in shares) == whole.wtt_milligrams
    assert sum(s.co2e.ttw_milligrams for s in shares) == whole.ttw_milligrams


def test_shares_go_by_mass_and_distance() -> None:
    loads = [Load("near", "", 2_000, 10_000), Load("far", "", 1_000, 20_000), Load("light", "", 0)]
    near, far, light = allocated(Co2e(0, 4_000_000), loads, 10_000)

    assert near.co2e == far.co2e
    assert light.co2e.ttw_milligrams > 0  # nothing travels for free


def test_an_empty_leg_is_charged_to_what_the_route_has_carried() -> None:
    carried = (Load("a", "t1", 3_000), Load("b", "t2", 1_000))
    found = entry(leg("back"), carried, SETTING)

    assert [share.delivery_id for share in found.shares] == ["a", "b"]
    assert sum(s.co2e.wtw_milligrams for s in found.shares) == found.footprint.co2e.wtw_milligrams


def test_an_empty_leg_of_an_estimate_is_shared_over_its_whole_route() -> None:
    legs = [leg("out"), leg("full", Load("a", "", 1_000)), leg("back")]
    found = estimates(legs, [SETTING] * 3)

    assert [[share.delivery_id for share in each.shares] for each in found] == [["a"]] * 3


def test_a_report_divides_by_what_was_delivered() -> None:
    row = ReportRow("r", Co2e(1_000, 2_000), 5_000, 0, 1_500, 2, 1, 750)

    assert row.milligrams_per_drop == 1_500
    assert row.milligrams_per_kilogram == 2_000
    assert row.primary_permille == 250


def test_a_report_without_deliveries_divides_by_nothing() -> None:
    assert ReportRow("r", Co2e(1, 1)).milligrams_per_drop == 0
