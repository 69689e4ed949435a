"""
What compliance had taken out of a plan, given to whichever shift may serve it.

Every shift is priced for each task; the cheapest are asked about first, and one is taken where that
makes the plan better. What is left out then says for every shift why. Rounds, tasks and shifts are
bounded, and time is kept to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route, Unassigned, WhyNot
from services.planner.domain.score import drop_micros, score_of
from services.planner.rules.balance import evenness_of
from services.planner.search.answers import TaskProposals
from services.planner.search.explain import UNTRIED
from services.planner.search.insert import members
from services.planner.usecases.asked import (
    Question,
    World,
    finished_plan,
    is_late,
    sequences_of,
)
from services.planner.usecases.choices import Denials, choose
from services.planner.usecases.cleaned import ROUTE_BROKE
from services.planner.usecases.denied import Said, with_denials
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.searches import RETURNED, Searches
from services.planner.usecases.world import Prepared

ROUNDS_MAX = 10  # in each, a route takes one task at the most
TASKS_MAX = 40  # tried in a round, those first that are dearest to leave out
SHIFTS_MAX = 100  # priced for a task, the cheapest


@dataclass(slots=True)
class Returning:
    """A plan, and what is known of the tasks that were taken out of it."""

    plan: Plan
    tasks: frozenset[int]
    told: defaultdict[int, dict[int, Said]]
    """For a task, what compliance says on which shift."""
    denials: Denials

    @property
    def waiting(self) -> list[int]:
        """The tasks that no route has taken again."""
        return [one.task for one in self.plan.unassigned if one.task in self.tasks]

    def next_tasks(self, instance: Instance) -> list[int]:
        """Those that are tried next: a pickup comes with its delivery."""
        problem = instance.problem
        alone = [
            task
            for task in self.waiting
            if not problem.deliveries_of_pickup[problem.tasks[task].task_id]
        ]
        alone.sort(key=lambda task: (-problem.tasks[task].priority, -instance.penalties[task]))
        return alone[:TASKS_MAX]

    def hear(self, found: Iterable[TaskProposals]) -> None:
        """Notes which insertions are denied."""
        for own in found:
            for one in own.insertions:
                finding = self.denials.against(one.route)
                if finding is not None:
                    said = finding.verdict.reason, finding.area_id
                    for task in members(self.denials.instance, own.task):
                        self.told[task][one.line] = said

    def reasons(self, task: int, why: Iterable[WhyNot]) -> tuple[WhyNot, ...]:
        """What rules say of a task, and compliance where no rule keeps it out."""
        return with_denials(self.denials.instance.problem, why, self.told[task])


async def returned(
    world: World,
    question: Question,
    prepared: Prepared,
    whole: Finished,
    rest: Finished,
    searches: Searches,
) -> Finished:
    """The rest of a whole plan, with what was taken out of it back on shifts that may serve it."""
    instance = prepared.instance
    before = {one.task for one in whole.plan.unassigned}
    out = [one for one in rest.plan.unassigned if one.task not in before]
    if not out:
        return rest
    tasks = frozenset(one.task for one in out)
    own = Returning(rest.plan, tasks, denied_there(instance, out), Denials(instance))
    was_cut = await all_rounds(world, question, prepared, own, searches)
    if own.plan is not rest.plan:
        even = evenness_of(instance, own.plan, own.plan.cost_micros)
        plan = replace(own.plan, evenness=even)
        finished = await finished_plan(world, question, prepared, plan)
        rest = rest if any(denied_areas(finished.plan)) else finished
    own.plan = rest.plan
    why = () if was_cut else await reasons(world, prepared, own)
    return replace(rest, plan=with_reasons(instance, own, why))


async def all_rounds(
    world: World, question: Question, prepared: Prepared, own: Returning, searches: Searches
) -> bool:
    """Rounds until none helps; whether time ended before."""
    for round_ in range(searches.rounds(RETURNED, ROUNDS_MAX)):
        if is_late(question):
            searches.cut_rounds(RETURNED, round_)
            return True
        if not await next_round(world, question, prepared, own):
            break
    return False


async def next_round(world: World, question: Question, prepared: Prepared, own: Returning) -> bool:
    """Takes the best insertion of each task where it makes the plan better; whether any did."""
    instance, tasks = prepared.instance, own.next_tasks(prepared.instance)
    if not tasks:
        return False
    given, count = sequences_of(instance, own.plan), min(SHIFTS_MAX, len(instance.problem.shifts))
    _, found = await world.solver.propose_insertions(instance, given, tasks, count)
    groups = [one.insertions for one in found]
    choice = await choose(world, question, prepared, groups, 1, own.denials)
    own.hear(found)
    before, changed = own.plan, set[int]()
    for route in choice.finished.plan.routes:
        plan = with_route(instance, own.plan, route)
        if route.shift not in changed and is_better(instance, plan, own.plan):
            own.plan = plan
            changed.add(route.shift)
    return own.plan is not before


def with_route(instance: Instance, plan: Plan, route: Route) -> Plan:
    """A plan with another route of one shift, which serves more than the one before."""
    others = (one for one in plan.routes if one.shift != route.shift)
    served = {visit.task for visit in route.served}
    left = tuple(one for one in plan.unassigned if one.task not in served)
    return replace(
        plan,
        routes=tuple(sorted((*others, route), key=lambda one: one.shift)),
        unassigned=left,
        churn_drop_micros=drop_micros(instance, [one.task for one in left]),
    )


def is_better(instance: Instance, plan: Plan, other: Plan) -> bool:
    """Whether a plan is better than another by what it leaves out and what it costs."""
    one, two = (
        score_of(
            instance,
            [left.task for left in own.unassigned],
            sum(route.cost_micros for route in own.routes),
        )
        for own in (plan, other)
    )
    return one < two


def denied_there(
    instance: Instance, left: Iterable[Unassigned]
) -> defaultdict[int, dict[int, Said]]:
    """For tasks that were taken out, what compliance said on the shifts where they were."""
    told = defaultdict[int, dict[int, Said]](dict)
    for one in left:
        for why in one.reasons:
            if why.message != ROUTE_BROKE:
                for shift_id in why.shift_ids:
                    shift = instance.problem.rank_of_shift[shift_id]
                    told[one.task][shift] = why.reason, why.message
    return told


async def reasons(
    world: World, prepared: Prepared, own: Returning
) -> tuple[tuple[WhyNot, ...], ...]:
    """What the rules say about each task that waits still, for every shift."""
    given = sequences_of(prepared.instance, own.plan)
    return await world.solver.reasons(prepared.instance, given, own.waiting)


def with_reasons(instance: Instance, own: Returning, why: Sequence[tuple[WhyNot, ...]]) -> Plan:
    """The plan, with what the rules and compliance say of each shift; without rules: untried."""
    every = tuple(shift.shift_id for shift in instance.problem.shifts)
    untried = (WhyNot(UNTRIED[0], every, UNTRIED[1]),)
    known = dict(zip(own.waiting, why, strict=False))
    left = tuple(
        replace(one, reasons=own.reasons(one.task, known.get(one.task, untried)))
        if one.task in own.tasks
        else one
        for one in own.plan.unassigned
    )
    return replace(own.plan, unassigned=left)
