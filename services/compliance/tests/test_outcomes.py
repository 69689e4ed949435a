"""
What reports divide by: a delivery succeeds once, whatever was done for it on the way.

Method: tracking's feed tells of attempts; the report is asked by route and in all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from doorstep.tracking.v1 import event_pb2 as tracking_pb
from doorstep.tracking.v1 import tracking_event_pb2
from meshkit.client import raising
from meshkit.postgres import Database
from meshkit.testing import Role, TestMesh
from services.compliance.__main__ import ledger
from services.compliance.convert.moments import moment_to_proto
from services.compliance.convert.tracking import outcome_from_tracking
from services.compliance.tests.places import at
from services.compliance.tests.test_exports import MAY

pytestmark = pytest.mark.pg

NOON = at("2026-05-12 09:00")


@pytest.fixture
def emissions(mesh: TestMesh) -> Any:
    return raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))


def ended(task: str, delivery: str, minute: int, how: str = "SUCCEEDED") -> Any:
    """An attempt on a route of its own."""
    return tracking_pb.TaskOutcomeRecorded(
        task_id=task,
        delivery_id=delivery,
        route_id=f"route-{task}",
        outcome=tracking_event_pb2.TaskOutcome.Value(f"TASK_OUTCOME_{how}"),
        mass_grams=2_000,
        outcome_time=moment_to_proto(NOON + timedelta(minutes=minute)),
    )


async def test_goods_that_were_taken_over_are_delivered_once(emissions: Any, db: Database) -> None:
    async with db.transaction("acme") as tx:
        for message in (
            ended("delivered", "d1", 30),
            ended("picked-up", "d1", 10),  # from a van that broke down; told late
            ended("failed", "d2", 5, "FAILED"),
            ended("again", "d2", 40),
        ):
            await ledger(tx).add_outcome(outcome_from_tracking(message))

    report = await emissions.GetEmissionReport(
        pb.GetEmissionReportRequest(interval=MAY, dimension=emission_pb2.REPORT_DIMENSION_ROUTE)
    )

    counted = {
        row.key: (row.delivered_count, row.failed_attempt_count, row.delivered_mass_grams)
        for row in report.rows
    }
    assert counted == {
        "route-again": (1, 0, 2_000),
        "route-delivered": (1, 0, 2_000),
        "route-failed": (0, 1, 0),
        "route-picked-up": (0, 0, 0),
    }
    assert (report.total.delivered_count, report.total.delivered_mass_grams) == (2, 4_000)
