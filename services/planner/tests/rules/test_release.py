"""
Release: nobody leaves before the goods that are loaded are ready.

Method: one valid plan with a reload, one change at a time; the verifier must name this rule and no
other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import RELOAD
from services.planner.tests.rules.trips import (
    BACK,
    FIRST,
    ORDER,
    SECOND,
    reordered,
    told_of,
    valid,
)
from services.planner.tests.rules.valid import Change, with_task

ROUTE = valid()[1].routes[0]
LEFT = ROUTE.start_second
LEFT_DOCK = ROUTE.visits[ORDER.index((RELOAD, 0))].end_second


def before(then: Change, change: Change) -> Change:
    """One change after another."""
    return lambda instance, plan: then(*change(instance, plan))


TABLE = [
    (with_task("first", release_second=LEFT), []),
    (with_task("first", release_second=LEFT + 1), [("RELEASE", "first", "", 1)]),
    (with_task("second", release_second=LEFT_DOCK), []),
    (with_task("second", release_second=LEFT_DOCK + 60), [("RELEASE", "second", "", 60)]),
    (
        before(
            reordered((SECOND, 0), (RELOAD, 0), (FIRST, 0), (BACK, 0)),
            with_task("second", release_second=LEFT + 5),
        ),
        [("RELEASE", "second", "", 5)],
    ),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_a_release_is_told_as_the_release_alone(
    change: Change, expected: list[object]
) -> None:
    assert told_of(change) == expected
