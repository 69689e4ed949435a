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
from services.planner.domain.instance import Instance, Node
from services.planner.domain.lint import lint
from services.planner.domain.optimization import Run, Trail
from services.planner.domain.plan import Plan, SolveEnd, SolveRecord, WhyNot
from services.planner.domain.problem import TASKS_AT_ONCE_MAX, FixedRoute, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.settings import SearchSettings
from services.planner.ports import (
    AccessRules,
    PlanComputed,
    Records,
    Solved,
    Solver,
    TravelTimes,
)
from services.planner.rules.balance import evenness_of
from services.planner.rules.verify import RULES_VERSION
from services.planner.search.solution import nodes_of
from services.planner.usecases.denied import denied_of, whole_routes
from services.planner.usecases.finish import Finished, bare, denied_areas, finish
from services.planner.usecases.last_word import last_word
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

CLEANINGS_MAX = 3  # times that visits which compliance still denies are taken out one by one
RESERVE_SECONDS = 0.35  # for legs, access and the way back: 0.3 for 150 tasks, `deadlines` says
RESERVE_SECONDS_PER_TASK = 0.001
CLEANING_RESERVES = 2  # to take visits out: a round for some, another for whole routes
FIRST_SHARE = 0.8  # of the time, where a second search may follow that begins from its plan
ROUTE_BROKE = "its route does not hold without what compliance denies"


@dataclass(frozen=True, slots=True)
class World:
    """Everybody that a plan needs."""

    travel: TravelTimes
    access: AccessRules
    solver: Solver


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be planned, and how."""

    problem: Problem
    digest: str
    settings: SearchSettings
    seed_routes: tuple[FixedRoute, ...] = ()
    omit_polylines: bool = False
    omit_access: bool = False
    request: bytes = b""
    """As it is kept, to be repeated."""
    answer_by: float | None = None
    """When the caller waits no longer, monotonic; None when nobody waits."""


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
    Searches; where compliance denies legs, once more around the areas that it names.

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
        finished = await cleaned(world, question, prepared, finished, searches)
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


def reserve_of(question: Question) -> float:
    """What an answer takes beside its search, in seconds."""
    return RESERVE_SECONDS + RESERVE_SECONDS_PER_TASK * len(question.problem.tasks)


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


async def finished_plan(
    world: World, question: Question, prepared: Prepared, plan: Plan
) -> Finished:
    """Legs, findings and charges of a plan."""
    finished = await finish(
        world.travel, world.access, prepared, plan, omit_polylines=question.omit_polylines
    )
    is_told = finished.access_checked and not question.omit_access
    return replace(finished, access_checked=is_told)


async def around(world: World, prepared: Prepared, plan: Plan) -> Prepared:
    """The instance with the roads left out that lead through areas which compliance denied."""
    problem = prepared.instance.problem
    blocks: Blocks = (frozenset(),) * len(problem.shifts)
    for rank, finding in denied_areas(plan):
        blocks = more_blocks(blocks, plan.routes[rank].shift, [finding.area_id], problem)
    known, places = access_of(prepared), prepared.instance.places
    again = await with_travel(world.travel, problem, known, blocks, places)
    return replace(again, notices=prepared.notices)


async def cleaned(
    world: World, question: Question, prepared: Prepared, finished: Finished, searches: Searches
) -> Finished:
    """
    The plan without the visits that compliance denies, so that none is left in it.

    What is left of a route is timed anew, so that it may be denied elsewhere; a route of which
    something is denied after all, or when time runs out, goes as a whole.
    """
    reasons: dict[int, WhyNot] = {}
    one_by_one = searches.cleanings(CLEANINGS_MAX)
    for round_ in range(CLEANINGS_MAX + 1):
        if not any(denied_areas(finished.plan)):
            break
        if round_ < one_by_one and is_late(question):
            one_by_one = round_
            searches.cut_cleanings(round_)
        found = denied_of if round_ < one_by_one else whole_routes
        denied = found(prepared.instance, finished.plan)
        reasons |= denied.tasks
        sequences = sequences_of(prepared.instance, finished.plan)
        kept = [denied.kept(shift, nodes) for shift, nodes in enumerate(sequences)]
        held = await world.solver.keep(prepared.instance, kept)
        plan = retold(prepared.instance, held, finished.plan, reasons)
        finished = await finished_plan(world, question, prepared, plan)
    return finished


def is_late(question: Question) -> bool:
    """Whether there is no time left to take visits out one by one."""
    if question.answer_by is None:
        return False
    return question.answer_by - time.monotonic() < CLEANING_RESERVES * reserve_of(question)


def retold(instance: Instance, held: Plan, before: Plan, reasons: dict[int, WhyNot]) -> Plan:
    """What holds of a plan, with why each task is left out and how even it is."""
    shifts = instance.problem.shifts
    told = {left.task: left.reasons for left in before.unassigned}
    for route in before.routes:
        broke = WhyNot(Reason.ZONE, (shifts[route.shift].shift_id,), ROUTE_BROKE)
        told |= {one.task: (reasons.get(one.task, broke),) for one in route.served}
    left = tuple(replace(one, reasons=told[one.task]) for one in held.unassigned)
    # No cheaper plan is known that compliance allows.
    return replace(held, unassigned=left, evenness=evenness_of(instance, held, held.cost_micros))


def sequences_of(instance: Instance, plan: Plan) -> list[tuple[Node, ...]]:
    """The sequences of a plan, shift by shift."""
    sequences: list[tuple[Node, ...]] = [()] * len(instance.problem.shifts)
    for route in plan.routes:
        sequences[route.shift] = route.sequence
    return sequences


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
