"""
A driver whose van broke down stays with what it holds, and goes home when nobody comes.

Method: a driver with one open stop, on a clock ten thousand times as fast as the machine's.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clients.day.drive import Leg, Reading
from clients.day.driver import Driver
from clients.day.fleet import MAKES, Kind, turn
from clients.day.pace import DayClock
from clients.day.tests.test_desk import SETTING, UTC
from doorstep.dispatch.v1 import manifest_pb2

TURN = turn(1, Kind.E_VAN, SETTING.day, UTC)
STOP = manifest_pb2.ManifestStop(tasks=[manifest_pb2.ManifestTask(task_id="t1")])


@pytest.fixture
def clock(tmp_path: Path) -> DayClock:
    return DayClock(tmp_path / "clock.json", TURN.start, 10_000.0)


@pytest.fixture
def driver(clock: DayClock) -> Driver:
    api: Any = SimpleNamespace(ingest=None)
    made = Driver(api, TURN, clock, random.Random(1))
    made.copy.stops = [STOP]
    clock.release()
    return made


async def test_a_driver_stands_by_a_broken_van_until_it_is_relieved(
    driver: Driver, clock: DayClock
) -> None:
    stands = asyncio.create_task(driver._break_down())
    await clock.wait(timedelta(hours=1))
    assert not stands.done()

    driver.copy.stops = []
    await stands

    assert clock.now() < TURN.end


async def test_a_driver_whom_nobody_relieves_goes_home_at_the_end_of_the_shift(
    driver: Driver, clock: DayClock
) -> None:
    await driver._break_down()

    assert TURN.end <= clock.now()


def test_a_battery_empties_with_every_meter_and_never_below_nothing() -> None:
    make = MAKES[Kind.E_VAN]

    assert make.charge_ratio(0) == 1.0
    assert make.charge_ratio(10_000) == (12_000 - 950) / 12_000
    assert make.charge_ratio(1_000_000) == 0.0
    assert MAKES[Kind.DIESEL_VAN].charge_ratio(10) is None


async def test_each_position_of_a_drive_says_what_its_meters_have_used(
    driver: Driver, clock: DayClock
) -> None:
    told: list[tuple[Reading, float | None]] = []
    driver.device.capture = lambda *said: told.append(said)  # type: ignore[method-assign]
    leg = Leg(((60.17, 24.94), (60.18, 24.95)), clock.now(), timedelta(minutes=5), 1_250)
    await driver._roll(leg, leg.arrival)

    assert len(told) > 2
    assert told[-1][0].odometer_meters > 1_000
    assert all(left == MAKES[TURN.kind].charge_ratio(one.odometer_meters) for one, left in told)
