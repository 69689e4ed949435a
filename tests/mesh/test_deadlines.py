"""
The planner keeps time: deadlines hold, cancelled cores are free, health answers while it searches.

Method: that of `tests.benchmarks.deadlines`, which prints the figures; the bounds here leave room
for a machine that does other things besides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.benchmarks.deadlines import (
    Planner,
    busy_seconds_after_cancel,
    health_seconds,
    late_seconds,
    late_seconds_frozen,
    planner,
)

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.timeout(900),  # a first start compiles the kernels
    pytest.mark.asyncio(loop_scope="module"),
]
DEADLINE_SECONDS = 8.0
FREE_SECONDS = 1.0
HEALTH_CHECKS, HEALTH_SECONDS = 100, 0.1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own() -> AsyncIterator[Planner]:
    async with planner() as started:
        yield started


async def test_a_plan_is_there_before_the_deadline(own: Planner) -> None:
    assert await late_seconds(own, DEADLINE_SECONDS) < 0


async def test_a_frozen_engine_does_not_hold_the_answer(own: Planner) -> None:
    assert await late_seconds_frozen(own, DEADLINE_SECONDS) < 0


async def test_the_core_of_a_cancelled_solve_is_free_within_a_second(own: Planner) -> None:
    assert await busy_seconds_after_cancel(own) < FREE_SECONDS


async def test_health_answers_while_two_solves_run(own: Planner) -> None:
    checks = await health_seconds(own, HEALTH_CHECKS)

    assert checks[len(checks) // 2] < HEALTH_SECONDS
    assert checks[-1] < 10 * HEALTH_SECONDS
