"""
A plan: routes with times, what they cost, and what is not served.

Pure; units as in `task`. Tasks, shifts and breaks are ranks in the problem's tuples. A leg ends
where its visit's setup begins; between the departure before and this moment lie travel, breaks and
waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from services.planner.domain.access import Charge, Finding
from services.planner.domain.instance import Node, is_reload
from services.planner.domain.phases import Phase
from services.planner.domain.problem import Balance
from services.planner.domain.reason import Reason


class CostKind(Enum):
    """What costs."""

    FIXED = "FIXED"
    TIME = "TIME"
    OVERTIME = "OVERTIME"
    DISTANCE = "DISTANCE"
    STOPS = "STOPS"
    ENERGY = "ENERGY"
    SOFT_WINDOW = "SOFT_WINDOW"
    TERRITORY = "TERRITORY"
    PREFERENCE = "PREFERENCE"
    ALTERNATIVE = "ALTERNATIVE"
    EARLINESS = "EARLINESS"
    CHURN = "CHURN"
    ACCESS = "ACCESS"
    UNASSIGNED = "UNASSIGNED"
    FAILURE = "FAILURE"


Costs = tuple[tuple[CostKind, int], ...]


def total(costs: Costs) -> int:
    """The sum of all terms."""
    return sum(micros for _, micros in costs)


@dataclass(frozen=True, slots=True)
class Visit:
    """One task served, or one reload."""

    task: int
    """RELOAD for a reload."""
    option: int
    """Of the task; for a reload its rank among the shift's reloads."""
    arrival_second: int
    ready_second: int
    """When setup begins: after arrival, breaks and waiting."""
    start_second: int
    """When service starts."""
    end_second: int
    """When service is over and the vehicle may leave."""

    @property
    def node(self) -> Node:
        """Task and option, or the reload."""
        return self.task, self.option

    @property
    def is_reload(self) -> bool:
        """Whether it reloads and serves no task."""
        return is_reload(self.node)


@dataclass(frozen=True, slots=True)
class Break:
    """One break held."""

    rule: int
    """Its rank among the shift's breaks."""
    start_second: int
    leg: int
    """In which leg it lies."""


@dataclass(frozen=True, slots=True)
class Route:
    """The visits of one shift with all times. Legs: one to each visit, and one to the end."""

    shift: int
    start_second: int
    """When loading begins."""
    end_second: int
    """When unloading is over, or the last service where the end is open."""
    end_arrival_second: int
    """When the vehicle reaches its end; the last service's end where the end is open."""
    visits: tuple[Visit, ...]
    breaks: tuple[Break, ...] = ()
    costs: Costs = ()
    charges: tuple[Charge, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What a check of the finished route says against it."""

    @property
    def cost_micros(self) -> int:
        """The sum of its terms."""
        return total(self.costs)

    @property
    def sequence(self) -> tuple[Node, ...]:
        """The node of each visit, in order."""
        return tuple(visit.node for visit in self.visits)

    @property
    def served(self) -> tuple[Visit, ...]:
        """The visits that serve tasks."""
        return tuple(visit for visit in self.visits if not visit.is_reload)


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule."""

    reason: Reason
    shift_id: str = ""
    task_id: str = ""
    hard: bool = True
    excess_seconds: int = 0
    excess_amount: int = 0
    subject: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One reason why some shifts do not serve a task."""

    reason: Reason
    shift_ids: tuple[str, ...]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A task that no route serves."""

    task: int
    penalty_micros: int
    reasons: tuple[WhyNot, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What looks suspicious in a problem."""

    code: str
    cause: str
    action: str
    field_path: str = ""
    subject_id: str = ""


@dataclass(frozen=True, slots=True)
class Evenness:
    """How even the routes of a balanced plan are, and what the cheapest plan would have cost."""

    measure: Balance
    lowest: int
    highest: int
    """Over the routes that are used: seconds, stops or grams."""
    cheapest_micros: int
    """The whole cost of the cheapest plan that was found before balance."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes and what they leave out."""

    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...] = ()
    violations: tuple[Violation, ...] = ()
    churn_drop_micros: int = 0
    """What leaving out tasks of the known plan costs beside their penalties."""
    evenness: Evenness | None = None
    """What a plan reports whose problem asked for balance."""

    @property
    def costs(self) -> Costs:
        """All terms of all routes and the penalties, each kind once."""
        sums: dict[CostKind, int] = {}
        for route in self.routes:
            for kind, micros in route.costs:
                sums[kind] = sums.get(kind, 0) + micros
        penalties = sum(left.penalty_micros for left in self.unassigned)
        sums[CostKind.UNASSIGNED] = penalties
        sums[CostKind.CHURN] = sums.get(CostKind.CHURN, 0) + self.churn_drop_micros
        return tuple((kind, sums[kind]) for kind in CostKind if sums.get(kind))

    @property
    def cost_micros(self) -> int:
        """The sum of all terms."""
        return total(self.costs)

    def with_routes(self, routes: tuple[Route, ...]) -> Plan:
        """The same with other routes."""
        return replace(self, routes=routes)


class SolveEnd(Enum):
    """How a search ended."""

    GIVEN = "UNSPECIFIED"
    LIMIT = "LIMIT"
    DEADLINE = "DEADLINE"
    ENGINE_LOST = "ENGINE_LOST"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class SolveRecord:
    """How a plan came about."""

    problem_digest: str = ""
    seed: int = 0
    engine_version: str = ""
    rules_version: str = ""
    access_rules_version: int = 0
    map_id: str = ""
    solution_count: int = 0
    end: SolveEnd = SolveEnd.GIVEN
    solve_milliseconds: int = field(default=0, compare=False)
    phases: tuple[Phase, ...] = ()
    """What was run, in order: enough to run it again."""
