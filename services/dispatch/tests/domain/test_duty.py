"""
The duty log: append-only, edited by superseding, each record replaced at most once.

Method: a log is written as a string, one record per word: its name, when it began, what it says,
and after `<` which record replaced it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from meshkit.errors import Invalid, NotReady
from services.dispatch.domain.duty import (
    DutyRecord,
    DutySource,
    DutyStatus,
    require_plausible,
    status_at,
    superseded,
)
from services.dispatch.domain.values import Unsound
from services.dispatch.tests.domain.samples import TICK, at, reason

NOW = at(0)


def record(name: str = "r1", **fields: Any) -> DutyRecord:
    known: dict[str, Any] = {"status": DutyStatus.DRIVING, "event_time": NOW}
    return DutyRecord(**{"duty_record_id": name, "driver_id": "ada"} | known | fields)


def log(text: str) -> list[DutyRecord]:
    """`a@5DRIVING b@9OFF_DUTY<c`."""
    records = []
    for word in text.split():
        told, _, by = word.partition("<")
        name, _, rest = told.partition("@")
        minute = rest.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
        status = DutyStatus(rest[len(minute) :])
        event_time = at(float(minute))
        records.append(record(name, status=status, event_time=event_time, superseded_by_id=by))
    return records


@pytest.mark.parametrize(("by", "refused"), [("", False), ("r2", True), ("r9", True)])
def test_a_record_is_replaced_at_most_once(by: str, refused: bool) -> None:
    """Neither by another record nor by the same one again."""
    old = record(superseded_by_id=by)
    edit = record("r2", supersedes_id="r1", annotation="in the yard")
    if not refused:
        assert superseded(old, edit) == replace(old, superseded_by_id="r2")
        return

    with pytest.raises(NotReady) as caught:
        superseded(old, edit)

    assert reason(caught.value) == "DUTY_RECORD_SUPERSEDED"
    assert caught.value.metadata == {"superseded_by_id": by}


def test_an_edit_that_was_edited_can_not_be_edited_around() -> None:
    first = superseded(record("r1"), record("r2", supersedes_id="r1", annotation="a"))
    second = superseded(record("r2"), record("r3", supersedes_id="r2", annotation="b"))

    assert (first.superseded_by_id, second.superseded_by_id) == ("r2", "r3")
    with pytest.raises(NotReady):
        superseded(first, record("r4", supersedes_id="r1", annotation="c"))


@pytest.mark.parametrize(
    ("supersedes_id", "annotation", "sound"),
    [("", "", True), ("", "note", True), ("r0", "why", True), ("r0", "", False)],
)
def test_an_edit_says_why(supersedes_id: str, annotation: str, sound: bool) -> None:
    if sound:
        assert record(supersedes_id=supersedes_id, annotation=annotation)
        return
    with pytest.raises(Unsound):
        record(supersedes_id=supersedes_id, annotation=annotation)


@pytest.mark.parametrize(
    ("event_time", "plausible"),
    [
        (NOW + timedelta(minutes=2), True),
        (NOW + timedelta(minutes=2) + TICK, False),
        (NOW, True),
        (NOW - timedelta(days=60), True),
        (NOW - timedelta(days=60) - TICK, False),
    ],
)
def test_a_record_is_at_most_two_minutes_ahead_and_sixty_days_back(
    event_time: datetime, plausible: bool
) -> None:
    found = record(event_time=event_time)
    if plausible:
        require_plausible(found, NOW)
        return
    with pytest.raises(Invalid) as caught:
        require_plausible(found, NOW)
    assert reason(caught.value) == "DUTY_TIME_IMPLAUSIBLE"


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"record_time": at(9)}, True),  # ours, not the device's
        ({"superseded_by_id": "r2"}, True),
        ({"status": DutyStatus.SLEEPER}, False),
        ({"event_time": NOW + TICK}, False),
        ({"driver_id": "bob"}, False),
        ({"source": DutySource.OFFICE}, False),
        ({"annotation": "other"}, False),
        ({"shift_id": "s"}, False),
        ({"vehicle_id": "v"}, False),
        ({"adverse_conditions": True}, False),
    ],
)
def test_a_record_told_again_is_the_same_whatever_became_of_it(
    changes: dict[str, Any], same: bool
) -> None:
    stored = replace(record(), **changes)

    assert record().same_as(stored) is same


@pytest.mark.parametrize(
    ("text", "minute", "status"),
    [
        ("", 5, None),
        ("a@5DRIVING", 4.999, None),
        ("a@5DRIVING", 5, "DRIVING"),
        ("a@5DRIVING b@9OFF_DUTY", 8.999, "DRIVING"),
        ("b@9OFF_DUTY a@5DRIVING", 9, "OFF_DUTY"),  # told in any order
        ("a@5DRIVING<c c@5YARD_MOVE", 6, "YARD_MOVE"),
        ("a@5DRIVING b@9OFF_DUTY<c c@12OFF_DUTY", 10, "DRIVING"),  # moved to a later time
        ("a@5DRIVING<b", 6, None),
        ("a@5DRIVING b@5SLEEPER", 5, "SLEEPER"),  # at one moment the later name
    ],
)
def test_the_last_record_that_was_not_replaced_says_the_status(
    text: str, minute: float, status: str | None
) -> None:
    assert status_at(log(text), at(minute)) == status


def test_what_a_driver_wrote_shows_in_no_repr() -> None:
    assert "sick" not in repr(record(annotation="sick"))
