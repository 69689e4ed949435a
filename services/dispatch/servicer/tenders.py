"""TenderService: carriers, quotes, tenders. What is another's does not exist for a carrier."""

from __future__ import annotations

from functools import partial
from typing import Any

from doorstep.dispatch.v1 import tender_service_pb2 as pb
from doorstep.dispatch.v1 import tender_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from services.dispatch.convert import leaves, nouns, requests
from services.dispatch.ports import Stores
from services.dispatch.servicer.fleet import Nouns
from services.dispatch.servicer.tools import Tools, slice_of
from services.dispatch.usecases import accept, fleet, manifests, quotes, tenders
from services.dispatch.usecases.access import require_tenant
from services.dispatch.usecases.common import own_carrier, required
from services.dispatch.usecases.deliveries import scoped_carrier


class TenderServicer(pb_grpc.TenderServiceServicer):
    """Partners' work."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._nouns = Nouns(tools)

    async def CreateCarrier(self, request: pb.CreateCarrierRequest, context: Any) -> Any:
        return await self._nouns.create(
            fleet.CARRIERS, nouns.CARRIER, request, pb.CreateCarrierResponse
        )

    async def GetCarrier(self, request: pb.GetCarrierRequest, context: Any) -> Any:
        if not own_carrier(current_caller(), request.carrier_id):
            required(None, "CARRIER_UNKNOWN", request.carrier_id)
        return await self._nouns.get(fleet.CARRIERS, nouns.CARRIER, request, pb.GetCarrierResponse)

    async def ListCarriers(self, request: pb.ListCarriersRequest, context: Any) -> Any:
        return await self._nouns.list(
            fleet.CARRIERS, nouns.CARRIER, request, pb.ListCarriersResponse, "carriers"
        )

    async def UpdateCarrier(self, request: pb.UpdateCarrierRequest, context: Any) -> Any:
        return await self._nouns.update(
            fleet.CARRIERS, nouns.CARRIER, request, pb.UpdateCarrierResponse
        )

    async def RequestQuotes(
        self, request: pb.RequestQuotesRequest, context: Any
    ) -> pb.RequestQuotesResponse:
        effect = partial(self._request_quotes, request)
        return await self._tools.once(request, pb.RequestQuotesResponse, effect)

    async def _request_quotes(
        self, request: pb.RequestQuotesRequest, stores: Stores
    ) -> pb.RequestQuotesResponse:
        found = await quotes.request(
            stores,
            list(request.task_ids),
            list(request.carrier_ids),
            leaves.moment(request.answer_expire_time),
            self._tools.now(),
            self._tools.new_id,
        )
        return pb.RequestQuotesResponse(quotes=map(nouns.QUOTE.encode, found))

    async def SubmitQuote(
        self, request: pb.SubmitQuoteRequest, context: Any
    ) -> pb.SubmitQuoteResponse:
        effect = partial(self._submit, request)
        return await self._tools.once(request, pb.SubmitQuoteResponse, effect)

    async def _submit(
        self, request: pb.SubmitQuoteRequest, stores: Stores
    ) -> pb.SubmitQuoteResponse:
        caller = current_caller()
        tenant = await require_tenant(stores, caller.required_tenant())
        quote = await quotes.submit(
            stores,
            caller,
            request.quote_id,
            requests.price(request),
            tenant.currency_code,
            self._tools.now(),
        )
        return pb.SubmitQuoteResponse(quote=nouns.QUOTE.encode(quote))

    async def ListQuotes(
        self, request: pb.ListQuotesRequest, context: Any
    ) -> pb.ListQuotesResponse:
        page = paging.page_of(request)
        carrier_id = scoped_carrier(current_caller(), request.carrier_id)
        state = requests.quote_state(request)
        async with self._tools.reading()() as stores:
            found = await stores.quotes.list_page(
                state, carrier_id, request.task_id, slice_of(page)
            )
        found, token = page.cut(found, key=lambda quote: (quote.create_time, quote.quote_id))
        return pb.ListQuotesResponse(quotes=map(nouns.QUOTE.encode, found), next_page_token=token)

    async def CreateTender(
        self, request: pb.CreateTenderRequest, context: Any
    ) -> pb.CreateTenderResponse:
        effect = partial(self._create, request)
        return await self._tools.once(request, pb.CreateTenderResponse, effect)

    async def _create(
        self, request: pb.CreateTenderRequest, stores: Stores
    ) -> pb.CreateTenderResponse:
        tender = await tenders.create(
            stores,
            request.tender_id or self._tools.new_id("tnd"),
            list(request.quote_ids),
            requests.strategy(request),
            leaves.span(request.answer_duration),
            self._tools.now(),
        )
        return pb.CreateTenderResponse(tender=nouns.TENDER.encode(tender))

    async def AcceptTender(
        self, request: pb.AcceptTenderRequest, context: Any
    ) -> pb.AcceptTenderResponse:
        tools, bid = self._tools, _bid(request)
        prepare = partial(
            accept.prepare,
            tools.reading(),
            tools.planner,
            tools.compliance,
            current_caller(),
            bid,
            tools.now(),
            tools.new_id,
        )
        effect = partial(self._accept, bid)
        return await tools.asked_first(request, pb.AcceptTenderResponse, prepare, effect)

    async def _accept(
        self, bid: accept.Bid, run: accept.Run, stores: Stores
    ) -> pb.AcceptTenderResponse:
        caller = current_caller()
        tender = await accept.accept(stores, caller, bid, run, self._tools.now())
        manifest = await manifests.of_route(stores, run.route)
        return pb.AcceptTenderResponse(
            tender=nouns.TENDER.encode(tenders.seen(tender, caller, bid.tender_id)),
            route=nouns.ROUTE.encode(run.route),
            manifest=nouns.MANIFEST.encode(manifest),
        )

    async def DeclineTender(
        self, request: pb.DeclineTenderRequest, context: Any
    ) -> pb.DeclineTenderResponse:
        effect = partial(self._decline, request)
        return await self._tools.once(request, pb.DeclineTenderResponse, effect)

    async def _decline(
        self, request: pb.DeclineTenderRequest, stores: Stores
    ) -> pb.DeclineTenderResponse:
        reason = requests.tender_decline_reason(request.reason)
        now = self._tools.now()
        tender = await tenders.decline(stores, current_caller(), request.tender_id, reason, now)
        return pb.DeclineTenderResponse(tender=nouns.TENDER.encode(tender))

    async def WithdrawTender(
        self, request: pb.WithdrawTenderRequest, context: Any
    ) -> pb.WithdrawTenderResponse:
        effect = partial(self._withdraw, request)
        return await self._tools.once(request, pb.WithdrawTenderResponse, effect)

    async def _withdraw(
        self, request: pb.WithdrawTenderRequest, stores: Stores
    ) -> pb.WithdrawTenderResponse:
        now = self._tools.now()
        tender = await tenders.withdraw(stores, request.tender_id, request.etag, now)
        return pb.WithdrawTenderResponse(tender=nouns.TENDER.encode(tender))

    async def ReportFallOff(
        self, request: pb.ReportFallOffRequest, context: Any
    ) -> pb.ReportFallOffResponse:
        effect = partial(self._fall_off, request)
        return await self._tools.once(request, pb.ReportFallOffResponse, effect)

    async def _fall_off(
        self, request: pb.ReportFallOffRequest, stores: Stores
    ) -> pb.ReportFallOffResponse:
        caller, now = current_caller(), self._tools.now()
        tender = await tenders.fall_off(stores, caller, request.tender_id, now)
        return pb.ReportFallOffResponse(tender=nouns.TENDER.encode(tender))

    async def GetTender(self, request: pb.GetTenderRequest, context: Any) -> pb.GetTenderResponse:
        async with self._tools.reading()() as stores:
            found = await stores.tenders.find(request.tender_id)
        tender = tenders.seen(found, current_caller(), request.tender_id)
        return pb.GetTenderResponse(tender=nouns.TENDER.encode(tender))

    async def ListTenders(
        self, request: pb.ListTendersRequest, context: Any
    ) -> pb.ListTendersResponse:
        page = paging.page_of(request)
        caller = current_caller()
        states = requests.tender_states(request)
        async with self._tools.reading()() as stores:
            found = await stores.tenders.list_page(states, caller.carrier_id, slice_of(page))
        found, token = page.cut(found, key=lambda one: (one.create_time, one.tender_id))
        seen = (tenders.seen(one, caller, one.tender_id) for one in found)
        return pb.ListTendersResponse(tenders=map(nouns.TENDER.encode, seen), next_page_token=token)


def _bid(request: pb.AcceptTenderRequest) -> accept.Bid:
    has_start = request.HasField("start_time")
    return accept.Bid(
        tender_id=request.tender_id,
        etag=request.etag,
        vehicle=nouns.VEHICLE_ATTRIBUTES.decode(request.vehicle, "vehicle."),
        start_time=leaves.moment(request.start_time) if has_start else None,
    )
