"""What the plan left out is told apart from what was dropped on the way."""

from __future__ import annotations

import pytest

from clients.day.carbon import Carbon
from clients.day.ledger import NOTHING
from clients.day.score import Findings, last_line
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
        carbon=Carbon(1, 0, 5, 3, 2, 5, 5),
        statement=b"",
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
    ("unserved", "unassigned", "dropped"), [(0, 0, 0), (5, 0, 5), (5, 3, 2), (3, 3, 0), (0, 3, 0)]
)
def test_what_was_planned_and_served_by_nobody_is_counted(
    unserved: int, unassigned: int, dropped: int
) -> None:
    line = last_line(found(unserved, unassigned))

    assert (line["unserved"], line["dropped"]) == (unserved, dropped)


@pytest.mark.parametrize(
    ("carbon", "holds"),
    [
        (Carbon(2, 0, 5, 3, 2, 5, 5), True),
        (Carbon(0, 0, 0, 0, 0, 0, 0), False),  # a day without a ledger
        (Carbon(2, 1, 5, 3, 2, 5, 5), False),
        (Carbon(2, 0, 5, 4, 2, 5, 5), False),
        (Carbon(2, 0, 5, 3, 2, 6, 5), False),
        (Carbon(2, 0, 5, 3, 2, 5, 4), False),
    ],
)
def test_a_milligram_too_much_or_too_little_is_seen(carbon: Carbon, holds: bool) -> None:
    assert carbon.adds_up is holds
