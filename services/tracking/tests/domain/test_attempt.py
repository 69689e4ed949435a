"""Tries: when the next one is due, and when there is none. Method: tables, chance at both ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.tracking.domain.attempt import (
    DELAYS,
    GIVEN_UP_AFTER,
    AttemptState,
    Reply,
    Round,
    judged,
    next_time,
)
from services.tracking.tests.town import NINE

NAMED = ("shop", "evt_1")


@pytest.mark.parametrize(
    ("tries", "delay"), [*enumerate(DELAYS), (6, DELAYS[-1]), (99, DELAYS[-1])]
)
def test_delays_grow_and_then_stay(tries: int, delay: timedelta) -> None:
    assert next_time(Round(tries), NINE, 0) == NINE + delay
    latest = next_time(Round(tries), NINE, 0.999)
    assert latest is not None
    assert NINE + delay < latest <= NINE + delay * 1.1


def test_what_is_queued_again_begins_again() -> None:
    assert next_time(Round(tries=12, before=12), NINE, 0) == NINE + DELAYS[0]


def test_after_five_days_there_is_no_next_try() -> None:
    almost = Round(9, first=NINE - GIVEN_UP_AFTER + timedelta(seconds=1))
    over = Round(9, first=NINE - GIVEN_UP_AFTER)

    assert next_time(almost, NINE, 0) is not None
    assert judged("att", NAMED, over, Reply(500, error="no"), NINE, 0).state is (
        AttemptState.EXHAUSTED
    )


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(200), AttemptState.SUCCEEDED),
        (Reply(204), AttemptState.SUCCEEDED),
        (Reply(302, error="redirect"), AttemptState.FAILED),
        (Reply(410, error="gone"), AttemptState.FAILED),
        (Reply(200, error="broken off"), AttemptState.FAILED),
        (Reply(error="cannot connect"), AttemptState.FAILED),
    ],
)
def test_only_2xx_is_success(reply: Reply, state: AttemptState) -> None:
    attempt = judged("att", NAMED, Round(2, first=NINE), reply, NINE, 0)

    assert (attempt.state, attempt.number) == (state, 3)
    assert (attempt.next_time is None) == (state is AttemptState.SUCCEEDED)
