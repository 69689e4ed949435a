"""AnalyticsService: numbers from the journal, and from nothing else."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from doorstep.tracking.v1 import analytics_service_pb2 as pb
from meshkit import paging
from meshkit.errors import Invalid, Violation
from services.tracking.adapters.codec import unpack_event
from services.tracking.analytics_ports import History
from services.tracking.convert import metrics as wire
from services.tracking.convert.surveys import response_to_proto
from services.tracking.domain.event import (
    Crew,
    LegCompleted,
    OutcomeRecorded,
    RouteCompleted,
    RouteStarted,
    StopArrived,
    VehicleCharged,
)
from services.tracking.domain.journal import Event
from services.tracking.domain.metric import DEFINITION_VERSION, Dimension, Metric, dimensions_of
from services.tracking.domain.route import Window
from services.tracking.projections import metrics as measures
from services.tracking.projections import scorecard as scores
from services.tracking.servicer.common import Context, Desk, after_of, span_of, tenant
from services.tracking.servicer.estimates import Estimates
from services.tracking.servicer.exports import Exporting

DAYS_MAX = 366  # of an interval; the contract states it
EVENTS_MAX = 200_000  # that one call reads; ErrorReason EVENTS_EXCEEDED states it
SCORED = [kind.__name__ for kind in scores.COUNTS]
MEASURED = [kind.__name__ for kind in measures.MEASURED]
PAID = (LegCompleted, OutcomeRecorded, RouteCompleted, VehicleCharged)  # by a rate card
COMPARED = [kind.__name__ for kind in (RouteCompleted, StopArrived)]


class AnalyticsServicer(Exporting, Estimates):
    """Scorecards, metrics, plan against actual."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def GetScorecard(
        self, request: pb.GetScorecardRequest, context: Context
    ) -> pb.GetScorecardResponse:
        span = span_of(request, "interval", DAYS_MAX)
        whose = Crew(
            route_id=request.route_id,
            driver_id=request.driver_id,
            vehicle_id=request.vehicle_id,
            carrier_id=request.carrier_id,
        )
        events = await self._events(span, SCORED, whose)
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            beside = await _beside(world.history, events)
            facts, fixes = await world.facts.count(span), await world.devices.count(span)
        tally = partial(scores.tallied, events, whole=whose == Crew(), beside=beside)
        card = await asyncio.to_thread(tally)
        now = self._desk.clock.now()
        shown = wire.scorecard_to_proto(card, span, now, events=facts, positions=fixes)
        return pb.GetScorecardResponse(scorecard=shown)

    async def QueryMetrics(
        self, request: pb.QueryMetricsRequest, context: Context
    ) -> pb.QueryMetricsResponse:
        page, span = paging.page_of(request), span_of(request, "interval", DAYS_MAX)
        by, cut = wire.dimensions(request.dimensions), wire.granularity(request.granularity)
        filters = [(wire.dimensions([one.dimension])[0], one.values) for one in request.filters]
        asked = wire.metrics(request.metrics)
        _refuse_unsupported(asked, by, [dimension for dimension, _ in filters])
        events = await self._events(span, MEASURED, Crew())
        async with self._desk.db.transaction(tenant()) as tx:
            beside = await _beside(self._desk.worlds(tx).history, events)
        question = events, asked, by, filters, cut, beside
        found = await asyncio.to_thread(measures.query, *question)
        start = int(str(page.after[0])) if page.after else 0
        shown = list(enumerate(found, 1))[start : start + page.limit]
        numbers, token = page.cut(shown, key=lambda one: (one[0],))
        return pb.QueryMetricsResponse(
            points=[wire.point_to_proto(one, by, cut, span) for _, one in numbers],
            next_page_token=token,
            definition_version=DEFINITION_VERSION,
        )

    async def GetPlanAdherence(
        self, request: pb.GetPlanAdherenceRequest, context: Context
    ) -> pb.GetPlanAdherenceResponse:
        page, span = paging.page_of(request), span_of(request, "interval", DAYS_MAX)
        events = await self._events(span, COMPARED, Crew(route_id=request.route_id))
        done = sorted(_of(events, RouteCompleted), key=lambda one: str(one.crew.route_id))
        after = str(page.after[0]) if page.after else ""
        rest = [one for one in done if one.crew.route_id > after][: page.limit]
        shown, token = page.cut(rest, key=lambda one: (one.crew.route_id,))
        async with self._desk.db.transaction(tenant()) as tx:
            names = [one.crew.route_id for one in shown]
            placed = await self._desk.worlds(tx).history.placed(names)
        arrivals = _arrivals(events)
        routes = [
            wire.adherence_to_proto(one, arrivals[name], *placed.get(name, (0, 0)))
            for name, one in zip(names, shown, strict=True)
        ]
        return pb.GetPlanAdherenceResponse(routes=routes, next_page_token=token)

    async def ListSurveyResponses(
        self, request: pb.ListSurveyResponsesRequest, context: Context
    ) -> pb.ListSurveyResponsesResponse:
        page, span = paging.page_of(request), span_of(request, "interval", DAYS_MAX)
        async with self._desk.db.transaction(tenant()) as tx:
            found = await self._desk.worlds(tx).surveys.page(span, after_of(page, 2), page.limit)
        shown, token = page.cut(found, key=lambda one: (one[0].at, one[0].attempt.task.task_id))
        responses = [response_to_proto(*one) for one in shown]
        return pb.ListSurveyResponsesResponse(responses=responses, next_page_token=token)

    async def _events(self, span: Window, types: Sequence[str], whose: Crew) -> list[Event]:
        """Events of a span, read aside of the event loop. Raises Invalid `EVENTS_EXCEEDED`."""
        async with self._desk.db.transaction(tenant()) as tx:
            history = self._desk.worlds(tx).history
            rows = await history.rows(span, types, whose, EVENTS_MAX + 1)
        if len(rows) > EVENTS_MAX:
            why = f"holds over {EVENTS_MAX:,} events"
            faults = [Violation("interval", why, "EVENTS_EXCEEDED")]
            raise Invalid("EVENTS_EXCEEDED", f"interval {why}", violations=faults)
        return await asyncio.to_thread(_read, rows)


