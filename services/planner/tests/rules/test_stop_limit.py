"""
Stop limit: a route has no more stops than its shift allows.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.tests.rules.valid import Change, told, with_shift

TABLE = [
    (with_shift(stop_limit=0), []),  # no limit
    (with_shift(stop_limit=5), []),
    (with_shift(stop_limit=4), [("STOP_LIMIT", "", "", 1)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_the_stop_limit_is_told_as_the_stop_limit_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
