"""
Locks: what is decided, and goods on board.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan
from services.planner.domain.problem import FreezeLevel, Pin
from services.planner.domain.shift import StartState
from services.planner.tests.problems import DEPOT
from services.planner.tests.rules.valid import Change, told, valid, with_problem, with_shift

BEGUN = valid()[1].routes[0].start_second
SERVED = valid()[1].routes[0].visits[0].start_second
SHIFT, SEQUENCE, TIME = FreezeLevel.SHIFT, FreezeLevel.SEQUENCE, FreezeLevel.TIME


def pinned(*pins: Pin) -> Change:
    """The problem with pins."""
    return with_problem(pins=pins)


def under_way(*onboard: str) -> Change:
    """The shift on its way from the depot, with some goods on board."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        state = StartState(BEGUN, DEPOT, frozenset(onboard))
        return with_shift(start_state=state, loading_seconds=0)(instance, plan)

    return change


TABLE = [
    (pinned(Pin("call", "van")), []),
    (pinned(Pin("call", "bike")), [("LOCK", "call", "pin", 0)]),
    (pinned(Pin("early", "van", SEQUENCE, 0), Pin("parcel", "van", SEQUENCE, 1)), []),
    (
        pinned(Pin("parcel", "van", SEQUENCE, 0), Pin("early", "van", SEQUENCE, 1)),
        [("LOCK", "early", "order", 0), ("LOCK", "parcel", "order", 0)],
    ),
    (pinned(Pin("early", "van", TIME, 0, SERVED)), []),
    (pinned(Pin("early", "van", TIME, 0, SERVED - 9)), [("LOCK", "early", "time", 9)]),
    (under_way("early", "parcel"), []),
    (under_way("early"), [("LOCK", "parcel", "goods", 0)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_locks_is_told_as_locks_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
