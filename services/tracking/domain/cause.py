"""
Recurring causes of failed attempts: what fails again and again, whose it is, what came of it. Pure.

A cause is a reason at a place, in a slot or with a driver. It is named when it has failed three
times in two weeks; from then on its effect is the share that fails since, less the share before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.tracking.domain.incident import OF_FAILURE, IncidentType
from services.tracking.domain.playbook import Team, playbook_of
from services.tracking.domain.words import FailureReason

NAMED_FROM = 3  # failures
NAMED_WITHIN = timedelta(days=14)
LOOK_BACK = timedelta(days=56)  # how far a digest looks: four of those spans
PERMILLE = 1_000


class Facet(StrEnum):
    """What the failures of a cause have in common."""

    ALL = "ALL"
    PLACE = "PLACE"  # a place, or an address
    SLOT = "SLOT"  # the window promised
    DRIVER = "DRIVER"


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt: when, and why it failed if it did."""

    at: datetime
    reason: FailureReason | None


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause and what came of it."""

    facet: Facet
    subject: str
    reason: FailureReason
    failures: int  # in the period
    named_at: datetime | None
    attempts_before: int = 0
    failures_before: int = 0
    attempts_since: int = 0
    failures_since: int = 0

    @property
    def owner(self) -> Team:
        """Who takes up its incidents; what recurs with one driver is their dispatcher's."""
        if self.facet is Facet.DRIVER:
            return Team.DISPATCH
        team, _ = playbook_of(OF_FAILURE.get(self.reason, IncidentType.ATTEMPT_FAILED))
        return team

    @property
    def effect_permille(self) -> int | None:
        """Failures in a thousand since it was named, less those before; None: too little known."""
        if not self.attempts_since or not self.attempts_before:
            return None
        since = self.failures_since / self.attempts_since
        return round(PERMILLE * (since - self.failures_before / self.attempts_before))


def causes(
    facet: Facet, subject: str, tries: Iterable[Tried], start: datetime, end: datetime
) -> list[Cause]:
    """The causes of one place, slot or driver that failed in a period, or are named by its end."""
    known = sorted(tries, key=lambda one: one.at)
    found = []
    for reason in sorted({one.reason for one in known if one.reason}):
        failed = [one.at for one in known if one.reason is reason]
        named = named_at(failed)
        inside = sum(start <= at < end for at in failed)
        recent = failed[-1] >= end - NAMED_WITHIN
        if inside or (named and recent):
            found.append(_cause(facet, subject, reason, inside, named, known))
    return found


def named_at(failed: Sequence[datetime]) -> datetime | None:
    """When failures, in order, had come together often enough."""
    last = NAMED_FROM - 1
    pairs = zip(failed, failed[last:], strict=False)
    return next((later for first, later in pairs if later - first <= NAMED_WITHIN), None)


def _cause(
    facet: Facet,
    subject: str,
    reason: FailureReason,
    inside: int,
    named: datetime | None,
    tries: Sequence[Tried],
) -> Cause:
    before = [one for one in tries if named is None or one.at <= named]
    since = tries[len(before) :]
    return Cause(
        facet,
        subject,
        reason,
        inside,
        named,
        len(before),
        sum(one.reason is reason for one in before),
        len(since),
        sum(one.reason is reason for one in since),
    )
