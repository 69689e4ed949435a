"""What the plan promised in the morning is served, or the day has failed."""

from __future__ import annotations

import pytest

from clients.day.ledger import NOTHING
from clients.day.score import Findings, invariants, last_line
from doorstep.dispatch.v1 import delivery_pb2
from doorstep.tracking.v1 import scorecard_pb2

S = delivery_pb2.DeliveryState


def found(unserved: int, unassigned: int) -> Findings:
    """A day of a hundred deliveries, of which one is cancelled and one fails."""
    states = ["PLANNED"] * unserved + ["CANCELLED", "ATTEMPT_FAILED"]
    states += ["DELIVERED"] * (100 - len(states))
    deliveries = [delivery_pb2.Delivery(state=S.Value(f"DELIVERY_STATE_{s}")) for s in states]
    return Findings(
        deliveries=deliveries,
        touched=frozenset(),
        scorecard=scorecard_pb2.Scorecard(),
        balance=NOTHING,
        plan_violations=0,
        unassigned=unassigned,
        denied=1,
        charged=1,
        skill_refusals=1,
        vehicles=12,
        feed_gaps=0,
        wall_seconds=1.0,
        trace_id="",
    )


@pytest.mark.parametrize(
    ("unserved", "unassigned", "holds"),
    [(0, 0, True), (2, 0, True), (3, 0, False), (5, 3, True), (6, 3, False), (0, 3, True)],
)
def test_few_are_dropped_that_had_a_place_in_the_plan(
    unserved: int, unassigned: int, holds: bool
) -> None:
    day = found(unserved, unassigned)

    assert last_line(day)["unserved"] == unserved
    assert invariants(day)["planned_is_served_98_percent"] is holds
