"""
A route while something happens to it: what is said, what is inferred, and that the first word wins.

Method: a van with three stops along one street is told things; the events that come of it are read.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from services.tracking.domain.event import (
    LegCompleted,
    OutcomeRecorded,
    RouteCompleted,
    RouteStarted,
    StopArrived,
    StopDeparted,
)
from services.tracking.domain.incident import Alarm, IncidentType
from services.tracking.domain.legs import settle
from services.tracking.domain.progress import RunState, StopState
from services.tracking.domain.run import Run
from services.tracking.domain.words import FailureReason, Outcome, Source
from services.tracking.tests.town import at, delivered, failed, route, run, stop, task


def told(of: Run, kind: type) -> list[object]:
    return [event for event in of.events if isinstance(event, kind)]


def arrivals(of: Run) -> list[tuple[str, datetime]]:
    return [(one.stop_id, one.at) for one in told(of, StopArrived)]  # type: ignore[attr-defined]


def departures(of: Run) -> list[tuple[str, datetime]]:
    return [(one.stop_id, one.at) for one in told(of, StopDeparted)]  # type: ignore[attr-defined]


def driven(of: Run) -> Run:
    """A whole day, told as a careful driver tells it."""
    of.start(at(0))
    for number in (1, 2, 3):
        begun = 5 * (number - 1) + 2
        of.arrive(f"stp_{number}", at(begun), Source.DRIVER)
        of.close(delivered(number, begun + 2))
        of.depart(f"stp_{number}", at(begun + 3), Source.DRIVER)
    of.end(at(21))
    settle(of, tracked=False)
    return of


def test_a_careful_drivers_day_is_told_once_in_order() -> None:
    day = driven(run())

    kinds = [type(event).__name__ for event in day.events]
    assert kinds.count("StopArrived") == kinds.count("StopDeparted") == 3
    assert kinds.count("OutcomeRecorded") == 3
    assert kinds.count("LegCompleted") == 4, "the way home is a leg too"
    assert kinds[0] == "RouteStarted"
    assert kinds[-1] == "RouteCompleted"
    assert day.progress.state is RunState.COMPLETED


def test_everything_said_twice_is_told_once() -> None:
    day = run()
    for _ in range(2):
        day.start(at(0))
        day.arrive("stp_1", at(2), Source.DRIVER)
        day.serve("stp_1", at(2), Source.DRIVER)
        day.close(delivered(1, 4))
        day.depart("stp_1", at(5), Source.DRIVER)

    kinds = [type(event).__name__ for event in day.events]
    assert len(kinds) == len(set(kinds)) == 4


def test_a_driver_who_only_closes_tasks_has_arrived_and_left() -> None:
    day = run(route(2))
    day.close(delivered(1, 5))
    day.close(delivered(2, 10))
    day.end(at(20))

    assert told(day, RouteStarted)
    assert arrivals(day) == [("stp_1", at(2)), ("stp_2", at(7))], "service took its planned time"
    assert departures(day) == [("stp_1", at(5)), ("stp_2", at(16))], "and so did the way"


def test_arriving_at_the_next_stop_means_having_left_the_last() -> None:
    day = run()
    day.arrive("stp_1", at(2), Source.DRIVER)
    day.close(delivered(1, 4))
    day.arrive("stp_2", at(9), Source.DRIVER)

    assert departures(day) == [("stp_1", at(7))], "two minutes on the way, as planned"
    assert day.progress.at_stop == "stp_2"


def test_the_first_outcome_of_a_task_stays_and_another_one_raises_an_alarm() -> None:
    day = run()
    day.close(delivered(1, 5))
    day.close(failed(1, 6))

    assert [one.outcome for one in told(day, OutcomeRecorded)] == [Outcome.SUCCEEDED]  # type: ignore[attr-defined]
    assert [one.type for one in day.alarms if isinstance(one, Alarm)] == [
        IncidentType.CONTRADICTING_OUTCOME
    ]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (FailureReason.NOT_HOME, IncidentType.ATTEMPT_FAILED),
        (FailureReason.WRONG_ADDRESS, IncidentType.WRONG_ADDRESS),
        (FailureReason.NO_ACCESS, IncidentType.NO_ACCESS),
        (FailureReason.DAMAGED, IncidentType.DAMAGED_PARCEL),
    ],
)
def test_a_failed_attempt_raises_the_alarm_of_its_reason(
    reason: FailureReason, kind: IncidentType
) -> None:
    day = run()
    day.close(failed(1, 5, reason))

    assert [alarm.type for alarm in day.alarms if isinstance(alarm, Alarm)] == [kind]


def test_what_failed_stays_aboard_and_pays_for_the_way_home() -> None:
    day = run(route(2))
    day.close(delivered(1, 5))
    day.close(failed(2, 10))
    day.end(at(20))
    settle(day, tracked=False)

    legs = told(day, LegCompleted)
    carried = [(one.mass_grams, one.empty) for one in legs]  # type: ignore[attr-defined]
    assert carried == [(4_000, False), (2_000, False), (2_000, False)]
    assert [share.delivery_id for share in legs[-1].shares] == ["del_2"]  # type: ignore[attr-defined]


def test_an_empty_way_home_is_shared_by_all_that_was_attempted() -> None:
    day = driven(run())

    home = told(day, LegCompleted)[-1]
    assert home.empty  # type: ignore[attr-defined]
    assert {one.delivery_id for one in home.shares} == {"del_1", "del_2", "del_3"}  # type: ignore[attr-defined]


def test_legs_have_no_gap_between_them() -> None:
    legs = told(driven(run()), LegCompleted)

    ends = [one.to_stop_id for one in legs]  # type: ignore[attr-defined]
    starts = [one.from_stop_id for one in legs]  # type: ignore[attr-defined]
    assert starts == ["", "stp_1", "stp_2", "stp_3"]
    assert ends == ["stp_1", "stp_2", "stp_3", ""]


def test_a_revision_keeps_what_was_done_and_changes_what_is_left() -> None:
    day = run()
    day.close(delivered(1, 5))
    revised = route(
        2,
        revision=2,
        stops=(stop(1), stop(2, task(2), task(9))),
    )
    day.revise(revised)
    day.close(delivered(9, 10))

    assert [one.task_id for one in day.open_tasks] == ["tsk_2"]
    assert [one.stop_id for one in day.pending] == []
    assert told(day, OutcomeRecorded)[-1].crew.revision == 2  # type: ignore[attr-defined]


def test_on_time_is_measured_by_the_promise_of_when_it_went_out() -> None:
    day = run()
    day.start(at(0))
    moved = task(1, promise=None)
    day.revise(route(revision=2, stops=(stop(1, moved), stop(2), stop(3))))
    day.close(delivered(1, 121))

    assert told(day, OutcomeRecorded)[0].on_time is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(("minutes", "on_time"), [(119.9, True), (120, False)])
def test_a_promise_ends_before_its_end(minutes: float, on_time: bool) -> None:
    day = run()
    day.close(delivered(1, minutes))

    assert told(day, OutcomeRecorded)[0].on_time is on_time  # type: ignore[attr-defined]


def test_a_skipped_stop_is_nobodys_next() -> None:
    day = run()
    day.skip("stp_1")

    assert day.progress.visit("stp_1").state is StopState.SKIPPED
    assert [one.stop_id for one in day.pending] == ["stp_2", "stp_3"]


def test_a_route_without_its_last_legs_is_not_complete() -> None:
    day = run()
    day.close(delivered(1, 5))
    day.end(at(20))
    settle(day, tracked=True)

    assert not told(day, RouteCompleted), "its positions have not come yet"


def test_out_of_order_arrivals_say_so() -> None:
    day = run()
    for number, minutes in ((2, 4), (1, 10), (3, 20)):
        day.arrive(f"stp_{number}", at(minutes), Source.DRIVER)

    assert [one.in_sequence for one in told(day, StopArrived)] == [False, True, True]  # type: ignore[attr-defined]
