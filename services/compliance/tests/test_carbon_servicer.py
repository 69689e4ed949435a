"""
Factor sets, hubs and coefficients on a real port over a real store.

Method: a German electricity set of one row beside the built-in ones; sums by hand.
"""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.compliance.v1 import emission_pb2, factor_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.errors import AlreadyExists, Invalid, NotFound, NotReady
from meshkit.testing import Role, TestMesh
from services.compliance.tests.carbon import (
    KWH,
    NOON,
    create,
    depot,
    german,
    interval,
    leg,
    load,
    power,
    record,
    report,
)

pytestmark = pytest.mark.pg


@pytest.fixture
def emissions(mesh: TestMesh) -> Any:
    return raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))


async def test_a_loaded_set_is_listed_among_the_built_in_ones_and_never_changes(
    emissions: Any,
) -> None:
    asked = create(german())
    made = (await emissions.CreateFactorSet(asked)).factor_set
    again = (await emissions.CreateFactorSet(asked)).factor_set
    listed = (await emissions.ListFactorSets(pb.ListFactorSetsRequest())).factor_sets

    assert made == again
    assert not made.builtin
    assert made.HasField("create_time")
    assert [one.factor_set_id for one in listed] == ["desnz-2025", "desnz-2026", "ember-2024"]
    assert listed[2] == made


async def test_sets_are_listed_page_by_page(emissions: Any) -> None:
    for name in ("a-set", "z-set"):
        await emissions.CreateFactorSet(create(german(set_id=name)))
    first = await emissions.ListFactorSets(pb.ListFactorSetsRequest(page_size=2))
    rest = await emissions.ListFactorSets(
        pb.ListFactorSetsRequest(page_size=2, page_token=first.next_page_token)
    )
    names = [one.factor_set_id for one in (*first.factor_sets, *rest.factor_sets)]

    assert names == ["a-set", "desnz-2025", "desnz-2026", "z-set"]
    assert not rest.next_page_token


@pytest.mark.parametrize("taken", ["ember-2024", "desnz-2025"])
async def test_an_id_is_given_once(emissions: Any, taken: str) -> None:
    await emissions.CreateFactorSet(create(german()))
    with pytest.raises(AlreadyExists) as caught:
        await emissions.CreateFactorSet(create(german(set_id=taken)))
    assert caught.value.reason == "FACTOR_SET_EXISTS"


async def test_a_set_is_refused_with_everything_that_is_wrong_with_it(emissions: Any) -> None:
    nothing = factor_pb2.Factor(factor_id="electricity.fr.kwh", unit=KWH)
    liters = factor_pb2.Factor(
        factor_id="van-3.diesel.km", unit=factor_pb2.FACTOR_UNIT_LITER, ttw_milligrams=1
    )
    twice = power("electricity.de.kwh", 1)
    with pytest.raises(Invalid) as caught:
        await emissions.CreateFactorSet(create(german(twice, nothing, liters, twice)))

    assert [violation.field for violation in caught.value.violations] == [
        "factor_set.factors[1]",
        "factor_set.factors[2]",
        "factor_set.factors[3].factor_id",
    ]
    listed = (await emissions.ListFactorSets(pb.ListFactorSetsRequest())).factor_sets
    assert len(listed) == 2, "nothing half-written"


async def test_another_tenant_does_not_see_a_set(emissions: Any, mesh: TestMesh) -> None:
    await emissions.CreateFactorSet(create(german()))
    channel = mesh.channel(Role.PLATFORM, tenant="other")
    other: Any = raising(pb_grpc.EmissionsServiceStub(channel))

    assert len((await other.ListFactorSets(pb.ListFactorSetsRequest())).factor_sets) == 2
    with pytest.raises(NotFound):
        await other.EstimateEmissions(
            pb.EstimateEmissionsRequest(legs=[leg("a")], factor_set_id="ember-2024")
        )


async def test_a_loaded_set_is_in_force_for_its_country_from_then_on(emissions: Any) -> None:
    asked = pb.EstimateEmissionsRequest(legs=[leg("a", energy_watt_hours=1_800)])
    (before,) = (await emissions.EstimateEmissions(asked)).estimates
    await emissions.CreateFactorSet(create(german()))
    (after,) = (await emissions.EstimateEmissions(asked)).estimates

    assert before.basis.country_mismatch
    assert (before.basis.factor_set_id, before.co2e.wtw_milligrams) == ("desnz-2025", 490_800)
    assert not after.basis.country_mismatch
    assert (after.basis.factor_set_id, after.co2e.wtw_milligrams) == ("ember-2024", 684_120)
    assert after.basis.data_quality == emission_pb2.DATA_QUALITY_PRIMARY


