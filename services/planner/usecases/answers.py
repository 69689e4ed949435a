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
from services.planner.search.offers import Offer
from services.planner.search.relax import Relaxed
from services.planner.search.solution import nodes_of
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.given import refuse, task_faults
from services.planner.usecases.optimize import Question, World, finished_plan
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
    """What serving a task in each window would cost; what compliance denies is not feasible."""
    problem = question.problem
    whole = tuple(window for window in windows if isinstance(window, Window))
    faults = [window for window in windows if isinstance(window, Fault)]
    refuse((*given_faults(problem, routes), *one_task_faults(problem, routes, task_id), *faults))
    prepared = await prepare(world.travel, world.access, problem, omit_access=question.omit_access)
    base, offers = await world.solver.price_windows(
        prepared.instance, nodes_of(problem, routes), problem.rank_of_task[task_id], whole
    )
    changed = Plan(tuple(one.insertion.route for one in offers if one.insertion))
    finished = await finished_plan(world, question, prepared, changed)
    return OffersAnswer(prepared, base, allowed_offers(offers, finished), finished)


def allowed_offers(offers: Sequence[Offer], finished: Finished) -> tuple[Offer, ...]:
    """The offers, those against which compliance says something without their insertion."""
    denied = {rank for rank, _ in denied_areas(finished.plan)}
    found, rank = [], -1
    for offer in offers:
        rank += offer.insertion is not None
        is_denied = offer.insertion is not None and rank in denied
        found.append(Offer(None) if is_denied else offer)
    return tuple(found)


async def explain_unassigned(
    world: World,
    question: Question,
    routes: Sequence[FixedRoute],
    task_ids: Sequence[str],
    seconds: float,
) -> ExplanationsAnswer:
    """What keeps each task out, and the changes that would let it in, none that is denied."""
    problem = question.problem
    refuse((*given_faults(problem, routes), *task_faults(problem, routes, task_ids)))
    prepared = await prepare(world.travel, world.access, problem, omit_access=question.omit_access)
    tasks = [problem.rank_of_task[task_id] for task_id in task_ids]
    base, told = await world.solver.explain(
        prepared.instance, nodes_of(problem, routes), tasks, seconds
    )
    told = await at_other_hours(world, question, routes, told, time.monotonic() + seconds)
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
