"""
From events to a delivery's one state.

Method: stories, each a list of events and the states after them. The legal transitions are those of
the contract's TrackingState; a seeded heap of events in any order may not leave them.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.journal import Event
from services.tracking.domain.route import Window
from services.tracking.domain.words import (
    ENDED_STATES,
    FailureReason,
    Milestone,
    Outcome,
    TaskKind,
    TrackingState,
)
from services.tracking.projections.deliveries import apply, failure_of, named, replayed, tasks_of
from services.tracking.tests.projections.story import (
    arrived,
    attempt,
    cancelled,
    crew,
    failure,
    held,
    known,
    near,
    outcome,
    placed,
    started,
    withdrawn,
)
from services.tracking.tests.town import at

S = TrackingState
OUT: list[Event] = [known(1), placed(1), started(1)]
RELIEF = crew("rte_2")

# Transitions of the contract's TrackingState, written out. ARRIVING falls back to OUT_FOR_DELIVERY
# when another vehicle, which starts later, takes the goods over.
LEGAL = {
    S.CREATED: {S.PLANNED, S.ASSIGNED, S.OUT_FOR_DELIVERY, S.CANCELLED},
    S.PLANNED: {S.ASSIGNED, S.OUT_FOR_DELIVERY, S.CANCELLED},
    S.ASSIGNED: {S.PLANNED, S.OUT_FOR_DELIVERY, S.CANCELLED},
    S.OUT_FOR_DELIVERY: {S.ARRIVING, S.DELIVERED, S.HELD_AT_PUDO, S.ATTEMPT_FAILED, S.RETURNING},
    S.ARRIVING: {
        S.OUT_FOR_DELIVERY,
        S.DELIVERED,
        S.HELD_AT_PUDO,
        S.ATTEMPT_FAILED,
        S.RETURNING,
    },
    S.ATTEMPT_FAILED: {S.PLANNED, S.RETURNING},
    S.HELD_AT_PUDO: {S.COLLECTED, S.RETURNING},
    S.RETURNING: {S.RETURNED},
}


def states(events: Sequence[Event], name: str = "del_1") -> list[TrackingState]:
    """The states that a delivery goes through, each once."""
    delivery, seen = Delivery(name), [S.CREATED]
    for event in events:
        if name in named(event):
            delivery = apply(delivery, event)
        if delivery.state is not seen[-1]:
            seen.append(delivery.state)
    return seen


def told(events: Sequence[Event], name: str = "del_1") -> Delivery:
    """The delivery after some events."""
    return replayed(events)[name]


@pytest.mark.parametrize(
    ("events", "path"),
    [
        ([known(1)], [S.CREATED]),
        (
            [*OUT, near(1, 8), outcome(1, 10)],
            [S.CREATED, S.ASSIGNED, S.OUT_FOR_DELIVERY, S.ARRIVING, S.DELIVERED],
        ),
        ([*OUT, arrived(1, 8)], [S.CREATED, S.ASSIGNED, S.OUT_FOR_DELIVERY, S.ARRIVING]),
        ([known(1), placed(1), withdrawn(1)], [S.CREATED, S.ASSIGNED, S.PLANNED]),
        ([known(1), placed(1), placed(removed=(1,))], [S.CREATED, S.ASSIGNED, S.PLANNED]),
        ([known(1), cancelled(1, 0)], [S.CREATED, S.CANCELLED]),
        (
            [*OUT, cancelled(1, 5, returning=True)],
            [S.CREATED, S.ASSIGNED, S.OUT_FOR_DELIVERY, S.RETURNING],
        ),
    ],
)
def test_a_delivery_goes_the_way_of_its_facts(
    events: Sequence[Event], path: list[TrackingState]
) -> None:
    assert states(events) == path


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (TaskKind.DELIVERY, S.DELIVERED),
        (TaskKind.UNSPECIFIED, S.DELIVERED),
        (TaskKind.PUDO_DROP, S.HELD_AT_PUDO),
    ],
)
def test_the_kind_of_the_task_says_what_its_success_means(
    kind: TaskKind, state: TrackingState
) -> None:
    assert told([*OUT, outcome(1, 10, kind=kind)]).state is state


def test_what_waits_at_a_pick_up_point_is_collected_there() -> None:
    drop = outcome(1, 10, kind=TaskKind.PUDO_DROP)

    path = states(
        [*OUT, drop, held(1, 10, Milestone.HELD_AT_PUDO), held(1, 90, Milestone.COLLECTED)]
    )

    assert path[-2:] == [S.HELD_AT_PUDO, S.COLLECTED]


@pytest.mark.parametrize(
    ("before", "kind", "state"),
    [
        ([failure(1, 10)], TaskKind.DELIVERY, S.PLANNED),
        ([failure(1, 10)], TaskKind.RETURN, S.RETURNING),
        ([outcome(1, 10, kind=TaskKind.PUDO_DROP)], TaskKind.RETURN, S.RETURNING),
    ],
)
def test_the_next_attempt_says_whether_it_is_tried_again_or_goes_back(
    before: list[Event], kind: TaskKind, state: TrackingState
) -> None:
    assert told([*OUT, *before, attempt(11, 20, kind)]).state is state


def test_goods_on_their_way_back_go_back_and_are_not_out_for_delivery() -> None:
    back: list[Event] = [
        attempt(11, 20, TaskKind.RETURN),
        placed(11, by=RELIEF),
        started(11, by=RELIEF),
    ]
    home = outcome(11, 60, kind=TaskKind.RETURN)

    path = states([*OUT, failure(1, 10), *back, home])

    assert path[-3:] == [S.ATTEMPT_FAILED, S.RETURNING, S.RETURNED]


def test_a_return_that_fails_is_still_on_its_way_back() -> None:
    back: list[Event] = [
        attempt(11, 20, TaskKind.RETURN),
        placed(11, by=RELIEF),
        started(11, by=RELIEF),
    ]

    assert told([*OUT, failure(1, 10), *back, failure(11, 60, kind=TaskKind.RETURN)]).state is (
        S.RETURNING
    )


def test_damaged_goods_are_not_tried_again() -> None:
    assert told([*OUT, failure(1, 10, FailureReason.DAMAGED)]).state is S.DAMAGED


@pytest.mark.parametrize(
    "later",
    [
        cancelled(1, 20),
        cancelled(1, 20, returning=True),
        started(1, minutes=20),
        placed(1, minutes=20),
        near(1, 20),
        held(1, 20, Milestone.RETURNED),
        known(1, 20),
        withdrawn(1, minutes=20),
    ],
)
def test_a_final_state_is_final(later: Event) -> None:
    assert told([*OUT, outcome(1, 10), later]).state is S.DELIVERED


# Attempts.


def test_the_first_task_is_the_present_attempt_until_another_is_planned() -> None:
    again = told([*OUT, failure(1, 10), attempt(11, 20)])

    assert (again.task_id, again.attempt_number) == ("tsk_11", 2)
    assert again.past_task_ids == ("tsk_1",)
    assert again.route_id == ""
    assert not again.closed


def test_news_of_an_attempt_that_is_past_does_not_bring_it_back() -> None:
    again = [*OUT, failure(1, 10), attempt(11, 20)]

    assert told([*again, attempt(1, 30), known(1, 31)]).task_id == "tsk_11"


def test_an_outcome_of_a_past_attempt_says_nothing_about_the_present_one() -> None:
    again = [*OUT, failure(1, 10), attempt(11, 20)]

    assert told([*again, outcome(1, 30)]).state is S.PLANNED


def test_taking_goods_over_on_the_way_is_no_attempt_at_the_delivery() -> None:
    pickup = attempt(21, 20, TaskKind.PICKUP)
    moved: list[Event] = [pickup, placed(removed=(1,)), placed(1, 21, by=RELIEF, minutes=21)]
    fetched = outcome(21, 30, kind=TaskKind.PICKUP)

    assert told([*OUT, *moved, fetched]).closed is False
    assert told([*OUT, *moved, fetched]).state is S.OUT_FOR_DELIVERY
    assert told([*OUT, *moved, fetched, outcome(1, 40)]).state is S.DELIVERED


def test_a_call_beforehand_is_no_attempt_at_the_delivery() -> None:
    calling: list[Event] = [
        known(1),
        attempt(21, -40, TaskKind.PRE_CALL),
        placed(1, 21),
        started(1, 21),
    ]

    assert told([*calling, outcome(1, 10)]).state is S.DELIVERED


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ([failure(1, 10, FailureReason.NO_ACCESS)], FailureReason.NO_ACCESS),
        ([failure(1, 10, FailureReason.NO_ACCESS), attempt(11, 20)], FailureReason.UNSPECIFIED),
        ([outcome(1, 10)], FailureReason.UNSPECIFIED),
    ],
)
def test_why_it_failed_matters_until_the_next_attempt(
    last: list[Event], reason: FailureReason
) -> None:
    assert failure_of(told([*OUT, *last])) is reason


# Routes.


def test_a_route_that_overtook_the_news_of_its_deliveries_counts() -> None:
    assert told([placed(1), started(1)]).state is S.OUT_FOR_DELIVERY


def test_a_route_that_lost_a_task_to_another_does_not_take_the_other_one_away() -> None:
    moved = told([known(1), placed(1), placed(1, by=RELIEF), placed(removed=(1,), minutes=-10)])

    assert moved.route_id == "rte_2"
    assert moved.state is S.ASSIGNED


def test_a_delivery_taken_off_on_the_way_waits_for_another_vehicle() -> None:
    off = told([*OUT, placed(removed=(1,), minutes=10)])

    assert (off.state, off.route_id) == (S.OUT_FOR_DELIVERY, "")


def test_a_delivered_one_stays_with_the_route_that_did_it() -> None:
    done = told([*OUT, outcome(1, 10), placed(removed=(1,), minutes=20)])

    assert done.route_id == "rte_1"


# Promises.


def test_the_promise_of_when_it_went_out_outlives_every_later_one() -> None:
    later = Window(at(300), at(360))
    moved = told([*OUT, known(1, 5, promise=later), outcome(1, 10)])

    assert moved.promise == later
    assert moved.promise_out == Window(at(0), at(120))


def test_a_promise_changed_before_it_went_out_is_the_one() -> None:
    later = Window(at(300), at(360))

    assert told([known(1), known(1, -5, promise=later), placed(1), started(1)]).promise_out == later


# Whatever comes.


def heap(seed: int) -> list[Event]:
    """
    Sixty events about one delivery, in no order that makes sense.

    Only what `domain.run` sees to is kept: an outcome comes after the start, and once per task.
    """
    dice = random.Random(seed)
    events: list[Event] = [known(1)]
    open_tasks = {1, 11, 12}
    for minutes in range(60):
        number = dice.choice([1, 1, 1, 11, 12])
        kind = TaskKind.RETURN if number == 12 else TaskKind.DELIVERY
        by = dice.choice([crew(), RELIEF])
        if dice.random() < 0.15 and number in open_tasks:
            open_tasks.remove(number)
            won = dice.random() < 0.5
            end = (outcome if won else failure)(number, minutes, kind=kind)
            events += [started(number, by=by, minutes=minutes), end]
            continue
        event: list[Event] = [
            attempt(number, minutes, kind),
            placed(number, by=by, minutes=minutes),
            placed(removed=(number,), by=by, minutes=minutes),
            withdrawn(number, by=by, minutes=minutes),
            started(number, by=by, minutes=minutes),
            near(number, minutes, by),
            known(1, minutes),
        ]
        events.append(dice.choice(event))
    return events


@pytest.mark.parametrize("seed", range(60))
def test_no_order_of_events_takes_a_delivery_off_the_legal_way(seed: int) -> None:
    path = states(heap(seed))

    assert all(b in LEGAL[a] for a, b in itertools.pairwise(path)), path


@pytest.mark.parametrize("seed", range(20))
def test_what_has_ended_is_never_open_again(seed: int) -> None:
    events = heap(seed)
    ended = [told(events[: n + 1]).state in ENDED_STATES for n in range(len(events))]

    assert ended == sorted(ended)


def test_an_event_about_others_changes_nobody_else() -> None:
    both = replayed([known(1), known(2), placed(1, 2), started(1, 2), outcome(2, 10)])

    assert both["del_1"].state is S.OUT_FOR_DELIVERY
    assert both["del_2"].outcome is Outcome.SUCCEEDED


def test_an_event_names_the_tasks_it_is_about() -> None:
    assert [task.task_id for task in tasks_of(placed(1, 2))] == ["tsk_1", "tsk_2"]
    assert [task.task_id for task in tasks_of(outcome(3, 1))] == ["tsk_3"]
    assert list(tasks_of(known(1))) == []


def test_a_carrier_has_a_delivery_from_its_route_on_until_the_next_attempt() -> None:
    ours = crew(carrier_id="carrier-1")
    taken: list[Event] = [
        known(1),
        placed(1, by=ours, minutes=-30),
        placed(1, by=ours, minutes=-10),
    ]
    again: list[Event] = [*taken, failure(1, 5), attempt(11, 30)]
    over: list[Event] = [*again, placed(11, by=crew("rte_2", carrier_id="carrier-2"), minutes=40)]

    whose = [(one.carrier_id, one.carrier_since) for one in (told(taken), told(again), told(over))]
    assert whose == [("carrier-1", at(-30)), ("", None), ("carrier-2", at(40))]
