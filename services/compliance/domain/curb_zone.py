"""
Stretches of curb: where they are, what may be done there, and how one suits a stay. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.compliance.domain import shapes
from services.compliance.domain.civil import zone_of
from services.compliance.domain.curb import (
    CurbAnswer,
    CurbPolicy,
    CurbStay,
    contradiction,
    curb_answer,
)
from services.compliance.domain.faults import check
from services.compliance.domain.geometry import Polygon


def check_policies(policies: Sequence[CurbPolicy]) -> None:
    """Raises Unsound when an id stands twice or one policy forbids what its equal allows."""
    ids = [policy.policy_id for policy in policies]
    twice = sorted({policy_id for policy_id in ids if ids.count(policy_id) > 1})
    check(not twice, f"policy ids stand twice: {', '.join(twice)}", "ID_REPEATED")
    clash = contradiction(policies)
    check(clash is None, f"of one priority, and contradict each other: {' and '.join(clash or ())}")


@dataclass(frozen=True, slots=True)
class CurbZone:
    """A stretch of curb with its policies, as one revision has it."""

    curb_zone_id: str
    title: str
    polygon: Polygon
    time_zone: str
    policies: tuple[CurbPolicy, ...] = ()
    holidays: tuple[date, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        zone_of(self.time_zone)
        check_policies(self.policies)
        shapes.check_area((self.polygon,))

    def answer(self, stay: CurbStay) -> CurbAnswer:
        """Whether the whole stay is allowed here."""
        return curb_answer(self.policies, stay, self.time_zone, self.holidays)


@dataclass(frozen=True, slots=True)
class CurbZoneVersion:
    """A stretch of curb as one revision has it."""

    zone: CurbZone
    revision: int
    street_version: int  # counts every change of the tenant's curb zones and idling rules
    create_time: datetime
    record_time: datetime

    @property
    def etag(self) -> str:
        """Names the revision for updates."""
        return str(self.revision)


@dataclass(frozen=True, slots=True)
class CurbFinding:
    """How one stretch of curb near a point suits a stay."""

    version: CurbZoneVersion
    distance_millimeters: int
    stay: CurbStay
    answer: CurbAnswer
