"""
Our planner at the pace of a call: so many seconds on the clock are asked for, steps are planned.

A seed gives the same routes on any machine that is quick enough, so the steps are planned for a
machine half as quick as the one of docs/benchmarks.md, and part of the time goes unused.
"""

from __future__ import annotations

from services.planner.domain.settings import Pace
from services.planner.formats.build import Reading
from services.planner.search.kernel import Sequences
from tests.benchmarks.engines import doorstep_engine
from tests.benchmarks.trace import Trace


def solve(reading: Reading, seconds: float, seed: int, trace: Trace) -> Sequences | None:
    """What a solver process runs for a caller who asks for so many seconds."""
    return doorstep_engine.solve(reading, seconds, seed, trace, Pace.STEPS)
