"""
How much the timelines of one rule book keep together: what they were asked, worked out once.

Whatever they are asked about, days far away or permits of many vehicles, a book does not grow
beyond it: then all of them forget all, and what is asked next is worked out again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

KEPT_MAX = 50_000  # answers: measured at 310 bytes each with two rules a zone, 15 MB together


def _nothing() -> None:
    """Nobody but the timelines themselves keeps anything."""


@dataclass(slots=True)
class Budget:
    """Counts what is kept; `age` tells how often all was forgotten."""

    kept_max: int = KEPT_MAX
    forget: Callable[[], None] = field(default=_nothing, repr=False)
    kept: int = 0
    age: int = 0

    def spend(self) -> int:
        """One more answer is kept; returns the age, by which timelines see what to forget."""
        self.kept += 1
        if self.kept > self.kept_max:
            self.kept = 1
            self.age += 1
            self.forget()
        return self.age
