"""
What people are told about a curb where they may not stay.

Method: one policy and one stay each, on a Tuesday noon in Helsinki; the sentence as it is sent.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.compliance.convert.curb_sentences import sentence
from services.compliance.domain.curb import Activity, CurbPolicy, CurbRule, CurbStay
from services.compliance.domain.curb_zone import CurbFinding, CurbZone, CurbZoneVersion
from services.compliance.domain.schedule import ALWAYS, Schedule
from services.compliance.tests.places import HELSINKI, RECORDED, SQUARE, at, hours

MINUTE = timedelta(minutes=1)
START = at("2026-05-12 09:00")
VAN = frozenset({"van"})


def told(
    rule: CurbRule, schedule: Schedule = ALWAYS, minutes: int = 30, left: int | None = None
) -> str:
    base = CurbPolicy(9, (CurbRule(Activity.LOADING),), policy_id="base")
    policies = (CurbPolicy(1, (rule,), schedule, "first"), base)
    forbids = rule.activity not in (Activity.LOADING, Activity.PARKING)
    zone = CurbZone("bay", "Bay", SQUARE, HELSINKI, policies if forbids else policies[:1])
    before = None if left is None else START - left * MINUTE
    stay = CurbStay(Activity.LOADING, VAN, START, START + minutes * MINUTE, before)
    version = CurbZoneVersion(zone, 1, 1, RECORDED, RECORDED)
    return sentence(CurbFinding(version, 0, stay, zone.answer(stay)))


LOADING, NO_STOPPING = CurbRule(Activity.LOADING), CurbRule(Activity.NO_STOPPING)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (told(LOADING), ""),
        (told(LOADING, hours(7, 12), 15), "Loading is not allowed at 12:00."),
        (told(LOADING, hours(7, 13), 61), "The vehicle must leave by 13:00."),
        (told(LOADING, hours(7, 24), 721), "The vehicle must leave by 00:00 on 2026-05-13."),
        (
            told(CurbRule(Activity.LOADING, max_stay=90 * MINUTE), minutes=91),
            "Loading is allowed for 1 h 30 min, until 13:30.",
        ),
        (
            told(CurbRule(Activity.LOADING, no_return=60 * MINUTE), left=20),
            "The vehicle may return from 12:40 on.",
        ),
        (
            told(CurbRule(Activity.LOADING, frozenset({"van", "electric"}))),
            "Loading is for electric and van only.",
        ),
        (told(NO_STOPPING, hours(12, 13)), "No stopping at 12:00."),
        (told(NO_STOPPING, hours(12, 13), 0), "No stopping at 12:00."),
        (told(NO_STOPPING, hours(13, 14), 90), "No stopping from 13:00 on."),
        (told(CurbRule(Activity.TRAVEL), hours(12, 13)), "A lane for travel at 12:00."),
        (told(CurbRule(Activity.STOPPING)), "No policy allows loading here at 12:00."),
    ],
)
def test_one_sentence_says_why_not_and_by_when(found: str, expected: str) -> None:
    assert found == expected
