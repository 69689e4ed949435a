"""
Transport chains: elements and the rest are the ledger exactly, whatever the order of the records.

Method: a day written by hand, and random days by a seed that is printed.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from services.compliance.domain.chain import Chains, ChainSums, DistanceBasis
from services.compliance.domain.footprint import (
    NOTHING,
    Basis,
    Co2e,
    DataQuality,
    Footprint,
    Method,
)
from services.compliance.domain.ledger import (
    EmissionRecord,
    Entry,
    HubOperation,
    Leg,
    Load,
    allocated,
)
from services.compliance.tests.places import DIESEL_VAN, E_VAN, at

NOON = at("2026-05-12 09:00")
BASIS = Basis(Method.DISTANCE_FACTOR, DataQuality.DEFAULT, "desnz-2025")


def leg(number: int, route_id: str, *loads: Load, meters: int = 10_000, van: object = None) -> Leg:
    start = NOON + timedelta(minutes=10 * number)
    vehicle = E_VAN if van == "electric" else DIESEL_VAN
    named = f"{route_id}.{number}"
    return Leg(named, vehicle, start, start + timedelta(minutes=9), meters, route_id, loads=loads)


def record(subject: Leg | HubOperation, co2e: Co2e, *carried: Load) -> EmissionRecord:
    meters = subject.distance_meters if isinstance(subject, Leg) else 0
    shares = allocated(co2e, subject.loads or carried, meters)
    is_leg = isinstance(subject, Leg)
    entry = Entry(
        subject if is_leg else None,  # type: ignore[arg-type]
        Footprint(co2e, 0, BASIS),
        shares,
        None if is_leg else subject,  # type: ignore[arg-type]
    )
    name = subject.leg_id if isinstance(subject, Leg) else subject.hub_operation_id
    return EmissionRecord(f"emr_{name}", entry, NOON)


def chains_of(records: list[EmissionRecord]) -> Chains:
    sums = ChainSums()
    for one in records:
        sums.add(one)
    return sums.chains()


def total(chains: Chains) -> Co2e:
    return sum((element.co2e for element in chains.elements), chains.unallocated)


A, B = Load("a", "t1", 3_000, 5_000), Load("b", "t2", 1_000)


def test_a_delivery_on_one_route_is_one_element_with_what_it_was_carried() -> None:
    chains = chains_of(
        [
            record(leg(1, "r", A, B), Co2e(100, 300)),
            record(leg(2, "r", B, meters=2_000), Co2e(10, 30)),
            record(leg(3, "r", meters=7_000), Co2e(7, 11), A, B),
        ]
    )
    first, second = chains.elements

    assert (first.delivery_id, second.delivery_id) == ("a", "b")
    told, driven = (5_000, DistanceBasis.SHORTEST), (12_000, DistanceBasis.ACTUAL)
    assert (first.distance_meters, first.basis) == told
    assert (second.distance_meters, second.basis) == driven
    assert first.gram_meters == 15_000_000
    assert total(chains) == Co2e(117, 341)
    (done,) = chains.operations
    assert (done.distance_meters, done.empty_distance_meters) == (19_000, 7_000)
    assert done.gram_meters == first.gram_meters + second.gram_meters


def test_a_great_circle_distance_is_told_as_one() -> None:
    (element,) = chains_of(
        [record(leg(1, "r", Load("a", "t1", 3_000, 4_000, great_circle=True)), Co2e(1, 1))]
    ).elements

    assert (element.distance_meters, element.basis) == (4_000, DistanceBasis.GREAT_CIRCLE)


def test_a_failed_attempt_a_hub_and_the_next_day_follow_one_another() -> None:
    hub = HubOperation("h", "depot", NOON - timedelta(hours=3), NOON, 5, loads=(A,))
    chains = chains_of(
        [
            record(leg(90, "next", A, van="electric"), Co2e(1, 1)),
            record(leg(1, "r", A), Co2e(100, 300)),
            record(hub, Co2e(5, 6)),
        ]
    )

    assert [e.element_id for e in chains.elements] == ["a.1", "a.2", "a.3"]
    assert [e.previous_id for e in chains.elements] == ["", "a.1", "a.2"]
    assert [e.category.category_id for e in chains.elements] == [
        "depot",
        "road-n1-diesel",
        "road-n1-electric",
    ]
    assert chains.elements[0].gram_meters == 0
    assert [o.category.hub_id for o in chains.operations] == ["", "", "depot"]


def test_what_carried_nobody_stands_apart() -> None:
    chains = chains_of([record(leg(1, "r"), Co2e(4, 5))])

    assert chains.elements == ()
    assert chains.unallocated == Co2e(4, 5)
    assert chains.operations[0].co2e == Co2e(4, 5)


@pytest.mark.parametrize("seed", range(20))
def test_random_days_add_up_in_any_order(seed: int) -> None:
    print(f"seed {seed}")
    dice = Random(seed)
    records = []
    for number in range(60):
        count = dice.choice((0, 0, 1, 2, 5))
        ids = dice.sample(range(12), count)
        loads = [
            Load(f"d{n}", f"t{n}", dice.randrange(9_000), dice.choice((0, 4_000))) for n in ids
        ]
        ride = leg(number, f"r{number % 4}", *loads, van=dice.choice(("diesel", "electric")))
        carried = [Load("d0"), Load("d1")] if dice.random() < 0.5 else []
        co2e = Co2e(dice.randrange(10**6), dice.randrange(10**7))
        records.append(record(ride, co2e, *carried))
    chains = chains_of(records)
    shuffled = dice.sample(records, len(records))

    assert total(chains) == sum((r.entry.footprint.co2e for r in records), NOTHING)
    assert sum((o.co2e for o in chains.operations), NOTHING) == total(chains)
    assert chains_of(shuffled) == chains
