"""IncidentService: the inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from doorstep.tracking.v1 import event_pb2, incident_pb2
from doorstep.tracking.v1 import incident_service_pb2 as pb
from doorstep.tracking.v1 import incident_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.feed import Change
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from meshkit.watch import watch
from services.tracking.convert.etas import risk_to_proto
from services.tracking.convert.incidents import alarm, incident_to_proto
from services.tracking.convert.wire import stamp, word
from services.tracking.domain.event import RiskLevel
from services.tracking.domain.incident import Incident, Resolution
from services.tracking.domain.risk import RANK
from services.tracking.servicer.common import Context, Desk, after_of, tenant
from services.tracking.usecases import incidents

OPEN_STATES = ("OPEN", "ACKNOWLEDGED")
SNAPSHOT_MAX = 1_000  # not-ended incidents in one message; more come in further ones
EVENTS: dict[str, Any] = {
    "incident_opened": event_pb2.IncidentOpened,
    "incident_acknowledged": event_pb2.IncidentAcknowledged,
    "incident_resolved": event_pb2.IncidentResolved,
}


class IncidentServicer(pb_grpc.IncidentServiceServicer):
    """Incidents and risks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ReportIncident(
        self, request: pb.ReportIncidentRequest, context: Context
    ) -> pb.ReportIncidentResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._report, request)
        return await commit_once(self._desk.db, call, pb.ReportIncidentResponse, effect)

    async def ListIncidents(
        self, request: pb.ListIncidentsRequest, context: Context
    ) -> pb.ListIncidentsResponse:
        page, caller = paging.page_of(request), current_caller()
        states = [_name(incident_pb2.IncidentState, value) for value in request.states]
        types = [_name(incident_pb2.IncidentType, value) for value in request.types]
        whose = (request.route_id, request.delivery_id, caller.driver_id, caller.carrier_id)
        async with self._desk.db.transaction(tenant()) as tx:
            store = self._desk.worlds(tx).incidents
            found = await store.page(states, types, whose, after_of(page, 2), page.limit)
        found, token = page.cut(found, key=lambda one: (one.open_time, one.incident_id))
        shown = [incident_to_proto(one) for one in found]
        return pb.ListIncidentsResponse(incidents=shown, next_page_token=token)

    async def WatchIncidents(
        self, request: pb.WatchIncidentsRequest, context: Context
    ) -> AsyncIterator[pb.WatchIncidentsResponse]:
        of, cursor = tenant(), request.cursor
        if not cursor:
            parts, cursor = await self._snapshot(of)
            for part in parts:
                yield part
        async for batch in watch(self._desk.db, cursor=cursor, types=EVENTS, tenant=of):
            yield pb.WatchIncidentsResponse(
                incidents=[_incident(change) for change in batch.changes],
                cursor=batch.cursor,
                server_time=stamp(self._desk.clock.now()),
            )

    async def AcknowledgeIncident(
        self, request: pb.AcknowledgeIncidentRequest, context: Context
    ) -> pb.AcknowledgeIncidentResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._acknowledge, request)
        return await commit_once(self._desk.db, call, pb.AcknowledgeIncidentResponse, effect)

    async def ResolveIncident(
        self, request: pb.ResolveIncidentRequest, context: Context
    ) -> pb.ResolveIncidentResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._resolve, request)
        return await commit_once(self._desk.db, call, pb.ResolveIncidentResponse, effect)

    async def ListRisks(
        self, request: pb.ListRisksRequest, context: Context
    ) -> pb.ListRisksResponse:
        page = paging.page_of(request)
        level = request.minimum_level or RANK[RiskLevel.MEDIUM]
        after = (page.after[0], page.after[1]) if page.after else (None, "")
        chance = -int(str(after[0])) / CHANCE_UNIT if after[0] is not None else None
        async with self._desk.db.transaction(tenant()) as tx:
            store = self._desk.worlds(tx).routes
            found = await store.list_risks(level, request.route_id, (chance, after[1]), page.limit)
        found, token = page.cut(
            found, key=lambda one: (round(one.stake * CHANCE_UNIT), one.task.task_id)
        )
        return pb.ListRisksResponse(
            risks=[risk_to_proto(one) for one in found], next_page_token=token
        )

    async def _report(
        self, request: pb.ReportIncidentRequest, tx: Transaction
    ) -> pb.ReportIncidentResponse:
        now = self._desk.clock.now()
        told = alarm(request, current_caller(), now)
        kept = await incidents.report(self._desk.worlds(tx), told, now, new_id)
        return pb.ReportIncidentResponse(incident=incident_to_proto(kept))

    async def _acknowledge(
        self, request: pb.AcknowledgeIncidentRequest, tx: Transaction
    ) -> pb.AcknowledgeIncidentResponse:
        world, by = self._desk.worlds(tx), current_caller().subject
        now = self._desk.clock.now()
        kept = await incidents.acknowledge(world, request.incident_id, request.etag, by, now)
        return pb.AcknowledgeIncidentResponse(incident=incident_to_proto(kept))

    async def _resolve(
        self, request: pb.ResolveIncidentRequest, tx: Transaction
    ) -> pb.ResolveIncidentResponse:
        kept = await incidents.resolve(
            self._desk.worlds(tx),
            request.incident_id,
            request.etag,
            current_caller().subject,
            self._desk.clock.now(),
            resolution=word(incident_pb2.IncidentResolution, request.resolution, Resolution),
            note=request.note,
        )
        return pb.ResolveIncidentResponse(incident=incident_to_proto(kept))

    async def _snapshot(self, of: str) -> tuple[Sequence[pb.WatchIncidentsResponse], str]:
        """All that have not ended at one moment, in parts; only the last has the cursor."""
        found: list[Incident] = []
        after: tuple[Any, ...] = (None, None)
        async with self._desk.db.snapshot(of) as now:
            store = self._desk.worlds(now).incidents  # type: ignore[arg-type]
            while page := await store.page(OPEN_STATES, (), ("",) * 4, after, SNAPSHOT_MAX):
                found += page
                after = page[-1].open_time, page[-1].incident_id
        starts = range(0, max(1, len(found)), SNAPSHOT_MAX)
        parts = [self._part(found[start : start + SNAPSHOT_MAX]) for start in starts]
        parts[-1].cursor = now.cursor
        return parts, now.cursor

    def _part(self, found: Sequence[Incident]) -> pb.WatchIncidentsResponse:
        return pb.WatchIncidentsResponse(
            incidents=[incident_to_proto(one) for one in found],
            snapshot=True,
            server_time=stamp(self._desk.clock.now()),
        )


CHANCE_UNIT = 10**12  # page tokens hold integers


def _incident(change: Change) -> incident_pb2.Incident:
    told: Any = EVENTS[change.type].FromString(change.payload)
    shown: incident_pb2.Incident = told.incident
    return shown


def _name(enum: Any, value: int) -> str:
    named: str = enum.Name(value)
    return named.split("_", 2)[2]
