"""
Failure: what failing costs on average, by the slot in which service starts.

Method: one valid plan, one change at a time; the verifier must name the missing cost and no other
rule.
"""

from __future__ import annotations

import pytest

from services.planner.domain.task import SlotCost
from services.planner.tests.problems import at
from services.planner.tests.rules.valid import Change, told, with_task

# The early task is served at 10:00 sharp.
TABLE = [
    (with_task("early", slot_costs=(SlotCost(at(9), at(10) - 1, 7), SlotCost(at(11), at(12), 9))),
     []),
    (with_task("early", slot_costs=(SlotCost(at(9), at(10), 7),)), [("COST", "", "FAILURE", -7)]),
    (with_task("early", slot_costs=(SlotCost(at(9), at(10) - 1, 7), SlotCost(at(10), at(11), 9))),
     [("COST", "", "FAILURE", -9)]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_what_is_not_paid_is_told_as_that_cost_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
