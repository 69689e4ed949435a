"""What of a plan compliance denies, and what has to go with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from services.planner.domain.access import Finding
from services.planner.domain.instance import Instance, Node, is_reload
from services.planner.domain.plan import Plan, Route, Visit, WhyNot
from services.planner.domain.problem import Problem
from services.planner.domain.reason import OF_THE_SEARCH, Reason
from services.planner.rules.walk import Walk
from services.planner.search.explain import grouped
from services.planner.usecases.finish import denied_areas


@dataclass(slots=True)
class Denied:
    """Tasks and reloads that may not stay in their routes."""

    tasks: dict[int, WhyNot] = field(default_factory=dict)
    reloads: set[tuple[int, Node]] = field(default_factory=set)
    """Each with the rank of its shift."""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.tasks or self.reloads)

    def kept(self, shift: int, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """What is left of a sequence; nothing where no task is."""
        left = tuple(
            node
            for node in nodes
            if node[0] not in self.tasks and (shift, node) not in self.reloads
        )
        return left if any(not is_reload(node) for node in left) else ()


def denied_of(instance: Instance, plan: Plan) -> Denied:
    """
    The stops that compliance denies, or the way to them; the last stop for the way back.

    With a reload goes what was loaded there, with a pickup its delivery, and the other way round.
    """
    denied = Denied()
    for rank, finding in denied_areas(plan):
        walk = Walk(instance, plan.routes[rank])
        visit = walk.route.visits[min(finding.presence // 2, len(walk.route.visits) - 1)]
        why = why_of(instance, walk.route, finding)
        if visit.is_reload:
            denied.reloads.add((walk.route.shift, visit.node))
        denied.tasks |= dict.fromkeys(bound_to(walk, visit), why)
    return denied


def whole_routes(instance: Instance, plan: Plan) -> Denied:
    """The same with all tasks of the routes in which something is denied."""
    denied = denied_of(instance, plan)
    for rank, finding in denied_areas(plan):
        route = plan.routes[rank]
        why = why_of(instance, route, finding)
        denied.tasks = dict.fromkeys((visit.task for visit in route.served), why) | denied.tasks
    return denied


def why_of(instance: Instance, route: Route, finding: Finding) -> WhyNot:
    """A finding as the reason for leaving a task out."""
    shift_id = instance.problem.shifts[route.shift].shift_id
    return WhyNot(finding.verdict.reason, (shift_id,), finding.area_id)


Said = tuple[Reason, str]  # the reason, and its words


def with_denials(
    problem: Problem, why: Iterable[WhyNot], denied: Mapping[int, Said]
) -> tuple[WhyNot, ...]:
    """Reasons of rules, and of shifts that no rule keeps a task out of what compliance says."""

    def told() -> Iterator[tuple[Reason, str, str]]:
        for one in why:
            for shift_id in one.shift_ids:
                said = denied.get(problem.rank_of_shift[shift_id])
                if said is None or one.reason not in OF_THE_SEARCH:
                    said = one.reason, one.message
                yield *said, shift_id

    return grouped(told())


def bound_to(walk: Walk, visit: Visit) -> Iterator[int]:
    """The tasks that cannot stay when a visit goes."""
    problem = walk.instance.problem
    if visit.is_reload:
        for trip in walk.trips:
            if trip.reload is not None and trip.reload.node == visit.node:
                yield from (problem.rank_of_task[task.task_id] for task in trip.loaded)
        return
    own = problem.tasks[visit.task]
    yield visit.task
    for other, task in walk.served:
        if own.task_id == task.pickup_task_id or task.task_id == own.pickup_task_id:
            yield other.task
