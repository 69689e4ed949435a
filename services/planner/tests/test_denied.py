"""
What compliance denies leaves a plan together with what depends on it.

Method: a finding on one leg or stay of a valid plan; what is left of its sequence.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.access import Finding, Verdict
from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.plan import Plan
from services.planner.domain.reason import Reason
from services.planner.tests.rules import trips, valid
from services.planner.usecases.denied import Denied, denied_of

DOCK: Node = (RELOAD, 0)
EARLY, PARCEL, CALL, PICK, DROP = ((rank, 0) for rank in range(5))


def denied(made: tuple[Instance, Plan], *presences: int) -> tuple[Denied, tuple[Node, ...]]:
    """What is denied when some legs or stays are, and what stays."""
    instance, plan = made
    findings = tuple(Finding(presence, Verdict.DENY, "zone") for presence in presences)
    told = plan.with_routes((replace(plan.routes[0], findings=findings),))
    found = denied_of(instance, told)
    return found, found.kept(0, plan.routes[0].sequence)


@pytest.mark.parametrize(
    ("presences", "left"),
    [
        ((), (EARLY, PARCEL, CALL, PICK, DROP)),
        ((4,), (EARLY, PARCEL, PICK, DROP)),  # the leg to the call
        ((5,), (EARLY, PARCEL, PICK, DROP)),  # the stay at it
        ((7,), (EARLY, PARCEL, CALL)),  # a pickup goes with its delivery
        ((10,), (EARLY, PARCEL, CALL)),  # the way home is the last stop's, which has a pickup
    ],
)
def test_a_denied_stop_goes_with_its_partner(
    presences: tuple[int, ...], left: tuple[Node, ...]
) -> None:
    assert denied(valid.valid(), *presences)[1] == left


def test_a_denied_reload_goes_with_what_it_loads() -> None:
    found, left = denied(trips.valid(), 5)

    assert left == ((trips.FIRST, 0), (trips.BACK, 0))
    assert [why.reason for why in found.tasks.values()] == [Reason.ZONE]
    assert found.reloads == {(0, DOCK)}


def test_a_route_without_tasks_is_none() -> None:
    assert denied(trips.valid(), 1, 3, 7)[1] == ()
