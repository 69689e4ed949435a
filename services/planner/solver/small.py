"""Small problems are solved by trying every route; see `search.exhaustive`."""

from __future__ import annotations

from services.planner.domain.phases import WHOLE, Chunk, Phase
from services.planner.domain.score import Score, score_of
from services.planner.search.exhaustive import Counted as Counted
from services.planner.search.exhaustive import best_plan
from services.planner.search.kernel import Sequences
from services.planner.solver.assembly import Assembly

ENGINE = "exhaustive"
PER_SECOND = 3_000  # sequences, on a machine slower than most
SEQUENCES_MAX = 40_000


def sequences_for(seconds: float) -> int:
    """How many sequences may be tried in half of the time."""
    return min(SEQUENCES_MAX, round(PER_SECOND * seconds / 2))


def solved(assembly: Assembly, counted: Counted) -> tuple[Sequences, Phase] | None:
    """The best plan and what was run; None where there is too much to try."""
    instance, limit = assembly.instance, counted.left
    tasks = range(len(instance.problem.tasks))

    def score(served: frozenset[int], cost_micros: int) -> Score:
        return score_of(instance, [task for task in tasks if task not in served], cost_micros)

    found = best_plan(assembly.views, score, counted)
    if found is None:
        return None
    return found, Phase(ENGINE, (Chunk(limit - counted.left, 0, WHOLE),))
