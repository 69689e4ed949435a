"""
Random numbers with a state of our own: the same on every machine, kept between chunks.

The state is the field `chance` of a record, 64 bits and never zero.

Source: Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (2003), with the multiplier of
Vigna's xorshift64*, ACM Transactions on Mathematical Software 42 (2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from services.planner.search.compiled import compiled

Record = Any
"""One with a field `chance`, which numpy's types cannot name."""
MULTIPLIER = np.uint64(2685821657736338717)
FIRST, SECOND, THIRD = np.uint64(12), np.uint64(25), np.uint64(27)
TO_31_BITS, TO_53_BITS = np.uint64(33), np.uint64(11)
PART_OF_31_BITS = np.uint64(31)
UNIT = 2.0**-53


@compiled
def draw(record: Record) -> Any:
    """The next 64 bits."""
    bits = record.chance
    bits ^= bits >> FIRST
    bits ^= bits << SECOND
    bits ^= bits >> THIRD
    record.chance = bits
    return bits * MULTIPLIER


@compiled
def below(record: Record, count: int) -> int:
    """An integer from 0 to count - 1."""
    return int(np.int64(((draw(record) >> TO_31_BITS) * np.uint64(count)) >> PART_OF_31_BITS))


@compiled
def fraction(record: Record) -> float:
    """A number from 0 up to but not 1."""
    return np.float64(draw(record) >> TO_53_BITS) * UNIT
