"""Encoded polylines: what was encoded comes back, and anything else is refused."""

from __future__ import annotations

import random

import pytest

from services.compliance.domain import polyline
from services.compliance.domain.faults import Unsound

GOOGLE = "_p~iF~ps|U_ulLnnqC_mqNvxq`@"  # the example of Google's description of the format


def test_the_published_example_is_read() -> None:
    points = polyline.decode(GOOGLE)

    assert points.tolist() == [[3850000, -12020000], [4070000, -12095000], [4325200, -12645300]]


def test_lines_come_back_from_a_batch() -> None:
    draw = random.Random(1)
    lines = [
        [(draw.randrange(-9_000_000, 9_000_001), draw.randrange(-18_000_000, 18_000_001))]
        * draw.randrange(2, 40)
        for _ in range(200)
    ]

    found = polyline.decode_all([polyline.encode(line) for line in lines])
    assert [[tuple(point) for point in points.tolist()] for points in found] == lines


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "number"),
        ("_p~iF", "longitude"),
        ("_p~iF~ps|U", "two points"),
        ("_p~iF~ps|U_ulLnnqC_", "ends within"),
        ("_p~iF~ps|U\x01ulLnnqC", "signs"),
        ("_p~iF~ps|Uää", "ASCII"),
        ("~~~~~~~~~~?~ps|U_ulLnnqC", "too long"),
    ],
)
def test_what_is_no_line_is_refused(line: str, said: str) -> None:
    with pytest.raises(Unsound, match=said):
        polyline.decode(line)


def test_a_line_beyond_the_pole_is_refused() -> None:
    with pytest.raises(Unsound, match="leaves the earth"):
        polyline.decode(polyline.encode([(8_999_999, 0), (9_000_001, 0)]))


def test_a_line_across_the_antimeridian_is_refused_and_none_beside_it() -> None:
    fiji = polyline.encode([(-1_700_000, 17_990_000), (-1_700_000, -17_990_000)])
    east = polyline.encode([(-1_700_000, 17_990_000), (-1_700_000, 17_980_000)])
    west = polyline.encode([(-1_700_000, -17_990_000), (-1_700_000, -17_980_000)])

    assert len(polyline.decode_all([east, west])) == 2
    with pytest.raises(Unsound, match="antimeridian"):
        polyline.decode(fiji)
