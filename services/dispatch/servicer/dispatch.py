"""DispatchService: plans, routes, manifests, the feed. One short method for each rpc."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.dispatch.v1 import dispatch_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import Role, current_caller
from meshkit.watch import serve_watch
from services.dispatch.convert import nouns, requests
from services.dispatch.domain.route import Route
from services.dispatch.domain.route_plan import Clearance, RoutePlan, published
from services.dispatch.ports import Stores
from services.dispatch.servicer.manifests import ManifestStream
from services.dispatch.servicer.tools import Tools, slice_of
from services.dispatch.usecases import plans, reassign, routes
from services.dispatch.usecases.scene import Change

Inspected = tuple[RoutePlan, Clearance]  # a plan as the gate saw it, and what the gate found

MESSAGE_BYTES_MAX = 3 << 20  # of routes in one answer; the message may have 4 MiB
PLAN_EVENTS = (
    "route_plan_drafted",
    "route_plan_checked",
    "route_plan_published",
    "route_plan_completed",
    "route_published",
    "route_revised",
    "route_withdrawn",
    "route_closed",
    "revision_acknowledged",
    "assignment_declined",
)


class DispatchServicer(pb_grpc.DispatchServiceServicer):
    """Plans and routes."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._manifests = ManifestStream(tools)

    async def DraftRoutePlan(
        self, request: pb.DraftRoutePlanRequest, context: Any
    ) -> pb.DraftRoutePlanResponse:
        tools = self._tools
        prepare = partial(
            plans.draft,
            tools.reading(),
            tools.planner,
            requests.wanted(request),
            request.route_plan_id,
            requests.search(request),
            request.seed,
            tools.now(),
            tools.new_id,
        )
        effect = partial(self._keep_draft, pb.DraftRoutePlanResponse)
        return await tools.asked_first(request, pb.DraftRoutePlanResponse, prepare, effect)

    async def CreateRoutePlan(
        self, request: pb.CreateRoutePlanRequest, context: Any
    ) -> pb.CreateRoutePlanResponse:
        tools = self._tools
        prepare = partial(
            plans.draft_sequences,
            tools.reading(),
            tools.planner,
            requests.sequences(request),
            request.route_plan_id,
            tools.now(),
            tools.new_id,
        )
        effect = partial(self._keep_draft, pb.CreateRoutePlanResponse)
        return await tools.asked_first(request, pb.CreateRoutePlanResponse, prepare, effect)

    async def _keep_draft(
        self, response: Callable[..., Any], drafted: plans.Drafted, stores: Stores
    ) -> Any:
        plan = await plans.keep_draft(stores, drafted, self._tools.now())
        return response(route_plan=nouns.ROUTE_PLAN.encode(plan))

    async def CheckRoutePlan(
        self, request: pb.CheckRoutePlanRequest, context: Any
    ) -> pb.CheckRoutePlanResponse:
        prepare = partial(self._inspected, request.route_plan_id)
        return await self._tools.asked_first(
            request, pb.CheckRoutePlanResponse, prepare, self._keep_check
        )

    async def _inspected(self, route_plan_id: str) -> Inspected:
        tools = self._tools
        return await plans.inspect(tools.reading(), tools.planner, tools.compliance, route_plan_id)

    async def _keep_check(self, found: Inspected, stores: Stores) -> pb.CheckRoutePlanResponse:
        after = await plans.keep_check(stores, *found, self._tools.now())
        return pb.CheckRoutePlanResponse(route_plan=nouns.ROUTE_PLAN.encode(after))

    async def PublishRoutePlan(
        self, request: pb.PublishRoutePlanRequest, context: Any
    ) -> pb.PublishRoutePlanResponse:
        prepare = partial(self._ready, request)
        if request.validate_only:
            after = published(*await prepare(), self._tools.now())
            return pb.PublishRoutePlanResponse(route_plan=nouns.ROUTE_PLAN.encode(after))
        effect = partial(self._publish, request)
        return await self._tools.asked_first(request, pb.PublishRoutePlanResponse, prepare, effect)

    async def _ready(self, request: pb.PublishRoutePlanRequest) -> Inspected:
        name, etag = request.route_plan_id, request.etag
        await plans.ready_to_publish(self._tools.reading(), name, etag)
        return await self._inspected(name)

    async def _publish(
        self, request: pb.PublishRoutePlanRequest, found: Inspected, stores: Stores
    ) -> pb.PublishRoutePlanResponse:
        seen, clearance = found
        after = await plans.publish(stores, seen, request.etag, clearance, self._tools.now())
        return pb.PublishRoutePlanResponse(route_plan=nouns.ROUTE_PLAN.encode(after))

    async def GetRoutePlan(
        self, request: pb.GetRoutePlanRequest, context: Any
    ) -> pb.GetRoutePlanResponse:
        async with self._tools.reading()() as stores:
            plan = await plans.get(stores, request.route_plan_id)
        return pb.GetRoutePlanResponse(route_plan=nouns.ROUTE_PLAN.encode(plan))

    async def ListRoutePlans(
        self, request: pb.ListRoutePlansRequest, context: Any
    ) -> pb.ListRoutePlansResponse:
        page = paging.page_of(request)
        window = requests.window(request, "interval")
        states = requests.plan_states(request)
        async with self._tools.reading()() as stores:
            found = await stores.route_plans.list_page(states, window, slice_of(page))
        found, token = page.cut(found, key=lambda plan: (plan.create_time, plan.route_plan_id))
        return pb.ListRoutePlansResponse(
            route_plans=map(nouns.ROUTE_PLAN.encode, found), next_page_token=token
        )

    async def GetRoute(self, request: pb.GetRouteRequest, context: Any) -> pb.GetRouteResponse:
        async with self._tools.reading()() as stores:
            route = await routes.get(stores, current_caller(), request.route_id, request.revision)
        return pb.GetRouteResponse(route=nouns.ROUTE.encode(route))

    async def ListRoutes(
        self, request: pb.ListRoutesRequest, context: Any
    ) -> pb.ListRoutesResponse:
        page = paging.page_of(request)
        caller = current_caller()
        which = requests.route_filter(request, caller.driver_id, caller.carrier_id)
        async with self._tools.reading()() as stores:
            found = await stores.routes.list_page(which, slice_of(page))
        found, token = page.cut(found, key=lambda route: (route.route_id,))
        encoded = [self._listed(route, request) for route in found]
        return _bounded(page, found, encoded, token)

    def _listed(self, route: Route, request: pb.ListRoutesRequest) -> Any:
        message = nouns.ROUTE.encode(route)
        if request.geometry_omitted:
            for leg in message.legs:
                leg.ClearField("polyline")
        return message

    async def ReassignStops(
        self, request: pb.ReassignStopsRequest, context: Any
    ) -> pb.ReassignStopsResponse:
        kept = not request.validate_only
        prepare = partial(self._proposed, requests.change(request), kept)
        if request.validate_only:
            return _reassigned(await prepare())
        return await self._tools.asked_first(
            request, pb.ReassignStopsResponse, prepare, self._reassign
        )

    async def _proposed(self, change: Change, kept: bool) -> reassign.Revision:
        tools = self._tools
        return await reassign.propose(
            tools.reading(),
            tools.planner,
            tools.compliance,
            change,
            tools.now,
            tools.new_id,
            kept=kept,
        )

    async def _reassign(
        self, revision: reassign.Revision, stores: Stores
    ) -> pb.ReassignStopsResponse:
        await reassign.keep(stores, revision, self._tools.now())
        return _reassigned(revision)

    async def ResequenceRoute(
        self, request: pb.ResequenceRouteRequest, context: Any
    ) -> pb.ResequenceRouteResponse:
        prepare = partial(self._reordered, request)
        if request.validate_only:
            return _resequenced(await prepare())
        return await self._tools.asked_first(
            request, pb.ResequenceRouteResponse, prepare, self._resequence
        )

    async def _reordered(self, request: pb.ResequenceRouteRequest) -> reassign.Revision:
        read = self._tools.reading()
        await reassign.require_remaining(read, request.route_id, request.task_ids)
        return await self._proposed(requests.reorder(request), not request.validate_only)

    async def _resequence(
        self, revision: reassign.Revision, stores: Stores
    ) -> pb.ResequenceRouteResponse:
        await reassign.keep(stores, revision, self._tools.now())
        return _resequenced(revision)

    async def AcknowledgeRevision(
        self, request: pb.AcknowledgeRevisionRequest, context: Any
    ) -> pb.AcknowledgeRevisionResponse:
        effect = partial(self._acknowledge, request)
        return await self._tools.once(request, pb.AcknowledgeRevisionResponse, effect)

    async def _acknowledge(
        self, request: pb.AcknowledgeRevisionRequest, stores: Stores
    ) -> pb.AcknowledgeRevisionResponse:
        at = requests.moment_or(request, "acknowledge_time", self._tools.now())
        caller = current_caller()
        route = await routes.acknowledge(stores, caller, request.route_id, request.revision, at)
        return pb.AcknowledgeRevisionResponse(
            acknowledged_revision=route.acknowledged_revision, revision=route.revision
        )

    async def DeclineAssignment(
        self, request: pb.DeclineAssignmentRequest, context: Any
    ) -> pb.DeclineAssignmentResponse:
        effect = partial(self._decline, request)
        return await self._tools.once(request, pb.DeclineAssignmentResponse, effect)

    async def _decline(
        self, request: pb.DeclineAssignmentRequest, stores: Stores
    ) -> pb.DeclineAssignmentResponse:
        declined = await routes.decline(
            stores,
            current_caller(),
            request.route_id,
            request.revision,
            request.task_ids,
            requests.decline_reason(request.reason),
            self._tools.now(),
        )
        return pb.DeclineAssignmentResponse(task_ids=declined)

    async def StreamManifest(
        self, request: pb.StreamManifestRequest, context: Any
    ) -> AsyncIterator[pb.StreamManifestResponse]:
        async for response in self._manifests.stream(current_caller(), request.shift_id):
            yield response

    async def WatchPlanChanges(
        self, request: pb.WatchPlanChangesRequest, context: Any
    ) -> AsyncIterator[pb.WatchPlanChangesResponse]:
        asked = pb.WatchEventsRequest(cursor=request.cursor, types=PLAN_EVENTS, start_at_head=True)
        tenant = current_caller().required_tenant()
        wanted = frozenset(request.route_ids)
        watched = serve_watch(self._tools.db, asked, pb.WatchPlanChangesResponse, tenant=tenant)
        async for response in watched:
            _keep_only(response, wanted)
            yield response

    async def WatchEvents(
        self, request: pb.WatchEventsRequest, context: Any
    ) -> AsyncIterator[pb.WatchEventsResponse]:
        caller = current_caller()
        tenant = caller.tenant or None if caller.role is Role.SERVICE else caller.required_tenant()
        watched = serve_watch(self._tools.db, request, pb.WatchEventsResponse, tenant=tenant)
        async for response in watched:
            yield response


