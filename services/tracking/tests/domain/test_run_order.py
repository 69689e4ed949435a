"""
A route that is not driven as planned, and facts that come in no good order.

Goal: legs stay gapless, times never run backwards, what is aboard is what was taken on and not yet
handed over, and no second word on anything is told. Method: the run is told things; a day of random
facts is checked against those laws rather than against remembered events.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from services.tracking.domain.event import (
    LegCompleted,
    OutcomeRecorded,
    RouteStarted,
    StopArrived,
    StopDeparted,
)
from services.tracking.domain.fact import Failure, Success
from services.tracking.domain.incident import Alarm, IncidentType
from services.tracking.domain.legs import settle
from services.tracking.domain.progress import StopState
from services.tracking.domain.route import Route
from services.tracking.domain.run import PROPOSAL_HOLDS, Run
from services.tracking.domain.words import FailureReason, Source, TaskKind
from services.tracking.tests.town import NINE, at, delivered, fact, failed, route, run, stop, task

HAND = Source.DRIVER
TAKEN_OVER = replace(task(2), task_id="tsk_p", kind=TaskKind.PICKUP)  # the goods of the second task


def told(run: Run, *kinds: type) -> list[object]:
    """Events of some kinds."""
    return [event for event in run.events if isinstance(event, kinds)]


def legs(run: Run) -> list[LegCompleted]:
    """The legs of a route, all of them settled."""
    settle(run, tracked=False)
    return [event for event in run.events if isinstance(event, LegCompleted)]


def begun(planned: Route | None = None) -> Run:
    """A route that left the depot at nine."""
    one = run(planned)
    one.start(NINE)
    return one


# Skipping.


def test_a_stop_passed_over_and_served_after_all_is_left_like_any_other() -> None:
    one = begun()
    one.skip("stp_1")
    one.close(delivered(2, 10))
    one.close(delivered(1, 20))
    one.depart("stp_1", at(21), HAND)

    assert one.progress.visit("stp_1").state is StopState.DEPARTED
    assert one.progress.at_stop == ""
    assert [(leg.from_stop_id, leg.to_stop_id) for leg in legs(one)] == [
        ("", "stp_2"),
        ("stp_2", "stp_1"),
    ]


def test_a_stop_that_was_reached_cannot_be_passed_over_any_more() -> None:
    one = begun()
    one.arrive("stp_1", at(2), HAND)

    one.skip("stp_1")

    assert one.progress.visit("stp_1").state is StopState.ARRIVED


# First words.


def test_a_second_arrival_changes_neither_the_time_nor_the_feed() -> None:
    one = begun()
    one.arrive("stp_1", at(2), HAND)
    one.arrive("stp_1", at(9), HAND)
    one.depart("stp_1", at(10), HAND)
    one.arrive("stp_1", at(20), HAND)

    (arrived,) = told(one, StopArrived)
    assert arrived.at == at(2)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("first", "second", "alarms"),
    [
        (Success(), Success(), []),
        (Success(), Failure(FailureReason.NOT_HOME), [IncidentType.CONTRADICTING_OUTCOME]),
        (Failure(FailureReason.NOT_HOME), Success(), [IncidentType.CONTRADICTING_OUTCOME]),
        # Two words for why it failed are no contradiction about whether it did.
        (Failure(FailureReason.NOT_HOME), Failure(FailureReason.NO_ACCESS), []),
    ],
)
def test_only_a_second_report_that_says_otherwise_is_a_contradiction(
    first: Success | Failure, second: Success | Failure, alarms: list[IncidentType]
) -> None:
    one = begun()
    one.close(fact(first, 5, 1))
    one.alarms.clear()

    one.close(fact(second, 6, 1))

    assert [alarm.type for alarm in one.alarms if isinstance(alarm, Alarm)] == alarms
    assert len(told(one, OutcomeRecorded)) == 1


def test_a_contradiction_names_task_delivery_and_both_outcomes() -> None:
    one = begun()
    one.close(delivered(1, 5))

    one.close(failed(1, 6))

    (alarm,) = one.alarms
    assert isinstance(alarm, Alarm)
    assert (alarm.about.task_id, alarm.about.delivery_id) == ("tsk_1", "del_1")
    assert alarm.summary == "reported as failed after it was recorded as succeeded"
    assert alarm.key == "CONTRADICTING_OUTCOME.tsk_1"


@pytest.mark.parametrize("name", ["tsk_9", ""])
def test_a_fact_about_a_task_of_another_route_does_nothing_here(name: str) -> None:
    one = begun()
    events = len(one.events)

    one.close(fact(Success(), 5, task_id=name))

    assert len(one.events) == events
    assert one.alarms == []


def test_a_fact_after_the_end_of_the_route_still_counts() -> None:
    one = begun(route(1))
    one.end(at(30))

    one.close(delivered(1, 20))

    assert len(told(one, OutcomeRecorded)) == 1
    assert told(one, StopArrived) == []


# What a fence saw.


@pytest.mark.parametrize(
    ("seen", "said", "arrived"),
    [
        (3.0, 8.0, 3.0),
        (3.0, 33.0, 3.0),
        (3.0, 33.1, 33.1),  # longer ago than a proposal holds
        (9.0, 8.0, 8.0),  # the hand was first
    ],
)
def test_the_fence_dates_an_arrival_back_for_as_long_as_its_proposal_holds(
    seen: float, said: float, arrived: float
) -> None:
    assert timedelta(minutes=30) == PROPOSAL_HOLDS
    one = begun()
    one.propose("stp_1", at(seen))

    one.arrive("stp_1", at(said), HAND)

    assert [event.at for event in told(one, StopArrived)] == [at(arrived)]  # type: ignore[attr-defined]


def test_a_proposal_after_the_arrival_changes_nothing() -> None:
    one = begun()
    one.arrive("stp_1", at(2), HAND)

    one.propose("stp_1", at(1))

    assert one.progress.visit("stp_1").proposed_at is None


# What is aboard.


def test_what_fails_stays_aboard_and_what_is_handed_over_does_not() -> None:
    one = begun()
    one.close(delivered(1, 5))
    one.close(failed(2, 10))
    one.close(delivered(3, 15))
    one.end(at(30))

    assert [leg.mass_grams for leg in legs(one)] == [6_000, 4_000, 4_000, 2_000]


def test_goods_taken_over_on_the_way_are_aboard_from_there_and_once() -> None:
    one = begun(route(2, stops=(stop(1, TAKEN_OVER), stop(2))))
    one.close(fact(Success(), 5, task_id="tsk_p"))
    one.close(delivered(2, 10))
    one.end(at(20))

    assert [(leg.mass_grams, leg.empty) for leg in legs(one)] == [
        (0, True),
        (2_000, False),
        (0, True),
    ]


def test_goods_that_could_not_be_taken_over_are_not_aboard() -> None:
    one = begun(route(2, stops=(stop(1, TAKEN_OVER), stop(2))))
    one.close(fact(Failure(FailureReason.MISSING_PARCEL), 5, task_id="tsk_p"))
    one.close(failed(2, 10, FailureReason.MISSING_PARCEL))

    assert [leg.mass_grams for leg in legs(one)] == [0, 0]


def test_a_pickup_for_the_depot_stays_aboard_until_the_end() -> None:
    fetched = task(1, kind=TaskKind.PICKUP)
    one = begun(route(1, stops=(stop(1, fetched),)))
    one.close(delivered(1, 5))
    one.end(at(20))

    assert [leg.mass_grams for leg in legs(one)] == [0, 2_000]


def test_a_second_attempt_on_the_same_route_weighs_its_goods_once() -> None:
    again = replace(task(1), task_id="tsk_4", attempt_number=2)
    one = begun()
    one.close(failed(1, 5))
    one.revise(route(revision=2, stops=(stop(1), stop(2), stop(3, task(3), again))))
    one.close(delivered(2, 10))
    one.close(delivered(3, 15))
    one.close(delivered(4, 15))
    one.end(at(30))

    assert [leg.mass_grams for leg in legs(one)] == [6_000, 6_000, 4_000, 0]


def test_a_call_weighs_nothing() -> None:
    one = begun(route(1, stops=(stop(1, task(1, kind=TaskKind.PRE_CALL)),)))
    one.arrive("stp_1", at(2), HAND)

    assert [leg.empty for leg in legs(one)] == [True]


def test_an_empty_way_is_charged_to_what_was_attempted_and_not_to_what_comes() -> None:
    fetched = task(2, kind=TaskKind.PICKUP)
    one = begun(route(2, stops=(stop(1), stop(2, fetched))))
    one.close(delivered(1, 5))
    one.close(delivered(2, 10))

    second = legs(one)[1]
    assert second.empty
    assert [share.delivery_id for share in second.shares] == ["del_1"]


def test_an_empty_way_is_charged_to_somebody_even_before_the_first_attempt() -> None:
    fetched = task(1, kind=TaskKind.PICKUP)
    one = begun(route(1, stops=(stop(1, fetched),)))
    one.close(delivered(1, 5))

    (first,) = legs(one)
    assert first.empty
    assert [share.delivery_id for share in first.shares] == ["del_1"]


# Laws that hold whatever is said.


def anything(dice: random.Random, one: Run, moment: datetime) -> None:
    """One thing that somebody says, in whatever order."""
    number = dice.randint(1, 4)  # one of them is on no stop
    name, minutes = f"stp_{number}", (moment - NINE) / timedelta(minutes=1)
    match dice.randrange(8):
        case 0:
            one.start(moment)
        case 1:
            one.arrive(name, moment, HAND)
        case 2:
            one.serve(name, moment, HAND)
        case 3:
            one.depart(name, moment, Source.GEOFENCE)
        case 4:
            one.close(delivered(number, minutes))
        case 5:
            one.close(failed(number, minutes))
        case 6:
            one.skip(name)
        case 7:
            one.propose(name, moment)


def random_day(seed: int) -> Run:
    """A day on which sixty things are said, some of them minutes late."""
    dice, one = random.Random(seed), run()
    for minute in range(60):
        anything(dice, one, at(minute - dice.choice([0, 0, 0, 3, 12])))
    one.end(at(90))
    settle(one, tracked=False)
    return one


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_said_legs_are_gapless_and_times_never_run_backwards(seed: int) -> None:
    ways = [event for event in random_day(seed).events if isinstance(event, LegCompleted)]

    assert [leg.leg_rank for leg in ways] == list(range(1, len(ways) + 1))
    assert all(leg.start <= leg.end for leg in ways)
    assert all(a.to_stop_id == b.from_stop_id for a, b in pairwise(ways))
    assert all(a.end <= b.start for a, b in pairwise(ways))


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_said_everything_is_told_once(seed: int) -> None:
    one = random_day(seed)

    names = Counter(
        (
            type(event),
            getattr(event, "stop_id", ""),
            getattr(getattr(event, "task", ""), "task_id", ""),
        )
        for event in told(one, StopArrived, StopDeparted, OutcomeRecorded, RouteStarted)
    )
    assert max(names.values()) == 1


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_said_nobody_leaves_where_he_did_not_arrive(seed: int) -> None:
    one = random_day(seed)

    arrived = {event.stop_id: event.at for event in told(one, StopArrived)}  # type: ignore[attr-defined]
    for event in told(one, StopDeparted):
        assert event.at >= arrived[event.stop_id] == event.arrived_at  # type: ignore[attr-defined]
    assert one.progress.at_stop == ""
