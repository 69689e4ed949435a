"""
Tasks: OPEN -> CLOSED, written once.

Method: the whole machine as a table of (state, command); a closed task stands here once for each
way to end.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meshkit.errors import NotReady
from services.dispatch.domain.task import (
    FailureReason,
    Outcome,
    Task,
    TaskOutcome,
    TaskState,
    TaskType,
    closed,
    placed,
    require_open,
)
from services.dispatch.domain.values import Point
from services.dispatch.tests.domain.samples import at, reason, task

NOW = at(30)
OUTCOMES = {
    "succeed": Outcome(TaskOutcome.SUCCEEDED, at(20), "evt-1"),
    "fail": Outcome(TaskOutcome.FAILED, at(21), "evt-2", FailureReason.NOT_HOME),
    "cancel": Outcome(TaskOutcome.CANCELLED, at(22)),
}
COMMANDS: dict[str, Callable[[Task], Task | None]] = {
    "succeed": lambda found: closed(found, OUTCOMES["succeed"], NOW),
    "fail": lambda found: closed(found, OUTCOMES["fail"], NOW),
    "cancel": lambda found: closed(found, OUTCOMES["cancel"], NOW),
    "place": lambda found: placed(found, "r", "s", NOW),
    "take off": lambda found: placed(found, "", "", NOW),
}
ENDED = ("succeed", "fail", "cancel")


def ended(how: str) -> Task:
    done = closed(task(), OUTCOMES[how], NOW)
    assert done is not None
    return done


@pytest.mark.parametrize("command", ENDED)
def test_an_open_task_is_closed_by_whatever_ends_it(command: str) -> None:
    end = OUTCOMES[command]

    done = COMMANDS[command](task())

    assert done == task(
        state=TaskState.CLOSED,
        outcome=end.outcome,
        failure_reason=end.failure_reason,
        outcome_time=end.at,
        outcome_event_id=end.event_id,
        revision=2,
        update_time=NOW,
    )
    assert not done.is_open


@pytest.mark.parametrize("command", ENDED)
@pytest.mark.parametrize("how", ENDED)
def test_a_closed_task_is_closed_by_nothing_again(how: str, command: str) -> None:
    """Neither the same fact twice nor another one later."""
    assert COMMANDS[command](ended(how)) is None


@pytest.mark.parametrize("command", ["place", "take off"])
@pytest.mark.parametrize("how", ENDED)
def test_a_closed_task_goes_on_no_route_and_off_none(how: str, command: str) -> None:
    with pytest.raises(NotReady) as caught:
        COMMANDS[command](ended(how))

    assert reason(caught.value) == "TASK_CLOSED"
    assert caught.value.metadata == {"task_id": "t"}


def test_an_open_task_goes_on_a_route_and_off_it() -> None:
    on = placed(task(), "r", "s", NOW)
    off = placed(on, "", "", at(31))

    assert on == task(route_id="r", stop_id="s", revision=2, update_time=NOW)
    assert off == task(revision=3, update_time=at(31))
    require_open(off)


def test_closing_keeps_where_the_task_was_done() -> None:
    done = closed(placed(task(tender_id="x"), "r", "s", NOW), OUTCOMES["succeed"], NOW)

    assert done is not None
    assert (done.route_id, done.stop_id, done.tender_id) == ("r", "s", "x")


@pytest.mark.parametrize("kind", TaskType)
def test_only_a_pickup_is_a_pickup(kind: TaskType) -> None:
    assert task(type=kind).is_pickup is (kind is TaskType.PICKUP)


def test_where_goods_are_picked_up_shows_in_no_repr() -> None:
    assert "60.17" not in repr(task(location=Point(60.17, 24.94)))
