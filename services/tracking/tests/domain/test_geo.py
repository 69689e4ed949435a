"""
Distances, lines and polylines.

Method: places whose distances are known from elsewhere, and the worked example of the polyline's
own specification.
"""

from __future__ import annotations

import math
import random

import pytest

from services.tracking.domain.geo import Point, decode, encode, length, meters, project

HELSINKI, TALLINN = Point(60.1699, 24.9384), Point(59.4370, 24.7536)
# Google, "Encoded Polyline Algorithm Format": its own example.
EXAMPLE = "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
CORNERS = (Point(38.5, -120.2), Point(40.7, -120.95), Point(43.252, -126.453))
STREET = (Point(60.0, 25.0), Point(60.01, 25.0), Point(60.01, 25.02))


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(math.nan, 0.0), (0.0, math.inf), (90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (0.0, -180.1)],
)
def test_a_place_that_is_not_on_earth_cannot_be_made(latitude: float, longitude: float) -> None:
    with pytest.raises(ValueError, match="a point"):
        Point(latitude, longitude)


@pytest.mark.parametrize(
    ("a", "b", "known"),
    [
        (HELSINKI, TALLINN, 82_308),  # on the ellipsoid WGS 84, by the formulas of Vincenty (1975)
        (Point(0, 0), Point(0, 1), 111_195),
        (Point(60, 0), Point(60, 1), 55_597),
        (Point(0, 179.5), Point(0, -179.5), 111_195),  # the short way over the antimeridian
        (HELSINKI, HELSINKI, 0),
    ],
)
def test_distances_are_those_of_the_globe(a: Point, b: Point, known: float) -> None:
    assert meters(a, b) == pytest.approx(known, rel=0.0056)
    assert meters(a, b) == meters(b, a)


def test_the_polyline_of_the_specification_is_read_and_written_alike() -> None:
    assert decode(EXAMPLE) == CORNERS
    assert encode(CORNERS) == EXAMPLE


def test_a_polyline_keeps_every_point_to_half_of_its_last_digit() -> None:
    dice = random.Random(7)
    line = tuple(Point(dice.uniform(-90, 90), dice.uniform(-180, 180)) for _ in range(200))

    kept = decode(encode(line))

    assert len(kept) == len(line)
    assert all(
        abs(a.latitude - b.latitude) < 0.51e-5 and abs(a.longitude - b.longitude) < 0.51e-5
        for a, b in zip(line, kept, strict=True)
    )


@pytest.mark.parametrize(
    "bad",
    [
        "_p~iF",  # one number: a point has two
        "_p~iF~ps|",  # ends inside a number
        "_p~iF~ps|U\x20",  # no letter of the alphabet
        "ä",
        "_____~ps|U",  # a latitude of more than 90 degrees
    ],
)
def test_a_string_that_is_no_polyline_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"poly|point"):
        decode(bad)


def test_nothing_is_a_line_without_points() -> None:
    assert decode("") == ()
    assert encode(()) == ""
    assert length(()) == 0


@pytest.mark.parametrize(
    ("point", "off", "ahead"),
    [
        (Point(60.0, 25.0), 0, 2_224),  # the start
        (Point(60.005, 25.0), 0, 1_668),  # half way up
        (Point(60.005, 25.01), 556, 1_668),  # beside it: the foot is nearer than the corner
        (Point(60.01, 25.02), 0, 0),  # the end
        (Point(60.01, 25.03), 556, 0),  # past the end
        (Point(59.99, 25.0), 1_112, 2_224),  # before the start
    ],
)
def test_a_place_beside_a_line_knows_how_much_of_it_is_ahead(
    point: Point, off: float, ahead: float
) -> None:
    place = project(STREET, point)

    assert place.off_meters == pytest.approx(off, abs=3)
    assert place.ahead_meters == pytest.approx(ahead, abs=3)
    assert length(place.ahead) == place.ahead_meters


def test_a_line_without_points_is_infinitely_far() -> None:
    assert project((), HELSINKI).off_meters == math.inf


def test_a_line_of_one_point_has_nothing_ahead() -> None:
    place = project((TALLINN,), HELSINKI)

    assert place.off_meters == meters(TALLINN, HELSINKI)
    assert place.ahead_meters == 0
