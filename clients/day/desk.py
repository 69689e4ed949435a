"""
The dispatcher's desk: plans, publishes, and repairs the day when it goes wrong.

Two plans are drawn up by hand on purpose, to be refused: an old diesel van sent into the zone, and
a driver without the skill that a parcel asks for. A refusal is the service's answer, never ours.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from clients.day.fleet import Kind, Turn
from clients.day.gate import Api
from clients.day.office import shift_id
from clients.day.pace import DayClock
from clients.day.retry import PASSING, persist
from clients.day.script import Planned
from clients.day.setting import Setting
from clients.day.stopped import Stopped
from clients.day.wire import interval, moment, new_uuid, span, stamp
from clients.day.work import HUB, Job
from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.dispatch.v1 import (
    quote_pb2,
    route_pb2,
    route_plan_pb2,
    tender_pb2,
    tender_service_pb2,
)
from doorstep.tracking.v1 import incident_pb2, incident_service_pb2
from meshkit.errors import Conflict, NotReady

SEARCH = timedelta(seconds=10)  # real time that the planner may search
PAGE = 1000
LOOK_SECONDS = 0.5  # real seconds between two looks at the incident inbox
HAND_MADE_STOPS = 3
ANSWER = timedelta(hours=1)  # how long a carrier may take to quote or to accept


class Desk:
    """One dispatcher."""

    def __init__(self, api: Api, setting: Setting, clock: DayClock, dice: random.Random) -> None:
        self._api = api
        self._setting = setting
        self._clock = clock
        self._dice = dice

    def new_id(self) -> str:
        return new_uuid(self._dice.getrandbits(128))

    async def refused(self, name: str, turn: Turn, task_ids: Sequence[str]) -> list[str]:
        """Draws up a plan by hand and tries to publish it; returns what it is refused for."""
        sequence = pb.RouteSequence(shift_id=shift_id(turn), task_ids=task_ids)
        plan = await self._api.dispatch.CreateRoutePlan(
            pb.CreateRoutePlanRequest(
                request_id=self.new_id(), route_plan_id=name, routes=[sequence]
            )
        )
        checked = await self._check(plan.route_plan.route_plan_id)
        try:
            await self._publish(checked)
        except NotReady:
            return [violation.rule_id for violation in checked.violations]
        raise Stopped(f"plan {name} should have been refused and was published")

    async def plan(self, name: str, task_ids: Sequence[str]) -> route_plan_pb2.RoutePlan:
        """Drafts, checks and publishes the day's plan."""
        opening = self._setting.opening
        draft = await self._api.dispatch.DraftRoutePlan(
            pb.DraftRoutePlanRequest(
                request_id=self.new_id(),
                route_plan_id=name,
                interval=interval(opening, opening + timedelta(hours=14)),
                task_ids=task_ids,
                search_duration=span(SEARCH),
                seed=self._setting.seed,
                depot_place_id=HUB,
            )
        )
        checked = await self._check(draft.route_plan.route_plan_id)
        return await self._publish(checked)

    async def _check(self, route_plan_id: str) -> route_plan_pb2.RoutePlan:
        request = pb.CheckRoutePlanRequest(request_id=self.new_id(), route_plan_id=route_plan_id)
        return (await self._api.dispatch.CheckRoutePlan(request)).route_plan

    async def _publish(self, plan: route_plan_pb2.RoutePlan) -> route_plan_pb2.RoutePlan:
        request = pb.PublishRoutePlanRequest(
            request_id=self.new_id(), route_plan_id=plan.route_plan_id, etag=plan.etag
        )
        return (await self._api.dispatch.PublishRoutePlan(request)).route_plan

    async def ask_for_quotes(self, task_ids: Sequence[str], carrier_id: str, now: datetime) -> None:
        """Asks a carrier what it would take for these tasks."""
        request = tender_service_pb2.RequestQuotesRequest(
            request_id=self.new_id(),
            task_ids=task_ids,
            carrier_ids=[carrier_id],
            answer_expire_time=stamp(now + ANSWER),
        )
        await self._api.tenders.RequestQuotes(request)

    async def tender(self, carrier_id: str) -> tender_pb2.Tender:
        """Tenders what the carrier has quoted for."""
        quotes = await self._api.tenders.ListQuotes(
            tender_service_pb2.ListQuotesRequest(
                page_size=PAGE, carrier_id=carrier_id, state=quote_pb2.QUOTE_STATE_SUBMITTED
            )
        )
        request = tender_service_pb2.CreateTenderRequest(
            request_id=self.new_id(),
            quote_ids=[quote.quote_id for quote in quotes.quotes],
            strategy=tender_pb2.TENDER_STRATEGY_SEQUENTIAL,
            answer_duration=span(ANSWER),
        )
        return (await self._api.tenders.CreateTender(request)).tender

    async def routes(self, route_plan_id: str = "") -> list[route_pb2.Route]:
        """The routes of a plan, or all."""
        found: list[route_pb2.Route] = []
        request = pb.ListRoutesRequest(page_size=PAGE, route_plan_id=route_plan_id)
        while True:
            reply = await persist(lambda: self._api.dispatch.ListRoutes(request), self._dice)
            found += reply.routes
            if not reply.next_page_token:
                return found
            request.page_token = reply.next_page_token

    async def _running(self, route_plan_id: str) -> list[route_pb2.Route]:
        return [r for r in await self.routes(route_plan_id) if r.state in RUNNING]

    async def place_late(self, route_plan_id: str, task_id: str) -> None:
        """Puts a delivery that came in late where it costs least."""
        move = pb.TaskMove(task_id=task_id, cheapest=pb.CheapestPlacement())
        cause = route_pb2.REVISION_CAUSE_LATE_DELIVERY
        await self._reassign(route_plan_id, lambda _: [move], cause)

    async def relieve(self, route_plan_id: str, route_id: str) -> None:
        """Spreads what a broken-down vehicle has left over the other routes."""

        def moves(routes: Sequence[route_pb2.Route]) -> list[pb.TaskMove]:
            others = [route.route_id for route in routes if route.route_id != route_id]
            target = pb.CheapestPlacement(route_ids=others)
            left = [
                task for route in routes if route.route_id == route_id for task in open_of(route)
            ]
            return [pb.TaskMove(task_id=task, cheapest=target) for task in left]

        await self._reassign(route_plan_id, moves, route_pb2.REVISION_CAUSE_BREAKDOWN)

    async def _reassign(
        self,
        route_plan_id: str,
        moves: Callable[[Sequence[route_pb2.Route]], list[pb.TaskMove]],
        cause: route_pb2.RevisionCause.ValueType,
    ) -> None:
        """
        Builds on the revisions as they are; when somebody was faster, looks again.

        One look is one request: repeated as it is until it is answered, so that an answer that was
        lost on its way does not move anything twice. Time stands still meanwhile: an answer that
        takes ten real seconds would come forty minutes late at the pace of a fast day, when
        vehicles are elsewhere, windows shut and drivers gone home.
        """
        for _ in range(CHALLENGES_MAX):
            async with self._clock.held():
                routes = await self._running(route_plan_id)
                request = pb.ReassignStopsRequest(
                    request_id=self.new_id(),
                    routes=map(base_of, routes),
                    moves=moves(routes),
                    cause=cause,
                    allow_partial=True,
                )
                if not request.moves or await self._moved(request):
                    return
            await asyncio.sleep(LOOK_SECONDS)
        raise Stopped("somebody else was always faster")

    async def _moved(self, request: pb.ReassignStopsRequest) -> bool:
        try:
            await persist(lambda: self._api.dispatch.ReassignStops(request), self._dice)
        except (Conflict, NotReady):
            return False  # a route was revised, or a task reached, since the look
        return True

    async def answer_incidents(self, route_plan_id: str, done: asyncio.Event) -> list[str]:
        """Works the inbox until the day is over; returns the types of incident met."""
        met: list[str] = []
        while not done.is_set():
            try:
                for incident in await self._open_incidents():
                    met.append(incident_pb2.IncidentType.Name(incident.type))
                    await self._answer(route_plan_id, incident)
            except PASSING:
                pass
            await asyncio.sleep(LOOK_SECONDS)
        return met

    async def _open_incidents(self) -> Sequence[incident_pb2.Incident]:
        request = incident_service_pb2.ListIncidentsRequest(
            page_size=PAGE, states=[incident_pb2.INCIDENT_STATE_OPEN]
        )
        return (await self._api.incidents.ListIncidents(request)).incidents

    async def _answer(self, route_plan_id: str, incident: incident_pb2.Incident) -> None:
        resolution = incident_pb2.INCIDENT_RESOLUTION_RECOVERED
        if incident.type == incident_pb2.INCIDENT_TYPE_VEHICLE_BREAKDOWN:
            await self.relieve(route_plan_id, incident.route_id)
            resolution = incident_pb2.INCIDENT_RESOLUTION_REASSIGNED
        request = incident_service_pb2.ResolveIncidentRequest(
            request_id=self.new_id(),
            incident_id=incident.incident_id,
            etag=incident.etag,
            resolution=resolution,
        )
        try:
            await persist(lambda: self._api.incidents.ResolveIncident(request), self._dice)
        except (Conflict, NotReady):
            return  # it changed or ended meanwhile; the next look sees what is left


