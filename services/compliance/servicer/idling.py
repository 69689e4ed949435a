"""Idling: its rules (ZoneService), checks (CheckService) and episodes (EmissionsService)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import check_service_pb2 as check_pb
from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import emissions_service_pb2 as emissions_pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as emissions_grpc
from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once
from meshkit.postgres import Database, Transaction
from services.compliance.convert import idling as wire
from services.compliance.ports import EpisodeStore, StreetStore
from services.compliance.usecases import idling

Context = ServicerContext[Any, Any]


class IdlingRules(pb_grpc.ZoneServiceServicer):
    """Rules of idling."""

    _db: Database
    _clock: Clock
    _streets: Callable[[Transaction], StreetStore]

    async def CreateIdlingRule(
        self, request: pb.CreateIdlingRuleRequest, context: Context
    ) -> pb.CreateIdlingRuleResponse:
        rule = wire.idling_rule_from_proto(request.idling_rule)

        async def effect(tx: Transaction) -> pb.CreateIdlingRuleResponse:
            made = await idling.create_idling_rule(self._streets(tx), rule, self._clock.now())
            return pb.CreateIdlingRuleResponse(idling_rule=wire.idling_rule_to_proto(made))

        call = Call.of(current_caller(), request)
        return await commit_once(self._db, call, pb.CreateIdlingRuleResponse, effect)

    async def GetIdlingRule(
        self, request: pb.GetIdlingRuleRequest, context: Context
    ) -> pb.GetIdlingRuleResponse:
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await idling.get_idling_rule(self._streets(tx), request.idling_rule_id)
        return pb.GetIdlingRuleResponse(idling_rule=wire.idling_rule_to_proto(found))

    async def ListIdlingRules(
        self, request: pb.ListIdlingRulesRequest, context: Context
    ) -> pb.ListIdlingRulesResponse:
        page = paging.page_of(request)
        after = str(page.after[0]) if page.after else ""
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await self._streets(tx).idling_rules(after, page.limit)
        shown, token = page.cut(found, key=lambda version: (version.rule.idling_rule_id,))
        return pb.ListIdlingRulesResponse(
            idling_rules=[wire.idling_rule_to_proto(version) for version in shown],
            next_page_token=token,
        )

    async def UpdateIdlingRule(
        self, request: pb.UpdateIdlingRuleRequest, context: Context
    ) -> pb.UpdateIdlingRuleResponse:
        change, name = wire.idling_rule_change(request), request.idling_rule.idling_rule_id

        async def effect(tx: Transaction) -> pb.UpdateIdlingRuleResponse:
            store, now = self._streets(tx), self._clock.now()
            made = await idling.update_idling_rule(store, name, request.etag, change, now)
            return pb.UpdateIdlingRuleResponse(idling_rule=wire.idling_rule_to_proto(made))

        call = Call.of(current_caller(), request)
        return await commit_once(self._db, call, pb.UpdateIdlingRuleResponse, effect)


class IdlingChecks(check_grpc.CheckServiceServicer):
    """May the engine run while the vehicle stands."""

    _db: Database
    _streets: Callable[[Transaction], StreetStore]

    async def CheckIdling(
        self, request: check_pb.CheckIdlingRequest, context: Context
    ) -> check_pb.CheckIdlingResponse:
        place, idled = wire.idling_question(request)
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            answer = await idling.check_idling(self._streets(tx), place, idled)
        return wire.idling_answer_to_proto(answer)


class IdlingEpisodes(emissions_grpc.EmissionsServiceServicer):
    """Times that engines ran while vehicles stood."""

    _db: Database
    _episodes: Callable[[Transaction], EpisodeStore]

    async def ListIdlingEpisodes(
        self, request: emissions_pb.ListIdlingEpisodesRequest, context: Context
    ) -> emissions_pb.ListIdlingEpisodesResponse:
        page, wanted = paging.page_of(request), wire.episode_filter(request)
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await self._episodes(tx).list(wanted, _before(page), page.limit)
        shown, token = page.cut(found, key=lambda e: (e.start, e.idling_episode_id))
        return emissions_pb.ListIdlingEpisodesResponse(
            idling_episodes=[wire.episode_to_proto(episode) for episode in shown],
            next_page_token=token,
        )


def _before(page: paging.Page) -> tuple[datetime, str] | None:
    if page.after is None:
        return None
    start, episode_id = page.after
    return start, str(episode_id)  # type: ignore[return-value]
