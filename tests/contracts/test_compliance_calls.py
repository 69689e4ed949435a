"""The table of calls that a live mesh is asked, against the contract."""

from __future__ import annotations

from tests.contracts.compliance_calls import CALLS, SERVICES
from tests.contracts.live import answering


def test_the_table_has_every_rpc_that_is_there_once() -> None:
    assert sorted(call.rpc for call in CALLS) == sorted(answering(*SERVICES))
