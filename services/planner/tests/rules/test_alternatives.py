"""
Alternatives: another place than its own costs what is stated.

Method: one valid plan, one change at a time; the verifier must name the missing cost and no other
rule.
"""

from __future__ import annotations

import pytest

from services.planner.tests.rules.valid import Change, told, with_option

TABLE = [
    (with_option("call", extra_cost_micros=9), [("COST", "", "ALTERNATIVE", -9)]),
    (with_option("call", alternative_id="locker"), []),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_what_is_not_paid_is_told_as_that_cost_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
