"""
Swap savings: what an electric van or a cargo bike would have saved, from records and decisions.

Method: a real server on a real port over a real store. Zones lie over a square that every route
crosses; what a replacement emits is asked of EstimateEmissions, another way than the savings go.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import access_rule_pb2 as rules_pb
from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import emission_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from doorstep.compliance.v1 import zone_service_pb2_grpc as zone_grpc
from meshkit.client import raising
from meshkit.errors import Invalid
from meshkit.testing import Role, TestMesh
from services.compliance.convert.moments import moment_to_proto
from services.compliance.convert.vehicle import vehicle_to_proto
from services.compliance.domain.swap import CARGO_BIKE, ELECTRIC_VAN
from services.compliance.tests import wire
from services.compliance.tests.places import at

pytestmark = pytest.mark.pg

NOON = at("2026-05-12 09:00")
DAY = Interval(
    start_time=moment_to_proto(at("2026-05-12 00:00")),
    end_time=moment_to_proto(at("2026-05-13 00:00")),
)
FEE = 5_000_000
ELECTRIC = vehicle_to_proto(ELECTRIC_VAN)
BIKE = vehicle_to_proto(CARGO_BIKE)


class Desk:
    """All of compliance as one caller sees it."""

    def __init__(self, mesh: TestMesh, **caller: Any) -> None:
        channel = mesh.channel(Role.PLATFORM, **caller)
        self.zones = raising(zone_grpc.ZoneServiceStub(channel))
        self.checks = raising(check_grpc.CheckServiceStub(channel))
        self.emissions = raising(pb_grpc.EmissionsServiceStub(channel))

    async def record(self, *legs: emission_pb2.EmissionLeg) -> None:
        await self.emissions.RecordActuals(
            pb.RecordActualsRequest(request_id=wire.request_id(), legs=legs)
        )

    async def savings(self, **fields: Any) -> Any:
        return await self.emissions.ListSwapSavings(
            pb.ListSwapSavingsRequest(interval=DAY, **fields)
        )

    async def emitted(self, *legs: emission_pb2.EmissionLeg) -> int:
        request = pb.EstimateEmissionsRequest(legs=legs)
        answer = await self.emissions.EstimateEmissions(request)
        return int(answer.total.wtw_milligrams)


@pytest.fixture
def desk(mesh: TestMesh) -> Desk:
    return Desk(mesh)


def leg(number: int, route: int = 0, **more: Any) -> emission_pb2.EmissionLeg:
    start = NOON + timedelta(minutes=10 * number)
    known: dict[str, Any] = {
        "leg_id": f"l{route}.{number}",
        "route_id": f"rte_{route}",
        "vehicle": wire.VAN,
        "country_code": "GB",
        "interval": Interval(
            start_time=moment_to_proto(start),
            end_time=moment_to_proto(start + timedelta(minutes=10)),
        ),
        "distance_meters": 4_000,
        "loads": [emission_pb2.DeliveryLoad(delivery_id="d", mass_grams=30_000)],
    }
    return emission_pb2.EmissionLeg(**(known | more))


def swapped(leg: emission_pb2.EmissionLeg, vehicle: Any) -> emission_pb2.EmissionLeg:
    other = emission_pb2.EmissionLeg()
    other.CopyFrom(leg)
    other.vehicle.CopyFrom(vehicle)
    other.ClearField("fuel_milliliters")
    return other


def by_zone(answer: Any) -> dict[tuple[str, str], Any]:
    return {(s.zone_id, s.replacement.vehicle_id): s for s in answer.swap_savings}


async def test_grams_and_charges_of_both_replacements_are_told_per_zone(desk: Desk) -> None:
    await desk.zones.CreateZone(wire.create(wire.day_fee(FEE)))
    await desk.zones.CreateZone(wire.create(zone_id="free"))  # nothing against anybody
    await desk.checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    legs = [leg(1, fuel_milliliters=700), leg(2)]
    await desk.record(*legs)

    found = by_zone(await desk.savings())

    assert set(found) == {
        (zone, vehicle) for zone in ("centre", "free") for vehicle in ("electric-van", "cargo-bike")
    }
    used = await desk.emitted(*legs)
    for name, vehicle in (("electric-van", ELECTRIC), ("cargo-bike", BIKE)):
        other = await desk.emitted(*(swapped(own, vehicle) for own in legs))
        saving = found["centre", name]
        assert saving.saved_co2e.wtw_milligrams == used - other > 0
        assert found["free", name].saved_co2e == saving.saved_co2e  # the whole route, for each
        assert [(c.currency_code, c.amount_micros) for c in saving.saved_charges] == [("EUR", FEE)]
        assert not found["free", name].saved_charges
        assert saving.used_fuel == vehicle_pb2.FUEL_DIESEL
        assert saving.route_count == 1


async def test_what_the_other_vehicle_pays_is_taken_off(desk: Desk) -> None:
    for_vans = rules_pb.AccessRule(
        rule_id="vans",
        filter=rules_pb.VehicleFilter(categories=[vehicle_pb2.VEHICLE_CATEGORY_N1]),
        charge=rules_pb.Charge(
            amount_micros=2_000_000, currency_code="EUR", unit=rules_pb.CHARGE_UNIT_DAY
        ),
    )
    await desk.zones.CreateZone(wire.create(wire.day_fee(FEE), for_vans))
    await desk.checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00", "2026-05-12 10:00"))
    await desk.record(leg(1), leg(1, route=1))

    found = by_zone(await desk.savings())

    van, bike = found["centre", "electric-van"], found["centre", "cargo-bike"]
    assert van.route_count == bike.route_count == 2
    assert van.saved_charges[0].amount_micros == FEE  # once a day, as the vans' own fee is
    assert bike.saved_charges[0].amount_micros == FEE + 2_000_000


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"loads": [emission_pb2.DeliveryLoad(delivery_id="d", mass_grams=150_001)]}, "van"),
        ({"distance_meters": 50_001}, "van"),
        ({"loads": [emission_pb2.DeliveryLoad(delivery_id="d", mass_grams=1_040_001)]}, ""),
        ({"vehicle": wire.ELECTRIC}, ""),
        ({"vehicle": vehicle_pb2.Vehicle(vehicle_id="van")}, ""),  # nobody knows what it burned
        ({"route_id": "rte_other"}, ""),  # nothing was decided about it
        ({"route_id": ""}, ""),
        ({}, "van bike"),
    ],
)
async def test_a_route_is_left_out_for_what_cannot_do_it(
    desk: Desk, changes: dict[str, Any], left: str
) -> None:
    await desk.zones.CreateZone(wire.create(wire.day_fee(FEE)))
    await desk.checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    await desk.record(leg(1, **changes))

    found = by_zone(await desk.savings())

    names = {"van": "electric-van", "bike": "cargo-bike"}
    assert {vehicle for _, vehicle in found} == {names[word] for word in left.split()}


async def test_a_zone_that_would_not_let_it_in_saves_nothing(desk: Desk) -> None:
    vans = rules_pb.AccessRule(
        rule_id="no-vans",
        filter=rules_pb.VehicleFilter(categories=[vehicle_pb2.VEHICLE_CATEGORY_N1]),
        prohibition=rules_pb.Prohibition(),
    )
    await desk.zones.CreateZone(wire.create(vans))
    await desk.checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    await desk.record(leg(1))

    assert set(by_zone(await desk.savings())) == {("centre", "cargo-bike")}


async def test_the_rules_of_then_hold_whatever_came_later(desk: Desk) -> None:
    await desk.zones.CreateZone(wire.create(wire.day_fee(FEE)))
    await desk.checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    await desk.zones.CreateZone(wire.create(wire.day_fee(9 * FEE), zone_id="later"))
    await desk.record(leg(1))

    assert {zone for zone, _ in by_zone(await desk.savings())} == {"centre"}


async def test_savings_come_largest_first_page_by_page(desk: Desk) -> None:
    await desk.zones.CreateZone(wire.create(wire.day_fee(FEE)))
    await desk.zones.CreateZone(wire.create(zone_id="free"))
    await desk.checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    await desk.record(leg(1))
    every = list((await desk.savings()).swap_savings)

    paged, token = [], ""
    while True:
        page = await desk.savings(page_size=1, page_token=token)
        paged += page.swap_savings
        if not (token := page.next_page_token):
            break

    assert paged == every
    saved = [saving.saved_co2e.wtw_milligrams for saving in every]
    assert saved == sorted(saved, reverse=True)
    assert len(every) == 4


async def test_nobody_elses_routes_count_and_a_period_needs_two_ends(
    desk: Desk, mesh: TestMesh
) -> None:
    await desk.zones.CreateZone(wire.create(wire.day_fee(FEE)))
    await desk.checks.EvaluateRoutes(wire.evaluate("2026-05-12 09:00"))
    await desk.record(leg(1))

    assert not (await Desk(mesh, tenant="rival").savings()).swap_savings
    with pytest.raises(Invalid) as caught:
        await desk.emissions.ListSwapSavings(
            pb.ListSwapSavingsRequest(interval=Interval(start_time=DAY.start_time))
        )
    assert [v.field for v in caught.value.violations] == ["interval"]
