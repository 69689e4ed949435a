"""Access rules as compliance says them, over the wire. Implements `ports.AccessRules`."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import check_service_pb2_grpc as pb_grpc
from services.planner.adapters import compliance_words as words
from services.planner.domain.access import Charge, Finding
from services.planner.domain.shift import Vehicle
from services.planner.ports import AreasAnswer, CheckAnswer, Presence

QUERIES_MAX = 1_000  # of one call: half of what compliance takes, for polylines make them long
CHECK_SECONDS = 10.0  # for one call; a plan is made without compliance rather than late
CALLS_AT_ONCE = 2


class ComplianceAccess:
    """Asks CheckService."""

    def __init__(self, checks: pb_grpc.CheckServiceAsyncStub) -> None:
        """`checks` raises what the far side raised."""
        self._checks = checks
        self._turns = asyncio.Semaphore(CALLS_AT_ONCE)

    async def areas(self, vehicle: Vehicle, start_second: int, end_second: int) -> AreasAnswer:
        """The areas where a vehicle is not simply allowed."""
        request = pb.ListAccessAreasRequest(
            vehicle=words.vehicle(vehicle), interval=words.interval(start_second, end_second)
        )
        answer = await self._checks.ListAccessAreas(request, timeout=CHECK_SECONDS)
        return AreasAnswer(tuple(map(words.area, answer.areas)), answer.rules_version)

    async def check(self, routes: int, presences: Sequence[Presence]) -> CheckAnswer:
        """What is said about routes by their presences."""
        parts = [
            presences[first : first + QUERIES_MAX]
            for first in range(0, len(presences), QUERIES_MAX)
        ]
        answers = await asyncio.gather(*(self._part(part) for part in parts))
        told = Told(routes)
        for part, answer in zip(parts, answers, strict=True):
            for presence, said in zip(part, answer.answers, strict=True):
                told.hear(presence, said)
        version = max((answer.rules_version for answer in answers), default=0)
        return CheckAnswer(told.findings, told.charges, version)

    async def _part(self, presences: Sequence[Presence]) -> pb.CheckAccessResponse:
        vehicles = {one.vehicle.vehicle_id: one.vehicle for one in presences}
        request = pb.CheckAccessRequest(
            vehicles=map(words.vehicle, vehicles.values()), queries=map(words.query, presences)
        )
        async with self._turns:
            return await self._checks.CheckAccess(request, timeout=CHECK_SECONDS)


class Told:
    """What was said, sorted by routes; what is due once is kept once."""

    def __init__(self, routes: int) -> None:
        """Begins with nothing said."""
        self._routes = routes
        self._findings = defaultdict[int, list[Finding]](list)
        self._charges = defaultdict[int, list[Charge]](list)
        self._paid: set[tuple[object, ...]] = set()

    def hear(self, presence: Presence, answer: pb.AccessAnswer) -> None:
        """Takes the answer about one leg or stay."""
        for said in answer.findings:
            finding = words.finding(presence, said)
            if finding.verdict.forbids:
                self._findings[presence.route].append(finding)
            for due in said.charges:
                # A stay is no entry: the way to it was, and is charged.
                if words.is_daily(due) or presence.polyline or len(presence.points) > 1:
                    self._pay(presence, words.charge(presence, due), words.day(due))

    def _pay(self, presence: Presence, charge: Charge, day: str) -> None:
        key: tuple[object, ...] = (presence.vehicle.vehicle_id, charge.rule_id, day)
        if not charge.is_daily:
            key = (presence.route, presence.rank, charge.rule_id)
        if key not in self._paid:
            self._paid.add(key)
            self._charges[presence.route].append(charge)

    @property
    def findings(self) -> tuple[tuple[Finding, ...], ...]:
        """What keeps vehicles out, route by route."""
        return tuple(tuple(self._findings[route]) for route in range(self._routes))

    @property
    def charges(self) -> tuple[tuple[Charge, ...], ...]:
        """What is due, route by route."""
        return tuple(tuple(self._charges[route]) for route in range(self._routes))
