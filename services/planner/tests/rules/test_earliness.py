"""
Earliness: waiting for service costs by the second.

Method: one valid plan, one change at a time; the verifier must name the missing cost and no other
rule.
"""

from __future__ import annotations

import pytest

from services.planner.tests.problems import HOUR, at
from services.planner.tests.rules.valid import Change, told, valid, visit_of, with_task

CALLED = valid()[1].routes[0].visits[visit_of("call")].start_second
TABLE = [
    # Its window opens at 9:00, it is served at 10:00.
    (with_task("early", earliness_cost_micros_per_hour=3), [("COST", "", "EARLINESS", -3)]),
    # Without a window what counts is the start of the shift, at 8:00.
    (with_task("call", earliness_cost_micros_per_hour=HOUR),
     [("COST", "", "EARLINESS", at(8) - CALLED)]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_what_is_not_paid_is_told_as_that_cost_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