def _read(rows: Sequence[tuple[str, str]]) -> list[Event]:
    return [unpack_event(*row) for row in rows]


async def _beside(history: History, events: Sequence[Event]) -> list[Event]:
    """What lies outside an interval and says what these cost: starts, and charges of zones."""
    planned = {
        event.crew.route_id
        for event in events
        if isinstance(event, RouteStarted) and event.access_charge_micros
    }
    starts = await history.starts(routes_of(events))
    return [*starts, *await history.charges(planned)]


def routes_of(events: Iterable[Event]) -> set[str]:
    """Routes that did something, whose start may lie before."""
    started = {event.crew.route_id for event in events if isinstance(event, RouteStarted)}
    paid = (event for event in events if isinstance(event, PAID))
    return {event.crew.route_id for event in paid} - started


def _arrivals(events: Iterable[Event]) -> dict[str, list[tuple[bool, float | None]]]:
    found: dict[str, list[tuple[bool, float | None]]] = defaultdict(list)
    for one in _of(events, StopArrived):
        off = (one.at - one.planned_at).total_seconds() if one.planned_at else None
        found[one.crew.route_id].append((one.in_sequence, off))
    return found


def _of(events: Iterable[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def _refuse_unsupported(
    metrics: Iterable[Metric], by: Sequence[Dimension], filters: Sequence[Dimension]
) -> None:
    """Names every dimension that a metric has not."""
    bad = [
        (field, rank, dimension, metric)
        for field, asked in (("dimensions", by), ("filters", filters))
        for rank, dimension in enumerate(asked)
        for metric in metrics
        if dimension not in dimensions_of(metric)
    ]
    if bad:
        faults = [
            Violation(f"{field}[{rank}]", f"{metric} has no {dimension}", "DIMENSION_UNSUPPORTED")
            for field, rank, dimension, metric in bad
        ]
        words = ", ".join(f"{metric} by {dimension}" for _, _, dimension, metric in bad)
        raise Invalid("DIMENSION_UNSUPPORTED", f"not {words}", violations=faults)
