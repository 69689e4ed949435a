"""
The travel worker: real processes on the built-in city, killed, abandoned and overrun.

Method: one worker for the module; it is replaced whenever a test ends it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from meshkit.errors import Exhausted, Unavailable
from services.planner.adapters.roads import BadMap, RoadTravelTimes, travel
from services.planner.domain.travel import (
    Basis,
    BlockedArea,
    Point,
    Profile,
    TravelQuestion,
    TravelReason,
)
from services.planner.tests.roads.test_helsinki import HELSINKI

pytestmark = pytest.mark.asyncio(loop_scope="module")
# Compiled code outlives the test run, as it does in production: making it takes ten seconds.
COMPILED_CODE = Path(__file__).parents[4] / ".doorstep" / "numba"
HEARTBEAT_SECONDS = 0.005
# A beat is late by the loop's own work and by the machine's: two cores are shared.
BEAT_LATE_SECONDS_MAX = 0.25


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def times(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RoadTravelTimes]:
    base = tmp_path_factory.getbasetemp()
    async with RoadTravelTimes(HELSINKI, base / "maps", COMPILED_CODE) as started:
        yield started


def places(count: int) -> tuple[Point, ...]:
    dice = random.Random(1)
    return tuple(
        Point(dice.uniform(60.165, 60.178), dice.uniform(24.936, 24.952)) for _ in range(count)
    )


def answers_left(times: RoadTravelTimes) -> list[str]:
    return os.listdir(times.answers_folder)


async def test_a_question_is_answered_as_asked(times: RoadTravelTimes) -> None:
    ring = (Point(60.170, 24.940), Point(60.172, 24.940), Point(60.172, 24.944))
    question = TravelQuestion(
        (*places(20), Point(60.1715, 24.9410), Point(60.3, 25.0)),
        Profile.CARGO_BIKE,
        datetime(2026, 11, 25, 8, tzinfo=UTC),
        (BlockedArea("zone", (ring,)),),
    )
    pairs = [(0, 1), (0, 21), (0, 20)]
    found = await times.matrix(question)
    legs = await times.legs(question, pairs)

    assert found.seconds.shape == (22, 22)
    assert found.map_id == (await times.map_info()).map_id
    assert {notice.reason for notice in found.notices} == {
        TravelReason.BLOCKED,
        TravelReason.NO_ROAD,
    }
    assert [leg.basis for leg in legs] == [Basis.ROAD, Basis.STRAIGHT_LINE, Basis.UNREACHABLE]
    for leg, (here, there) in zip(legs, pairs, strict=True):
        assert (leg.seconds, leg.meters) == (found.seconds[here, there], found.meters[here, there])


async def test_a_matrix_is_mapped_and_its_file_is_gone(times: RoadTravelTimes) -> None:
    found = await times.matrix(TravelQuestion(places(50), Profile.VAN))

    assert isinstance(found.seconds.base, np.memmap)
    assert answers_left(times) == []
    assert int(found.seconds.sum()) > 0


async def test_a_killed_worker_is_replaced_within_the_question(times: RoadTravelTimes) -> None:
    question = TravelQuestion(places(30), Profile.VAN)
    before = await times.matrix(question)
    killed = times.process_id
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    after = await times.matrix(question)

    assert times.process_id != killed
    assert before.seconds.tolist() == after.seconds.tolist()


async def test_an_abandoned_question_leaves_nothing_and_disturbs_nobody(
    times: RoadTravelTimes,
) -> None:
    long, short = (TravelQuestion(places(count), Profile.FOOT) for count in (800, 10))
    expected = (await times.matrix(short)).seconds.tolist()
    abandoned = asyncio.create_task(times.matrix(long))
    await asyncio.sleep(0.02)  # long enough to be under way, shorter than it takes
    abandoned.cancel()
    found = await times.matrix(short)

    assert found.seconds.tolist() == expected
    assert answers_left(times) == []
    with pytest.raises(asyncio.CancelledError):
        await abandoned


async def test_questions_beyond_the_limit_are_refused_and_the_others_answered(
    times: RoadTravelTimes,
) -> None:
    question = TravelQuestion(places(5), Profile.VAN)
    asked = travel.WAITING_MAX + 2  # one is under way, WAITING_MAX wait, one is too many
    results = await asyncio.gather(
        *(times.matrix(question) for _ in range(asked)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, Exhausted)]

    assert len(refused) == 1
    assert refused[0].reason == "TRAVEL_BUSY"
    assert refused[0].retry_after == travel.BUSY_RETRY


async def test_the_event_loop_keeps_beating_while_a_large_matrix_is_made(
    times: RoadTravelTimes,
) -> None:
    gaps: list[float] = []

    async def beat() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(HEARTBEAT_SECONDS)
            gaps.append(loop.time() - before - HEARTBEAT_SECONDS)

    heart = asyncio.create_task(beat())
    await times.matrix(TravelQuestion(places(1_000), Profile.FOOT))
    heart.cancel()

    assert len(gaps) > 5
    assert max(gaps) < BEAT_LATE_SECONDS_MAX


async def test_a_question_that_takes_too_long_ends_the_worker_and_says_so(
    times: RoadTravelTimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(travel, "QUESTION_SECONDS_MAX", 0.01)
    with pytest.raises(Unavailable) as caught:
        await times.matrix(TravelQuestion(places(1_500), Profile.FOOT))
    monkeypatch.undo()

    assert caught.value.reason == "TRAVEL_UNAVAILABLE"
    assert (await times.matrix(TravelQuestion(places(3), Profile.VAN))).seconds.shape == (3, 3)


async def test_a_map_that_is_none_is_said_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "none.osm.pbf"
    with pytest.raises(BadMap, match="is no file"):
        await RoadTravelTimes(file, tmp_path / "maps", COMPILED_CODE).__aenter__()


async def test_nothing_is_left_running_or_lying_after_the_end(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    base = tmp_path_factory.getbasetemp()
    async with RoadTravelTimes(HELSINKI, base / "maps", COMPILED_CODE) as times:
        process_id, folder = times.process_id, times.answers_folder
        question = asyncio.create_task(times.matrix(TravelQuestion(places(1_500), Profile.FOOT)))
        await asyncio.sleep(0.02)  # the question is under way when the planner stops

    with pytest.raises(Unavailable):
        await question
    assert not folder.exists()
    assert process_id is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
