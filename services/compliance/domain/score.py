"""
Scores: the emissions of a period, published under a signature, and the keys that verify it.

Pure. A score never changes: when the ledger is corrected, another one says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.compliance.domain.footprint import Basis
from services.compliance.domain.ledger import ReportRow


@dataclass(frozen=True, slots=True)
class Score:
    """What was emitted in `[start, end)`, as it was known when it was published."""

    emission_score_id: str
    tenant: str
    start: datetime
    end: datetime
    totals: ReportRow
    bases: tuple[Basis, ...]
    publish_time: datetime
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ScoreKey:
    """A public key; it signs a tenant's scores from the first one on until another key does."""

    key_id: str
    jwk: str
    create_time: datetime | None = None
    retire_time: datetime | None = None
