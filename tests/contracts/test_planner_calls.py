"""The table of calls that a live mesh is asked, against the contract."""

from __future__ import annotations

from tests.contracts.live import answering
from tests.contracts.planner_calls import CALLS


def test_the_table_has_every_rpc_that_is_there() -> None:
    assert {call.rpc for call in CALLS} == answering("PlannerService")
