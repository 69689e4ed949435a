"""
Access: where a vehicle may not simply be, and when, as compliance says.

Pure. Whatever is not ALLOW or ALLOW_WITH_CHARGE keeps a vehicle out of a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from services.planner.domain.reason import Reason
from services.planner.domain.travel import BlockedArea

CLOSED = "closed to the vehicle during the whole shift"


class Verdict(Enum):
    """What a check may answer."""

    ALLOW = "ALLOW"
    ALLOW_WITH_CHARGE = "ALLOW_WITH_CHARGE"
    PERMIT_NEEDED = "PERMIT_NEEDED"
    DENY = "DENY"
    UNKNOWN = "UNKNOWN"

    @property
    def forbids(self) -> bool:
        """Whether a plan may not count on it."""
        return self not in (Verdict.ALLOW, Verdict.ALLOW_WITH_CHARGE)

    @property
    def reason(self) -> Reason:
        """Under which reason it keeps a vehicle out."""
        return Reason.ACCESS_UNKNOWN if self is Verdict.UNKNOWN else Reason.ZONE


@dataclass(frozen=True, slots=True)
class AccessSpan:
    """One verdict for `[start_second, end_second)`."""

    start_second: int
    end_second: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AccessArea:
    """An area where a vehicle is not simply allowed, in parts, with spans of time."""

    area_id: str
    parts: tuple[BlockedArea, ...]
    spans: tuple[AccessSpan, ...]
    crossing_seconds: int = 0
    """How long a way through it may take; the search keeps so far from a forbidden span."""

    def forbidden(self, start_second: int, end_second: int) -> tuple[AccessSpan, ...]:
        """The spans within an interval in which the vehicle is kept out, cut to it."""
        return tuple(
            AccessSpan(
                max(span.start_second, start_second), min(span.end_second, end_second), span.verdict
            )
            for span in self.spans
            if span.verdict.forbids
            and span.start_second < end_second
            and span.end_second > start_second
        )

    def closes(self, start_second: int, end_second: int) -> bool:
        """Whether the vehicle is kept out during the whole interval."""
        reached = start_second
        for span in self.forbidden(start_second, end_second):
            if span.start_second > reached:
                return False
            reached = max(reached, span.end_second)
        return reached >= end_second


@dataclass(frozen=True, slots=True)
class Charge:
    """What a zone asks for a presence."""

    zone_id: str
    rule_id: str
    amount_micros: int
    currency_code: str
    is_daily: bool
    presence: int
    """Which leg or stop of the route, in the order leg, stop, leg, stop."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says about one leg or stop of a route, where it keeps the vehicle out."""

    presence: int
    verdict: Verdict
    area_id: str
    message: str = ""