async def test_a_number_names_every_set_it_rests_on(emissions: Any) -> None:
    await emissions.CreateFactorSet(create(german()))
    unknown_time = leg("a")
    unknown_time.interval.CopyFrom(interval(NOON, NOON))
    asked = pb.EstimateEmissionsRequest(legs=[unknown_time])
    (found,) = (await emissions.EstimateEmissions(asked)).estimates

    assert list(found.basis.factor_set_ids) == ["desnz-2025", "ember-2024"]
    assert list(found.basis.factor_ids) == [
        "van-average.electric.km",
        "ember-2024/electricity.de.kwh",
    ]


async def test_a_set_with_holes_says_what_is_missing_for_every_leg(emissions: Any) -> None:
    await emissions.CreateFactorSet(create(german(power("electricity.de.kwh", None))))
    legs = [leg("a", energy_watt_hours=1), leg("b", energy_watt_hours=1)]
    with pytest.raises(NotReady) as caught:
        await emissions.EstimateEmissions(
            pb.EstimateEmissionsRequest(legs=legs, factor_set_id="ember-2024")
        )

    assert caught.value.reason == "FACTOR_MISSING"
    assert caught.value.metadata["leg_ids"] == "a,b"
    assert "electricity.de.kwh" in caught.value.metadata["missing"]
    assert "ember-2024 does not state tank to wheel of electricity.de.kwh" in str(caught.value)


async def test_a_depot_is_recorded_once_and_shared_by_item(emissions: Any) -> None:
    operation = depot("op-1", load("a", 9_000, 2), load("b", 100, 1))
    asked = record(hub_operations=[operation], allocation=emission_pb2.ALLOCATION_METHOD_ITEM)
    (made,) = (await emissions.RecordActuals(asked)).records
    again = record(hub_operations=[operation], allocation=emission_pb2.ALLOCATION_METHOD_ITEM)

    assert (await emissions.RecordActuals(again)).records[0] == made
    assert not made.HasField("leg")
    assert made.hub_operation == operation
    assert made.co2e.wtw_milligrams == 294_480_000
    assert [share.co2e.wtw_milligrams for share in made.shares] == [196_320_000, 98_160_000]
    assert made.basis.allocation == emission_pb2.ALLOCATION_METHOD_ITEM


async def test_a_hub_with_other_facts_is_refused_and_a_correction_replaces_it(
    emissions: Any,
) -> None:
    old = (await emissions.RecordActuals(record(hub_operations=[depot("op-1")]))).records[0]
    other = depot("op-1", load("a", 1))
    with pytest.raises(AlreadyExists) as caught:
        await emissions.RecordActuals(record(hub_operations=[other]))
    new = (await emissions.RecordActuals(record(hub_operations=[other], correction=True))).records[
        0
    ]

    assert caught.value.reason == "LEG_RECORDED"
    assert new.replaced_record_id == old.emission_record_id
    assert [share.delivery_id for share in new.shares] == ["a"]


