"""Emission reports: wire <-> domain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.convert.emissions import basis_to_proto, co2e_to_proto
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.moments import enum_from_proto, interval_from_proto
from services.compliance.domain.ledger import Dimension, Report, ReportRow
from services.compliance.ports import RecordFilter

PERIOD_MAX = timedelta(days=366)
DIMENSION = "REPORT_DIMENSION_"


def report_question(request: pb.GetEmissionReportRequest) -> tuple[RecordFilter, Dimension]:
    """Which records to add up, and by what; raises Invalid."""
    faults = Faults()
    start, end = accepted(
        faults, faults.take("interval", interval_from_proto, request.interval, PERIOD_MAX)
    )
    wire = emission_pb2.ReportDimension
    dimension = enum_from_proto(Dimension, wire, DIMENSION, request.dimension)
    wanted = RecordFilter(request.route_id, "", request.vehicle_id, request.carrier_id, start, end)
    return wanted, dimension or Dimension.ROUTE


def report_to_proto(
    report: Report, rows: Sequence[ReportRow], next_page_token: str
) -> pb.GetEmissionReportResponse:
    """One page of a report."""
    return pb.GetEmissionReportResponse(
        rows=[report_row_to_proto(row) for row in rows],
        total=report_row_to_proto(report.total),
        bases=[basis_to_proto(basis) for basis in report.bases],
        notices=report.notices,
        next_page_token=next_page_token,
    )


def report_row_to_proto(row: ReportRow) -> emission_pb2.EmissionReportRow:
    """The emissions of one group, or of all."""
    return emission_pb2.EmissionReportRow(
        key=row.key,
        co2e=co2e_to_proto(row.co2e),
        distance_meters=row.distance_meters,
        empty_distance_meters=row.empty_distance_meters,
        delivered_mass_grams=row.delivered_mass_grams,
        delivered_count=row.delivered_count,
        failed_attempt_count=row.failed_attempt_count,
        co2e_milligrams_per_drop=row.milligrams_per_drop,
        co2e_milligrams_per_kilogram=row.milligrams_per_kilogram,
        primary_ratio=row.primary_permille / 1_000,
    )
