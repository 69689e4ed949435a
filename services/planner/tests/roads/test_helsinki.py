"""
The engine on the built-in city, against Dijkstra on the same roads.

Method: places are drawn evenly over the map with a fixed seed; all pairs of them are compared with
Dijkstra (`reference.py`), in time by scipy, in whole keys by a plain one.
"""

from __future__ import annotations

import itertools
import math
import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from services.planner.adapters.roads import maps
from services.planner.adapters.roads.engine import Engine
from services.planner.adapters.roads.kernels import TIME_SHIFT
from services.planner.adapters.roads.legs import decoded
from services.planner.adapters.roads.maps import CompiledMap
from services.planner.adapters.roads.question import Question
from services.planner.domain.travel import (
    Basis,
    BlockedArea,
    Point,
    Profile,
    TravelQuestion,
    TravelReason,
)
from services.planner.tests.roads.reference import Reference, ScipyReference

HELSINKI = Path(__file__).parents[4] / "clients" / "day" / "city" / "helsinki.osm.pbf"
MORNING = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)  # 08:30 in Helsinki
PLACES = 120


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledMap:
    return maps.compiled(HELSINKI, tmp_path_factory.mktemp("maps"))


@pytest.fixture(scope="module")
def engine(compiled: CompiledMap) -> Engine:
    return Engine(compiled)


def places(engine: Engine, count: int, seed: int = 1) -> tuple[Point, ...]:
    dice = random.Random(seed)
    low, high = engine.info.south_west, engine.info.north_east
    return tuple(
        Point(
            dice.uniform(low.latitude, high.latitude), dice.uniform(low.longitude, high.longitude)
        )
        for _ in range(count)
    )


def asked(engine: Engine, profile: Profile, count: int = PLACES) -> Question:
    question = engine.question(TravelQuestion(places(engine, count), profile, MORNING))
    assert question is not None
    return question


@pytest.mark.parametrize("profile", [Profile.VAN, Profile.TRUCK, Profile.CARGO_BIKE])
def test_all_pairs_take_exactly_as_long_as_scipy_says(engine: Engine, profile: Profile) -> None:
    question = asked(engine, profile)
    expected = list(ScipyReference(question, hour=8).rows())

    assert (question.keys >> TIME_SHIFT).tolist() == expected


def test_meters_belong_to_the_fastest_path_and_to_the_shortest_of_those(engine: Engine) -> None:
    question = asked(engine, Profile.VAN)

    assert question.keys.tolist() == list(Reference(question, hour=8).rows())


@pytest.mark.parametrize("profile", [Profile.VAN, Profile.CARGO_BIKE])
def test_around_blocked_areas_it_is_what_dijkstra_says_without_those_roads(
    engine: Engine, profile: Profile
) -> None:
    corners = [(60.1690, 24.9390), (60.1690, 24.9450), (60.1730, 24.9450), (60.1730, 24.9390)]
    area = BlockedArea("core", (tuple(Point(*corner) for corner in corners),))
    blocked = TravelQuestion(places(engine, 60), profile, MORNING, (area,))
    question = engine.question(blocked)
    assert question is not None
    free = engine.matrix(TravelQuestion(blocked.points, profile, MORNING)).seconds

    assert question.keys.tolist() == list(Reference(question, hour=8).rows())
    assert 0 < question.is_blocked.sum() < 60
    assert (engine.matrix(blocked).seconds >= free).all()
    assert (engine.matrix(blocked).seconds > free).mean() > 0.3


@pytest.mark.parametrize("profile", list(Profile))
def test_legs_say_the_same_as_the_matrix(engine: Engine, profile: Profile) -> None:
    question = TravelQuestion(places(engine, 40), profile, MORNING)
    found = engine.matrix(question)
    pairs = [(here, there) for here in range(40) for there in range(0, 40, 5)]

    for (here, there), leg in zip(pairs, engine.legs(question, pairs), strict=True):
        assert (leg.seconds, leg.meters) == (found.seconds[here, there], found.meters[here, there])
        assert leg.basis is Basis.ROAD


