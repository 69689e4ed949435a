"""The table of calls that a live mesh is asked, against the contract."""

from __future__ import annotations

from tests.contracts.descriptors import rpcs
from tests.contracts.pending import pending
from tests.contracts.planner_calls import CALLS

SERVICE = "PlannerService"


def test_the_table_has_every_rpc_that_is_there() -> None:
    known = {
        method for service, method in (rpc.name.split(".") for rpc in rpcs()) if service == SERVICE
    }

    assert {call.rpc for call in CALLS} == known - set(pending().get(SERVICE, ()))
