"""
When people are told, and in which language. Method: moments of nights in zones whose clocks change.

Helsinki's clocks go from 03:00 to 04:00 on 29 March 2026 and from 04:00 back to 03:00 on 25 October
2026; New York's go from 02:00 to 03:00 on 8 March 2026.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.tracking.domain import notice
from services.tracking.domain.subscription import Quiet
from services.tracking.domain.words import Milestone
from services.tracking.tests.town import NINE

HELSINKI, NEW_YORK = ZoneInfo("Europe/Helsinki"), ZoneInfo("America/New_York")
NIGHT = Quiet(time(21), time(7, 30))
NAP = Quiet(time(13), time(15))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "until"),
    [
        (NIGHT, HELSINKI, "2026-05-12 17:59", None),  # 20:59
        (NIGHT, HELSINKI, "2026-05-12 18:00", "2026-05-13 04:30"),  # 21:00, until the next day
        (NIGHT, HELSINKI, "2026-05-12 21:30", "2026-05-13 04:30"),  # after midnight: the same day
        (NIGHT, HELSINKI, "2026-05-13 04:29", "2026-05-13 04:30"),
        (NIGHT, HELSINKI, "2026-05-13 04:30", None),  # the end does not belong to it
        (NIGHT, HELSINKI, "2026-03-28 20:00", "2026-03-29 04:30"),  # the night loses an hour
        (NIGHT, HELSINKI, "2026-10-24 20:00", "2026-10-25 05:30"),  # the night gains one
        (NIGHT, NEW_YORK, "2026-03-08 03:00", "2026-03-08 11:30"),  # 22:00 EST until 07:30 EDT
        (NAP, HELSINKI, "2026-05-12 10:00", "2026-05-12 12:00"),
        (NAP, HELSINKI, "2026-05-12 12:00", None),
        (Quiet(time(2), time(3, 30)), HELSINKI, "2026-03-29 00:10", "2026-03-29 01:30"),
        (Quiet(time(7), time(7)), HELSINKI, "2026-05-12 04:00", None),  # of no length
        (None, HELSINKI, "2026-05-12 01:00", None),
    ],
)
def test_nobody_is_disturbed_in_quiet_hours(
    quiet: Quiet | None, zone: ZoneInfo, now: str, until: str | None
) -> None:
    expected = utc(until) if until else None

    assert notice.quiet_until(quiet, utc(now), zone) == expected


def test_a_mere_time_never_ousts_an_event() -> None:
    changed, out, done = Milestone.ETA_CHANGED, Milestone.OUT_FOR_DELIVERY, Milestone.DELIVERED

    assert notice.displaces(done, out)
    assert notice.displaces(changed, changed)
    assert not notice.displaces(changed, done)


def test_only_what_tells_a_time_keeps_its_distance() -> None:
    minute = timedelta(minutes=1)

    assert notice.due(Milestone.ETA_CHANGED, NINE, NINE - minute) == NINE + 9 * minute
    assert notice.due(Milestone.ETA_CHANGED, NINE, NINE - timedelta(hours=1)) == NINE
    assert notice.due(Milestone.DELIVERED, NINE, NINE - minute) == NINE
    assert notice.due(Milestone.ARRIVING, NINE, None) == NINE


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("fi", ""), "fi"),
        (("fi-FI", "en"), "fi"),
        (("FI", ""), "fi"),
        (("sv", "fi"), "fi"),  # the recipient's first, then the subscription's
        (("sv", ""), "en"),
        (("", ""), "en"),
    ],
)
def test_the_first_language_that_there_are_words_for_is_spoken(
    wanted: tuple[str, str], language: str
) -> None:
    assert notice.language(wanted, {"en", "fi"}) == language


def test_tries_end() -> None:
    assert [notice.retry_after(n) for n in range(1, 6)] == [*notice.RETRIES, None]
