"""
Roads at the size of a region: exact as in the small, and quick.

Method: real extracts from the shared folder; where it is missing the tests are reported as not
run. Times are CPU seconds of this process with several times the headroom of the target.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from services.planner.adapters.roads import maps
from services.planner.adapters.roads.engine import Engine
from services.planner.adapters.roads.kernels import TIME_SHIFT
from services.planner.domain.travel import Point, Profile, TravelQuestion
from services.planner.tests.roads.reference import ScipyReference
from tests import shared

pytestmark = pytest.mark.shared
HEIDELBERG = "data/osm/heidelberg-2024-09.osm.pbf"
RHEIN_NECKAR = "data/osm/rhein-neckar-roads-2016-12.osm.pbf"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("maps")


@pytest.fixture(scope="module")
def heidelberg(folder: Path) -> Engine:
    return Engine(maps.compiled(shared.path(HEIDELBERG), folder))


@pytest.fixture(scope="module")
def rhein_neckar(folder: Path) -> Engine:
    return Engine(maps.compiled(shared.path(RHEIN_NECKAR), folder))


def places(count: int, *, south: float, west: float, size: float) -> tuple[Point, ...]:
    dice = random.Random(1)
    return tuple(
        Point(south + dice.random() * size, west + dice.random() * size) for _ in range(count)
    )


@pytest.mark.parametrize("profile", [Profile.VAN, Profile.TRUCK, Profile.CARGO_BIKE])
def test_all_pairs_of_a_region_take_exactly_as_long_as_scipy_says(
    heidelberg: Engine, profile: Profile
) -> None:
    points = places(40, south=49.37, west=8.62, size=0.12)
    question = heidelberg.question(TravelQuestion(points, profile))
    assert question is not None

    assert (question.keys >> TIME_SHIFT).tolist() == list(ScipyReference(question, None).rows())


def test_a_region_has_its_restrictions_and_hours(folder: Path) -> None:
    report = maps.compiled(shared.path(HEIDELBERG), folder).report

    assert report.restrictions == 476
    assert report.ways_open_at_hours > 80
    assert report.time_zone == "Europe/Berlin"
    assert any("no charging stations" in warning for warning in report.warnings)


@pytest.mark.bench
@pytest.mark.parametrize(("count", "seconds_max"), [(500, 0.5), (1_000, 1.5)])
def test_a_matrix_of_a_region_is_quick(
    rhein_neckar: Engine, count: int, seconds_max: float
) -> None:
    points = places(count, south=49.30, west=8.30, size=0.35)
    asked = TravelQuestion(points, Profile.VAN)
    rhein_neckar.matrix(asked)  # compiled code and the metric are warm, as in the worker
    started = time.process_time()
    rhein_neckar.matrix(TravelQuestion(points[::-1], Profile.VAN))

    assert time.process_time() - started < seconds_max
