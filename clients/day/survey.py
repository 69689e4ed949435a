"""What the services list at the end of the day, asked through the public contract."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

from clients.day.carbon import carbon
from clients.day.feeds import gaps
from clients.day.gate import Api
from clients.day.ledger import Balance
from clients.day.retry import persist
from clients.day.score import DELIVERED, Findings
from clients.day.script import Script
from clients.day.setting import Setting
from clients.day.statement import statement
from clients.day.wire import interval
from doorstep.compliance.v1 import check_service_pb2, decision_pb2, event_pb2
from doorstep.dispatch.v1 import (
    delivery_pb2,
    delivery_service_pb2,
    dispatch_service_pb2,
    route_plan_pb2,
)
from doorstep.tracking.v1 import analytics_service_pb2, scorecard_pb2, tracking_service_pb2

PAGE = 1000
DAY_LENGTH = timedelta(hours=24)


class Survey:
    """Asks for the results."""

    def __init__(self, api: Api, setting: Setting, dice: random.Random) -> None:
        self._api = api
        self._setting = setting
        self._dice = dice

    async def findings(
        self, plan: str, script: Script, balance: Balance, trace_id: str, seconds: float
    ) -> Findings:
        plans = await self._plans()
        binding = next(p for p in plans if p.route_plan_id == plan)
        opening = self._setting.opening
        day = opening, opening + DAY_LENGTH
        return Findings(
            deliveries=await self._deliveries(),
            touched=script.touched,
            scorecard=await self._scorecard(),
            carbon=await carbon(self._api, *day, self._dice),
            statement=await statement(self._api, *day, self._dice),
            balance=balance,
            plan_violations=len(binding.violations),
            unassigned=len(binding.unassigned_tasks),
            denied=len(await self._decisions(decision_pb2.VERDICT_DENY)),
            charged=len(await self._decisions(decision_pb2.VERDICT_ALLOW_WITH_CHARGE)),
            skill_refusals=sum(map(skill_refusals, plans)),
            vehicles=len(binding.route_ids),
            feed_gaps=await self._feed_gaps(),
            wall_seconds=seconds,
            trace_id=trace_id,
        )

    async def settled(self) -> bool:
        """Whether dispatch and tracking tell the same story, and every leg has its carbon."""
        card = await self._scorecard()
        delivered = sum(d.state in DELIVERED for d in await self._deliveries())
        return card.delivered_count == delivered and card.unaccounted_leg_count == 0

    async def _scorecard(self) -> scorecard_pb2.Scorecard:
        opening = self._setting.opening
        request = analytics_service_pb2.GetScorecardRequest(
            interval=interval(opening, opening + DAY_LENGTH)
        )
        reply = await persist(lambda: self._api.analytics.GetScorecard(request), self._dice)
        return reply.scorecard

    async def _deliveries(self) -> Sequence[delivery_pb2.Delivery]:
        request = delivery_service_pb2.ListDeliveriesRequest(page_size=PAGE)
        found: list[delivery_pb2.Delivery] = []
        while True:
            reply = await persist(lambda: self._api.deliveries.ListDeliveries(request), self._dice)
            found += reply.deliveries
            if not reply.next_page_token:
                return found
            request.page_token = reply.next_page_token

    async def _plans(self) -> Sequence[route_plan_pb2.RoutePlan]:
        request = dispatch_service_pb2.ListRoutePlansRequest(page_size=PAGE)
        reply = await persist(lambda: self._api.dispatch.ListRoutePlans(request), self._dice)
        return reply.route_plans

    async def _decisions(
        self, verdict: decision_pb2.Verdict.ValueType
    ) -> Sequence[decision_pb2.Decision]:
        request = check_service_pb2.ListDecisionsRequest(page_size=PAGE, verdicts=[verdict])
        reply = await persist(lambda: self._api.checks.ListDecisions(request), self._dice)
        return reply.decisions

    async def _feed_gaps(self) -> int:
        """Reads every service's feed from its beginning and counts what is missing in between."""
        feeds = (
            self._api.dispatch.WatchEvents(dispatch_service_pb2.WatchEventsRequest()),
            self._api.tracking.WatchEvents(tracking_service_pb2.WatchEventsRequest()),
            self._api.checks.WatchEvents(event_pb2.WatchEventsRequest()),
        )
        return sum([await gaps(feed) for feed in feeds], start=0)


def skill_refusals(plan: route_plan_pb2.RoutePlan) -> int:
    """Violations and unassigned tasks that a missing skill explains."""
    refused = sum("skill" in violation.rule_id.lower() for violation in plan.violations)
    reason = route_plan_pb2.UNASSIGNED_REASON_SKILL
    return refused + sum(task.reason == reason for task in plan.unassigned_tasks)
