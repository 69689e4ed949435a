"""
How a search went: its incumbents over seconds of processor time, and what is read off them.

Gaps are percent over the best known value. The primal integral is that of the 12th DIMACS
implementation challenge (2022): the mean gap over the whole budget, where whatever is worse than
110 % of the best known value, or not there yet, counts as 110 %.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.planner.formats.goal import Goal

WORST = 1.1  # times the best known value: DIMACS's upper bound


@dataclass(slots=True)
class Trace:
    """The incumbents of one search."""

    clock: Callable[[], float] = time.process_time
    points: list[tuple[float, int]] = field(default_factory=list)
    started: float = 0.0

    def start(self) -> None:
        """The clock begins."""
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        """How much processor time is spent."""
        return self.clock() - self.started

    def tell(self, cost: int) -> None:
        """Notes an incumbent, if it is one."""
        if not self.points or cost < self.points[-1][1]:
            self.points.append((self.seconds, cost))


def cost_at(points: Sequence[tuple[float, int]], second: float) -> int | None:
    """The incumbent at a moment."""
    known = [cost for moment, cost in points if moment <= second]
    return known[-1] if known else None


def gap_at(points: Sequence[tuple[float, int]], second: float, goal: Goal | None) -> float | None:
    """The gap at a moment; None before the first plan or without a best known value."""
    cost = cost_at(points, second)
    return None if cost is None or goal is None else goal.gap(cost)


def primal_integral(
    points: Sequence[tuple[float, int]], budget: float, goal: Goal | None
) -> float | None:
    """The mean gap over the budget."""
    if goal is None:
        return None
    worst = 100 * (WORST - 1)
    area, since, gap = 0.0, 0.0, worst
    for moment, cost in points:
        until = min(moment, budget)
        area += gap * (until - since)
        since, gap = until, min(worst, goal.gap(cost))
    return (area + gap * (budget - since)) / budget
