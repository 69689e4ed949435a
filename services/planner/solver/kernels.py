"""Which of our kernels searches an instance, and how quick it is."""

from __future__ import annotations

from services.planner.domain.instance import Instance
from services.planner.search.kernel import Kernel
from services.planner.solver.mending import MendingKernel

LEAN_PER_SECOND = 60_000.0  # iterations, on a machine slower than most
FULL_PER_SECOND = 20_000.0
MENDING_PER_SECOND = 20_000.0  # times tasks


def kernel_of(instance: Instance, seed: int) -> tuple[str, Kernel, float]:
    """The kernel's name, the kernel, and how many iterations a second it is good for."""
    tasks = max(1, len(instance.problem.tasks))
    return "mending", MendingKernel(instance, seed), MENDING_PER_SECOND / tasks
