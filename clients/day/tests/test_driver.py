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

from clients.day.driver import Driver
from clients.day.fleet import Kind, turn
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
