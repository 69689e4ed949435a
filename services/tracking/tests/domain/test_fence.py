"""Which shapes can be watched: all faults of one are named at once."""

from __future__ import annotations

import pytest

from services.tracking.domain.fence import Circle, Polygon, box_of, faults, shape_of
from services.tracking.domain.geo import Point

SQUARE = ((60.0, 24.0), (60.0, 24.01), (60.01, 24.01), (60.01, 24.0))


def polygon(*corners: tuple[float, float]) -> Polygon:
    """A polygon by latitudes and longitudes."""
    return Polygon(tuple(Point(*corner) for corner in corners))


@pytest.mark.parametrize(
    ("corners", "fields"),
    [
        (SQUARE, []),
        (SQUARE[::-1], []),  # either way round
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), ["corners"]),  # a bow tie
        ((SQUARE[0], SQUARE[1], SQUARE[0]), ["corners[2]", "corners"]),  # two places only
        ((*SQUARE, SQUARE[0]), ["corners[4]"]),  # closed
        (((60.0, 24.0), (60.1, 24.0), (60.2, 24.0)), ["corners"]),  # a line
        (((0.0, 179.9), (0.1, -179.9), (0.0, -179.9)), ["corners[0]", "corners[1]"]),
        (((60.0, 24.0), (60.0, 30.0), (62.0, 30.0)), ["corners"]),  # 330 km
    ],
)
def test_every_fault_of_a_polygon_is_named(
    corners: tuple[tuple[float, float], ...], fields: list[str]
) -> None:
    assert [fault.field for fault in faults(polygon(*corners))] == fields


@pytest.mark.parametrize(
    ("latitude", "longitude", "radius", "wrong"),
    [
        (60.0, 24.0, 50_000, False),
        (0.0, 179.9, 20_000, True),
        (89.9, 0.0, 20_000, True),
    ],
)
def test_a_circle_stays_clear_of_the_antimeridian_and_the_poles(
    latitude: float, longitude: float, radius: int, wrong: bool
) -> None:
    assert bool(list(faults(Circle(Point(latitude, longitude), radius)))) is wrong


def test_a_circle_is_as_large_as_it_says() -> None:
    _, shape = shape_of(Circle(Point(60.17, 24.94), 1_000))

    assert shape.area == pytest.approx(3.14159e6, rel=1e-3)


def test_a_box_holds_its_circle() -> None:
    box = box_of(Circle(Point(60.0, 24.0), 1_000))

    assert box.north - 60.0 == pytest.approx(0.00899, rel=1e-2)
    assert box.east - 24.0 == pytest.approx(0.01798, rel=1e-2)
