"""
The whole machine of a delivery: every state, every fact.

Method: for each state the facts that move it, by hand from the contract's comments and from what
the states mean; whatever is not written here must leave the state as it is. `test_delivery_state`
one folder up reads the contract's comment and plays days.
"""

from __future__ import annotations

import pytest

from meshkit.errors import NotReady
from services.dispatch.domain.delivery import DeliveryState as State
from services.dispatch.domain.delivery_state import (
    TERMINAL,
    Fact,
    evolve,
    fact_of,
    require_under_way,
)
from services.dispatch.domain.task import FailureReason, Outcome, TaskOutcome, TaskType, closed
from services.dispatch.tests.domain.samples import at, delivery, reason, task

# A report of the way or of the end may come before those of the steps between.
REPORTED_AHEAD = """
    LOADED>OUT_FOR_DELIVERY ARRIVED>ARRIVING DELIVERED>DELIVERED DROPPED_AT_PUDO>HELD_AT_PUDO
    ATTEMPT_FAILED>ATTEMPT_FAILED FOUND_DAMAGED>DAMAGED
"""
ON_THE_ROAD = """
    DELIVERED>DELIVERED DROPPED_AT_PUDO>HELD_AT_PUDO ATTEMPT_FAILED>ATTEMPT_FAILED
    FOUND_DAMAGED>DAMAGED CANCELLED>RETURNING RELEASED_FROM_ROUTE>PLANNED
"""
MACHINE = {
    "CREATED": "PLANNED>PLANNED ASSIGNED>ASSIGNED HELD>ON_HOLD CANCELLED>CANCELLED"
    + REPORTED_AHEAD,
    "PLANNED": "ASSIGNED>ASSIGNED HELD>ON_HOLD CANCELLED>CANCELLED" + REPORTED_AHEAD,
    "ASSIGNED": "RELEASED_FROM_ROUTE>CREATED CANCELLED>CANCELLED" + REPORTED_AHEAD,
    "OUT_FOR_DELIVERY": "ARRIVED>ARRIVING" + ON_THE_ROAD,
    "ARRIVING": ON_THE_ROAD,
    "DELIVERED": "CORRECTED_TO_FAILED>ATTEMPT_FAILED",
    "HELD_AT_PUDO": "",
    "COLLECTED": "",
    "EXPIRED_AT_PUDO": "",
    "ATTEMPT_FAILED": """
        RESCHEDULED>PLANNED CANCELLED>RETURNING HELD>ON_HOLD CORRECTED_TO_DELIVERED>DELIVERED
    """,
    "RETURNING": "RETURNED>RETURNED FOUND_DAMAGED>DAMAGED",
    "RETURNED": "",
    "CANCELLED": "",
    "ON_HOLD": "RELEASED>CREATED DELIVERED>DELIVERED CANCELLED>CANCELLED",
    "LOST": "",
    "DAMAGED": "",
}
ENDED = {"DELIVERED", "COLLECTED", "RETURNED", "CANCELLED", "LOST", "DAMAGED"}


@pytest.mark.parametrize("state", State)
def test_each_fact_moves_a_state_as_written_and_no_other_fact_does(state: State) -> None:
    written = dict(move.split(">") for move in MACHINE[state].split())

    moved = {fact.value: evolve(state, fact).value for fact in Fact}

    assert moved == {fact.value: written.get(fact.value, state.value) for fact in Fact}


@pytest.mark.parametrize("state", State)
def test_a_delivery_can_be_changed_until_it_has_ended(state: State) -> None:
    found = delivery(state=state)
    if state not in ENDED:
        require_under_way(found)
        return

    with pytest.raises(NotReady) as caught:
        require_under_way(found)

    assert reason(caught.value) == "DELIVERY_ENDED"
    assert caught.value.metadata == {"delivery_id": "d", "state": state.value}


def test_the_ends_are_the_terminal_states() -> None:
    assert set(TERMINAL) == ENDED


@pytest.mark.parametrize(
    ("kind", "outcome", "why", "fact"),
    [
        (TaskType.DELIVERY, "SUCCEEDED", None, "DELIVERED"),
        (TaskType.PUDO_DROP, "SUCCEEDED", None, "DROPPED_AT_PUDO"),
        (TaskType.RETURN, "SUCCEEDED", None, "RETURNED"),
        (TaskType.PICKUP, "SUCCEEDED", None, None),  # the goods are on board, no more
        (TaskType.PRE_CALL, "SUCCEEDED", None, None),
        (TaskType.DELIVERY, "CANCELLED", None, None),
        (TaskType.RETURN, "CANCELLED", None, None),
        *(
            (TaskType.DELIVERY, "FAILED", why, "ATTEMPT_FAILED")
            for why in FailureReason
            if why is not FailureReason.DAMAGED
        ),
        (TaskType.DELIVERY, "FAILED", FailureReason.DAMAGED, "FOUND_DAMAGED"),
        (TaskType.PUDO_DROP, "FAILED", FailureReason.LOCKER_FULL, "ATTEMPT_FAILED"),
        (TaskType.RETURN, "FAILED", FailureReason.DAMAGED, "FOUND_DAMAGED"),
        (TaskType.PICKUP, "FAILED", FailureReason.DAMAGED, "FOUND_DAMAGED"),
    ],
)
def test_the_end_of_a_task_means_one_thing_for_its_delivery(
    kind: TaskType, outcome: str, why: FailureReason | None, fact: str | None
) -> None:
    done = closed(task(type=kind), Outcome(TaskOutcome(outcome), at(1), "e", why), at(2))

    assert done is not None
    assert fact_of(done) == fact


@pytest.mark.parametrize("kind", TaskType)
def test_an_open_task_means_nothing_yet(kind: TaskType) -> None:
    assert fact_of(task(type=kind)) is None


@pytest.mark.parametrize(
    "ends",
    [
        ("DELIVERED", "ATTEMPT_FAILED"),
        ("ATTEMPT_FAILED", "DELIVERED"),
        ("CANCELLED", "DELIVERED"),
        ("FOUND_DAMAGED", "DELIVERED"),
        ("DROPPED_AT_PUDO", "DELIVERED"),
    ],
)
def test_of_two_ends_the_first_one_told_holds(ends: tuple[str, str]) -> None:
    first = evolve(State.ASSIGNED, Fact(ends[0]))

    assert evolve(first, Fact(ends[1])) is first
