"""
Encoded polylines of precision 5.

Sources: the example and the single numbers of Google's description of the format.
"""

from __future__ import annotations

import random

import pytest

from services.dispatch.domain.polyline import decode, encode, joined

PUBLISHED = "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
PUBLISHED_POINTS = [(3_850_000, -12_020_000), (4_070_000, -12_095_000), (4_325_200, -12_645_300)]


def test_the_published_example_reads_and_writes_as_published() -> None:
    assert decode(PUBLISHED) == PUBLISHED_POINTS
    assert encode(PUBLISHED_POINTS) == PUBLISHED


def test_the_published_number_is_written_as_published() -> None:
    assert encode([(-17_998_321, 0)]) == "`~oia@?"  # -179.98321 degrees


@pytest.mark.parametrize("seed", range(20))
def test_a_way_is_what_it_was(seed: int) -> None:
    dice = random.Random(seed)
    way = [
        (dice.randint(-9_000_000, 9_000_000), dice.randint(-18_000_000, 18_000_000))
        for _ in range(dice.randint(0, 40))
    ]

    assert decode(encode(way)) == way


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ([(0, 0), (5, 5)], [(5, 5), (9, 9)], [(0, 0), (5, 5), (9, 9)]),
        ([(0, 0), (5, 5)], [(6, 6), (9, 9)], [(0, 0), (5, 5), (6, 6), (9, 9)]),
        ([(0, 0), (5, 5)], [], [(0, 0), (5, 5)]),
        ([], [(5, 5), (9, 9)], [(5, 5), (9, 9)]),
        ([], [], []),
        ([(5, 5)], [(5, 5)], [(5, 5)]),
    ],
)
def test_of_two_ways_the_point_they_share_stands_once(
    first: list[tuple[int, int]], second: list[tuple[int, int]], whole: list[tuple[int, int]]
) -> None:
    assert decode(joined(encode(first), encode(second))) == whole
