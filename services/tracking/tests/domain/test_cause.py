"""
Recurring causes: when they are named, whose they are, and what came of them.

Method: attempts as a string, one letter a day: F failed, s succeeded, - none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.tracking.domain.cause import (
    Cause,
    Facet,
    Tried,
    causes,
    named_at,
)
from services.tracking.domain.playbook import Team
from services.tracking.domain.words import FailureReason

FIRST = datetime(2026, 5, 1, 9, tzinfo=UTC)
NOT_HOME = FailureReason.NOT_HOME


def day(number: int) -> datetime:
    """Nine o'clock of a day."""
    return FIRST + timedelta(days=number)


def tries(letters: str) -> list[Tried]:
    """One attempt a day."""
    reasons = {"F": NOT_HOME, "s": None}
    return [Tried(day(n), reasons[one]) for n, one in enumerate(letters) if one in reasons]


def found(letters: str) -> list[Cause]:
    """The causes of a place on the last day of its string."""
    last = len(letters) - 1
    return causes(Facet.PLACE, "plc_1", tries(letters), day(last), day(last + 1))


@pytest.mark.parametrize(
    ("letters", "named"),
    [
        ("FF", None),
        ("FFF", 2),
        ("F-F-F", 4),
        ("F------F------F", 14),
        ("F------F-------F", None),
        ("F-------F------F------F", 22),
        ("FFFF", 2),
    ],
)
def test_a_cause_is_named_at_its_third_failure_within_two_weeks(
    letters: str, named: int | None
) -> None:
    failed = [one.at for one in tries(letters) if one.reason]

    assert named_at(failed) == (None if named is None else day(named))


def test_the_effect_is_the_share_since_it_was_named_less_that_before() -> None:
    (cause,) = found("FsFFsFss")

    assert (cause.failures, cause.named_at) == (0, day(3))
    assert (cause.failures_before, cause.attempts_before) == (3, 4)
    assert (cause.failures_since, cause.attempts_since) == (1, 4)
    assert cause.effect_permille == -500


def test_a_cause_without_an_attempt_since_has_no_effect_yet() -> None:
    (cause,) = found("FFF")

    assert (cause.failures, cause.effect_permille) == (1, None)


def test_a_cause_that_has_not_failed_for_two_weeks_is_over() -> None:
    assert len(found("FFF" + "s" * 13)) == 1
    assert found("FFF" + "s" * 14) == []


def test_a_failure_of_the_day_is_told_before_it_recurs() -> None:
    (cause,) = found("ssF")

    assert (cause.failures, cause.named_at) == (1, None)


def test_the_order_of_attempts_does_not_matter() -> None:
    shuffled = tries("FsFFsFss")[::-1]

    assert causes(Facet.PLACE, "plc_1", shuffled, day(7), day(8)) == found("FsFFsFss")


@pytest.mark.parametrize(
    ("reason", "team"),
    [
        (FailureReason.NOT_HOME, Team.CARE),
        (FailureReason.NO_ACCESS, Team.CARE),
        (FailureReason.MISSING_PARCEL, Team.DISPATCH),
        (FailureReason.VEHICLE_BREAKDOWN, Team.FLEET),
        (FailureReason.ZONE_DENIED, Team.DISPATCH),
    ],
)
def test_a_cause_is_owned_by_the_team_that_takes_up_its_incidents(
    reason: FailureReason, team: Team
) -> None:
    assert Cause(Facet.PLACE, "plc_1", reason, 1, None).owner is team
    assert Cause(Facet.DRIVER, "driver-1", reason, 1, None).owner is Team.DISPATCH
