"""Factor sets, legs and depots that the carbon tests share, as a caller would write them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import emission_pb2, factor_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests import wire
from services.compliance.tests.places import at

NOON = at("2026-05-12 09:00")
KWH = factor_pb2.FACTOR_UNIT_KILOWATT_HOUR
DAY = Interval(
    start_time=moment_to_proto(at("2026-05-12 00:00")),
    end_time=moment_to_proto(at("2026-05-13 00:00")),
)


def power(name: str, milligrams: int | None, **fields: Any) -> factor_pb2.Factor:
    row = factor_pb2.Factor(factor_id=name, unit=KWH, wtt_milligrams=0, **fields)
    if milligrams is not None:
        row.ttw_milligrams = milligrams
    return row


def german(*rows: factor_pb2.Factor, set_id: str = "ember-2024") -> factor_pb2.FactorSet:
    listed = rows or (power("electricity.de.kwh", 342_060),)
    return factor_pb2.FactorSet(
        factor_set_id=set_id, title="Ember 2024", year=2024, license="CC BY-SA 4.0", factors=listed
    )


def create(factors: factor_pb2.FactorSet) -> pb.CreateFactorSetRequest:
    return pb.CreateFactorSetRequest(request_id=wire.request_id(), factor_set=factors)


def leg(name: str, country: str = "DE", **fields: Any) -> emission_pb2.EmissionLeg:
    return emission_pb2.EmissionLeg(
        leg_id=name,
        route_id="r",
        vehicle=vehicle_pb2.Vehicle(
            vehicle_id="evan",
            category=vehicle_pb2.VEHICLE_CATEGORY_N1,
            fuel=vehicle_pb2.FUEL_ELECTRIC,
        ),
        country_code=country,
        interval=interval(NOON, NOON + timedelta(minutes=10)),
        distance_meters=5_000,
        **fields,
    )


def interval(start: datetime, end: datetime) -> Interval:
    return Interval(start_time=moment_to_proto(start), end_time=moment_to_proto(end))


def load(name: str, grams: int, items: int = 0) -> emission_pb2.DeliveryLoad:
    return emission_pb2.DeliveryLoad(
        delivery_id=name, task_id=f"t-{name}", mass_grams=grams, item_count=items
    )


def depot(name: str, *loads: emission_pb2.DeliveryLoad) -> emission_pb2.HubOperation:
    return emission_pb2.HubOperation(
        hub_operation_id=name,
        hub_id="depot-1",
        country_code="GB",
        interval=interval(NOON - timedelta(hours=8), NOON + timedelta(hours=8)),
        grid_energy_watt_hours=1_200_000,
        loads=loads,
    )


def record(**fields: Any) -> pb.RecordActualsRequest:
    return pb.RecordActualsRequest(request_id=wire.request_id(), **fields)


def report(dimension: Any) -> pb.GetEmissionReportRequest:
    return pb.GetEmissionReportRequest(interval=DAY, dimension=dimension)
