"""What the planner asks of the world. Adapters answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.planner.domain.access import AccessArea, Charge, Finding
from services.planner.domain.instance import Instance, Node
from services.planner.domain.optimization import Batch, Optimization, Trail
from services.planner.domain.phases import Phase
from services.planner.domain.plan import Costs, Plan, Route, SolveEnd, SolveRecord, WhyNot
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import Vehicle
from services.planner.domain.task import Window
from services.planner.domain.travel import (
    Leg,
    MapInfo,
    Point,
    TravelMatrix,
    TravelQuestion,
)
from services.planner.search.answers import TaskProposals
from services.planner.search.explanations import Explanations
from services.planner.search.offers import Offers

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
    bound_micros: int | None = None
    """What no plan costs less than, where that is proven."""


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

        Waiting for a process is part of the time of those who want their answer by a moment: where
        that leaves too little, it raises Exhausted (`SOLVERS_BUSY`).

        `tell` hears of every better plan on the way to it.
        """

    async def keep_rejected(self, instance: Instance, plan: Plan) -> None:
        """Keeps an answer that breaks a hard rule, to be verified again by whoever mends it."""

    async def time_routes(self, instance: Instance, sequences: Sequences) -> Plan:
        """Given sequences timed as they are, with every rule that they break."""

    async def propose_insertions(
        self, instance: Instance, sequences: Sequences, tasks: Sequence[int], count: int
    ) -> tuple[tuple[Route | None, ...], tuple[TaskProposals, ...]]:
        """The routes as they are, and the cheapest insertions of each task by itself."""

    async def keep(self, instance: Instance, sequences: Sequences) -> Plan:
        """Given sequences as far as they hold every rule; the rest is left out."""

    async def price_windows(
        self, instance: Instance, sequences: Sequences, task: int, windows: Sequence[Window]
    ) -> Offers:
        """The routes as they are, and what serving a task in each window would cost."""

    async def reasons(
        self, instance: Instance, sequences: Sequences, tasks: Sequence[int]
    ) -> tuple[tuple[WhyNot, ...], ...]:
        """Why given sequences do not serve each of some tasks, for every shift."""

    async def explain(
        self, instance: Instance, sequences: Sequences, tasks: Sequence[int], seconds: float
    ) -> Explanations:
        """
        The routes as they are, and what keeps tasks out and would let them in, each by itself.

        Once `seconds` are over, only reasons are told. Raises Exhausted (`SOLVERS_BUSY`).
        """


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

    async def add(self, tenant: str, computed: PlanComputed, request: bytes, trail: Trail) -> None:
        """
        Keeps a record, its request and trail, and tells of it: all or nothing.

        Raises Unavailable without a store.
        """

    async def trail(self, tenant: str, optimization_id: str) -> tuple[bytes, Trail | None] | None:
        """A kept request and its trail, which is None until the end; None without a request."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An optimization to start: what is told of it, and its request as it is kept."""

    optimization: Optimization
    request: bytes


class Optimizations(Protocol):
    """The optimizations of one tenant, within one transaction. Each change is told on the feed."""

    async def unfinished(self) -> int:
        """How many are not over; until the transaction ends, nobody else of the tenant adds any."""

    async def add(self, asked: Asked) -> None:
        """Keeps one that waits for a worker."""

    async def find(self, optimization_id: str) -> Optimization | None:
        """One, None where this tenant has none of that id."""

    async def cancel(self, optimization_id: str, at: datetime) -> Optimization | None:
        """Stops one; None when it is over already."""

    async def add_batch(self, batch: Batch, parts: Sequence[Asked]) -> None:
        """Keeps a batch and its parts."""

    async def find_batch(self, batch_id: str) -> Batch | None:
        """A batch, None where this tenant has none of that id."""

    async def cancel_batch(self, batch_id: str, at: datetime) -> Batch:
        """Stops all parts of a batch that are not over."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An optimization that one runner works on, until another claims it."""

    tenant: str
    optimization_id: str
    epoch: int
    request: bytes
    sequences: Sequences
    """The best plan so far, to go on from; empty while there is none."""
    searched_milliseconds: int
    batch_id: str = ""
    lost_count: int = 0
    """Of its runners since its last better plan: they ended without a word."""
    away_count: int = 0
    """Tries since its last better plan that ended as somebody who is needed was away."""

    @property
    def subject(self) -> str:
        """What is watched: itself, or the batch that it is a part of."""
        return self.batch_id or self.optimization_id


@dataclass(frozen=True, slots=True)
class Found:
    """A plan that an optimization came to: as it is sent, and what is told of it."""

    plan: bytes
    sequences: Sequences
    cost_micros: int
    costs: Costs
    unassigned_count: int
    bound_micros: int | None
    record: SolveRecord


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is."""

    percent: int
    searched_milliseconds: int


class Queue(Protocol):
    """
    The optimizations of all tenants, for those who work on them.

    What a runner writes is refused (False) once it is no longer its own: it was cancelled, or
    somebody else claimed it. All raise Unavailable without a store.
    """

    async def claim(self) -> Claim | None:
        """The next one that nobody works on, tenants in turns."""

    async def renew(self, claim: Claim, progress: Progress) -> bool:
        """Says that it is still at work."""

    async def until_lost(self, claim: Claim) -> None:
        """Returns when it was cancelled, or somebody else has it."""

    async def improve(self, claim: Claim, found: Found, progress: Progress, trail: Trail) -> bool:
        """Keeps a better plan."""

    async def finish(self, claim: Claim, found: Found, trail: Trail, at: datetime) -> bool:
        """Keeps the last plan: DONE."""

    async def fail(self, claim: Claim, reason: str, at: datetime) -> bool:
        """Ends it without a plan: FAILED."""

    async def release(self, claim: Claim) -> bool:
        """Gives it back: QUEUED."""

    async def postpone(self, claim: Claim, seconds: float) -> bool:
        """Gives it back, to be tried again after so long: somebody who is needed is away."""

    async def wait(self, seconds: float) -> None:
        """Waits until something may be there to claim, or for so long."""
