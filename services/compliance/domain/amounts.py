"""Whole numbers that must add up: rounding half up, and shares by largest remainder. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def rounded(numerator: int, denominator: int) -> int:
    """The quotient of two numbers that are not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def shared(total: int, weights: Sequence[int]) -> list[int]:
    """
    Parts of a total in proportion to weights; they add up to it exactly.

    By largest remainder (Hamilton's method), ties to the first. Weights that are all zero count as
    equal.
    """
    if not weights:
        return []
    weighed = weights if any(weights) else [1] * len(weights)
    whole = sum(weighed)
    parts = [total * weight // whole for weight in weighed]
    remainders = [total * weight % whole for weight in weighed]
    order = sorted(range(len(weighed)), key=lambda i: (-remainders[i], i))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts
