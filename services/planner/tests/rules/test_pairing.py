"""
Pairing: picked up before delivered, by the same vehicle, in time.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.task import TaskKind
from services.planner.tests.rules.valid import Change, told, valid, with_task

VISITS = valid()[1].routes[0].visits
RIDE = VISITS[4].start_second - VISITS[3].end_second
TABLE = [
    (with_task("drop", ride_limit_seconds=RIDE), []),
    (with_task("drop", ride_limit_seconds=RIDE - 1), [("PAIRING", "drop", "", 1)]),
    (
        with_task("early", pickup_task_id="pick"),
        [("PAIRING", "early", "", 0)],
    ),
    (
        with_task("call", kind=TaskKind.DELIVERY, pickup_task_id="elsewhere"),
        [("PAIRING", "call", "", 0)],
    ),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_pairing_is_told_as_pairing_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
