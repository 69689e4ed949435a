"""
What the time of a position is worth.

Goal: a wrong clock neither loses a position nor moves a vehicle into the future.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.tracking.domain.fix import (
    FUTURE_MAX,
    PAST_MAX,
    ROLLOVER,
    TimeQuality,
    judged_time,
)
from services.tracking.tests.town import NINE

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("off", "quality"),
    [
        (timedelta(), TimeQuality.OK),
        (FUTURE_MAX, TimeQuality.OK),
        (FUTURE_MAX + TICK, TimeQuality.SUSPECT),
        (timedelta(days=365), TimeQuality.SUSPECT),
        (-timedelta(hours=72), TimeQuality.OK),  # a phone's buffer
        (-PAST_MAX, TimeQuality.OK),
        (-PAST_MAX - TICK, TimeQuality.SUSPECT),
    ],
)
def test_a_time_is_trusted_from_thirty_days_before_to_two_minutes_after_its_receipt(
    off: timedelta, quality: TimeQuality
) -> None:
    assert judged_time(NINE + off, NINE) == (NINE + off, quality)


@pytest.mark.parametrize("weeks", [-1_024, 1_024])
@pytest.mark.parametrize("off", [timedelta(), FUTURE_MAX, -PAST_MAX])
def test_a_clock_that_is_off_by_the_rollover_of_gps_is_set_right(
    weeks: int, off: timedelta
) -> None:
    sent = NINE + off + timedelta(weeks=weeks)

    assert judged_time(sent, NINE) == (NINE + off, TimeQuality.CORRECTED)


@pytest.mark.parametrize("off", [FUTURE_MAX + TICK, -PAST_MAX - TICK])
def test_a_rollover_is_not_made_out_of_a_time_that_would_be_wrong_all_the_same(
    off: timedelta,
) -> None:
    sent = NINE - ROLLOVER + off

    assert judged_time(sent, NINE) == (sent, TimeQuality.SUSPECT)


def test_two_rollovers_are_no_rollover() -> None:
    sent = NINE - 2 * ROLLOVER

    assert judged_time(sent, NINE) == (sent, TimeQuality.SUSPECT)
