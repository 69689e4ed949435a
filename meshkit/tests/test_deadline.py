"""Deadlines: the tighter of two limits holds, and a foreign timeout is not taken for ours."""

from __future__ import annotations

import asyncio
import time

import pytest

from meshkit.deadline import FLOOR_SECONDS, MARGIN_SECONDS, limited, onward, remaining
from meshkit.errors import TooLate


@pytest.mark.parametrize(
    ("asked", "seconds_max", "held"),
    [(None, 5, 5), (3, 5, 3), (9, 5, 5), (3, None, 3)],
)
async def test_the_tighter_limit_holds(
    asked: float | None, seconds_max: float | None, held: float
) -> None:
    async with limited(asked, seconds_max):
        left = remaining()

    assert left is not None
    assert held - 0.5 < left <= held


async def test_without_limits_nothing_ends() -> None:
    async with limited(None, None):
        assert remaining() is None
        assert onward() is None


async def test_what_is_passed_on_is_less_by_the_margin() -> None:
    async with limited(None, 5):
        left, passed = remaining(), onward()
        assert left is not None
        assert passed is not None

        assert MARGIN_SECONDS <= left - passed < MARGIN_SECONDS + 0.1
        assert onward(0.5) == 0.5
        assert onward(60) == pytest.approx(passed, abs=0.1)


async def test_work_past_the_maximum_is_ended() -> None:
    started = time.monotonic()
    with pytest.raises(TooLate) as caught:
        await overlong(0.05)

    assert time.monotonic() - started < 1
    assert caught.value.reason == "DEADLINE_EXCEEDED"


async def test_too_little_time_is_refused_before_beginning() -> None:
    with pytest.raises(TooLate) as caught:
        await overlong(FLOOR_SECONDS / 2)

    assert caught.value.reason == "DEADLINE_TOO_SHORT"


async def test_a_timeout_of_the_work_itself_stays_what_it_is() -> None:
    with pytest.raises(TimeoutError):
        await failing(5)


async def overlong(seconds_max: float) -> None:
    async with limited(None, seconds_max):
        await asyncio.sleep(30)  # until it is cancelled


async def failing(seconds_max: float) -> None:
    async with limited(None, seconds_max):
        raise TimeoutError("a store's own")
