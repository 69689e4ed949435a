"""The table of calls that a live mesh is asked, against the contract."""

from __future__ import annotations

from tests.contracts.live import answering
from tests.contracts.tracking_calls import CALLS, SERVICES


def test_the_table_has_every_rpc_that_is_there_once() -> None:
    assert sorted(call.rpc for call in CALLS) == sorted(answering(*SERVICES))
