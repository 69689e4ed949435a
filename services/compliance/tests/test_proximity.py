"""
What is near: true distances in meters, nearest first.

Method: distances are compared with geodesics on the WGS 84 ellipsoid by Vincenty's inverse formula
(Survey Review 23, 1975), written here, to points that stand densely on the edges of a square.
"""

from __future__ import annotations

from math import atan, atan2, cos, radians, sin, sqrt, tan

import pytest

from services.compliance.domain.geometry import E7, Point, Polygon
from services.compliance.domain.proximity import NO_CURBS, Curbside, Stretch
from services.compliance.tests.places import square

MAJOR, FLATTENING = 6_378_137.0, 1 / 298.257223563  # WGS 84
MINOR = MAJOR * (1 - FLATTENING)
STEPS = 200  # points on an edge of the square
SIZE = 0.002


def vincenty(lat: float, lng: float, to_lat: float, to_lng: float) -> float:
    """Meters between two points along the ellipsoid."""
    u1, u2 = (atan((1 - FLATTENING) * tan(radians(one))) for one in (lat, to_lat))
    apart = lam = radians(to_lng - lng)
    for _ in range(100):
        across = cos(u2) * sin(lam)
        along = cos(u1) * sin(u2) - sin(u1) * cos(u2) * cos(lam)
        sin_sigma = sqrt(across**2 + along**2)
        if not sin_sigma:
            return 0.0
        cos_sigma = sin(u1) * sin(u2) + cos(u1) * cos(u2) * cos(lam)
        sigma = atan2(sin_sigma, cos_sigma)
        sin_alpha = cos(u1) * cos(u2) * sin(lam) / sin_sigma
        cos2 = 1 - sin_alpha**2
        middle = cos_sigma - 2 * sin(u1) * sin(u2) / cos2 if cos2 else 0.0
        c = FLATTENING / 16 * cos2 * (4 + FLATTENING * (4 - 3 * cos2))
        inner = middle + c * cos_sigma * (2 * middle**2 - 1)
        before = lam
        lam = apart + (1 - c) * FLATTENING * sin_alpha * (sigma + c * sin_sigma * inner)
        if abs(lam - before) < 1e-12:
            break
    k = cos2 * (MAJOR**2 - MINOR**2) / MINOR**2
    a = 1 + k / 16_384 * (4_096 + k * (k * (320 - 175 * k) - 768))
    b = k / 1_024 * (256 + k * (k * (74 - 47 * k) - 128))
    tail = b / 6 * middle * (4 * sin_sigma**2 - 3) * (4 * middle**2 - 3)
    delta = b * sin_sigma * (middle + b / 4 * (cos_sigma * (2 * middle**2 - 1) - tail))
    return MINOR * a * (sigma - delta)


def nearest_edge(lat: float, lng: float, south: float, west: float) -> float:
    """Meters to the nearest of many points on the edges of the square."""
    along = [SIZE * step / STEPS for step in range(STEPS + 1)]
    edge = [(south, west + a) for a in along] + [(south + SIZE, west + a) for a in along]
    edge += [(south + a, west) for a in along] + [(south + a, west + SIZE) for a in along]
    return min(vincenty(lat, lng, *corner) for corner in edge)


def point(lat: float, lng: float) -> Point:
    return Point(round(lat * E7), round(lng * E7))


def curbside(**polygons: Polygon) -> Curbside:
    stretches = [Stretch(name, 1, polygon) for name, polygon in polygons.items()]
    return NO_CURBS.changed(1, stretches)


@pytest.mark.parametrize(
    ("lat", "lng"),
    [(60.0, 25.0), (49.41, 8.71), (-33.87, 151.2), (0.0, -78.5), (78.2, 15.6), (40.7, -74.0)],
)
@pytest.mark.parametrize("away", [(0.012, 0.0), (0.0, 0.012), (-0.01, 0.009), (0.0003, -0.0025)])
def test_a_distance_is_that_of_the_geodesic_to_the_nearest_edge(
    lat: float, lng: float, away: tuple[float, float]
) -> None:
    south, west = round(lat + away[0], 7), round(lng + away[1], 7)
    (found,) = curbside(bay=square(south, west, SIZE)).near(point(lat, lng), 2_000)

    true = nearest_edge(lat, lng, south, west)
    assert found.distance_millimeters / 1_000 == pytest.approx(true, abs=0.05)


def test_inside_there_is_no_distance_and_beyond_the_radius_nothing() -> None:
    one = curbside(bay=square(60.0, 25.0, SIZE))

    assert [n.distance_millimeters for n in one.near(point(60.001, 25.001), 1)] == [0]
    assert one.near(point(60.01, 25.001), 800) == []
    assert [n.curb_zone_id for n in one.near(point(60.01, 25.001), 900)] == ["bay"]


def test_the_nearest_come_first_and_equals_in_the_order_of_ids() -> None:
    same = square(60.01, 25.0, SIZE)
    one = curbside(b=same, a=same, near=square(60.005, 25.0, SIZE))

    found = one.near(point(60.0, 25.001), 2_000)
    assert [nearby.curb_zone_id for nearby in found] == ["near", "a", "b"]


@pytest.mark.parametrize(("lng", "west"), [(179.9995, -180.0), (-179.9995, 179.998)])
def test_the_antimeridian_separates_no_neighbors(lng: float, west: float) -> None:
    (found,) = curbside(bay=square(-16.5, west, SIZE)).near(point(-16.499, lng), 100)

    assert found.distance_millimeters / 1_000 == pytest.approx(53.4, abs=0.2)


def test_close_to_a_pole_everything_around_is_near() -> None:
    one = curbside(here=square(89.995, 10.0, 0.001), there=square(89.995, -170.0, 0.001))

    found = one.near(point(89.999, 10.0), 2_000)
    assert [nearby.curb_zone_id for nearby in found] == ["here", "there"]


def test_a_newer_revision_takes_the_place_of_the_older_one() -> None:
    before = curbside(bay=square(60.0, 25.0, SIZE), other=square(60.001, 25.0, SIZE))
    after = before.changed(2, [Stretch("bay", 2, square(60.01, 25.0, SIZE))])

    near = {n.curb_zone_id: n.revision for n in after.near(point(60.0, 25.001), 2_000)}
    assert near == {"bay": 2, "other": 1}
    assert [n.curb_zone_id for n in after.near(point(60.0, 25.001), 500)] == ["other"]
    assert NO_CURBS.near(point(60.0, 25.0), 2_000) == []
