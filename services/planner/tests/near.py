"""
A world without processes, for tests of use-cases: roads on a plane, a city hall that denies what a
test says, and the solver's own exact answers called in place. What a search finds, a test says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.access import AccessArea, AccessSpan, Charge, Finding, Verdict
from services.planner.domain.instance import Instance, Node
from services.planner.domain.optimization import Trail
from services.planner.domain.plan import Plan, Route, SolveEnd, WhyNot
from services.planner.domain.problem import Problem
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import Vehicle
from services.planner.domain.task import Window
from services.planner.domain.travel import (
    Basis,
    BlockedArea,
    Leg,
    MapInfo,
    Snap,
    TravelMatrix,
    TravelQuestion,
)
from services.planner.ports import (
    AreasAnswer,
    CheckAnswer,
    PlanComputed,
    Presence,
    Sequences,
    Solved,
)
from services.planner.rules.verify import route_violations, verify
from services.planner.search.answers import TaskProposals, propose_insertions, time_routes
from services.planner.search.explain import Check
from services.planner.search.explanations import Explanations, explain_tasks
from services.planner.search.given import kept_plan
from services.planner.search.offers import Offers, price_windows
from services.planner.solver.why import reasons_of
from services.planner.tests.problems import DEPOT, plane_table, spot
from services.planner.usecases.asked import Question, World

QUICK = SearchSettings(solution_limit=200, seconds=5.0)
Denies = Callable[[Presence], bool]


@dataclass
class Plane:
    """Straight lines for roads."""

    questions: list[TravelQuestion] = field(default_factory=list)

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """The table of `problems.on_plane`."""
        self.questions.append(question)
        table = plane_table(question.points)
        snaps = tuple(Snap(True, 0, point) for point in question.points)
        return TravelMatrix(square(table.seconds), square(table.meters), snaps, (), "plane")

    async def legs(
        self, question: TravelQuestion, pairs: Sequence[tuple[int, int]]
    ) -> Sequence[Leg]:
        """Legs that nobody draws."""
        whole = await self.matrix(question)
        return [
            Leg(int(whole.seconds[pair]), int(whole.meters[pair]), "", Basis.ROAD) for pair in pairs
        ]

    async def map_info(self) -> MapInfo:
        """What map that is."""
        return MapInfo("plane", "plane", "UTC", DEPOT, DEPOT, "")


def square(flat: Sequence[int]) -> NDArray[np.int32]:
    """A table as a matrix."""
    size = round(len(flat) ** 0.5)
    return np.asarray(flat, np.int32).reshape(size, size)


@dataclass
class Hall:
    """Knows an area far away, and denies or charges what a test says."""

    denies: Denies = lambda _: False
    charges_micros: int = 0
    checks: int = 0

    async def areas(self, vehicle: Vehicle, start_second: int, end_second: int) -> AreasAnswer:
        """One beyond all that a test drives, where nobody may be."""
        span = AccessSpan(start_second, end_second, Verdict.DENY)
        part = BlockedArea("far", ((spot(90_000, 0), spot(91_000, 0), spot(91_000, 1_000)),))
        return AreasAnswer((AccessArea("far", (part,), (span,)),), 7)

    async def check(self, routes: int, presences: Sequence[Presence]) -> CheckAnswer:
        """What is denied of each route, and a charge for each."""
        self.checks += 1
        findings: list[list[Finding]] = [[] for _ in range(routes)]
        for one in presences:
            if self.denies(one):
                findings[one.route].append(Finding(one.rank, Verdict.DENY, "zone"))
        due = (Charge("zone", "rule", self.charges_micros, "EUR", False, 0),)
        charges = (due if self.charges_micros else (),) * routes
        return CheckAnswer(tuple(map(tuple, findings)), charges, 7)


@dataclass
class InPlace:
    """The solver's functions without its processes; `check` is the verifier of routes."""

    check: Check = route_violations
    finds: Callable[[Instance], Sequence[Plan]] = lambda _: ()
    """What a search finds on its way, the last plan last."""
    seconds_each: float = 0.0
    """What every explanation takes longer than it needs."""
    asked: list[str] = field(default_factory=list)
    """What was asked, in order."""
    seconds: list[float] = field(default_factory=list)
    """What each search was given."""
    rejected: list[Plan] = field(default_factory=list)
    """Answers that broke a rule."""
    engine_version: str = "in-place"

    async def solve(
        self,
        instance: Instance,
        settings: SearchSettings,
        seed_routes: Sequences,
        tell: Callable[[Solved], None] | None = None,
    ) -> Solved:
        """A search, which tells all that it finds but the last."""
        self.asked.append("solve")
        self.seconds.append(settings.seconds)
        *before, last = self.finds(instance)
        for plan in before:
            if tell is not None:
                tell(Solved(plan, 1, SolveEnd.LIMIT))
            await asyncio.sleep(self.seconds_each)
        return Solved(last, 1, SolveEnd.LIMIT)

    async def keep_rejected(self, instance: Instance, plan: Plan) -> None:
        """Keeps it in a list."""
        self.rejected.append(plan)

    async def time_routes(self, instance: Instance, sequences: Sequences) -> Plan:
        """Given routes."""
        return time_routes(instance, sequences, verify)

    async def propose_insertions(
        self, instance: Instance, sequences: Sequences, tasks: Sequence[int], count: int
    ) -> tuple[tuple[Route | None, ...], tuple[TaskProposals, ...]]:
        """Insertions."""
        self.asked.append("insert")
        return propose_insertions(instance, sequences, tasks, count, self.check)

    async def keep(self, instance: Instance, sequences: Sequences) -> Plan:
        """What holds."""
        self.asked.append("keep")
        return kept_plan(instance, sequences, self.check)

    async def price_windows(
        self, instance: Instance, sequences: Sequences, task: int, windows: Sequence[Window]
    ) -> Offers:
        """Windows."""
        return price_windows(instance, sequences, task, windows, self.check)

    async def reasons(
        self, instance: Instance, sequences: Sequences, tasks: Sequence[int]
    ) -> tuple[tuple[WhyNot, ...], ...]:
        """Reasons."""
        return reasons_of(instance, sequences, tasks, self.check)

    async def explain(
        self, instance: Instance, sequences: Sequences, tasks: Sequence[int], seconds: float
    ) -> Explanations:
        """Explanations."""
        self.asked.append("explain")
        await asyncio.sleep(self.seconds_each)
        return explain_tasks(instance, sequences, tasks, self.check)


@dataclass
class Kept:
    """Records of solves, kept in a list."""

    computed: list[PlanComputed] = field(default_factory=list)
    trails: list[Trail] = field(default_factory=list)

    async def add(self, tenant: str, computed: PlanComputed, request: bytes, trail: Trail) -> None:
        """Keeps one."""
        self.computed.append(computed)
        self.trails.append(trail)

    async def trail(self, tenant: str, optimization_id: str) -> tuple[bytes, Trail | None] | None:
        """The last one."""
        return b"", self.trails[-1]


def world(hall: Hall | None = None, solver: InPlace | None = None) -> World:
    """All of it."""
    return World(Plane(), hall or Hall(), solver or InPlace())


def question(problem: Problem, **more: object) -> Question:
    """What is asked, without lines."""
    return Question(problem, "digest", QUICK, omit_polylines=True, **more)  # type: ignore[arg-type]


def sequences(plan: Plan) -> dict[int, tuple[Node, ...]]:
    """The sequence of each shift in use."""
    return {route.shift: route.sequence for route in plan.routes}
