"""EmissionsService: the carbon ledger. Rpcs that are not here answer RPC_PENDING."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import emissions_service_pb2 as pb
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from services.compliance.convert import emissions as wire
from services.compliance.convert import reports
from services.compliance.ports import DecisionStore, EpisodeStore, LedgerStore, Shelf
from services.compliance.report_ports import Signer
from services.compliance.servicer.exports import Exports
from services.compliance.servicer.factor_sets import FactorSetServicer
from services.compliance.servicer.idling import IdlingEpisodes
from services.compliance.servicer.scores import Scores
from services.compliance.servicer.swaps import Swaps
from services.compliance.usecases import emissions
from services.compliance.usecases.factor_sets import Rates
from services.compliance.usecases.offload import offloaded

Context = ServicerContext[Any, Any]


class EmissionsServicer(Exports, Scores, Swaps, IdlingEpisodes, FactorSetServicer):
    """Estimates, records and reports."""

    def __init__(
        self,
        db: Database,
        store: Callable[[Transaction], LedgerStore],
        rates: Rates,
        clock: Clock,
        episodes: Callable[[Transaction], EpisodeStore],
        signer: Signer | None,
        decisions: Callable[[Transaction], DecisionStore],
        shelf: Shelf,
    ) -> None:
        super().__init__(db, store, rates, clock)
        self._episodes = episodes
        self._signer = signer
        self._decisions = decisions
        self._shelf = shelf

    async def EstimateEmissions(
        self, request: pb.EstimateEmissionsRequest, context: Context
    ) -> pb.EstimateEmissionsResponse:
        legs, set_id = wire.legs_from_proto(request.legs), request.factor_set_id
        allocation = wire.allocation_from_proto(request.allocation)
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            store, now = self._store(tx), self._clock.now()
            settings = await emissions.settings_of(store, self._rates, legs, set_id, now)
        entries = await offloaded(len(legs), emissions.estimate, legs, settings, allocation)
        return wire.estimates_to_proto(entries)

    async def RecordActuals(
        self, request: pb.RecordActualsRequest, context: Context
    ) -> pb.RecordActualsResponse:
        actuals = wire.actuals_from_proto(request)

        async def effect(tx: Transaction) -> pb.RecordActualsResponse:
            records = await emissions.record_actuals(
                self._store(tx), self._rates, actuals, self._clock.now(), new_id
            )
            return pb.RecordActualsResponse(records=wire.records_to_proto(records))

        call = Call.of(current_caller(), request)
        return await commit_once(self._db, call, pb.RecordActualsResponse, effect)

    async def ListEmissionRecords(
        self, request: pb.ListEmissionRecordsRequest, context: Context
    ) -> pb.ListEmissionRecordsResponse:
        page, wanted = paging.page_of(request), wire.record_filter(request)
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await self._store(tx).records(wanted, _after(page), page.limit)
        shown, token = page.cut(found, key=lambda record: (record.emission_record_id,))
        return pb.ListEmissionRecordsResponse(
            records=wire.records_to_proto(shown), next_page_token=token
        )

    async def GetEmissionReport(
        self, request: pb.GetEmissionReportRequest, context: Context
    ) -> pb.GetEmissionReportResponse:
        page, (wanted, dimension) = paging.page_of(request), reports.report_question(request)
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await self._store(tx).report(wanted, dimension, _after(page), page.limit)
        shown, token = page.cut(found.rows, key=lambda row: (row.key,))
        return reports.report_to_proto(found, shown, token)


def _after(page: paging.Page) -> str:
    return str(page.after[0]) if page.after else ""
