"""
Zones: nowhere that the vehicle may not be then.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.access import AccessArea, AccessSpan, Finding, Verdict
from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan
from services.planner.domain.travel import BlockedArea, Point
from services.planner.tests.problems import at, spot
from services.planner.tests.rules.valid import Change, told, valid, with_route

CALL = valid()[1].routes[0].visits[2]
AROUND_CALL = tuple(
    spot(x, y) for x, y in ((-500, 2_500), (500, 2_500), (500, 3_500), (-500, 3_500))
)
DENY, UNKNOWN = Verdict.DENY, Verdict.UNKNOWN


def zoned(
    start: int, end: int, verdict: Verdict = DENY, ring: tuple[Point, ...] = AROUND_CALL
) -> Change:
    """A zone around the call, or elsewhere, closed for a while."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        part = BlockedArea("zone", (ring,))
        area = AccessArea("zone", (part,), (AccessSpan(start, end, verdict),))
        return replace(instance, areas_of_shift=((area,),)), plan

    return change


def found(verdict: Verdict, presence: int) -> Change:
    """A finding about a leg or stay of the finished route."""
    return with_route(findings=(Finding(presence, verdict, "zone"),))


TABLE = [
    (zoned(at(8), CALL.arrival_second), []),
    (zoned(at(8), CALL.arrival_second + 1), [("ZONE", "call", "zone", 0)]),
    (zoned(CALL.end_second, at(17)), []),
    (zoned(CALL.end_second - 1, at(17)), [("ZONE", "call", "zone", 0)]),
    (zoned(at(8), at(17), UNKNOWN), [("ACCESS_UNKNOWN", "call", "zone", 0)]),
    (zoned(at(8), at(17), Verdict.PERMIT_NEEDED), [("ZONE", "call", "zone", 0)]),
    (zoned(at(8), at(17), Verdict.ALLOW_WITH_CHARGE), []),
    (found(DENY, 4), [("ZONE", "call", "zone", 0)]),  # the leg to the call
    (found(DENY, 5), [("ZONE", "call", "zone", 0)]),  # the stay at it
    (found(UNKNOWN, 10), [("ACCESS_UNKNOWN", "", "zone", 0)]),  # the way home
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_zones_is_told_as_zones_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
