"""Factor sets, and what they make of a vehicle: a part of EmissionsService."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once
from meshkit.postgres import Database, Transaction
from services.compliance.convert import factors as wire
from services.compliance.ports import LedgerStore
from services.compliance.usecases import emissions, factor_sets
from services.compliance.usecases.factor_sets import Rates

Context = ServicerContext[Any, Any]


class FactorSetServicer(pb_grpc.EmissionsServiceServicer):
    """Creates and lists factor sets, and derives a planner's coefficients from them."""

    def __init__(
        self,
        db: Database,
        store: Callable[[Transaction], LedgerStore],
        rates: Rates,
        clock: Clock,
    ) -> None:
        self._db = db
        self._store = store
        self._rates = rates
        self._clock = clock

    async def ListFactorSets(
        self, request: pb.ListFactorSetsRequest, context: Context
    ) -> pb.ListFactorSetsResponse:
        page, country = paging.page_of(request), request.country_code
        after = str(page.after[0]) if page.after else ""
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await factor_sets.list_factor_sets(
                self._store(tx), self._rates, country, after, page.limit
            )
        shown, token = page.cut(found, key=lambda factors: (factors.factor_set_id,))
        return pb.ListFactorSetsResponse(
            factor_sets=[wire.factor_set_to_proto(factors) for factors in shown],
            next_page_token=token,
        )

    async def CreateFactorSet(
        self, request: pb.CreateFactorSetRequest, context: Context
    ) -> pb.CreateFactorSetResponse:
        factors = wire.factor_set_from_proto(request.factor_set)

        async def effect(tx: Transaction) -> pb.CreateFactorSetResponse:
            made = await factor_sets.create_factor_set(
                self._store(tx), self._rates, factors, self._clock.now()
            )
            return pb.CreateFactorSetResponse(factor_set=wire.factor_set_to_proto(made))

        call = Call.of(current_caller(), request)
        return await commit_once(self._db, call, pb.CreateFactorSetResponse, effect)

    async def GetEnergyCoefficients(
        self, request: pb.GetEnergyCoefficientsRequest, context: Context
    ) -> pb.GetEnergyCoefficientsResponse:
        asked = wire.foreseen_from_proto(request)
        async with self._db.transaction(current_caller().required_tenant()) as tx:
            found = await emissions.foresee(self._store(tx), self._rates, asked, self._clock.now())
        return wire.outlook_to_proto(found)
