"""
What readers make of files, format by format.

Method: small files by hand; every field that a format has is read into the domain once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from services.planner.domain.shift import Costs, DutyClock
from services.planner.domain.task import TaskKind, Window
from services.planner.formats.build import FORBIDDEN_METERS, Reading
from services.planner.formats.lines import BadFile
from services.planner.formats.read import read
from services.planner.tests.formats.files import BACKHAULS, LILIM, LOGGI, SOLOMON, VRPLIB

Reader = Callable[[str], Reading]


@pytest.fixture
def reading(tmp_path: Path) -> Reader:
    def made(text: str) -> Reading:
        path = tmp_path / "file.txt"
        path.write_text(text)
        return read(path)

    return made


def test_solomon_counts_in_tenths_and_cuts_them(reading: Reader) -> None:
    found = reading(SOLOMON)
    problem, table = found.instance.problem, found.instance.tables[0]

    assert (found.name, found.kind) == ("TINY", "vrptw-100")
    assert [shift.vehicle.capacity for shift in problem.shifts] == [(10,), (10,)]
    assert problem.tasks[0].options[0].windows == (Window(50, 200),)
    assert problem.tasks[0].options[0].service_seconds == 20
    assert problem.tasks[1].loads == (7,)
    assert table.meters_between(0, 1) == 50
    assert table.meters_between(0, 2) == 14  # 14.14 tenths
    assert problem.shifts[0].end_second == 1_000


def test_li_and_lims_pairs_become_pickup_and_delivery(reading: Reader) -> None:
    problem = reading(LILIM).instance.problem
    pickup, delivery = problem.tasks

    assert (pickup.kind, delivery.kind) == (TaskKind.PICKUP, TaskKind.DELIVERY)
    assert delivery.pickup_task_id == pickup.task_id
    assert pickup.loads == delivery.loads == (5,)
    assert problem.shifts[0].costs.fixed_micros == 2 * (5_000 + 10_000)


def test_vrplib_brings_every_field_into_the_domain(reading: Reader) -> None:
    found = reading(VRPLIB)
    tasks, (first, second) = found.instance.problem.tasks, found.instance.problem.shifts

    assert [task.task_id for task in tasks] == ["c2", "c4", "c5"]
    door, late, prized = tasks
    assert [choice.place_id for choice in door.options] == ["2", "3"]
    assert late.release_second == 7_000
    assert prized.penalty_micros == 9_000
    assert door.skills.one_of == {"class-1"}
    assert not late.skills.one_of
    assert (first.vehicle.capacity, second.vehicle.capacity) == ((10,), (5,))
    assert (first.start_place_id, second.start_place_id) == ("0", "1")
    assert second.end_second == 90_000
    assert second.costs == Costs(fixed_micros=8_000, kilometer_micros=3_000)
    assert second.duty_limits[0].clock is DutyClock.SPAN
    assert second.duty_limits[0].limit_seconds == 50_000
    assert [own.place_id for own in second.reloads] == ["1", "0"]


def test_ways_to_the_wrong_side_of_a_backhaul_are_forbidden(reading: Reader) -> None:
    found = reading(BACKHAULS).instance
    depot, linehaul, backhaul = 0, 1, 2

    assert found.problem.tasks[1].kind is TaskKind.PICKUP
    meters = found.tables[0].meters_between
    assert meters(depot, backhaul) == meters(backhaul, linehaul) == FORBIDDEN_METERS
    assert (meters(depot, linehaul), meters(linehaul, backhaul)) == (5, 7)
    assert found.tables[0].seconds_between(depot, backhaul) > found.problem.shifts[0].end_second


def test_loggis_vans_drive_great_circles(reading: Reader) -> None:
    found = reading(LOGGI)

    assert 14_500 < found.instance.tables[0].meters_between(0, 1) < 15_500
    assert found.instance.problem.tasks[0].options[0].point.latitude == -22.9


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "empty"),
        ("hello world\n", 1, "no known format"),
        ("{\n nonsense", 2, "no JSON"),
        ('{"origin": {}, "deliveries": []}', 0, "a field is missing"),
        (SOLOMON.replace("2      1    1", "2      1    x"), 12, "numbers are expected"),
        (SOLOMON.replace("    2      1", "    4      1"), 12, "row of number 2"),
        (SOLOMON.replace("5     20     2", "5      2     2"), 11, "ends before it starts"),
        (SOLOMON.replace("90     1", "90"), 12, "7 numbers are expected, 6"),
        (SOLOMON.replace("  2         10", "  2"), 5, "number of vehicles"),
        (LILIM.replace("1 1 0", "1 0 0"), 3, "does not name 1 as its other end"),
        (LILIM.replace("1 0 2", "1 0 7"), 3, "pickup before it or the delivery"),
        (VRPLIB.replace("PRIZE_SECTION", "PRICE_SECTION"), 41, "PRICE is not understood"),
        (VRPLIB.replace("DIMENSION : 6", "DIMENSION : 7"), 12, "6 rows, 7 are expected"),
        (VRPLIB.replace("DIMENSION : 6", ""), 0, "DIMENSION is missing"),
        (VRPLIB.replace("3 5 50", "3 55 50"), 30, "ends before it starts"),
        (VRPLIB.replace("6 5 0", "6 5"), 12, "3 numbers are expected"),
        (VRPLIB.replace("4 4\n5 2", "4 5\n5 2"), 70, "different demands"),
        (VRPLIB.replace("EUC_2D", "GEO"), 4, "EUC_2D or EXPLICIT"),
        (VRPLIB.replace("DEPOT_SECTION\n1\n2", "DEPOT_SECTION\n1\n3"), 73, "location 2 is"),
        (BACKHAULS.replace("6 7", "6 7 8"), 9, "4 values, 3 are expected"),
        (BACKHAULS.replace("LOWER_ROW", "SIDEWAYS"), 1, "SIDEWAYS is not understood"),
        (BACKHAULS.replace("2 4\n", "2 4.x\n"), 12, "numbers are expected"),
    ],
)
def test_a_file_that_is_wrong_names_the_line(
    reading: Reader, text: str, line: int, words: str
) -> None:
    with pytest.raises(BadFile, match=words) as caught:
        reading(text)

    assert caught.value.line == line


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no such file"):
        read(tmp_path / "nowhere.vrp")
