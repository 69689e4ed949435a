"""SubscriptionService, second part: events sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from doorstep.tracking.v1 import subscription_service_pb2 as pb
from doorstep.tracking.v1 import subscription_service_pb2_grpc as pb_grpc
from meshkit.caller import Caller, Role, current_caller
from meshkit.drain import until_drained
from meshkit.errors import NotFound
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from meshkit.watch import HEARTBEAT_SECONDS
from services.tracking.adapters.postgres_subscriptions import (
    PostgresRedeliveries,
    PostgresSubscriptions,
)
from services.tracking.convert import subscriptions as wire
from services.tracking.domain.redelivery import Redelivery
from services.tracking.servicer.common import Context, Desk, tenant
from services.tracking.servicer.way import Way
from services.tracking.usecases import subscriptions as usecases

LOOK_SECONDS = 1.0  # how often a watch looks: nobody rings when a receiver answers


class Redelivering(pb_grpc.SubscriptionServiceServicer):
    """Started, looked at, watched, stopped; `adapters.redeliverer` does the work."""

    def __init__(self, desk: Desk, way: Way) -> None:
        self._desk = desk
        self._way = way

    async def StartRedelivery(
        self, request: pb.StartRedeliveryRequest, context: Context
    ) -> pb.StartRedeliveryResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._start, request)
        return await commit_once(self._desk.db, call, pb.StartRedeliveryResponse, effect)

    async def GetRedelivery(
        self, request: pb.GetRedeliveryRequest, context: Context
    ) -> pb.GetRedeliveryResponse:
        found = await self._redelivery(request.redelivery_id, current_caller())
        return pb.GetRedeliveryResponse(redelivery=wire.redelivery_to_proto(found))

    async def WatchRedelivery(
        self, request: pb.WatchRedeliveryRequest, context: Context
    ) -> AsyncIterator[pb.WatchRedeliveryResponse]:
        watched = self._watched(request.redelivery_id, current_caller())
        async for response in until_drained(watched):
            yield response

    async def CancelRedelivery(
        self, request: pb.CancelRedeliveryRequest, context: Context
    ) -> pb.CancelRedeliveryResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._cancel, request)
        return await commit_once(self._desk.db, call, pb.CancelRedeliveryResponse, effect)

    async def _start(
        self, request: pb.StartRedeliveryRequest, tx: Transaction
    ) -> pb.StartRedeliveryResponse:
        owner, now = _owner(current_caller()), self._desk.clock.now()
        order = wire.order(request)
        known = await usecases.find(PostgresSubscriptions(tx), request.subscription_id, owner)
        made = await usecases.redeliver(PostgresRedeliveries(tx), known, order, now, new_id)
        return pb.StartRedeliveryResponse(redelivery=wire.redelivery_to_proto(made))

    async def _cancel(
        self, request: pb.CancelRedeliveryRequest, tx: Transaction
    ) -> pb.CancelRedeliveryResponse:
        store, caller = PostgresRedeliveries(tx), current_caller()
        await _theirs(tx, request.redelivery_id, caller)
        await store.cancel(request.redelivery_id, self._desk.clock.now())
        ended = await _theirs(tx, request.redelivery_id, caller)
        return pb.CancelRedeliveryResponse(redelivery=wire.redelivery_to_proto(ended))

    async def _watched(
        self, redelivery_id: str, caller: Caller
    ) -> AsyncIterator[pb.WatchRedeliveryResponse]:
        loop, told, until = asyncio.get_running_loop(), None, 0.0
        while told is None or not told.over:
            found = await self._redelivery(redelivery_id, caller)
            if found != told:
                yield pb.WatchRedeliveryResponse(redelivery=wire.redelivery_to_proto(found))
            elif loop.time() >= until:
                yield pb.WatchRedeliveryResponse()
            else:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            told, until = found, loop.time() + HEARTBEAT_SECONDS

    async def _redelivery(self, redelivery_id: str, caller: Caller) -> Redelivery:
        async with self._desk.db.transaction(tenant()) as tx:
            return await _theirs(tx, redelivery_id, caller)


async def _theirs(tx: Transaction, redelivery_id: str, caller: Caller) -> Redelivery:
    """A redelivery of a subscription that the caller may see."""
    found = await PostgresRedeliveries(tx).get(redelivery_id)
    owner = _owner(caller)
    if found is not None and owner is not None:
        known = await PostgresSubscriptions(tx).find(found.subscription_id)
        if known is None or known.subscription.owner_carrier_id != owner:
            found = None
    if found is None:
        raise NotFound(
            "WORK_UNKNOWN", f"no redelivery {redelivery_id!r}", redelivery_id=redelivery_id
        )
    return found


def _owner(caller: Caller) -> str | None:
    return caller.carrier_id if caller.role is Role.CARRIER else None
