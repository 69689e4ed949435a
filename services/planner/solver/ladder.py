"""
The ladder of live changes: the first rungs answer at once, each next one better.

L0 times running routes as they are. L1 inserts what is new where it costs least, each insertion
timed exactly. L2 searches the routes that changed and those nearest to them for a moment. L3
searches the whole; what departing from the known plan costs is part of every plan's cost, so that
its plan is better only when the gain beats the churn.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.planner.search.construct import insertable, place_best
from services.planner.search.kernel import Sequences
from services.planner.solver.assembly import Assembly
from services.planner.solver.cut import Part, cut
from services.planner.solver.kernels import kernel_of
from services.planner.solver.pace import Pacer
from services.planner.solver.partition import Partition
from services.planner.solver.pool import Pool

ENGINE = "near"
GIVEN, INSERTED = "given", "inserted"  # what plans are told by before any engine has run
NEW_TASKS_MAX = 60  # inserted one by one at once; more are for a search
NEAR_TASKS = 450  # searched around what changed: where room is short, all routes matter
NEAR_SECONDS = 0.3
WARM_FROM = 0.6  # of the cooling: a plan that is good already is not melted


@dataclass(frozen=True, slots=True)
class Changed:
    """A plan, and the shifts whose routes are not as they were."""

    sequences: Sequences
    shifts: frozenset[int] = frozenset()


def inserted(assembly: Assembly, given: Sequences) -> Changed:
    """L1: what is left out put where it costs least, in the order of how hard it is to place."""
    solution = assembly.solution(given)
    for task in insertable(assembly.instance, solution.left_out):
        place_best(solution, task)
    found = solution.sequences()
    changed = (rank for rank, nodes in enumerate(found) if nodes != given[rank])
    return Changed(found, frozenset(changed))


def improved(
    assembly: Assembly, pool: Pool, changed: Changed, pacer: Pacer, seed: int
) -> Sequences:
    """L2: the routes that changed and those nearest to them, searched for a moment."""
    partition = Partition(assembly.instance, pool.classes, seed)
    part = partition.around(changed.sequences, changed.shifts, NEAR_TASKS)
    kernel = kernel_of(cut(assembly.instance, part), seed)
    kernel.load(part.inside(changed.sequences))
    for chunk in pacer.chunks():
        kernel.run(chunk.iterations, chunk.progress_from, chunk.progress_to)
    pool.add(part.pool(kernel.take_pool()))
    return assembly.held(together(changed.sequences, part, kernel.best()))


def together(whole: Sequences, part: Part, own: Sequences) -> Sequences:
    """A plan with the routes of a part in place of its own."""
    routes = list(whole)
    for shift, nodes in part.outside(own):
        routes[shift] = nodes
    return tuple(routes)
