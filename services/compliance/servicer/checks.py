"""CheckService: may this vehicle be there then. Rpcs that are not here answer RPC_PENDING."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import event_pb2
from meshkit import paging
from meshkit.caller import Role, current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once, recall
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from meshkit.watch import serve_watch
from services.compliance.convert import areas, findings, presences
from services.compliance.convert.zones import box_or_none
from services.compliance.domain.charges import totals
from services.compliance.domain.finding import Decision
from services.compliance.ports import (
    DecisionFilter,
    DecisionStore,
    RuleStore,
    Shelf,
    StreetStore,
)
from services.compliance.servicer.idling import IdlingChecks
from services.compliance.usecases import checks
from services.compliance.usecases import decisions as stored
from services.compliance.usecases.offload import offloaded

Context = ServicerContext[Any, Any]


class CheckServicer(IdlingChecks):
    """Checks, decisions and the feed."""

    def __init__(
        self,
        db: Database,
        shelf: Shelf,
        decisions: Callable[[Transaction], DecisionStore],
        rules: Callable[[Transaction], RuleStore],
        clock: Clock,
        streets: Callable[[Transaction], StreetStore],
    ) -> None:
        self._streets = streets
        self._db = db
        self._shelf = shelf
        self._decisions = decisions
        self._rules = rules
        self._clock = clock

    async def CheckAccess(
        self, request: pb.CheckAccessRequest, context: Context
    ) -> pb.CheckAccessResponse:
        size = len(request.queries)
        asked = await offloaded(size, presences.queries_from_proto, request)
        as_of = presences.as_of(request)
        answers = await checks.check_access(self._shelf, _tenant(), asked, as_of)
        return await offloaded(size, findings.answers_to_proto, request, answers)

    async def EvaluateRoutes(
        self, request: pb.EvaluateRoutesRequest, context: Context
    ) -> pb.EvaluateRoutesResponse:
        call = Call.of(current_caller(), request)
        answer = await recall(self._db, call, pb.EvaluateRoutesResponse)
        if answer is not None:
            return answer
        decisions = await self._decided(request)
        if request.validate_only:
            return _evaluated(decisions, stored=False)

        async def effect(tx: Transaction) -> pb.EvaluateRoutesResponse:
            await self._decisions(tx).add(decisions)
            return _evaluated(decisions, stored=True)

        return await commit_once(self._db, call, pb.EvaluateRoutesResponse, effect)

    async def ListAccessAreas(
        self, request: pb.ListAccessAreasRequest, context: Context
    ) -> pb.ListAccessAreasResponse:
        vehicle, interval = areas.areas_question(request)
        found = await checks.list_access_areas(
            self._shelf,
            _tenant(),
            vehicle,
            interval,
            box_or_none(request),
            presences.as_of(request),
        )
        return areas.areas_to_proto(found)

    async def ListDecisions(
        self, request: pb.ListDecisionsRequest, context: Context
    ) -> pb.ListDecisionsResponse:
        page, wanted = paging.page_of(request), areas.decision_filter(request)
        if request.touching_rule_set_id or request.touching_closure_id:
            return await self._touched(request, wanted, page)
        async with self._db.transaction(_tenant()) as tx:
            found = await self._decisions(tx).list(wanted, _before(page), page.limit)
        shown, token = page.cut(found, key=lambda d: (d.decided, d.decision_id))
        return pb.ListDecisionsResponse(
            decisions=[findings.decision_to_proto(decision) for decision in shown],
            next_page_token=token,
        )

    async def ExplainDecision(
        self, request: pb.ExplainDecisionRequest, context: Context
    ) -> pb.ExplainDecisionResponse:
        tenant = _tenant()
        async with self._db.transaction(tenant) as tx:
            known = await stored.remembered(self._decisions(tx), request.decision_id)
        explained = await stored.explain_decision(self._shelf, tenant, known)
        return areas.explained_to_proto(explained)

    async def WatchEvents(
        self, request: event_pb2.WatchEventsRequest, context: Context
    ) -> AsyncIterator[event_pb2.WatchEventsResponse]:
        caller = current_caller()
        tenant = None if caller.role is Role.SERVICE else caller.required_tenant()
        response = event_pb2.WatchEventsResponse
        async for batch in serve_watch(self._db, request, response, tenant=tenant):
            yield batch

    async def _touched(
        self, request: pb.ListDecisionsRequest, wanted: DecisionFilter, page: paging.Page
    ) -> pb.ListDecisionsResponse:
        async with self._db.transaction(_tenant()) as tx:
            if request.touching_closure_id:
                touch = await stored.touch_of_closure(self._rules(tx), request.touching_closure_id)
            else:
                touch = await stored.touch_of(self._rules(tx), request.touching_rule_set_id)
        found = await stored.list_touched(self._open, touch, wanted, _before(page), page.size)
        return pb.ListDecisionsResponse(
            decisions=[findings.decision_to_proto(decision) for decision in found.decisions],
            next_page_token="" if found.after is None else page.token(found.after),
        )

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[DecisionStore]:
        async with self._db.transaction(_tenant()) as tx:
            yield self._decisions(tx)

    async def _decided(self, request: pb.EvaluateRoutesRequest) -> tuple[Decision, ...]:
        size = sum(len(route.presences) for route in request.routes)
        question = await offloaded(size, presences.question_from_proto, request)
        return await checks.evaluate_routes(
            self._shelf, _tenant(), question, self._clock.now(), new_id
        )


def _evaluated(decisions: tuple[Decision, ...], *, stored: bool) -> pb.EvaluateRoutesResponse:
    due = [c for d in decisions for finding in d.findings for c in finding.charges]
    return findings.decisions_to_proto(decisions, totals(due), stored=stored)


def _before(page: paging.Page) -> tuple[datetime, str] | None:
    if page.after is None:
        return None
    decided, decision_id = page.after
    return decided, str(decision_id)  # type: ignore[return-value]


def _tenant() -> str:
    return current_caller().required_tenant()
