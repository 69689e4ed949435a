"""
One good and one bad request for every rpc of tracking, in the order in which they are called.

Whoever adds an rpc adds a line to the table of its noun; a test holds all of them equal to the
contract. A table may have a `learn`, which keeps what later calls name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.contracts import (
    tracking_calls_a,
    tracking_calls_b,
    tracking_calls_c,
    tracking_calls_d,
    tracking_calls_e,
    tracking_calls_f,
    tracking_calls_m,
)

SERVICES = (
    "IngestService",
    "TrackingService",
    "IncidentService",
    "SubscriptionService",
    "AnalyticsService",
    "LearningService",
)
TABLES = (
    tracking_calls_a,
    tracking_calls_b,
    tracking_calls_c,
    tracking_calls_d,
    tracking_calls_e,
    tracking_calls_m,
    tracking_calls_f,
)
CALLS = tuple(call for table in TABLES for call in table.CALLS)


@dataclass
class Known:
    """What dispatch told of before the first call."""

    delivery_id: str = ""
    task_id: str = ""
    route_id: str = ""
    token: str = ""


def learn(rpc: str, answer: Any) -> None:
    """Keeps what later calls name."""
    for table in TABLES:
        if hasattr(table, "learn"):
            table.learn(rpc, answer)
