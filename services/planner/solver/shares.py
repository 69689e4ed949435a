"""
Shares: the engines' shares of a search, by the shape of a problem. What was measured stands beside.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.planner.domain.phases import WHOLE
from services.planner.search.kernel import Sequences
from services.planner.solver.kernels import LEAN

LONG_ROUTE_STOPS = 24  # stops per route of the first plan from which PyVRP pays
LONGEST_ROUTE_STOPS = 40  # from which it does better by itself than from a plan of our kernel
# Where PyVRP goes on from the kernel's plan: shares of the kernel, PyVRP, and the kernel again.
# Long routes, percent over the best known, mean of 3 to 5 seeds, with shares of FULL and of LONG:
# RC2_4_3 0.53 and 0.35, R2_4_5 0.25 and 0.18, RC2_10_1 0.76 and 0.73, but 100 stops 0.18 and 0.21.
# R2_8_3, whose routes have 50 stops: 1.14, 1.04, and 0.71 where PyVRP begins anew.
FULL_SHARES, LONG_SHARES = (0.5, 0.4, 0.1), (0.25, 0.7, 0.05)
SMALL_TASKS = 250
LAST_FROM = 0.7
# Where the kernel has a problem for itself that is soon cold, it melts its best plan again: so many
# tasks at most, and where each cooling begins. RC1_2_1 ends at 0.13 and 0.43 % over the best known
# instead of 0.39 and 0.63 (10 s, two seeds); 400 stops of RC1_6_5 and R1_10_5 0.07 and 0.04 %
# cheaper in the mean of three seeds (30 s); a third cooling loses as much there as it gains.
COOLINGS: tuple[tuple[int, tuple[float, ...]], ...] = ((250, (0.0, 0.0, 0.36)), (500, (0.0, 0.3)))
COLD_STEPS_PER_TASK = 1_500


@dataclass(frozen=True, slots=True)
class Stage:
    """One engine's turn."""

    engine: str
    share: float
    """Of the time of the whole search."""
    from_millionths: int = 0
    to_millionths: int = WHOLE


def in_turn(kernel: str, pyvrp: str, tasks: int) -> Iterator[Stage]:
    """The kernel, PyVRP from its plan, and the kernel again, but cooler."""
    is_small = kernel != LEAN or tasks <= SMALL_TASKS
    first, rival, last = FULL_SHARES if is_small else LONG_SHARES
    yield Stage(kernel, first)
    yield Stage(pyvrp, rival)
    yield Stage(kernel, last, round(LAST_FROM * WHOLE))


def coolings(kernel: str, tasks: int, steps: float) -> Iterator[Stage]:
    """The kernel alone: once, or several times where one cooling hardly gains by more time."""
    again = (begins for most, begins in COOLINGS if tasks <= most)
    is_soon_cold = kernel == LEAN and steps >= COLD_STEPS_PER_TASK * tasks
    begins = next(again, (0.0,)) if is_soon_cold else (0.0,)
    for begin in begins:
        yield Stage(kernel, 1.0 / len(begins), round(begin * WHOLE))


def is_long(start: Sequences) -> bool:
    """Whether routes are so long that PyVRP pays."""
    return stops_per_route(start) >= LONG_ROUTE_STOPS


def is_longest(start: Sequences, tasks: int) -> bool:
    """Whether they are so long, and so many, that our kernel only delays it."""
    return tasks > SMALL_TASKS and stops_per_route(start) >= LONGEST_ROUTE_STOPS


def stops_per_route(sequences: Sequences) -> float:
    """Of the routes in use; 0 without any."""
    used = [len(nodes) for nodes in sequences if nodes]
    return sum(used) / len(used) if used else 0.0
