"""
Where a line is inside an area, and when.

Method: the square of `places`, whose borders a straight line crosses at known quarters of its way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from services.compliance.domain import polyline
from services.compliance.domain.atlas import Atlas, Stay, _crossings
from services.compliance.domain.faults import Unsound
from services.compliance.domain.geometry import E7, Area, Point, Polygon, Ring
from services.compliance.domain.presence import Line, Presence
from services.compliance.domain.shapes import check_area
from services.compliance.tests.places import SQUARE, at, crossing, square, standing

NOON = at("2026-05-12 09:00")
AREA: Area = (SQUARE,)
HOLED: Area = (Polygon(SQUARE.outer, (square(59.99, 24.99, 0.02).outer,)),)


def stays(presence: Presence, *areas: Area) -> list[Stay]:
    return Atlas(areas or [AREA]).stays([presence])[0]


def along(*points: tuple[float, float], minutes: int = 40) -> Presence:
    line = polyline.encode([(round(lat * 1e5), round(lng * 1e5)) for lat, lng in points])
    return Presence(Line.decoded(line), NOON, timedelta(minutes=minutes))


def minutes(stay: Stay) -> tuple[float, float]:
    return stay.start / timedelta(minutes=1), stay.end / timedelta(minutes=1)


def test_a_line_is_inside_between_its_crossings() -> None:
    (stay,) = stays(crossing("2026-05-12 09:00"))

    assert minutes(stay) == (10, 30)
    assert (stay.enters, stay.leaves) == (True, True)


def test_a_line_that_stays_inside_crosses_nothing() -> None:
    (stay,) = stays(along((60, 24.98), (60, 25.02)))

    assert minutes(stay) == (0, 40)
    assert (stay.enters, stay.leaves) == (False, False)


def test_a_line_that_ends_inside_has_entered_and_not_left() -> None:
    (stay,) = stays(along((60, 24.90), (60, 25.00)))

    assert minutes(stay) == (20, 40)
    assert (stay.enters, stay.leaves) == (True, False)


def test_a_hole_is_outside() -> None:
    first, second = stays(crossing("2026-05-12 09:00"), HOLED)

    assert minutes(first) == (10, 18)
    assert minutes(second) == (22, 30)
    assert (first.leaves, second.enters) == (True, True)


def test_a_line_that_comes_back_the_same_way_is_inside_twice() -> None:
    there_and_back = along((60, 24.90), (60, 25.10), (60, 24.90), minutes=80)

    assert [minutes(stay) for stay in stays(there_and_back)] == [(10, 30), (50, 70)]


def test_offsets_of_points_go_before_even_speed() -> None:
    presence = replace(crossing("2026-05-12 09:00"), offsets_seconds=(1_200, 2_400))

    assert [minutes(stay) for stay in stays(presence)] == [(25, 35)]


def test_a_slanted_line_takes_the_same_time_both_ways() -> None:
    way = ((59.90, 24.90), (60.02, 24.96), (60.03, 25.10))
    (there,), (back,) = (stays(along(*line, minutes=6_000)) for line in (way, way[::-1]))

    assert there.end - there.start == back.end - back.start


def test_a_point_on_the_border_is_inside() -> None:
    corner = Presence(Point(round(59.95 * E7), round(24.95 * E7)), NOON)

    assert len(stays(corner)) == 1
    assert stays(standing("2026-05-12 09:00"))[0].enters


def test_a_line_that_touches_the_border_is_there_for_a_moment() -> None:
    (stay,) = stays(along((59.90, 24.90), (60.00, 24.95), (60.10, 24.90)))

    assert stay.end - stay.start <= timedelta(seconds=1)
    assert (stay.enters, stay.leaves) == (True, True)


def test_a_line_elsewhere_is_in_no_area() -> None:
    assert stays(along((50, 10), (50.1, 10.1))) == []


def test_instants_are_rounded_outward_to_seconds() -> None:
    (stay,) = stays(replace(crossing("2026-05-12 09:00"), duration=timedelta(seconds=10)))

    assert (stay.start, stay.end) == (timedelta(seconds=2), timedelta(seconds=8))


def test_every_line_of_a_batch_meets_its_own_areas() -> None:
    asked = [along((50, 10), (50.1, 10.1)), crossing("2026-05-12 09:00"), standing("2026-05-12 09")]
    found = Atlas([(square(50.05, 10.0, 0.2),), AREA]).stays(asked)

    assert [[stay.area_index for stay in each] for each in found] == [[0], [1], [1]]


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        ([(60, 25), (60, 26)], "three corners"),
        ([(60, 25), (61, 26), (60, 26), (61, 25)], "Self-intersection"),
        ([(60, -100), (60, 100), (61, 100)], "antimeridian"),
        ([(0, 0), (0, 1), (1, 1)], "failed lookup"),
        ([(95, 0), (0, 1), (1, 1)], "latitude"),
        ([(float("nan"), 0), (0, 1), (1, 1)], "number"),
    ],
)
def test_an_impossible_polygon_is_refused_with_its_fault(
    corners: list[tuple[float, float]], said: str
) -> None:
    with pytest.raises(Unsound, match=said):
        check_area((Polygon(Ring(tuple(Point.of_degrees(*corner) for corner in corners))),))


def test_parts_that_overlap_are_refused() -> None:
    with pytest.raises(Unsound, match="overlap"):
        check_area((SQUARE, square(59.96, 24.96)))


@pytest.mark.parametrize("seed", range(20))
def test_segments_cross_where_the_library_says(seed: int) -> None:
    draw = np.random.default_rng(seed)
    ours, theirs = draw.integers(0, 6, (2, 400, 2, 2)).astype(
        np.float64
    )  # many touch, or run alike
    long = (ours[:, 0] != ours[:, 1]).any(axis=1) & (theirs[:, 0] != theirs[:, 1]).any(axis=1)
    first, second = shapely.linestrings(ours), shapely.linestrings(theirs)
    meeting = shapely.intersects(first, second) & long
    expected, whose = shapely.get_coordinates(
        shapely.intersection(first[meeting], second[meeting]), return_index=True
    )

    found, which = _crossings(ours[meeting], theirs[meeting])

    def told(places: Any, numbers: Any) -> set[tuple[int, float, float]]:
        rows = zip(numbers.tolist(), np.round(places, 9).tolist(), strict=True)
        return {(number, x + 0.0, y + 0.0) for number, (x, y) in rows}

    assert told(found, which) == told(expected, whose)
    assert len(which) > 50
