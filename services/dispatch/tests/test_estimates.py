"""
What stops take as tracking has learned it, on its way to the planner.

Method: a stand-in for tracking on a real port that has learned of two deliveries.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import analytics_service_pb2_grpc as pb_grpc
from doorstep.tracking.v1 import metric_pb2
from meshkit.client import raising
from meshkit.errors import Unavailable
from meshkit.testing import Role, TestMesh, serving
from services.dispatch.adapters.estimates import TOGETHER_MAX, MeshEstimator
from services.dispatch.domain.planning import Problem, learned
from services.dispatch.domain.planning import plan_task as planned
from services.dispatch.tests.domain.samples import delivery, plan_task, task

LEARNED = {"del_1": 240, "del_2": 60, "del_3": 0}


@dataclass
class Learned(pb_grpc.AnalyticsServiceServicer):
    """Answers for the deliveries that it was asked about."""

    asked: list[list[str]] = field(default_factory=list)
    away: bool = False

    async def ListServiceTimeEstimates(  # noqa: N802
        self, request: pb.ListServiceTimeEstimatesRequest, context: Any
    ) -> pb.ListServiceTimeEstimatesResponse:
        if self.away:
            raise Unavailable("STORE_AWAY", "no store")
        self.asked.append(list(request.delivery_ids))
        known = [
            metric_pb2.ServiceTimeEstimate(subject=one, mean_seconds=LEARNED[one])
            for one in request.delivery_ids
            if one in LEARNED
        ]
        return pb.ListServiceTimeEstimatesResponse(estimates=known)


@pytest.fixture
def tracking() -> Learned:
    return Learned()


@pytest.fixture
async def mesh(tracking: Learned) -> AsyncIterator[TestMesh]:
    async with serving(tracking, service="tracking") as mesh:
        yield mesh


@pytest.fixture
def estimator(mesh: TestMesh) -> MeshEstimator:
    return MeshEstimator(raising(pb_grpc.AnalyticsServiceStub(mesh.channel(Role.DISPATCHER))))


async def test_only_what_was_learned_has_a_time(estimator: MeshEstimator) -> None:
    found = await estimator.service_times(["del_2", "del_1", "del_3", "del_4"])

    assert found == {"del_1": timedelta(minutes=4), "del_2": timedelta(minutes=1)}


async def test_many_deliveries_are_asked_about_in_parts(
    estimator: MeshEstimator, tracking: Learned
) -> None:
    await estimator.service_times({f"del_{number}" for number in range(TOGETHER_MAX + 1)})

    assert [len(names) for names in tracking.asked] == [TOGETHER_MAX, 1]


async def test_a_plan_is_made_without_tracking(estimator: MeshEstimator, tracking: Learned) -> None:
    tracking.away = True

    assert await estimator.service_times(["del_1"]) == {}


def test_what_was_learned_replaces_what_was_assumed_and_nothing_that_was_said() -> None:
    assumed, said = plan_task("1", service_assumed=True), plan_task("2")
    times = {task.stop_task.delivery_id: timedelta(minutes=9) for task in (assumed, said)}

    first, second = learned(Problem((assumed, said), ()), times).tasks

    assert first.stop_task.service_duration == timedelta(minutes=9)
    assert second == said


def test_a_time_is_assumed_only_where_the_caller_said_none() -> None:
    unsaid = planned(task(), delivery(), {})
    said = planned(task(), delivery(service_duration=timedelta(minutes=1)), {})

    assert (unsaid.service_assumed, said.service_assumed) == (True, False)
