"""
Insertions to choose from, the cheapest first: taken are those that compliance does not deny.

Asked about are as many as are wanted; where some are denied, the next in cost, round after round.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from services.planner.domain.access import Finding
from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route
from services.planner.search.insert import Insertion
from services.planner.usecases.asked import Question, World, finished_plan
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.world import Prepared


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken of each group of insertions."""

    insertions: tuple[tuple[Insertion, ...], ...]
    finished: Finished
    """Its plan holds the route of every insertion taken, in their order."""


@dataclass(slots=True)
class Denials:
    """What compliance said against routes; what it says of one holds for all its twins."""

    instance: Instance
    _findings: dict[Hashable, Finding] = field(default_factory=dict)

    def add(self, route: Route, finding: Finding) -> None:
        """Something is said against a route; the first counts."""
        self._findings.setdefault(self._kind(route), finding)

    def against(self, route: Route) -> Finding | None:
        """What was said against a route, or against one like it."""
        return self._findings.get(self._kind(route))

    def one_of_each(self, routes: Iterable[Route]) -> list[Route]:
        """One of all routes that are alike."""
        return list({self._kind(route): route for route in routes}.values())

    def _kind(self, route: Route) -> Hashable:
        """All that compliance looks at: the vehicle but for its name, where it is, and when."""
        instance, shift = self.instance, route.shift
        vehicle = instance.problem.shifts[shift].vehicle
        ends = instance.places.starts[shift], instance.places.ends[shift]
        moments = route.start_second, route.end_arrival_second
        where = instance.table_of_shift[shift], ends, route.visits, route.breaks
        return vehicle.access, vehicle.profile, vehicle.capacity, moments, where


@dataclass(slots=True)
class Group:
    """Insertions of which some are wanted."""

    untried: list[Insertion]
    wanted: int
    denials: Denials
    taken: list[tuple[Insertion, Route]] = field(default_factory=list)

    def next_ones(self) -> list[Insertion]:
        """As many as are still missing, where there are so many that are not known as denied."""
        missing = self.wanted - len(self.taken)
        unknown = [one for one in self.untried if self.denials.against(one.route) is None]
        tried, self.untried = unknown[:missing], unknown[missing:]
        return tried


async def choose(
    world: World,
    question: Question,
    prepared: Prepared,
    groups: Sequence[Sequence[Insertion]],
    wanted: int,
    denials: Denials | None = None,
) -> Choice:
    """The first of each group, at most so many, that compliance allows; `denials` hears of all."""
    known = Denials(prepared.instance) if denials is None else denials
    own = [Group(list(group), wanted, known) for group in groups]
    asked = [(group, one) for group in own for one in group.next_ones()]
    finished = whole = await finished_routes(world, question, prepared, asked)
    while True:
        for rank, finding in denied_areas(finished.plan):
            known.add(finished.plan.routes[rank], finding)
        for (group, one), route in zip(asked, finished.plan.routes, strict=True):
            if known.against(route) is None:
                group.taken.append((one, route))
        asked = [(group, one) for group in own for one in group.next_ones()]
        if not asked:
            break
        finished = await finished_routes(world, question, prepared, asked)
        whole = joined(whole, finished)
    routes = tuple(route for group in own for _, route in group.taken)
    taken = tuple(tuple(one for one, _ in group.taken) for group in own)
    return Choice(taken, replace(whole, plan=Plan(routes)))


async def finished_routes(
    world: World, question: Question, prepared: Prepared, asked: Sequence[tuple[Group, Insertion]]
) -> Finished:
    """Legs, findings and charges of the routes of insertions."""
    plan = Plan(tuple(one.route for _, one in asked))
    return await finished_plan(world, question, prepared, plan)


def joined(one: Finished, other: Finished) -> Finished:
    """Both rounds of questions as one."""
    return Finished(
        one.plan,
        one.ways | other.ways,
        access_checked=one.access_checked and other.access_checked,
        access_rules_version=max(one.access_rules_version, other.access_rules_version),
    )
