"""
One good and one bad request for every rpc of compliance, in the order in which they are called.

Whoever adds an rpc adds a line to the table of its noun; a test holds all of them equal to the
contract. A table may have a `learn`, which keeps what later calls name.
"""

from __future__ import annotations

from typing import Any

from tests.contracts import (
    compliance_calls_a,
    compliance_calls_b,
    compliance_calls_c,
    compliance_calls_d,
    compliance_calls_e,
)

SERVICES = ("ZoneService", "CheckService", "EmissionsService")
TABLES = (
    compliance_calls_e,
    compliance_calls_a,
    compliance_calls_b,
    compliance_calls_c,
    compliance_calls_d,
)
CALLS = tuple(call for table in TABLES for call in table.CALLS)


def learn(rpc: str, answer: Any) -> None:
    """Keeps what later calls name."""
    for table in TABLES:
        if hasattr(table, "learn"):
            table.learn(rpc, answer)
