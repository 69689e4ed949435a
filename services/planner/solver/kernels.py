"""Which of our kernels searches an instance, how quick it is, and how it gets ready."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import ClassVar

from numba.core.errors import NumbaError

from services.planner.domain.instance import Instance, TravelTable
from services.planner.domain.problem import Problem
from services.planner.domain.shift import Costs, Shift, Vehicle
from services.planner.domain.task import Option, Task, TaskKind
from services.planner.domain.travel import Point, Profile
from services.planner.search import compiled
from services.planner.search.full.kernel import FullKernel
from services.planner.search.kernel import Kernel
from services.planner.search.lean.kernel import LeanKernel
from services.planner.search.lean.suits import suits

LEAN, FULL = "lean", "full"
# Iterations a second that are planned, and times the tasks, at most: about half of what they do on
# the 2-core VM of docs/benchmarks.md, where the lean kernel makes 100 to 160 thousand for 100 to
# 1,000 stops, and the full one 64 thousand for 30 stops of a city, 29 for 150, 22 for 400.
LEAN_PER_SECOND, LEAN_TASKS_PER_SECOND = 60_000.0, 60_000_000.0
FULL_PER_SECOND, FULL_TASKS_PER_SECOND = 15_000.0, 5_000_000.0


def kind_of(instance: Instance) -> str:
    """The kind of kernel that suits an instance."""
    return LEAN if suits(instance) else FULL


def per_second(kind: str, tasks: int) -> float:
    """How many iterations a second a kernel is good for, with so many tasks."""
    if kind == LEAN:
        return min(LEAN_PER_SECOND, LEAN_TASKS_PER_SECOND / max(1, tasks))
    return min(FULL_PER_SECOND, FULL_TASKS_PER_SECOND / max(1, tasks))


def kernel_of(instance: Instance, seed: int, kind: str = "") -> Kernel:
    """The kernel that suits an instance; to find out which takes a while where it is not known."""
    is_lean = (kind or kind_of(instance)) == LEAN
    return LeanKernel(instance, seed) if is_lean else FullKernel(instance, seed)


def warm() -> None:
    """
    Has every kernel compile, or read its machine code; after it no search waits for that.

    A machine on which they cannot compile still plans: the portfolio does without them.
    """
    try:
        compiled.warm([try_all])
    except (NumbaError, OSError) as error:
        logging.getLogger(__name__).exception("kernels_not_compiled", exc_info=error)
        Kernels.are_ready = False


class Kernels:
    """Whether this process has its kernels."""

    are_ready: ClassVar[bool] = True


def try_all() -> None:
    """Tries one kernel of each kind."""
    for kernel in tiny_kernels():
        try_out(kernel)


def tiny_kernels() -> Iterator[Kernel]:
    """One of each kind that is compiled."""
    yield LeanKernel(tiny(Costs(kilometer_micros=1_000)), 1)
    yield FullKernel(tiny(Costs(hour_micros=3_600)), 1)


def try_out(kernel: Kernel) -> None:
    """Calls everything that a portfolio calls."""
    kernel.run(2, 0.0, 1.0)
    kernel.load(kernel.best())
    kernel.run(2, 0.0, 1.0)
    kernel.take_pool()


def tiny(costs: Costs) -> Instance:
    """Three deliveries around a depot."""
    spots = [Point(60.0, 24.0 + 0.01 * number) for number in range(4)]
    tasks = tuple(
        Task(f"t{number}", TaskKind.DELIVERY, (Option(spot),), (1,))
        for number, spot in enumerate(spots[1:])
    )
    vehicle = Vehicle("v", Profile.VAN, (2,))
    shifts = tuple(
        Shift(f"s{n}", vehicle, 0, 36_000, spots[0], end_point=spots[0], costs=costs)
        for n in range(2)
    )
    problem = Problem(tasks, shifts, ("mass_grams",))
    cells = [60 * abs(here - there) for here in range(4) for there in range(4)]
    return Instance(problem, (TravelTable(cells, cells, 4),), (0, 0))
