"""What the planner asks of the world. Adapters answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.planner.domain.access import AccessArea, Charge, Finding
from services.planner.domain.instance import Instance, Node
from services.planner.domain.phases import Phase
from services.planner.domain.plan import Plan, Route, SolveEnd, SolveRecord
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import Vehicle
from services.planner.domain.travel import (
    Leg,
    MapInfo,
    Point,
    TravelMatrix,
    TravelQuestion,
)
from services.planner.search.answers import TaskProposals

Sequences = Sequence[Sequence[Node]]


class TravelTimes(Protocol):
    """
    Times and distances on the road.

    Raises Unavailable (`TRAVEL_UNAVAILABLE`) while the engine restarts, Exhausted (`TRAVEL_BUSY`)
    when too many questions wait.
    """

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """From every point to every other."""

    async def legs(
        self, question: TravelQuestion, pairs: Sequence[tuple[int, int]]
    ) -> Sequence[Leg]:
        """The ways of these pairs (indices into the question's points), in order, as lines."""

    async def map_info(self) -> MapInfo:
        """Which map answers."""


@dataclass(frozen=True, slots=True)
class AreasAnswer:
    """Where a vehicle may not simply be, under which version of the rules."""

    areas: tuple[AccessArea, ...]
    rules_version: int


@dataclass(frozen=True, slots=True)
class Presence:
    """A vehicle at a point for some time, or along a line."""

    route: int
    """Which of the routes asked about."""
    rank: int
    """Which leg or stop of it, in the order leg, stop, leg, stop."""
    vehicle: Vehicle
    points: tuple[Point, ...]
    """One to stay at, or the two ends of a leg."""
    polyline: str
    """Empty for a stay, and for a leg without a road."""
    start_second: int
    length_seconds: int


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """What is said against each route, and what it must pay."""

    findings: tuple[tuple[Finding, ...], ...]
    charges: tuple[tuple[Charge, ...], ...]
    rules_version: int


class AccessRules(Protocol):
    """
    Where vehicles may be, as compliance says.

    Raises Unavailable, TooLate or Exhausted while compliance does not answer.
    """

    async def areas(self, vehicle: Vehicle, start_second: int, end_second: int) -> AreasAnswer:
        """The areas where a vehicle is not simply allowed within an interval."""

    async def check(self, routes: int, presences: Sequence[Presence]) -> CheckAnswer:
        """What is said about so many routes by their presences, in order of time."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A plan that passed the verifier, and how the search ended."""

    plan: Plan
    solution_count: int
    end: SolveEnd
    phases: tuple[Phase, ...] = ()
    """What was run, in order: enough to run it again."""


class Solver(Protocol):
    """
    Searches and exact answers, in processes of their own.

    Raises Exhausted (`SOLVERS_BUSY`) when too many wait, Unavailable (`SOLVER_LOST`) when a solver
    is lost before it had a plan, Internal (`PLAN_UNVERIFIED`) when no plan passed the verifier.
    """

    @property
    def engine_version(self) -> str:
        """Which engine searches, in which version."""

    async def solve(
        self,
        instance: Instance,
        settings: SearchSettings,
        seed_routes: Sequences,
        tell: Callable[[Solved], None] | None = None,
    ) -> Solved:
        """
        The best plan found within the settings' time; a cancelled call frees its process.

        `tell` hears of every better plan on the way to it.
        """

    async def time_routes(self, instance: Instance, sequences: Sequences) -> Plan:
        """Given sequences timed as they are, with every rule that they break."""

    async def propose_insertions(
        self, instance: Instance, sequences: Sequences, tasks: Sequence[int], count: int
    ) -> tuple[tuple[Route | None, ...], tuple[TaskProposals, ...]]:
        """The routes as they are, and the cheapest insertions of each task by itself."""


@dataclass(frozen=True, slots=True)
class PlanComputed:
    """That a plan was computed, with what it came to."""

    optimization_id: str
    at: datetime
    record: SolveRecord
    cost_micros: int
    task_count: int
    unassigned_count: int
    route_count: int
    access_checked: bool


class Records(Protocol):
    """The planner's own record of solves, and its feed."""

    async def add(self, tenant: str, computed: PlanComputed) -> None:
        """Keeps a record and tells of it, both or neither. Raises Unavailable without a store."""
