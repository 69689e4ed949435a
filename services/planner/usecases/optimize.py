"""Plans routes: asks the world, searches, finishes, and plans around what compliance denies."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from meshkit.clock import Clock
from meshkit.errors import Exhausted, Unavailable
from meshkit.ids import NewId
from services.planner.domain.lint import lint
from services.planner.domain.optimization import Run, Trail
from services.planner.domain.plan import Plan, SolveEnd, SolveRecord
from services.planner.domain.problem import TASKS_AT_ONCE_MAX
from services.planner.domain.settings import SearchSettings
from services.planner.ports import PlanComputed, Records, Solved
from services.planner.rules.verify import RULES_VERSION
from services.planner.search.solution import nodes_of
from services.planner.usecases.asked import (
    CLEANING_RESERVES,
    Question,
    World,
    finished_plan,
    reserve_of,
    sequences_of,
)
from services.planner.usecases.cleaned import cleaned
from services.planner.usecases.finish import Finished, bare, denied_areas
from services.planner.usecases.last_word import last_word
from services.planner.usecases.returned import returned
from services.planner.usecases.searches import Searches
from services.planner.usecases.world import (
    Blocks,
    Prepared,
    access_of,
    more_blocks,
    prepare,
    with_notices,
    with_travel,
)

FIRST_SHARE = 0.8  # of the time, where a second search may follow that begins from its plan


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished plan, how it came about, and what it rests on."""

    prepared: Prepared
    finished: Finished
    record: SolveRecord
    optimization_id: str = ""

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.finished.plan


async def optimize(
    world: World, records: Records, clock: Clock, new_id: NewId, tenant: str, question: Question
) -> Answer:
    """The best plan found in time; its record is kept and told."""
    begun = time.monotonic()
    prepared, searches = await prepared_question(world, question), Searches()
    prepared, solved, finished = await planned(world, question, prepared, searches)
    record = replace(
        record_of(world, question, prepared, solved, finished),
        solve_milliseconds=round((time.monotonic() - begun) * 1_000),
    )
    answer = Answer(prepared, finished, record, new_id("opt"))
    await records.add(
        tenant, computed(answer, clock), question.request, trail(answer, searches.runs)
    )
    return answer


async def prepared_question(
    world: World, question: Question, tasks_max: int = TASKS_AT_ONCE_MAX
) -> Prepared:
    """The instance of a question, and what looks suspicious in it."""
    problem = question.problem
    prepared = await prepare(
        world.travel,
        world.access,
        problem,
        omit_access=question.omit_access,
        tasks_max=tasks_max,
    )
    return with_notices(prepared, await asyncio.to_thread(lambda: tuple(lint(problem))))


def trail(answer: Answer, runs: Iterable[Run], *, is_whole: bool = True) -> Trail:
    """What it takes to repeat a solve, to its end or to a plan that it told on the way."""
    sequences = sequences_of(answer.prepared.instance, answer.plan)
    return Trail(answer.record, tuple(runs), tuple(sequences), is_whole)


async def planned(
    world: World, question: Question, prepared: Prepared, searches: Searches | None = None
) -> tuple[Prepared, Solved, Finished]:
    """
    Searches; where compliance denies legs, once more around the areas that it names. What it
    still denies leaves its route, and goes to another shift that may serve it.

    Both searches together take the time that is given; every rule has its say on what comes out.
    """
    seeds = nodes_of(question.problem, question.seed_routes) if question.seed_routes else ()
    whole, searches = in_time(question), searches or Searches()
    may_follow = prepared.access_checked and any(prepared.instance.areas_of_shift)
    first, second = parts_of(whole, reserve_of(question), may_follow=may_follow)
    solved = await searches.search(world.solver, prepared, first, seeds)
    if searches.end_here:
        return prepared, solved, bare(prepared, solved.plan)
    finished = await finished_plan(world, question, prepared, solved.plan)
    if any(denied_areas(finished.plan)):
        again = await searched_around(world, second, prepared, finished.plan, searches)
        prepared, solved = again or (prepared, solved)
        if searches.end_here:
            return prepared, solved, bare(prepared, solved.plan)
        if again:
            finished = await finished_plan(world, question, prepared, solved.plan)
        rest = await cleaned(world, question, prepared, finished, searches)
        finished = await returned(world, question, prepared, finished, rest, searches)
    plan = await last_word(world.solver, prepared.instance, finished.plan)
    solved = replace(solved, end=SolveEnd.DEADLINE) if searches.was_cut else solved
    return prepared, solved, replace(finished, plan=plan)


def parts_of(
    whole: SearchSettings, reserve: float, *, may_follow: bool
) -> tuple[SearchSettings, SearchSettings]:
    """The time of a first search, and of a second where one may follow: where areas are known."""
    share, now = FIRST_SHARE if may_follow else 1.0, time.monotonic()
    ends = now + (whole.answer_by - now) * share
    first = replace(whole, seconds=whole.seconds * share, answer_by=ends)
    rest, ends = whole.seconds * (1 - share), whole.answer_by - (CLEANING_RESERVES - 1) * reserve
    return first, replace(whole, seconds=rest, answer_by=ends)


def in_time(question: Question) -> SearchSettings:
    """The settings, with the moment that leaves time for all else that an answer takes."""
    if question.answer_by is None:
        return question.settings
    return replace(question.settings, answer_by=question.answer_by - reserve_of(question))


async def searched_around(
    world: World, settings: SearchSettings, prepared: Prepared, plan: Plan, searches: Searches
) -> tuple[Prepared, Solved] | None:
    """Searches again around what compliance denied; None where there is no time or no turn."""
    if not searches.may_follow(settings):
        searches.was_cut = True
        return None
    prepared = await around(world, prepared, plan)
    base = sequences_of(prepared.instance, plan)
    try:
        return prepared, await searches.search(world.solver, prepared, settings, base)
    except (Exhausted, Unavailable):
        if settings.answer_by == math.inf:
            raise
    searches.was_cut = True  # whoever waits is answered with the plan that is there
    return None


async def around(world: World, prepared: Prepared, plan: Plan) -> Prepared:
    """The instance with the roads left out that lead through areas which compliance denied."""
    problem = prepared.instance.problem
    blocks: Blocks = (frozenset(),) * len(problem.shifts)
    for rank, finding in denied_areas(plan):
        blocks = more_blocks(blocks, plan.routes[rank].shift, [finding.area_id], problem)
    known, places = access_of(prepared), prepared.instance.places
    again = await with_travel(world.travel, problem, known, blocks, places)
    return replace(again, notices=prepared.notices)


def record_of(
    world: World, question: Question, prepared: Prepared, solved: Solved, finished: Finished
) -> SolveRecord:
    """How a plan came about."""
    return SolveRecord(
        problem_digest=question.digest,
        seed=question.settings.seed,
        engine_version=world.solver.engine_version,
        rules_version=RULES_VERSION,
        access_rules_version=finished.access_rules_version if finished.access_checked else 0,
        map_id=prepared.map_id,
        solution_count=solved.solution_count,
        end=solved.end,
    )


def computed(answer: Answer, clock: Clock) -> PlanComputed:
    """That a plan was computed."""
    plan = answer.plan
    return PlanComputed(
        optimization_id=answer.optimization_id,
        at=clock.now(),
        record=answer.record,
        cost_micros=plan.cost_micros,
        task_count=len(answer.prepared.instance.problem.tasks),
        unassigned_count=len(plan.unassigned),
        route_count=len(plan.routes),
        access_checked=answer.finished.access_checked,
    )
