"""
What compliance says against shifts that could serve a task by every rule.

Asked about are the routes that the solver would drive: of the task alone, and beside what a shift
serves. One of each kind is asked about, the cheapest first, and no more than a bounded number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.planner.domain.access import Finding
from services.planner.domain.explanation import Block
from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Violation
from services.planner.ports import Sequences
from services.planner.search.answers import TaskProposals
from services.planner.search.explanations import Explanation
from services.planner.usecases.asked import Question, World, finished_plan
from services.planner.usecases.choices import Denials
from services.planner.usecases.denied import Said, with_denials
from services.planner.usecases.finish import denied_areas
from services.planner.usecases.world import Prepared

ROUTES_MAX = 2_000  # asked about in one request, alone and beside others
SHIFTS_MAX = 100  # asked about for one task, the cheapest

Barred = dict[int, Finding]  # by shift


@dataclass(frozen=True, slots=True)
class Ways:
    """On which shifts compliance denies one task, alone and beside what they serve."""

    alone: Barred
    beside: Barred

    @property
    def said(self) -> dict[int, Said]:
        """In the words of a reason."""
        found = self.beside | self.alone
        return {shift: (one.verdict.reason, one.area_id) for shift, one in found.items()}


async def with_access(
    world: World,
    question: Question,
    prepared: Prepared,
    sequences: Sequences,
    told: Sequence[Explanation],
) -> tuple[Explanation, ...]:
    """Explanations that do not count on shifts whose way compliance denies."""
    if not prepared.access_checked:
        return tuple(told)
    instance, tasks = prepared.instance, [one.unassigned.task for one in told]
    nothing = ((),) * len(instance.problem.shifts)
    alone = await barred(world, question, prepared, nothing, tasks)
    beside = await barred(world, question, prepared, sequences, tasks)
    ways = map(Ways, alone, beside)
    return tuple(explained(instance, one, own) for one, own in zip(told, ways, strict=True))


async def barred(
    world: World,
    question: Question,
    prepared: Prepared,
    sequences: Sequences,
    tasks: Sequence[int],
) -> list[Barred]:
    """For each task the shifts on which compliance denies every way that was found."""
    count = max(1, min(SHIFTS_MAX, ROUTES_MAX // max(1, len(tasks))))
    _, found = await world.solver.propose_insertions(prepared.instance, sequences, tasks, count)
    denials = Denials(prepared.instance)
    routes = denials.one_of_each(one.route for own in found for one in own.insertions)
    finished = await finished_plan(world, question, prepared, Plan(tuple(routes)))
    for rank, finding in denied_areas(finished.plan):
        denials.add(routes[rank], finding)
    return [dict(barred_shifts(own, denials)) for own in found]


def barred_shifts(found: TaskProposals, denials: Denials) -> Iterator[tuple[int, Finding]]:
    """The shifts all of whose insertions are denied."""
    lines: dict[int, list[Finding | None]] = {}
    for one in found.insertions:
        lines.setdefault(one.line, []).append(denials.against(one.route))
    for line, findings in lines.items():
        if findings[0] is not None and all(findings):
            yield line, findings[0]


def explained(instance: Instance, one: Explanation, ways: Ways) -> Explanation:
    """One explanation, with what compliance says."""
    problem, left = instance.problem, one.unassigned
    task_id = problem.tasks[left.task].task_id
    groups: dict[Block, list[str]] = {}
    for block in one.blocks:
        for shift_id in block.shift_ids:
            own = replace(block, shift_ids=())
            told = barred_block(own, problem.rank_of_shift[shift_id], task_id, ways)
            groups.setdefault(told, []).append(shift_id)
    blocks = tuple(replace(block, shift_ids=tuple(ids)) for block, ids in groups.items())
    left = replace(left, reasons=with_denials(problem, left.reasons, ways.said))
    return replace(one, unassigned=left, blocks=blocks)


def barred_block(block: Block, shift: int, task_id: str, ways: Ways) -> Block:
    """What keeps a task out of one shift, compliance included."""
    if block.violations:
        return block
    alone = ways.alone.get(shift)
    if alone is not None:
        reason, area = alone.verdict.reason, alone.area_id
        broken = Violation(reason, task_id=task_id, subject=area, message=alone.message)
        return Block((), (broken,))
    if shift in ways.beside and not block.displaced_task_ids:
        return replace(block, price_micros=None)
    return block
