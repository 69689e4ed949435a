"""A repeat has the name of the first one, and no two moments share one. Method: tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clients.web.server.kept import Kept
from clients.web.server.numbering import Place, opening_of, place_of

NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_fix_is_numbered_by_the_second_within_its_slot() -> None:
    eight = NINE.replace(hour=8)

    assert place_of(eight, NINE) == Place("2026-11-26T08", 1)
    assert place_of(NINE, NINE) == Place("2026-11-26T08", 3_601)
    assert place_of(eight - SECOND, NINE) == Place("2026-11-26T04", 14_400)


@pytest.mark.parametrize("later", [timedelta(), timedelta(hours=5), timedelta(days=29)])
def test_a_repeat_has_the_same_name_whenever_it_comes(later: timedelta) -> None:
    assert place_of(NINE, NINE + later) == place_of(NINE, NINE)


def test_every_second_of_a_day_has_a_name_of_its_own() -> None:
    found = {place_of(NINE + n * SECOND, NINE + n * SECOND) for n in range(86_400)}

    assert len(found) == 86_400
    assert len({place.slot for place in found}) == 7  # six whole ones, the first and last cut


@pytest.mark.parametrize(
    "wrong", [timedelta(minutes=3), timedelta(days=-31), timedelta(days=9_999)]
)
def test_a_wrong_clock_opens_no_more_epochs_than_a_right_one(wrong: timedelta) -> None:
    found = {place_of(NINE + wrong + n * SECOND, NINE).slot for n in range(0, 40_000, 100)}

    assert found == {"suspect 2026-11-26T08"}


def test_an_opening_is_named_by_device_and_slot() -> None:
    names = {opening_of(device, slot) for device in ("a", "b") for slot in ("1", "2")}

    assert len(names) == 4
    assert opening_of("a", "1") == opening_of("a", "1")


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    kept = Kept[str, int](2)
    kept.put("a", 1, 10)
    kept.put("b", 2, 10)
    assert kept.get("a", 0) == 1
    kept.put("c", 3, 10)

    assert [kept.get(name, 0) for name in "abc"] == [1, None, 3]
    assert kept.get("a", 10) is None
    assert len(kept) == 1
