"""
What vehicles are foreseen to take and emit, on its way from compliance to the planner.

Method: a stand-in for compliance on a real port that foresees electric vans and knows no hydrogen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from doorstep.compliance.v1 import emission_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.errors import NotReady
from meshkit.testing import Role, TestMesh, serving
from services.dispatch.adapters.outlooks import MeshForecaster
from services.dispatch.adapters.planner_problem import problem_to_planner
from services.dispatch.domain.fleet import FuelType
from services.dispatch.domain.outlook import Outlook
from services.dispatch.domain.planning import Problem
from services.dispatch.tests.domain.samples import VAN, plan_shift

E_VAN = replace(VAN, fuel_type=FuelType.ELECTRIC, consumption_watt_hours_per_kilometer=0)
FORESEEN = Outlook("grid-2024", 129, 600, 30, 35_081, 163_600, 8_268)


@dataclass
class Foreseeing(pb_grpc.EmissionsServiceServicer):
    """Answers for electric vehicles; has no factor for others."""

    asked: list[Any] = field(default_factory=list)

    async def GetEnergyCoefficients(  # noqa: N802
        self, request: pb.GetEnergyCoefficientsRequest, context: Any
    ) -> pb.GetEnergyCoefficientsResponse:
        self.asked.append(request)
        if request.vehicle.fuel != vehicle_pb2.FUEL_ELECTRIC:
            raise NotReady("FACTOR_MISSING", "no factor for such a vehicle")
        return pb.GetEnergyCoefficientsResponse(
            watt_hours_per_kilometer=129,
            watt_hours_per_hour=600,
            watt_hours_per_stop=30,
            co2e_milligrams_per_kilometer=35_081,
            co2e_milligrams_per_hour=163_600,
            co2e_milligrams_per_stop=8_268,
            basis=emission_pb2.EmissionBasis(factor_set_id="grid-2024"),
        )


@pytest.fixture
def compliance() -> Foreseeing:
    return Foreseeing()


@pytest.fixture
async def mesh(compliance: Foreseeing) -> AsyncIterator[TestMesh]:
    async with serving(compliance, service="compliance") as mesh:
        yield mesh


@pytest.fixture
def forecaster(mesh: TestMesh) -> MeshForecaster:
    stub: Any = raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.DISPATCHER)))
    return MeshForecaster(stub)


async def test_alike_vehicles_are_asked_about_once_and_half_full(
    forecaster: MeshForecaster, compliance: Foreseeing
) -> None:
    alike = replace(E_VAN, battery_watt_hours=77_000)  # compliance does not ask for the battery
    found = await forecaster.foresee([E_VAN, alike, E_VAN])
    (request,) = compliance.asked

    assert found == {E_VAN: FORESEEN, alike: FORESEEN}
    assert request.load_grams == E_VAN.capacity_mass_grams // 2


async def test_a_vehicle_without_a_factor_is_not_foreseen(forecaster: MeshForecaster) -> None:
    hydrogen = replace(VAN, fuel_type=FuelType.HYDROGEN)

    assert await forecaster.foresee([hydrogen, E_VAN]) == {E_VAN: FORESEEN}


async def test_nothing_is_foreseen_while_compliance_is_away(
    forecaster: MeshForecaster, mesh: TestMesh
) -> None:
    await mesh.server.stop(0)

    assert await forecaster.foresee([E_VAN]) == {}


def test_the_planner_is_told_what_is_foreseen() -> None:
    problem = Problem((), (plan_shift(vehicle=E_VAN),))
    vehicle = problem_to_planner(problem, {E_VAN: FORESEEN}).shifts[0].vehicle

    assert vehicle.energy.kilometer_watt_hours == 129
    assert (vehicle.energy.hour_watt_hours, vehicle.energy.stop_watt_hours) == (600, 30)
    assert vehicle.emission_factors.factor_set_version == "grid-2024"
    assert vehicle.emission_factors.kilometer_co2e_milligrams == 35_081
    assert vehicle.emission_factors.hour_co2e_milligrams == 163_600
    assert vehicle.emission_factors.stop_co2e_milligrams == 8_268


def test_what_is_not_foreseen_is_as_the_vehicle_states_it_and_emits_nobody_knows_what() -> None:
    stated = replace(E_VAN, consumption_watt_hours_per_kilometer=210)
    problem = Problem((), (plan_shift(vehicle=stated),))
    vehicle = problem_to_planner(problem).shifts[0].vehicle

    assert vehicle.energy.kilometer_watt_hours == 210
    assert not vehicle.HasField("emission_factors")
