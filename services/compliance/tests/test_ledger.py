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
from services.compliance.domain.faults import Unsound
from services.compliance.domain.footprint import Allocation, Co2e, Setting
from services.compliance.domain.ledger import (
    Entry,
    HubOperation,
    Leg,
    Load,
    ReportRow,
    allocated,
    carried,
    counted_at,
    entry,
    estimates,
    hub_entry,
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


@pytest.mark.parametrize("allocation", list(Allocation))
@pytest.mark.parametrize("seed", range(20))
def test_shares_add_up_to_their_leg_exactly(seed: int, allocation: Allocation) -> None:
    draw = random.Random(seed)
    whole = Co2e(draw.randrange(10**9), draw.randrange(10**9))
    shares = allocated(whole, loads(draw, draw.randrange(1, 200)), 5_000, allocation)

    assert sum(s.co2e.wtt_milligrams for s in shares) == whole.wtt_milligrams
    assert sum(s.co2e.ttw_milligrams for s in shares) == whole.ttw_milligrams


def loads(draw: random.Random, count: int) -> list[Load]:
    """Deliveries of any mass, distance and number of parcels, none included."""
    return [
        Load(
            f"d{n}",
            f"t{n}",
            draw.randrange(0, 40_000),
            draw.randrange(0, 30_000),
            draw.randrange(0, 9),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("allocation", list(Allocation))
@pytest.mark.parametrize("seed", range(10))
def test_what_deliveries_of_a_day_are_charged_with_is_the_whole_day(
    seed: int, allocation: Allocation
) -> None:
    draw = random.Random(seed)
    aboard = loads(draw, draw.randrange(1, 60))
    legs = [
        leg(f"{n}", *aboard[n:], meters=draw.randrange(0, 9_000)) for n in range(len(aboard) + 1)
    ]
    day = estimates(legs, [SETTING] * len(legs), allocation)
    day.append(hub_entry(depot(draw.randrange(10**6), *aboard), SETTING, allocation))
    whole = sum(each.footprint.co2e.wtw_milligrams for each in day)
    charged = sum(share.co2e.wtw_milligrams for each in day for share in each.shares)

    assert charged == whole
    assert {each.footprint.basis.allocation for each in day} == {allocation}


def depot(watt_hours: int, *through: Load) -> HubOperation:
    """A day of a depot."""
    end = NOON + timedelta(days=1)
    return HubOperation("op", "depot", NOON, end, watt_hours, "GB", through)


def test_shares_go_by_mass_and_distance() -> None:
    loads = [Load("near", "", 2_000, 10_000), Load("far", "", 1_000, 20_000), Load("light", "", 0)]
    near, far, light = allocated(Co2e(0, 4_000_000), loads, 10_000)

    assert near.co2e == far.co2e
    assert light.co2e.ttw_milligrams > 0  # nothing travels for free


MASS_ALONE = "shared by mass alone, as no shortest distance is known"
OWN_DISTANCE = "the leg's own distance counts where no shortest one is known"
GREAT_CIRCLE = (
    "shared by great-circle distances, which ISO 14083 allows beside the shortest by road"
)


@pytest.mark.parametrize(
    ("aboard", "told"),
    [
        ([Load("a", "", 1), Load("b", "", 2)], (MASS_ALONE,)),
        ([Load("a", "", 1, 900), Load("b", "", 2)], (OWN_DISTANCE,)),
        ([Load("a", "", 1, 900), Load("b", "", 2, 800)], ()),
        ([Load("a", "", 1, 900, 0, True), Load("b", "", 2, 800, 0, True)], (GREAT_CIRCLE,)),
        ([Load("a", "", 1, 900, 0, True), Load("b", "", 2)], (OWN_DISTANCE, GREAT_CIRCLE)),
        ([Load("a", "", 1)], ()),  # whatever it weighs, it has all
    ],
)
def test_what_stood_in_for_shortest_distances_is_told(
    aboard: list[Load], told: tuple[str, ...]
) -> None:
    basis = entry(leg("1", *aboard), (), SETTING).footprint.basis
    items = entry(leg("1", *aboard), (), SETTING, Allocation.ITEM).footprint.basis

    assert basis.assumptions == told
    assert items.assumptions == ()


def test_shares_by_item_go_by_parcels_and_a_delivery_is_at_least_one() -> None:
    aboard = [Load("a", "", 9_000, item_count=3), Load("b", "", 1, item_count=1), Load("c")]
    shares = allocated(Co2e(0, 5_000), aboard, 10_000, Allocation.ITEM)

    assert [share.co2e.ttw_milligrams for share in shares] == [3_000, 1_000, 1_000]


def test_a_depot_is_shared_by_mass_alone_as_nothing_travels_in_it() -> None:
    through = (Load("near", "", 1_000, 1_000), Load("far", "", 1_000, 9_000))
    found = hub_entry(depot(1_200_000, *through), SETTING)
    near, far = found.shares

    assert near.co2e == far.co2e
    assert found.footprint.co2e.wtw_milligrams == 294_480_000  # 1200 kWh x 0.2454 kg


def test_a_depot_through_which_nothing_went_is_charged_to_nobody() -> None:
    assert hub_entry(depot(1_000), SETTING).shares == ()


def test_a_hubs_day_counts_in_that_day_and_a_legs_end_on_midnight_in_the_next() -> None:
    midnight, day = at("2026-11-24 00:00"), timedelta(days=1)
    hub = HubOperation("h1", "depot", midnight - day, midnight, 1_000)
    leg = Leg("l1", DIESEL_VAN, midnight - day, midnight, 1_000)

    assert midnight - day <= counted_at(hub) < midnight
    assert counted_at(leg) == midnight


def test_an_entry_is_about_a_leg_or_a_hub() -> None:
    made = entry(leg("a"), (), SETTING)

    with pytest.raises(Unsound):
        Entry(None, made.footprint, ())
    with pytest.raises(Unsound):
        Entry(made.leg, made.footprint, (), depot(1))


def test_an_empty_leg_is_charged_to_what_the_route_has_carried() -> None:
    carried = (Load("a", "t1", 3_000), Load("b", "t2", 1_000))
    found = entry(leg("back"), carried, SETTING)

    assert [share.delivery_id for share in found.shares] == ["a", "b"]
    assert sum(s.co2e.wtw_milligrams for s in found.shares) == found.footprint.co2e.wtw_milligrams


def test_an_empty_leg_of_an_estimate_is_shared_over_its_whole_route() -> None:
    legs = [leg("out"), leg("full", Load("a", "", 1_000)), leg("back")]
    found = estimates(legs, [SETTING] * 3)

    assert [[share.delivery_id for share in each.shares] for each in found] == [["a"]] * 3


def test_empty_legs_that_belong_to_no_route_are_charged_to_nobody() -> None:
    alone = Leg("alone", DIESEL_VAN, NOON, NOON, 1_000, empty=True)
    other = Leg("other", DIESEL_VAN, NOON, NOON, 1_000, loads=(Load("a", "", 1),))

    assert [e.shares == () for e in estimates([alone, other], [SETTING] * 2)] == [True, False]


def test_a_route_has_carried_each_delivery_once_as_it_weighed_most() -> None:
    legs = [leg("1", Load("a", "t", 5), Load("b", "t", 1)), leg("2", Load("a", "t", 9))]
    moved = leg("3", Load("b", "t", 1, 700))  # its place became known

    assert carried([*legs, moved]) == (Load("a", "t", 9), Load("b", "t", 1, 700))


def test_a_report_divides_by_what_was_delivered() -> None:
    row = ReportRow("r", Co2e(1_000, 2_000), 5_000, 0, 1_500, 2, 1, 750)

    assert row.milligrams_per_drop == 1_500
    assert row.milligrams_per_kilogram == 2_000
    assert row.primary_permille == 250


def test_a_report_without_deliveries_divides_by_nothing() -> None:
    assert ReportRow("r", Co2e(1, 1)).milligrams_per_drop == 0
