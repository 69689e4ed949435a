"""
Exclusions: who may not serve a task.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.tests.rules.valid import Change, told, with_task


def names(*ids: str) -> frozenset[str]:
    """Some ids."""
    return frozenset(ids)


TABLE = [
    (with_task("call", allowed_shift_ids=names("van", "bike")), []),
    (with_task("call", allowed_shift_ids=names("bike")), [("EXCLUDED", "call", "", 0)]),
    (with_task("call", excluded_shift_ids=names("bike")), []),
    (with_task("call", excluded_shift_ids=names("van")), [("EXCLUDED", "call", "", 0)]),
    (with_task("call", excluded_vehicle_ids=names("v-van")), [("EXCLUDED", "call", "", 0)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_exclusions_is_told_as_exclusions_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