async def test_a_correction_may_share_the_same_facts_otherwise(emissions: Any) -> None:
    driven = leg("a", loads=[load("x", 3_000, 1), load("y", 1_000, 1)])
    first = (await emissions.RecordActuals(record(legs=[driven]))).records[0]
    by_item = emission_pb2.ALLOCATION_METHOD_ITEM
    asked = record(legs=[driven], correction=True, allocation=by_item)
    second = (await emissions.RecordActuals(asked)).records[0]
    repeated = record(legs=[driven], correction=True, allocation=by_item)
    third = (await emissions.RecordActuals(repeated)).records[0]

    assert first.shares[0].co2e != first.shares[1].co2e
    assert second.shares[0].co2e == second.shares[1].co2e
    assert second.replaced_record_id == first.emission_record_id
    assert third == second, "what is right already is not corrected again"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "legs"),
        (
            {"legs": [leg("op-1")], "hub_operations": [depot("op-1")]},
            "hub_operations[0].hub_operation_id",
        ),
    ],
)
async def test_legs_and_hubs_are_some_and_have_ids_of_their_own(
    emissions: Any, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await emissions.RecordActuals(record(**fields))
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_a_report_by_hub_adds_up_with_the_road(emissions: Any) -> None:
    driven = leg("a", "GB", energy_watt_hours=1_800, loads=[load("x", 1)])
    await emissions.RecordActuals(record(legs=[driven], hub_operations=[depot("op-1")]))
    found = await emissions.GetEmissionReport(report(emission_pb2.REPORT_DIMENSION_HUB))

    assert [(row.key, row.co2e.wtw_milligrams) for row in found.rows] == [
        ("depot-1", 294_480_000),
        ("road", 490_800),
    ]
    assert found.total.co2e.wtw_milligrams == 294_970_800


@pytest.mark.parametrize(
    ("dimension", "keys"),
    [
        (emission_pb2.REPORT_DIMENSION_ROUTE, ["hubs", "r"]),
        (emission_pb2.REPORT_DIMENSION_STOP, ["hubs", "unallocated"]),
        (emission_pb2.REPORT_DIMENSION_VEHICLE, ["evan", "hubs"]),
        (emission_pb2.REPORT_DIMENSION_CARRIER, ["own"]),
        (emission_pb2.REPORT_DIMENSION_MONTH, ["2026-05"]),
        (emission_pb2.REPORT_DIMENSION_DELIVERY, ["unallocated", "x"]),
    ],
)
async def test_hubs_stand_under_a_key_of_their_own(
    emissions: Any, dimension: int, keys: list[str]
) -> None:
    driven = leg("a", loads=[load("x", 1)])
    await emissions.RecordActuals(record(legs=[driven], hub_operations=[depot("op-1")]))
    found = await emissions.GetEmissionReport(report(dimension))

    assert [row.key for row in found.rows] == keys
    assert sum(row.co2e.wtw_milligrams for row in found.rows) == found.total.co2e.wtw_milligrams


async def test_an_empty_leg_is_weighed_like_the_legs_before_it(emissions: Any) -> None:
    near, far = load("near", 1_000, 1), load("far", 1_000, 3)
    near.shortest_distance_meters, far.shortest_distance_meters = 1_000, 3_000
    out, back = leg("r.1", loads=[near, far]), leg("r.2")
    by_mass = (await emissions.RecordActuals(record(legs=[out, back]))).records

    for made in by_mass:
        shares = {share.delivery_id: share.co2e.wtw_milligrams for share in made.shares}
        assert shares["far"] == pytest.approx(3 * shares["near"], abs=4)


async def test_coefficients_are_those_of_the_model_and_the_country(emissions: Any) -> None:
    await emissions.CreateFactorSet(create(german()))
    van = vehicle_pb2.Vehicle(
        vehicle_id="evan",
        category=vehicle_pb2.VEHICLE_CATEGORY_N1,
        fuel=vehicle_pb2.FUEL_ELECTRIC,
        unladen_mass_grams=2_460_000,
    )
    found = await emissions.GetEnergyCoefficients(
        pb.GetEnergyCoefficientsRequest(
            vehicle=van, temperature_celsius=20, load_grams=600_000, country_code="DE"
        )
    )

    assert (
        found.watt_hours_per_kilometer,
        found.watt_hours_per_hour,
        found.watt_hours_per_stop,
    ) == (129, 600, 30)
    assert found.milliwatt_hours_per_stop == 30_322
    assert found.co2e_milligrams_per_hour == 228_040  # 0.6 kWh / 0.9 x 342.06 g
    assert found.basis.method == emission_pb2.EMISSION_METHOD_MODELED_ENERGY
    assert list(found.basis.factor_set_ids) == ["ember-2024"]


async def test_coefficients_by_an_unknown_set_are_refused(emissions: Any) -> None:
    asked = pb.GetEnergyCoefficientsRequest(
        vehicle=vehicle_pb2.Vehicle(vehicle_id="v"), factor_set_id="nobody-1990"
    )
    with pytest.raises(NotFound) as caught:
        await emissions.GetEnergyCoefficients(asked)
    assert caught.value.reason == "FACTOR_SET_UNKNOWN"
