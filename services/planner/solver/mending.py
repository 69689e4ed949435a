"""Ruin and recreate in plain Python, as a kernel: what searches where no compiled kernel does."""

from __future__ import annotations

from services.planner.domain.instance import Instance
from services.planner.search.construct import fill, place_frozen
from services.planner.search.kernel import PoolRoute, Sequences
from services.planner.search.ruin import Ruin
from services.planner.search.solution import Solution


class MendingKernel:
    """A kernel over a solution whose routes are timed exactly at every step."""

    def __init__(self, instance: Instance, seed: int) -> None:
        """Nothing is served."""
        self.solution = Solution(instance)
        self.seed = seed
        self.iterations_done = 0

    def load(self, sequences: Sequences) -> None:
        """Starts from a plan."""
        self.solution.load(sequences)
        place_frozen(self.solution)

    def run(self, iterations: int, progress_from: float, progress_to: float) -> None:
        """Searches for a chunk; each cools by itself."""
        del progress_from, progress_to
        fill(self.solution, lambda: True)
        self.seed += 1
        Ruin(self.solution, self.seed).run(iterations, lambda: True)
        self.iterations_done += iterations

    def best(self) -> Sequences:
        """The best plan so far."""
        return self.solution.sequences()

    def score(self) -> tuple[int, ...]:
        """What the best plan costs."""
        tiers, cost = self.solution.score()
        return (*tiers, cost)

    def take_pool(self) -> list[PoolRoute]:
        """The routes of the present plan."""
        lines = self.solution.lines
        return [
            PoolRoute(r, one.nodes, one.cost_micros) for r, one in enumerate(lines) if one.nodes
        ]
