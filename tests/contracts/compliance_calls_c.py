"""
One good and one bad request for every rpc of compliance about emissions and their factors, in the
order in which they are called: a leg is recorded before it is listed.
"""

from __future__ import annotations

from doorstep.compliance.v1 import emission_pb2, factor_pb2, vehicle_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.tests.carbon import (
    DAY,
    create,
    depot,
    german,
    leg,
    load,
    power,
    record,
    report,
)
from tests.contracts.live import Call

NOBODY = "nobody-1990"
FOREIGN = "bm9ib2R5"  # a page token that nobody gave


def twice() -> factor_pb2.FactorSet:
    """A set in which a row stands twice."""
    row = power("electricity.de.kwh", 1)
    return german(row, row, set_id="twice")


def vehicle() -> vehicle_pb2.Vehicle:
    """An electric van, well described."""
    return vehicle_pb2.Vehicle(
        vehicle_id="evan",
        category=vehicle_pb2.VEHICLE_CATEGORY_N1,
        fuel=vehicle_pb2.FUEL_ELECTRIC,
        unladen_mass_grams=2_460_000,
    )


def endless() -> pb.GetEmissionReportRequest:
    """A report of a period that has no end."""
    request = report(emission_pb2.REPORT_DIMENSION_HUB)
    request.interval.ClearField("end_time")
    return request


CALLS = (
    Call(
        "CreateFactorSet",
        lambda known: create(german(set_id="grid-2024")),
        create(twice()),
        "ID_REPEATED",
    ),
    Call(
        "ListFactorSets",
        lambda known: pb.ListFactorSetsRequest(country_code="GB"),
        pb.ListFactorSetsRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "GetEnergyCoefficients",
        lambda known: pb.GetEnergyCoefficientsRequest(vehicle=vehicle(), country_code="DE"),
        pb.GetEnergyCoefficientsRequest(vehicle=vehicle(), factor_set_id=NOBODY),
        "FACTOR_SET_UNKNOWN",
    ),
    Call(
        "EstimateEmissions",
        lambda known: pb.EstimateEmissionsRequest(legs=[leg("planned", loads=[load("a", 1_000)])]),
        pb.EstimateEmissionsRequest(legs=[leg("a"), leg("a")]),
        "ID_REPEATED",
    ),
    Call(
        "RecordActuals",
        lambda known: record(
            legs=[leg("driven", loads=[load("a", 1_000)])],
            hub_operations=[depot("depot-day", load("a", 1_000))],
        ),
        record(legs=[leg("a")], factor_set_id=NOBODY),
        "FACTOR_SET_UNKNOWN",
    ),
    Call(
        "ListEmissionRecords",
        lambda known: pb.ListEmissionRecordsRequest(route_id="r", interval=DAY),
        pb.ListEmissionRecordsRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "GetEmissionReport",
        lambda known: report(emission_pb2.REPORT_DIMENSION_HUB),
        endless(),
        "INTERVAL_INVALID",
    ),
)