def test_the_line_of_a_leg_is_as_long_as_the_leg_and_joins_the_two_places(engine: Engine) -> None:
    question = TravelQuestion(places(engine, 40), Profile.VAN)
    snaps = engine.matrix(question).snaps
    pairs = [(here, (here * 7 + 1) % 40) for here in range(40)]

    for (here, there), leg in zip(pairs, engine.legs(question, pairs), strict=True):
        line = decoded(leg.polyline)
        # Five digits are 1.1 m north and 0.6 m east: each point may be that far off.
        assert _meters(line) == pytest.approx(leg.meters, abs=2 + 1.3 * len(line))
        assert _meters((line[0], snaps[here].point)) < 2
        assert _meters((line[-1], snaps[there].point)) < 2


def _meters(line: tuple[Point, ...]) -> float:
    """Length on a plane: exact enough within a city."""
    narrow = math.cos(math.radians(line[0].latitude))
    return sum(
        111_195 * math.hypot(b.latitude - a.latitude, (b.longitude - a.longitude) * narrow)
        for a, b in itertools.pairwise(line)
    )


@pytest.mark.parametrize("profile", list(Profile))
def test_nothing_is_negative_and_nobody_travels_to_where_he_is(
    engine: Engine, profile: Profile
) -> None:
    found = engine.matrix(TravelQuestion(places(engine, 200), profile))

    for matrix in (found.seconds, found.meters):
        assert matrix.dtype == np.int32
        assert (matrix >= 0).all()
        assert not matrix.diagonal().any()


def test_no_road_is_shorter_than_the_straight_line(engine: Engine) -> None:
    found = engine.matrix(TravelQuestion(places(engine, 100), Profile.FOOT))
    on_road = [snap.point for snap in found.snaps]

    for here in range(100):
        for there in range(100):
            assert found.meters[here, there] >= _meters((on_road[here], on_road[there])) - 2


def test_the_morning_is_slower_than_free_roads_for_vans_and_not_for_bicycles(
    engine: Engine,
) -> None:
    points = places(engine, 50)

    def total(profile: Profile, departure: datetime | None) -> int:
        return int(engine.matrix(TravelQuestion(points, profile, departure)).seconds.sum())

    assert total(Profile.VAN, MORNING) > 1.1 * total(Profile.VAN, None)
    assert total(Profile.CARGO_BIKE, MORNING) == total(Profile.CARGO_BIKE, None)


def test_the_hour_is_local_to_the_map(engine: Engine) -> None:
    """06:30 UTC is 08:30 in Helsinki in winter and 09:30 in summer."""
    points = places(engine, 20)
    summer = datetime(2026, 6, 24, 6, 30, tzinfo=UTC)

    assert engine.hour(TravelQuestion(points, Profile.VAN, MORNING)) == 8
    assert engine.hour(TravelQuestion(points, Profile.VAN, summer)) == 9


def test_an_electric_van_drives_as_a_van_does(engine: Engine) -> None:
    points = places(engine, 30)
    van = engine.matrix(TravelQuestion(points, Profile.VAN, MORNING))
    electric = engine.matrix(TravelQuestion(points, Profile.E_VAN, MORNING))

    assert van.seconds.tolist() == electric.seconds.tolist()


def test_a_place_far_outside_is_told_apart_from_one_beside_a_road(engine: Engine) -> None:
    points = (*places(engine, 3), Point(60.30, 25.05))
    found = engine.matrix(TravelQuestion(points, Profile.VAN))

    assert [snap.has_road for snap in found.snaps] == [True, True, True, False]
    assert TravelReason.NO_ROAD in {notice.reason for notice in found.notices}
    assert found.meters[0, 3] > 14_000


def test_no_point_and_one_point_are_answered(engine: Engine) -> None:
    assert engine.matrix(TravelQuestion((), Profile.VAN)).seconds.shape == (0, 0)
    assert engine.matrix(TravelQuestion(places(engine, 1), Profile.VAN)).seconds.tolist() == [[0]]
