"""How a plan differs from the known one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from services.planner.domain.footprint import meters_of, milligrams_of
from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Costs, Plan, Visit
from services.planner.domain.problem import Problem

NOT_SERVED = -1


class ChangeKind(Enum):
    """What can happen to a task."""

    MOVED = "MOVED"
    RETIMED = "RETIMED"
    ADDED = "ADDED"
    DROPPED = "DROPPED"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where and when a task is served."""

    shift_id: str = ""
    rank: int = NOT_SERVED
    second: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one task."""

    task_id: str
    kind: ChangeKind
    base: Spot
    now: Spot

    @property
    def seconds(self) -> int:
        """By how much its service moves; 0 where it is served in only one of the two."""
        if self.base.second is None or self.now.second is None:
            return 0
        return self.now.second - self.base.second


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes, summed up against keeping the known plan as far as it holds."""

    changes: tuple[Change, ...]
    base_cost_micros: int
    delta_costs: Costs
    delta_meters: int
    delta_late_seconds: int
    delta_milligrams: int | None
    lost_task_ids: tuple[str, ...]

    @property
    def delta_cost_micros(self) -> int:
        """By how much cost changes."""
        return sum(micros for _, micros in self.delta_costs)

    def count(self, kind: ChangeKind) -> int:
        """How many changes are of a kind."""
        return sum(change.kind is kind for change in self.changes)


def difference(instance: Instance, kept: Plan, plan: Plan) -> Difference:
    """How a plan differs from the known one, of which `kept` is what still holds."""
    before, after = (milligrams_of(instance, one.routes) for one in (kept, plan))
    known = instance.base_shift_of
    left = [instance.problem.tasks[one.task].task_id for one in kept.unassigned]
    return Difference(
        changes=tuple(changes(instance.problem, kept, plan)),
        base_cost_micros=kept.cost_micros,
        delta_costs=delta_costs(kept.costs, plan.costs),
        delta_meters=sum(meters_of(instance, route) for route in plan.routes)
        - sum(meters_of(instance, route) for route in kept.routes),
        delta_late_seconds=late_seconds(instance, plan) - late_seconds(instance, kept),
        delta_milligrams=None if before is None or after is None else after - before,
        lost_task_ids=tuple(task_id for task_id in left if task_id in known),
    )


def changes(problem: Problem, kept: Plan, plan: Plan) -> Iterator[Change]:
    """The tasks for which something changes, in the problem's order."""
    base, now = known_spots(problem, kept), spots(problem, plan)
    for task in problem.tasks:
        before, after = base.get(task.task_id, Spot()), now.get(task.task_id, Spot())
        kind = kind_of(before, after, problem.churn.tolerance_seconds)
        if kind is not None:
            yield Change(task.task_id, kind, before, after)


def kind_of(base: Spot, now: Spot, tolerance_seconds: int) -> ChangeKind | None:
    """What happens between two spots; None: nothing that counts."""
    if base.rank == NOT_SERVED:
        return None if now.rank == NOT_SERVED else ChangeKind.ADDED
    if now.rank == NOT_SERVED:
        return ChangeKind.DROPPED
    if base.shift_id != now.shift_id:
        return ChangeKind.MOVED
    moved = 0 if base.second is None or now.second is None else abs(now.second - base.second)
    return ChangeKind.RETIMED if moved > tolerance_seconds else None


def known_spots(problem: Problem, kept: Plan) -> dict[str, Spot]:
    """Where the known plan serves its tasks; times that it does not state are those of `kept`."""
    timed = spots(problem, kept)
    found: dict[str, Spot] = {}
    for route in problem.churn.base_routes:
        own = [visit for visit in route.visits if visit.task_id in problem.rank_of_task]
        for rank, visit in enumerate(own):
            second = visit.service_start_second
            if second is None and visit.task_id in timed:
                second = timed[visit.task_id].second
            found[visit.task_id] = Spot(route.shift_id, rank, second)
    return found


def spots(problem: Problem, plan: Plan) -> dict[str, Spot]:
    """Where a plan serves its tasks."""
    return {
        problem.tasks[visit.task].task_id: Spot(
            problem.shifts[route.shift].shift_id, rank, visit.start_second
        )
        for route in plan.routes
        for rank, visit in enumerate(route.served)
    }


def delta_costs(before: Costs, after: Costs) -> Costs:
    """By how much each term changes; charges of zones and terms that stay left out."""
    old, new = dict(before), dict(after)
    deltas = ((kind, new.get(kind, 0) - old.get(kind, 0)) for kind in CostKind)
    return tuple(
        (kind, micros) for kind, micros in deltas if micros and kind is not CostKind.ACCESS
    )


def late_seconds(instance: Instance, plan: Plan) -> int:
    """By how much service starts after preferred ends, all tasks added up."""
    visits: Sequence[Visit] = [visit for route in plan.routes for visit in route.served]
    return sum(late_of(instance, visit) for visit in visits)


def late_of(instance: Instance, visit: Visit) -> int:
    """By how much one service starts after the preferred end of its window."""
    for window in instance.option(visit.node).windows:
        if window.holds(visit.start_second) and window.soft_last_second is not None:
            return max(0, visit.start_second - window.soft_last_second)
    return 0
