"""Our own planner, from end to end, by seconds of processor time."""

from __future__ import annotations

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.formats.build import Reading
from services.planner.search.kernel import Sequences
from services.planner.solver.kernels import warm
from services.planner.solver.solve import Outcome, Solve
from tests.benchmarks.trace import Trace


def solve(
    reading: Reading, seconds: float, seed: int, trace: Trace, pace: Pace = Pace.CPU
) -> Sequences | None:
    """Solves at a pace; plans that failed the verifier are no plans."""

    def tell(outcome: Outcome) -> None:
        if not outcome.broken:
            trace.tell(outcome.plan.cost_micros)

    settings = SearchSettings(seed=seed, seconds=seconds, pace=pace)
    warm()
    trace.start()
    last = Solve(reading.instance, settings, tell).run()
    return None if last.broken else sequences_of(reading.instance, last.plan)


def sequences_of(instance: Instance, plan: Plan) -> Sequences:
    """The sequence of each shift."""
    found: list[tuple[Node, ...]] = [()] * len(instance.problem.shifts)
    for route in plan.routes:
        found[route.shift] = route.sequence
    return tuple(found)
