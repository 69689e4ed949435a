"""Published scores: a part of EmissionsService."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from grpc.aio import ServicerContext

from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once, recall
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from services.compliance.adapters.postgres_scores import PostgresScores
from services.compliance.adapters.postgres_statements import PostgresStatements
from services.compliance.convert import scores as wire
from services.compliance.report_ports import Signer
from services.compliance.usecases import scores

Context = ServicerContext[Any, Any]
PAGE_MAX = 50  # a score may list many ways by which its numbers were found, and says them twice


class Scores(pb_grpc.EmissionsServiceServicer):
    """Published, got, listed, with the keys that verify them."""

    _db: Database
    _clock: Clock
    _signer: Signer | None

    async def PublishEmissionScore(
        self, request: pb.PublishEmissionScoreRequest, context: Context
    ) -> pb.PublishEmissionScoreResponse:
        period, call = wire.period_from_proto(request), Call.of(current_caller(), request)
        answer = await recall(self._db, call, pb.PublishEmissionScoreResponse)
        if answer is not None:
            return answer
        signer, tenant = scores.require_signer(self._signer), call.tenant
        report = await scores.known_report(PostgresStatements(self._db), tenant, period)

        async def effect(tx: Transaction) -> pb.PublishEmissionScoreResponse:
            store, now = PostgresScores(tx), self._clock.now()
            score = await scores.publish_score(
                store, signer, wire.signed_bytes, tenant, period, report, now, new_id
            )
            return pb.PublishEmissionScoreResponse(emission_score=wire.score_to_proto(score))

        return await commit_once(self._db, call, pb.PublishEmissionScoreResponse, effect)

    async def GetEmissionScore(
        self, request: pb.GetEmissionScoreRequest, context: Context
    ) -> pb.GetEmissionScoreResponse:
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await scores.get_score(PostgresScores(tx), request.emission_score_id)
        return pb.GetEmissionScoreResponse(emission_score=wire.score_to_proto(found))

    async def ListEmissionScores(
        self, request: pb.ListEmissionScoresRequest, context: Context
    ) -> pb.ListEmissionScoresResponse:
        page = _small(request)
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await PostgresScores(tx).list(_before(page), page.limit)
        shown, token = page.cut(found, key=lambda s: (s.publish_time, s.emission_score_id))
        return pb.ListEmissionScoresResponse(
            emission_scores=[wire.score_to_proto(score) for score in shown], next_page_token=token
        )

    async def ListScoreKeys(
        self, request: pb.ListScoreKeysRequest, context: Context
    ) -> pb.ListScoreKeysResponse:
        page = paging.page_of(request)
        after = str(page.after[0]) if page.after else ""
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await scores.list_keys(PostgresScores(tx), self._signer, after, page.limit)
        shown, token = page.cut(found, key=lambda key: (key.key_id,))
        return pb.ListScoreKeysResponse(
            score_keys=[wire.score_key_to_proto(key) for key in shown], next_page_token=token
        )


def _small(request: Message) -> paging.Page:
    page = paging.page_of(request)
    return replace(page, size=min(page.size, PAGE_MAX))


def _before(page: paging.Page) -> tuple[datetime, str] | None:
    if page.after is None:
        return None
    published, score_id = page.after
    return published, str(score_id)  # type: ignore[return-value]
