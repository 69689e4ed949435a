"""What other vehicles would have saved: a part of EmissionsService."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.postgres import Database, Transaction
from services.compliance.adapters.postgres_past import PostgresPast
from services.compliance.convert import swaps as wire
from services.compliance.ports import DecisionStore, LedgerStore, Shelf
from services.compliance.usecases import swaps
from services.compliance.usecases.factor_sets import Rates

Context = ServicerContext[Any, Any]


class Swaps(pb_grpc.EmissionsServiceServicer):
    """Savings of past routes."""

    _db: Database
    _store: Callable[[Transaction], LedgerStore]
    _decisions: Callable[[Transaction], DecisionStore]
    _shelf: Shelf
    _rates: Rates
    _clock: Clock

    async def ListSwapSavings(
        self, request: pb.ListSwapSavingsRequest, context: Context
    ) -> pb.ListSwapSavingsResponse:
        page, period = paging.page_of(request), wire.swap_period(request)
        tenant = current_caller().required_tenant()
        question = swaps.Question(tenant, *period, self._clock.now())

        @asynccontextmanager
        async def open_past() -> AsyncIterator[swaps.Past]:
            async with self._db.transaction(tenant) as tx:
                yield swaps.Past(PostgresPast(tx), self._decisions(tx), self._store(tx))

        every = await swaps.list_savings(open_past, self._shelf, self._rates, question)
        left = [saving for saving in every if page.after is None or saving.key > page.after]
        shown, token = page.cut(left[: page.limit], key=lambda saving: saving.key)
        return pb.ListSwapSavingsResponse(
            swap_savings=[wire.saving_to_proto(saving) for saving in shown], next_page_token=token
        )
