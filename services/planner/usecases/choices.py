"""
Insertions to choose from, the cheapest first: taken are those that compliance does not deny.

Asked about are as many as are wanted; where some are denied, the next in cost, round after round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.planner.domain.plan import Plan, Route
from services.planner.search.insert import Insertion
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.optimize import Question, World, finished_plan
from services.planner.usecases.world import Prepared


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken of each group of insertions."""

    insertions: tuple[tuple[Insertion, ...], ...]
    finished: Finished
    """Its plan holds the route of every insertion taken, in their order."""


@dataclass(slots=True)
class Group:
    """Insertions of which some are wanted."""

    untried: list[Insertion]
    wanted: int
    taken: list[tuple[Insertion, Route]] = field(default_factory=list)

    def next_ones(self) -> list[Insertion]:
        """As many as are still missing, where there are so many."""
        missing = self.wanted - len(self.taken)
        tried, self.untried = self.untried[:missing], self.untried[missing:]
        return tried


async def choose(
    world: World,
    question: Question,
    prepared: Prepared,
    groups: Sequence[Sequence[Insertion]],
    wanted: int,
) -> Choice:
    """The first of each group, at most so many, that compliance allows."""
    own = [Group(list(group), wanted) for group in groups]
    asked = [(group, one) for group in own for one in group.next_ones()]
    finished = whole = await finished_routes(world, question, prepared, asked)
    while True:
        denied = {rank for rank, _ in denied_areas(finished.plan)}
        for rank, (group, one) in enumerate(asked):
            if rank not in denied:
                group.taken.append((one, finished.plan.routes[rank]))
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
