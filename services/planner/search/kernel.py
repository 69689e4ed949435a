"""
What every search kernel offers to those who drive it.

A kernel keeps its state between chunks. Whoever drives it chooses the chunks by a clock and writes
them down; the same seed and the same list of chunks give the same routes, on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.planner.domain.instance import Node

Sequences = tuple[tuple[Node, ...], ...]
"""The nodes of each shift in order, by the shift's rank; empty where a shift stays in."""


@dataclass(frozen=True, slots=True)
class PoolRoute:
    """One route of a good solution: what the master may pick."""

    shift: int
    """The rank of a shift that can drive it; others of its class can as well."""
    nodes: tuple[Node, ...]
    cost_micros: int


class Kernel(Protocol):
    """Ruin and recreate over one instance."""

    def load(self, sequences: Sequences) -> None:
        """Starts from a plan; what does not hold of it is left out, and inserted by the search."""
        ...

    def run(self, iterations: int, progress_from: float, progress_to: float) -> None:
        """Searches for a chunk; progress from 0 to 1 cools the annealing between its ends."""
        ...

    def best(self) -> Sequences:
        """The best plan so far."""
        ...

    def score(self) -> tuple[int, ...]:
        """
        What the best plan costs, to be compared by `<`.

        First the penalties of what is left out, one number per tier from the highest, then micros.
        """
        ...

    def take_pool(self) -> list[PoolRoute]:
        """The distinct routes of good plans since the last call; their number is bounded."""
        ...

    @property
    def iterations_done(self) -> int:
        """How many iterations have run since the kernel was made."""
        ...
