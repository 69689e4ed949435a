"""AnalyticsService: what was learned about the time that stops take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import analytics_service_pb2_grpc as pb_grpc
from meshkit import paging
from services.tracking.convert.learning import estimate_to_proto
from services.tracking.domain import learned
from services.tracking.domain.learned import Estimate, Version
from services.tracking.servicer.common import Context, Desk, after_of, tenant
from services.tracking.usecases import learning


class Estimates(pb_grpc.AnalyticsServiceServicer):
    """Service times, failures and drop points by subject or delivery."""

    _desk: Desk

    async def ListServiceTimeEstimates(
        self, request: pb.ListServiceTimeEstimatesRequest, context: Context
    ) -> pb.ListServiceTimeEstimatesResponse:
        page = paging.page_of(request)
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            version = await learning.version_asked(world, request.version)
            if version is None:
                return pb.ListServiceTimeEstimatesResponse()
            found = await self._found(world, version, request, page)
        shown, token = page.cut(found, key=lambda one: (one.subject,))
        if request.delivery_ids:
            shown, token = found, ""
        return pb.ListServiceTimeEstimatesResponse(
            estimates=[estimate_to_proto(one, version) for one in shown], next_page_token=token
        )

    async def _found(
        self,
        world: Any,
        version: Version,
        request: pb.ListServiceTimeEstimatesRequest,
        page: paging.Page,
    ) -> Sequence[Estimate]:
        """By subject, the general ones among the places; or by delivery."""
        if request.delivery_ids:
            names, now = list(request.delivery_ids), self._desk.clock.now()
            return await learning.of_deliveries(world, version, names, now)
        after = after_of(page, 1)[0]
        if request.subjects:
            subjects = [one for one in request.subjects if after is None or one > str(after)]
            return (await learning.of_subjects(world, version, subjects))[: page.limit]
        places = await world.past.page_places(version.version, after, page.limit)
        general = [one for one in learned.generals(version) if after is None or one.subject > after]
        both = [*general, *(learned.of_place(version, one) for one in places)]
        return sorted(both, key=lambda one: one.subject)[: page.limit]
