"""DeliveryService: one short method for each rpc."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from doorstep.dispatch.v1 import delivery_service_pb2 as pb
from meshkit import paging, validate
from meshkit.caller import current_caller
from meshkit.errors import MeshError
from meshkit.traces import current_traceparent
from services.dispatch.convert import nouns, requests
from services.dispatch.convert.codec import invalid
from services.dispatch.convert.masks import masked
from services.dispatch.domain.delivery import Delivery
from services.dispatch.ports import Stores
from services.dispatch.servicer.rewards import Rewards
from services.dispatch.servicer.tools import slice_of
from services.dispatch.usecases import cancel, deliveries
from services.dispatch.usecases.common import required
from services.dispatch.usecases.deliveries import Made

READ_AT_ONCE = 25  # deliveries read between two breaths of the event loop: about 2 ms


class DeliveryServicer(Rewards):
    """Deliveries and their tasks."""

    async def CreateDelivery(
        self, request: pb.CreateDeliveryRequest, context: Any
    ) -> pb.CreateDeliveryResponse:
        asked = nouns.DELIVERY.decode(request.delivery, "delivery.")
        made = self._fresh(asked)
        if request.validate_only:
            return await self._tried(made)
        return await self._tools.once(
            request, pb.CreateDeliveryResponse, partial(self._create, made)
        )

    async def _create(self, made: Made, stores: Stores) -> pb.CreateDeliveryResponse:
        await deliveries.create(stores, made, self._tools.now())
        return _created(made)

    async def _tried(self, made: Made) -> pb.CreateDeliveryResponse:
        async with self._tools.reading()() as stores:
            for fault in await deliveries.faults_of(stores, [made]):
                if fault is not None:
                    raise fault
        return _created(made)

    async def BatchCreateDeliveries(
        self, request: pb.BatchCreateDeliveriesRequest, context: Any
    ) -> pb.BatchCreateDeliveriesResponse:
        read = [await self._read(request, rank) for rank in range(len(request.deliveries))]
        if not request.allow_partial:
            _refuse_first(read)
        if request.validate_only:
            async with self._tools.reading()() as stores:
                return await self._judged(request, read, stores)
        effect = partial(self._create_all, request, read)
        return await self._tools.once(request, pb.BatchCreateDeliveriesResponse, effect)

    async def _read(self, request: pb.BatchCreateDeliveriesRequest, rank: int) -> Made | MeshError:
        """One item, or what is wrong with it; breathes now and then, for a batch takes its time."""
        if rank % READ_AT_ONCE == 0:
            await asyncio.sleep(0)
        at = f"deliveries[{rank}]."
        message = request.deliveries[rank]
        if faults := list(validate.violations(message, at)):
            return invalid(faults)
        try:
            asked = nouns.DELIVERY.decode(message, at)
        except MeshError as fault:
            return fault
        return self._fresh(asked)

    def _fresh(self, asked: Delivery) -> Made:
        now, new_id = self._tools.now(), self._tools.new_id
        return deliveries.fresh(asked, now, new_id, current_traceparent())

    async def _create_all(
        self, request: pb.BatchCreateDeliveriesRequest, read: list[Made | MeshError], stores: Stores
    ) -> pb.BatchCreateDeliveriesResponse:
        answer = await self._judged(request, read, stores)
        kept = [
            one
            for one, result in zip(read, answer.results, strict=True)
            if isinstance(one, Made) and not result.code
        ]
        await deliveries.keep(stores, kept, self._tools.now())
        return answer

    async def _judged(
        self, request: pb.BatchCreateDeliveriesRequest, read: list[Made | MeshError], stores: Stores
    ) -> pb.BatchCreateDeliveriesResponse:
        """Each item with its result; without `allow_partial` the first fault refuses them all."""
        made = [one for one in read if isinstance(one, Made)]
        found = iter(await deliveries.faults_of(stores, made))
        judged = [one if isinstance(one, MeshError) else (next(found) or one) for one in read]
        if not request.allow_partial:
            _refuse_first(judged)
        results = [_result(one) for one in judged]
        count = sum(not result.code for result in results)
        return pb.BatchCreateDeliveriesResponse(results=results, created_count=count)

    async def GetDelivery(
        self, request: pb.GetDeliveryRequest, context: Any
    ) -> pb.GetDeliveryResponse:
        async with self._tools.reading()() as stores:
            found = await deliveries.get(stores, current_caller(), request.delivery_id)
        return pb.GetDeliveryResponse(delivery=nouns.DELIVERY.encode(found))

    async def ListDeliveries(
        self, request: pb.ListDeliveriesRequest, context: Any
    ) -> pb.ListDeliveriesResponse:
        page = paging.page_of(request)
        which = requests.delivery_filter(request, current_caller().carrier_id)
        async with self._tools.reading()() as stores:
            found = await stores.deliveries.list_page(which, slice_of(page))
        found, token = page.cut(found, key=lambda delivery: (delivery.delivery_id,))
        return pb.ListDeliveriesResponse(
            deliveries=map(nouns.DELIVERY.encode, found), next_page_token=token
        )

    async def UpdateDelivery(
        self, request: pb.UpdateDeliveryRequest, context: Any
    ) -> pb.UpdateDeliveryResponse:
        if request.validate_only:
            async with self._tools.reading()() as stores:
                kept = await self._kept(request, stores)
            changed, _ = self._masked(request, kept)
            return pb.UpdateDeliveryResponse(delivery=nouns.DELIVERY.encode(changed))
        effect = partial(self._update, request)
        return await self._tools.once(request, pb.UpdateDeliveryResponse, effect)

    async def _update(
        self, request: pb.UpdateDeliveryRequest, stores: Stores
    ) -> pb.UpdateDeliveryResponse:
        asked, names = self._masked(request, await self._kept(request, stores))
        after = await deliveries.update(
            stores, asked, names, request.etag, self._tools.now(), self._tools.new_id
        )
        return pb.UpdateDeliveryResponse(delivery=nouns.DELIVERY.encode(after))

    async def _kept(self, request: pb.UpdateDeliveryRequest, stores: Stores) -> Any:
        name = request.delivery.delivery_id
        return required(await stores.deliveries.find(name), "DELIVERY_UNKNOWN", name)

    def _masked(self, request: pb.UpdateDeliveryRequest, kept: Any) -> tuple[Any, list[str]]:
        mask = request.update_mask
        return masked(nouns.DELIVERY, kept, request.delivery, mask, deliveries.WRITABLE)

    async def CancelDelivery(
        self, request: pb.CancelDeliveryRequest, context: Any
    ) -> pb.CancelDeliveryResponse:
        tools, read = self._tools, self._tools.reading()
        async with read() as stores:
            await deliveries.get(stores, current_caller(), request.delivery_id)
        prepare = partial(
            cancel.prepare,
            read,
            tools.planner,
            tools.compliance,
            request.delivery_id,
            tools.now,
            tools.new_id,
        )
        effect = partial(self._cancel, request)
        return await tools.asked_first(request, pb.CancelDeliveryResponse, prepare, effect)

    async def _cancel(
        self, request: pb.CancelDeliveryRequest, retimed: Any, stores: Stores
    ) -> pb.CancelDeliveryResponse:
        done = await cancel.cancel(
            stores, request.delivery_id, request.etag, request.reason, retimed, self._tools.now()
        )
        return pb.CancelDeliveryResponse(
            delivery=nouns.DELIVERY.encode(done.delivery),
            route_id=done.route_id,
            revision=done.revision,
        )

    async def HoldDelivery(
        self, request: pb.HoldDeliveryRequest, context: Any
    ) -> pb.HoldDeliveryResponse:
        effect = partial(self._hold, request)
        return await self._tools.once(request, pb.HoldDeliveryResponse, effect)

    async def _hold(
        self, request: pb.HoldDeliveryRequest, stores: Stores
    ) -> pb.HoldDeliveryResponse:
        after = await deliveries.hold(
            stores, request.delivery_id, request.etag, request.reason, self._tools.now()
        )
        return pb.HoldDeliveryResponse(delivery=nouns.DELIVERY.encode(after))

    async def ReleaseDelivery(
        self, request: pb.ReleaseDeliveryRequest, context: Any
    ) -> pb.ReleaseDeliveryResponse:
        effect = partial(self._release, request)
        return await self._tools.once(request, pb.ReleaseDeliveryResponse, effect)

    async def _release(
        self, request: pb.ReleaseDeliveryRequest, stores: Stores
    ) -> pb.ReleaseDeliveryResponse:
        after = await deliveries.release(
            stores, request.delivery_id, request.etag, self._tools.now()
        )
        return pb.ReleaseDeliveryResponse(delivery=nouns.DELIVERY.encode(after))

    async def ListTasks(self, request: pb.ListTasksRequest, context: Any) -> pb.ListTasksResponse:
        page = paging.page_of(request)
        which = requests.task_filter(request, current_caller().carrier_id)
        async with self._tools.reading()() as stores:
            found = await stores.tasks.list_page(which, slice_of(page))
        found, token = page.cut(found, key=lambda task: (task.task_id,))
        return pb.ListTasksResponse(tasks=map(nouns.TASK.encode, found), next_page_token=token)


def _created(made: Made) -> pb.CreateDeliveryResponse:
    return pb.CreateDeliveryResponse(
        delivery=nouns.DELIVERY.encode(made.delivery), task=nouns.TASK.encode(made.task)
    )


def _refuse_first(judged: list[Made | MeshError]) -> None:
    """All violations of all items at once, or else the first other fault."""
    faults = [one for one in judged if isinstance(one, MeshError)]
    if violations := [v for fault in faults for v in fault.violations]:
        raise invalid(violations)
    if faults:
        raise faults[0]


def _result(one: Made | MeshError) -> pb.CreateDeliveryResult:
    if isinstance(one, Made):
        return pb.CreateDeliveryResult(
            delivery=nouns.DELIVERY.encode(one.delivery), task=nouns.TASK.encode(one.task)
        )
    return pb.CreateDeliveryResult(
        code=one.code,
        reason=one.reason,
        detail=str(one),
        field_violations=[f"{v.field}: {v.description}" for v in one.violations],
    )
