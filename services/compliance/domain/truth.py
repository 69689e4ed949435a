"""
Three-valued truth: a condition holds, fails, or the data do not say.

Missing data must never read as allowed, so "unknown" is a value of its own and not a default.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """The values in the order of "and": the smallest of several conditions decides."""

    FAILS = 0
    UNKNOWN = 1
    HOLDS = 2

    @classmethod
    def of(cls, known: bool | None) -> Truth:
        """The truth of a statement; None when nobody knows."""
        if known is None:
            return cls.UNKNOWN
        return cls.HOLDS if known else cls.FAILS


def every(truths: Iterable[Truth]) -> Truth:
    """Conditions that must hold together: one that fails decides, whatever is unknown."""
    return min(truths, default=Truth.HOLDS)