RUNNING = (route_pb2.ROUTE_STATE_PUBLISHED, route_pb2.ROUTE_STATE_ACTIVE)
STOP_OVER = (route_pb2.STOP_STATE_DEPARTED, route_pb2.STOP_STATE_SKIPPED)
CHALLENGES_MAX = 20


def base_of(route: route_pb2.Route) -> route_pb2.RouteBase:
    return route_pb2.RouteBase(route_id=route.route_id, base_revision=route.revision)


def open_of(route: route_pb2.Route) -> list[str]:
    return [
        task.task_id for stop in route.stops if stop.state not in STOP_OVER for task in stop.tasks
    ]


def planned(route: route_pb2.Route) -> Planned:
    stops = tuple(
        tuple((task.task_id, task.delivery_id) for task in stop.tasks) for stop in route.stops
    )
    return Planned(route.route_id, stops, moment(route.stops[-1].arrival_time))


def forbidden_plan(
    turns: Sequence[Turn], jobs: Sequence[Job], tasks: Mapping[str, str], setting: Setting
) -> tuple[Turn, list[str]]:
    """The old diesel van, and deliveries inside the zone."""
    turn = next(turn for turn in turns if turn.kind is Kind.OLD_DIESEL_VAN)
    inside = [
        job
        for job in jobs
        if setting.core.holds((job.address.latitude, job.address.longitude))
        and set(job.drawn.skills) <= set(turn.skills)
    ]
    return turn, [tasks[job.delivery_id] for job in inside[:HAND_MADE_STOPS]]


def unskilled_plan(
    turns: Sequence[Turn], jobs: Sequence[Job], tasks: Mapping[str, str]
) -> tuple[Turn, list[str]]:
    """A driver without a skill, and the first parcel that asks for it."""
    for job in jobs:
        for turn in turns:
            if not set(job.drawn.skills) <= set(turn.skills):
                return turn, [tasks[job.delivery_id]]
    raise Stopped("every driver may deliver everything: draw more deliveries")
