"""
PlannerService: one short method per rpc, nothing but conversion and one use-case.

Rpcs that are not here answer RPC_PENDING.
"""

from __future__ import annotations

from services.planner.servicer.answers import Answers
from services.planner.servicer.base import Defaults
from services.planner.servicer.batches import Batches
from services.planner.servicer.optimizations import Optimizations

__all__ = ["Defaults", "PlannerServicer"]


class PlannerServicer(Answers, Optimizations, Batches):
    """All of it."""
