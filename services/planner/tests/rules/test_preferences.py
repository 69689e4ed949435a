"""
Preferences: a shift that is not preferred costs.

Method: one valid plan, one change at a time; the verifier must name the missing cost and no other
rule.
"""

from __future__ import annotations

import pytest

from services.planner.tests.rules.valid import Change, told, with_task

TABLE = [
    (with_task("call", preferred_shift_ids=frozenset({"van"}), preference_cost_micros=5), []),
    (with_task("call", preferred_shift_ids=frozenset({"bike"}), preference_cost_micros=5),
     [("COST", "", "PREFERENCE", -5)]),
    (with_task("call", preference_cost_micros=5), []),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_what_is_not_paid_is_told_as_that_cost_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
