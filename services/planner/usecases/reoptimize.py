"""
Plans the rest of a day anew from the known plan, and says what changes.

What comes out is never worse than keeping the known plan as far as it still holds, churn counted,
by all that the problem asks for: where a search found nothing better, the known plan stays.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from meshkit.clock import Clock
from meshkit.errors import Internal
from meshkit.ids import NewId
from services.planner.domain.difference import Difference, difference
from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Unassigned, WhyNot
from services.planner.domain.reason import Reason
from services.planner.ports import Records
from services.planner.rules.balance import evenness_of
from services.planner.search.solution import nodes_of
from services.planner.usecases.asked import Question, World, finished_plan
from services.planner.usecases.better import cheapest_of, is_better
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.last_word import last_word
from services.planner.usecases.optimize import (
    Answer,
    computed,
    planned,
    prepared_question,
    record_of,
    trail,
)
from services.planner.usecases.searches import Searches
from services.planner.usecases.world import Prepared

NOTHING_BETTER = WhyNot(Reason.TIME, (), "nothing better than the known plan was found in time")


@dataclass(frozen=True, slots=True)
class Replanned:
    """A plan for the rest of the day, and how it differs from the known one."""

    answer: Answer
    difference: Difference


async def reoptimize(
    world: World, records: Records, clock: Clock, new_id: NewId, tenant: str, question: Question
) -> Replanned:
    """The best plan found in time from the known one; its record is kept and told."""
    begun, searches = time.monotonic(), Searches()
    prepared = await prepared_question(world, question)
    prepared, solved, finished = await planned(world, question, prepared, searches)
    kept = await known_plan(world, question, prepared)
    finished = await at_least(world, question, prepared, kept, finished)
    record = replace(
        record_of(world, question, prepared, solved, finished),
        solve_milliseconds=round((time.monotonic() - begun) * 1_000),
    )
    answer = Answer(prepared, finished, record, new_id("opt"))
    way = replace(trail(answer, searches.runs), may_keep=True)
    await records.add(tenant, computed(answer, clock), question.request, way)
    told = await asyncio.to_thread(difference, prepared.instance, kept, answer.plan)
    return Replanned(answer, told)


async def known_plan(world: World, question: Question, prepared: Prepared) -> Plan:
    """The known plan as far as it still holds."""
    routes = question.problem.churn.base_routes
    return await world.solver.keep(prepared.instance, nodes_of(question.problem, routes))


async def at_least(
    world: World, question: Question, prepared: Prepared, kept: Plan, finished: Finished
) -> Finished:
    """The plan that was found, or the known one where that is better and nothing denies it."""
    instance, found = prepared.instance, finished.plan
    if not await asyncio.to_thread(is_better, instance, kept, found):
        return finished
    known = await finished_plan(world, question, prepared, as_answer(instance, kept, found))
    if any(denied_areas(known.plan)):
        return finished
    try:
        return replace(known, plan=await last_word(world.solver, instance, known.plan))
    except Internal:  # its routes hold, but not all of it, such as a pin whose task it lost
        return finished


def as_answer(instance: Instance, kept: Plan, found: Plan) -> Plan:
    """The known plan with all that is told of an answer."""
    even = evenness_of(instance, kept, cheapest_of(kept, found))
    return replace(with_reasons(kept, found), evenness=even)


def with_reasons(kept: Plan, plan: Plan) -> Plan:
    """The known plan, with the reasons that were told for the tasks that both leave out."""
    told = {left.task: left.reasons for left in plan.unassigned}
    left = tuple(
        Unassigned(one.task, one.penalty_micros, told.get(one.task, (NOTHING_BETTER,)))
        for one in kept.unassigned
    )
    return replace(kept, unassigned=left)
