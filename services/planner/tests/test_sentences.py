"""Broken rules in words for people: every rule has some, with what it is about and by how much."""

from __future__ import annotations

import pytest

from services.planner.convert.plan import violation_to_proto
from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason

TABLE = [
    (
        Violation(Reason.SKILL, subject="lift"),
        "the shift lacks a skill, or holds one that is refused: lift",
    ),
    (
        Violation(Reason.WINDOW, excess_seconds=61),
        "service starts outside its windows, by 2 min",
    ),
    (
        Violation(Reason.WINDOW, hard=False, subject="preferred", excess_seconds=60),
        "service starts outside the preferred part of its window: preferred, by 1 min",
    ),
    (
        Violation(Reason.CAPACITY, subject="mass_grams", excess_amount=500),
        "the goods do not fit: mass_grams, by 500",
    ),
    (
        Violation(Reason.ZONE, subject="works-7"),
        "the vehicle may not be there then: works-7",
    ),
    (
        Violation(Reason.PAIRING, message="its pickup is not before it"),
        "pickup and delivery do not go together as they must, its pickup is not before it",
    ),
]


@pytest.mark.parametrize(("violation", "words"), TABLE)
def test_a_broken_rule_is_told_in_a_sentence(violation: Violation, words: str) -> None:
    assert violation_to_proto(violation).message == words


@pytest.mark.parametrize("reason", Reason)
def test_every_rule_has_words(reason: Reason) -> None:
    assert violation_to_proto(Violation(reason)).message
