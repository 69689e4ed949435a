"""
What stops take as tracking has learned it: implements `ports.Estimator`.

Only a default: a delivery whose caller says how long it takes is never asked about. Where tracking
is away or has learned nothing, the plan is made with what a stop is assumed to take.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

import structlog

from doorstep.tracking.v1 import analytics_service_pb2_grpc
from doorstep.tracking.v1.analytics_service_pb2 import ListServiceTimeEstimatesRequest as Question
from meshkit.errors import Exhausted, TooLate, Unavailable

TOGETHER_MAX = 1_000  # deliveries of one question
SECONDS_MAX = 2.0  # for each: a plan waits no longer for what it can do without
AWAY = (Unavailable, Exhausted, TooLate)

log = structlog.get_logger()


class MeshEstimator:
    """Asks over the mesh."""

    def __init__(self, stub: analytics_service_pb2_grpc.AnalyticsServiceAsyncStub) -> None:
        self._stub = stub

    async def service_times(self, delivery_ids: Collection[str]) -> Mapping[str, timedelta]:
        """The mean time at the stops of those deliveries that something was learned of."""
        names, found = sorted(delivery_ids), dict[str, timedelta]()
        for start in range(0, len(names), TOGETHER_MAX):
            request = Question(delivery_ids=names[start : start + TOGETHER_MAX])
            try:
                answer = await self._stub.ListServiceTimeEstimates(request, timeout=SECONDS_MAX)
            except AWAY as error:
                log.warning("service_times_assumed", reason=error.reason)
                return found
            for one in answer.estimates:
                if one.mean_seconds > 0:
                    found[one.subject] = timedelta(seconds=one.mean_seconds)
        return found