def _bounded(
    page: paging.Page, found: Any, encoded: list[Any], token: str
) -> pb.ListRoutesResponse:
    """As many routes as fit the message, at least one; the token goes on from there."""
    total = 0
    for count, message in enumerate(encoded):
        total += message.ByteSize()
        if count and total > MESSAGE_BYTES_MAX:
            shorter = paging.Page(count, page.after, page.mark)
            _, token = shorter.cut(found, key=lambda route: (route.route_id,))
            return pb.ListRoutesResponse(routes=encoded[:count], next_page_token=token)
    return pb.ListRoutesResponse(routes=encoded, next_page_token=token)


def _reassigned(revision: reassign.Revision) -> pb.ReassignStopsResponse:
    return pb.ReassignStopsResponse(
        routes=map(nouns.ROUTE.encode, revision.after),
        unassigned_tasks=map(nouns.UNASSIGNED_TASK.encode, revision.unassigned),
        delta_cost_micros=revision.delta_cost_micros,
        delta_distance_meters=revision.delta_distance_meters,
    )


def _resequenced(revision: reassign.Revision) -> pb.ResequenceRouteResponse:
    route = (revision.after or revision.untouched)[0]
    return pb.ResequenceRouteResponse(route=nouns.ROUTE.encode(route))


def _keep_only(response: Any, route_ids: frozenset[str]) -> None:
    """Leaves the changes of these routes; of all, when none is named."""
    if route_ids:
        kept = [change for change in response.changes if change.subject in route_ids]
        del response.changes[:]
        response.changes.extend(kept)
