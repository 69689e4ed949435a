"""Plans routes: asks the world, searches, finishes, and plans around what compliance denies."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from meshkit.clock import Clock
from meshkit.ids import NewId
from services.planner.domain.instance import Instance, Node
from services.planner.domain.lint import lint
from services.planner.domain.optimization import Trail
from services.planner.domain.plan import Plan, SolveRecord, Unassigned, WhyNot
from services.planner.domain.problem import FixedRoute, Problem
from services.planner.domain.settings import SearchSettings
from services.planner.ports import (
    AccessRules,
    PlanComputed,
    Records,
    Solved,
    Solver,
    TravelTimes,
)
from services.planner.rules.verify import RULES_VERSION
from services.planner.search.solution import nodes_of
from services.planner.usecases.denied import denied_of
from services.planner.usecases.finish import Finished, denied_areas, finish
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

CLEANINGS_MAX = 3  # times that visits which compliance still denies are taken out
RESERVE_SECONDS = 0.5  # for legs, access and the way back
RESERVE_SECONDS_PER_TASK = 0.002
SEARCH_SHARE = 0.65  # of what is left: a second search, half as long, may follow the first


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
    prepared = await prepare(
        world.travel, world.access, question.problem, omit_access=question.omit_access
    )
    notices = await asyncio.to_thread(lambda: tuple(lint(question.problem)))
    prepared = with_notices(prepared, notices)
    searches = Searches()
    prepared, solved, finished = await planned(world, question, prepared, searches)
    record = replace(
        record_of(world, question, prepared, solved, finished),
        solve_milliseconds=round((time.monotonic() - begun) * 1_000),
    )
    answer = Answer(prepared, finished, record, new_id("opt"))
    await records.add(tenant, computed(answer, clock), question.request, trail(answer, searches))
    return answer


def trail(answer: Answer, searches: Searches) -> Trail:
    """What it takes to repeat a solve."""
    sequences = sequences_of(answer.prepared.instance, answer.plan)
    return Trail(answer.record, tuple(searches.runs), tuple(sequences))


async def planned(
    world: World, question: Question, prepared: Prepared, searches: Searches | None = None
) -> tuple[Prepared, Solved, Finished]:
    """Searches; where compliance denies legs, once more around the areas that it names."""
    seeds = nodes_of(question.problem, question.seed_routes) if question.seed_routes else ()
    settings, searches = in_time(question), searches or Searches()
    solved = await searches.search(world.solver, prepared, settings, seeds)
    finished = await finished_plan(world, question, prepared, solved.plan)
    if any(denied_areas(finished.plan)):
        prepared = await around(world, prepared, finished.plan)
        # What the first search found is where the second begins: half the time is enough.
        settings = replace(settings, seconds=settings.seconds / 2)
        base = sequences_of(prepared.instance, finished.plan)
        solved = await searches.search(world.solver, prepared, settings, base)
        finished = await finished_plan(world, question, prepared, solved.plan)
        finished = await cleaned(world, question, prepared, finished)
    return prepared, solved, finished


def in_time(question: Question) -> SearchSettings:
    """The settings, with no more seconds than are left beside all else that an answer takes."""
    if question.answer_by is None:
        return question.settings
    reserve = RESERVE_SECONDS + RESERVE_SECONDS_PER_TASK * len(question.problem.tasks)
    left = (question.answer_by - time.monotonic() - reserve) * SEARCH_SHARE
    return replace(question.settings, seconds=max(0.0, min(question.settings.seconds, left)))


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
    again = await with_travel(world.travel, problem, access_of(prepared), blocks)
    return replace(again, notices=prepared.notices)


async def cleaned(
    world: World, question: Question, prepared: Prepared, finished: Finished
) -> Finished:
    """The plan without the visits that compliance denies, so that none is ever left in it."""
    reasons: dict[int, WhyNot] = {}
    for _ in range(CLEANINGS_MAX):
        denied = denied_of(prepared.instance, finished.plan)
        if not denied:
            break
        reasons |= denied.tasks
        sequences = sequences_of(prepared.instance, finished.plan)
        kept = [denied.kept(shift, nodes) for shift, nodes in enumerate(sequences)]
        timed = await world.solver.time_routes(prepared.instance, kept)
        told = {left.task: left for left in finished.plan.unassigned}
        left = tuple(told.get(one.task) or explained(one, reasons) for one in timed.unassigned)
        plan = Plan(timed.routes, left, timed.violations, timed.churn_drop_micros)
        finished = await finished_plan(world, question, prepared, plan)
    return finished


def explained(left: Unassigned, reasons: dict[int, WhyNot]) -> Unassigned:
    """A task left out, with why it was taken out."""
    reason = reasons.get(left.task)
    return replace(left, reasons=(reason,)) if reason else left


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
