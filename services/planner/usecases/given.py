"""Given routes: timed as they are, and insertions into them priced exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from meshkit.errors import Invalid, Violation
from services.planner.domain.contradictions import Fault, route_faults
from services.planner.domain.plan import Plan, Route, SolveRecord, Unassigned, WhyNot
from services.planner.domain.plan import Violation as BrokenRule
from services.planner.domain.problem import FixedRoute, Problem
from services.planner.domain.reason import Reason
from services.planner.ports import Sequences
from services.planner.rules import zones
from services.planner.rules.verify import RULES_VERSION
from services.planner.rules.walk import Walk
from services.planner.search.answers import TaskProposals
from services.planner.search.insert import Insertion
from services.planner.search.solution import nodes_of
from services.planner.usecases.asked import Question, World, finished_plan
from services.planner.usecases.choices import choose
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.optimize import Answer, around
from services.planner.usecases.passable import impassable, passable
from services.planner.usecases.world import Prepared, prepare

PROPOSALS_DEFAULT = 5
INSERTIONS_MAX = 1_000  # tasks times proposals; the contract states it
PROPOSALS_SPARE = 3  # priced beside those that are wanted: compliance may deny some
DENIED = WhyNot(Reason.ZONE, (), "compliance denies the way to it")


async def evaluate_routes(world: World, question: Question, routes: Sequence[FixedRoute]) -> Answer:
    """Routes timed as they are, with every rule that they break."""
    refuse(tuple(route_faults("routes", tuple(routes), question.problem, known=True)))
    prepared = await prepare(
        world.travel, world.access, question.problem, omit_access=question.omit_access
    )
    nodes, roads = nodes_of(question.problem, routes), prepared
    prepared = passable(roads, roads, nodes)
    finished = await timed(world, question, prepared, nodes)
    if any(denied_areas(finished.plan)):
        # The driver would go round an area that is closed when the way would lead through it.
        prepared = passable(await around(world, roads, finished.plan), roads, nodes)
        finished = await timed(world, question, prepared, nodes)
    told = *finished.plan.violations, *impassable(roads.instance, finished.plan)
    finished = replace(finished, plan=replace(finished.plan, violations=told))
    record = SolveRecord(
        problem_digest=question.digest,
        engine_version=world.solver.engine_version,
        rules_version=RULES_VERSION,
        access_rules_version=finished.access_rules_version if finished.access_checked else 0,
        map_id=prepared.map_id,
    )
    return Answer(prepared, finished, record)


async def timed(world: World, question: Question, prepared: Prepared, nodes: Sequences) -> Finished:
    """Given routes with times, legs and findings."""
    plan = await world.solver.time_routes(prepared.instance, nodes)
    finished = await finished_plan(world, question, prepared, plan)
    return replace(finished, plan=with_findings(prepared, finished.plan))


def with_findings(prepared: Prepared, plan: Plan) -> Plan:
    """The plan whose violations include what compliance found on its legs."""
    found: list[BrokenRule] = []
    for route in plan.routes:
        if route.findings:
            told = {
                one for one in plan.violations if one.reason in (zones.REASON, zones.UNKNOWN_REASON)
            }
            walk = Walk(prepared.instance, route)
            found += [one for one in zones.violations(walk) if one not in told]
    return replace(plan, violations=(*plan.violations, *found))


@dataclass(frozen=True, slots=True)
class InsertionAnswer:
    """Where tasks can be inserted, with all routes finished."""

    prepared: Prepared
    base_routes: tuple[Route | None, ...]
    proposals: tuple[TaskProposals, ...]
    finished: Finished
    """Its plan holds the route of every insertion, in the order of the proposals."""


async def propose_insertions(
    world: World,
    question: Question,
    routes: Sequence[FixedRoute],
    task_ids: Sequence[str],
    count: int,
) -> InsertionAnswer:
    """The cheapest insertions of each task by itself, those that compliance denies left out."""
    problem, wanted = question.problem, count or PROPOSALS_DEFAULT
    refuse(
        (
            *route_faults("routes", tuple(routes), problem, known=True),
            *task_faults(problem, routes, task_ids),
            *count_faults(len(task_ids), wanted),
        )
    )
    prepared = await prepare(world.travel, world.access, problem, omit_access=question.omit_access)
    tasks = [problem.rank_of_task[task_id] for task_id in task_ids]
    base, found = await world.solver.propose_insertions(
        prepared.instance, nodes_of(problem, routes), tasks, wanted + PROPOSALS_SPARE
    )
    groups = [task.insertions for task in found]
    choice = await choose(world, question, prepared, groups, wanted)
    chosen = zip(found, choice.insertions, strict=True)
    proposals = tuple(with_insertions(prepared, own, taken) for own, taken in chosen)
    return InsertionAnswer(prepared, base, proposals, choice.finished)


def with_insertions(
    prepared: Prepared, own: TaskProposals, taken: tuple[Insertion, ...]
) -> TaskProposals:
    """A task with the insertions that are left, or with the reason that none is."""
    if taken or own.unassigned:
        return replace(own, insertions=taken)
    left = Unassigned(own.task, prepared.instance.penalties[own.task], (DENIED,))
    return replace(own, insertions=(), unassigned=left)


def task_faults(
    problem: Problem, routes: Sequence[FixedRoute], task_ids: Sequence[str]
) -> list[Fault]:
    """
    Tasks to insert that are unknown, served already, or pickups that come with their delivery.
    """
    served = {visit.task_id for route in routes for visit in route.visits}
    faults = []
    for rank, task_id in enumerate(task_ids):
        if task_id not in problem.rank_of_task:
            faults.append(Fault(f"task_ids[{rank}]", f"no task {task_id!r}"))
        elif task_id in served:
            faults.append(Fault(f"task_ids[{rank}]", f"{task_id!r} stands in a route"))
        elif problem.deliveries_of_pickup[task_id]:
            faults.append(Fault(f"task_ids[{rank}]", "name its delivery, it comes with it"))
    return faults


def count_faults(tasks: int, proposals: int) -> Iterator[Fault]:
    """More insertions than go into one answer."""
    if tasks * proposals > INSERTIONS_MAX:
        told = f"{proposals} for each of {tasks} tasks; at most {INSERTIONS_MAX} insertions in all"
        yield Fault("proposal_count", told)


def refuse(faults: Sequence[Fault]) -> None:
    """Raises Invalid with every fault, if there is one."""
    if faults:
        raise Invalid(
            "PROBLEM_INVALID",
            f"{faults[0].path}: {faults[0].message}",
            violations=[Violation(fault.path, fault.message) for fault in faults],
        )
