"""
Windows: when service may start.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.task import Window
from services.planner.tests.problems import at
from services.planner.tests.rules.valid import Change, told, with_option

# Service: early at 10:00, parcel some time after.
TABLE = [
    (with_option("early", windows=(Window(at(10), at(10)),)), []),
    (with_option("early", windows=(Window(at(9), at(10) - 1),)), [("WINDOW", "early", "", 1)]),
    (with_option("early", windows=(Window(at(10) + 5, at(11)),)), [("WINDOW", "early", "", 5)]),
    (
        with_option("early", windows=(Window(at(8), at(10) - 60), Window(at(10) + 7, at(11)))),
        [("WINDOW", "early", "", 7)],
    ),
    (with_option("early", windows=(Window(at(8), at(9)), Window(at(10), at(11)))), []),
    (with_option("early", windows=()), []),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_windows_is_told_as_windows_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
