"""
Locks: what is decided, and goods on board.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Unassigned, WhyNot
from services.planner.domain.problem import FreezeLevel, Pin
from services.planner.domain.reason import Reason
from services.planner.domain.shift import StartState
from services.planner.rules.verify import verify
from services.planner.search.answers import time_routes
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


def without_call(pin: Pin, *reasons: WhyNot) -> Change:
    """The plan without a task that is pinned, and why it is left out."""

    def change(_: Instance, plan: Plan) -> tuple[Instance, Plan]:
        instance = pinned(pin)(*valid())[0]
        call = instance.problem.rank_of_task["call"]
        nodes = tuple(node for node in plan.routes[0].sequence if node[0] != call)
        timed = time_routes(instance, [nodes], verify)
        left = Unassigned(call, timed.unassigned[0].penalty_micros, reasons)
        return instance, replace(timed, unassigned=(left,))

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
    (without_call(Pin("call", "van", SEQUENCE, 0)), [("LOCK", "call", "dropped", 0)]),
    (without_call(Pin("call", "van", TIME, 0, SERVED)), [("LOCK", "call", "dropped", 0)]),
    (without_call(Pin("call", "van")), []),
    (
        without_call(Pin("call", "van", SEQUENCE), WhyNot(Reason.TOO_DEAR, ("van",))),
        [("LOCK", "call", "dropped", 0)],
    ),
    (
        without_call(Pin("call", "van", SEQUENCE), WhyNot(Reason.WINDOW, ("bike",))),
        [("LOCK", "call", "dropped", 0)],
    ),
    (without_call(Pin("call", "van", SEQUENCE), WhyNot(Reason.WINDOW, ("van",))), []),
    (under_way("early", "parcel"), []),
    (under_way("early"), [("LOCK", "parcel", "goods", 0)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_locks_is_told_as_locks_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
