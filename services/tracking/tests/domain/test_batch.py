"""
Sequences of a batch as ranges.

Goal: the ranges name exactly the sequences that were sent, in whatever order and however often.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from services.tracking.domain.batch import runs_of


@pytest.mark.parametrize(
    ("sequences", "runs"),
    [
        ([1, 2, 3], ((1, 3),)),
        ([7], ((7, 7),)),
        ([1, 2, 5, 6, 9], ((1, 2), (5, 6), (9, 9))),
        ([3, 1, 2], ((1, 3),)),  # newest first: a buffer is often emptied so
        ([1, 1, 2, 2], ((1, 2),)),
        ([1, 3, 3], ((1, 1), (3, 3))),  # as long as a run from 1 to 3, yet none
    ],
)
def test_ranges_name_the_sequences_that_were_sent(
    sequences: list[int], runs: tuple[tuple[int, int], ...]
) -> None:
    assert runs_of(sequences) == runs


def test_an_empty_batch_asks_about_no_sequence() -> None:
    ((first, last),) = runs_of([])

    assert last < first


@pytest.mark.parametrize("seed", range(10))
def test_no_sequence_is_lost_or_invented_whatever_the_order(seed: int) -> None:
    dice = random.Random(seed)
    sent = [dice.randint(1, 60) for _ in range(dice.randint(1, 60))]

    runs = runs_of(sent)

    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(set(sent))
    assert all(a[1] + 1 < b[0] for a, b in pairwise(runs)), "runs do not touch"
