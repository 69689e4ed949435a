"""Windows on offer and explanations, beside routes as they are given."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.planner.domain.contradictions import Fault, route_faults
from services.planner.domain.plan import Plan, Route
from services.planner.domain.problem import FixedRoute, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.relaxation import all_relaxed
from services.planner.domain.task import Window
from services.planner.search.explanations import Explanation
from services.planner.search.insert import Insertion
from services.planner.search.offers import Offer
from services.planner.search.relax import Relaxed
from services.planner.search.solution import nodes_of
from services.planner.usecases.asked import Question, World, finished_plan
from services.planner.usecases.barred import with_access
from services.planner.usecases.choices import choose
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.given import DENIED, refuse, task_faults
from services.planner.usecases.world import Prepared, hour_of, prepare


@dataclass(frozen=True, slots=True)
class OffersAnswer:
    """What windows would cost."""

    prepared: Prepared
    base_routes: tuple[Route | None, ...]
    offers: tuple[Offer, ...]
    finished: Finished


@dataclass(frozen=True, slots=True)
class ExplanationsAnswer:
    """What keeps tasks out, with the routes of every change that would let them in finished."""

    prepared: Prepared
    base_routes: tuple[Route | None, ...]
    explanations: tuple[Explanation, ...]
    finished: Finished
    """Its plan holds the route of every relaxation, in the order of the explanations."""


async def suggest_windows(
    world: World,
    question: Question,
    routes: Sequence[FixedRoute],
    task_id: str,
    windows: Sequence[Window | Fault],
) -> OffersAnswer:
    """
    What serving a task in each window would cost, by the cheapest shift that compliance allows.
    """
    problem = question.problem
    whole = tuple(window for window in windows if isinstance(window, Window))
    faults = [window for window in windows if isinstance(window, Fault)]
    refuse((*given_faults(problem, routes), *one_task_faults(problem, routes, task_id), *faults))
    prepared = await prepare(world.travel, world.access, problem, omit_access=question.omit_access)
    base, offers = await world.solver.price_windows(
        prepared.instance, nodes_of(problem, routes), problem.rank_of_task[task_id], whole
    )
    groups = [offer.insertions for offer in offers]
    choice = await choose(world, question, prepared, groups, 1)
    chosen = zip(offers, choice.insertions, strict=True)
    allowed = tuple(allowed_offer(offer, taken) for offer, taken in chosen)
    return OffersAnswer(prepared, base, allowed, choice.finished)


def allowed_offer(offer: Offer, taken: Sequence[Insertion]) -> Offer:
    """Of an offer and its others the one that compliance allows; else one that nobody serves."""
    if offer.insertion is None:
        return offer
    allowed = (one for one in (offer, *offer.others) if one.insertion in taken)
    return next(allowed, Offer(None, reasons=(DENIED,)))


async def explain_unassigned(
    world: World,
    question: Question,
    routes: Sequence[FixedRoute],
    task_ids: Sequence[str],
    seconds: float,
) -> ExplanationsAnswer:
    """
    What keeps each task out, and the changes that would let it in, none that is denied: rules
    first, and compliance where no rule does.

    Changes are looked for, and tried at other hours, for so many seconds from now on, all together.
    """
    problem, ends = question.problem, time.monotonic() + seconds
    refuse((*given_faults(problem, routes), *task_faults(problem, routes, task_ids)))
    prepared = await prepare(world.travel, world.access, problem, omit_access=question.omit_access)
    tasks = [problem.rank_of_task[task_id] for task_id in task_ids]
    sequences = nodes_of(problem, routes)
    base, told = await world.solver.explain(
        prepared.instance, sequences, tasks, max(0.0, ends - time.monotonic())
    )
    told = await with_access(world, question, prepared, sequences, told)
    told = await at_other_hours(world, question, routes, told, ends)
    changed = Plan(tuple(one.insertion.route for own in told for one in own.relaxed))
    finished = await finished_plan(world, question, prepared, changed)
    return without_denied(ExplanationsAnswer(prepared, base, told, finished))


async def at_other_hours(
    world: World,
    question: Question,
    routes: Sequence[FixedRoute],
    told: Sequence[Explanation],
    answer_by: float,
) -> tuple[Explanation, ...]:
    """
    Only the changes that hold at the speeds which they bring about.

    Travel takes the hour in the middle of a shift: a longer shift may have another one. Such a
    change is tried again with its own travel; without time to try, it is not told.
    """
    found = []
    for explanation in told:
        kept = []
        for one in explanation.relaxed:
            if not changes_hour(question.problem, one) or (
                time.monotonic() < answer_by
                and await holds_by_itself(world, question, routes, explanation, one)
            ):
                kept.append(one)
        found.append(replace(explanation, relaxed=tuple(kept)))
    return tuple(found)


def changes_hour(problem: Problem, one: Relaxed) -> bool:
    """Whether the hour whose speeds stand for a shift is another after a change."""
    if one.relaxation.reason is not Reason.SHIFT:
        return False
    rank = problem.rank_of_shift[one.relaxation.shift_id]
    changed = all_relaxed(problem, one.changes)
    return hour_of(problem.shifts[rank]) != hour_of(changed.shifts[rank])


async def holds_by_itself(
    world: World,
    question: Question,
    routes: Sequence[FixedRoute],
    explanation: Explanation,
    one: Relaxed,
) -> bool:
    """Whether a task fits into the changed problem, asked for as a caller would."""
    changed, task = all_relaxed(question.problem, one.changes), explanation.unassigned.task
    prepared = await prepare(world.travel, world.access, changed, omit_access=question.omit_access)
    _, (found,) = await world.solver.propose_insertions(
        prepared.instance, nodes_of(changed, routes), [task], 1
    )
    return bool(found.insertions)


def without_denied(answer: ExplanationsAnswer) -> ExplanationsAnswer:
    """Only the changes against whose routes compliance says nothing."""
    denied = {rank for rank, _ in denied_areas(answer.finished.plan)}
    kept_routes, told, rank = [], [], 0
    for explanation in answer.explanations:
        relaxed = []
        for one in explanation.relaxed:
            if rank not in denied:
                relaxed.append(one)
                kept_routes.append(answer.finished.plan.routes[rank])
            rank += 1
        told.append(replace(explanation, relaxed=tuple(relaxed)))
    finished = replace(answer.finished, plan=Plan(tuple(kept_routes)))
    return replace(answer, explanations=tuple(told), finished=finished)


def given_faults(problem: Problem, routes: Sequence[FixedRoute]) -> Iterable[Fault]:
    """What given routes get wrong."""
    return route_faults("routes", tuple(routes), problem, known=True)


def one_task_faults(
    problem: Problem, routes: Sequence[FixedRoute], task_id: str
) -> Iterable[Fault]:
    """What is wrong with a single task that is asked about."""
    for fault in task_faults(problem, routes, [task_id]):
        yield Fault("task_id", fault.message)
