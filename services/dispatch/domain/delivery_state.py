"""
How facts move the state of a delivery. Pure.

`MOVES` is the whole machine. A fact that has no entry for a state leaves the state as it is: facts
come late, twice and out of order, and the first to close a task wins. The contract's comment of
`DeliveryState` lists the same transitions for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from meshkit.errors import NotReady
from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.task import FailureReason, Task, TaskOutcome, TaskType

S = DeliveryState


class Fact(StrEnum):
    """What can happen to a delivery."""

    PLANNED = "PLANNED"  # its task is on a plan that passed the check
    ASSIGNED = "ASSIGNED"  # its task is on a published route or an accepted tender
    RELEASED_FROM_ROUTE = "RELEASED_FROM_ROUTE"  # its task came off a published route
    LOADED = "LOADED"  # the vehicle left with it
    ARRIVED = "ARRIVED"  # the vehicle stands at the stop
    DELIVERED = "DELIVERED"
    DROPPED_AT_PUDO = "DROPPED_AT_PUDO"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    FOUND_DAMAGED = "FOUND_DAMAGED"
    CANCELLED = "CANCELLED"
    RESCHEDULED = "RESCHEDULED"
    RETURNED = "RETURNED"
    HELD = "HELD"
    RELEASED = "RELEASED"
    CORRECTED_TO_DELIVERED = "CORRECTED_TO_DELIVERED"
    CORRECTED_TO_FAILED = "CORRECTED_TO_FAILED"


BEFORE_MOVING = (S.CREATED, S.PLANNED, S.ASSIGNED)
ON_THE_ROAD = (S.OUT_FOR_DELIVERY, S.ARRIVING)
UNDER_WAY = (*BEFORE_MOVING, *ON_THE_ROAD)  # a report of the end may come before those of the way
TERMINAL = frozenset({S.DELIVERED, S.COLLECTED, S.RETURNED, S.CANCELLED, S.LOST, S.DAMAGED})


def _each(states: tuple[S, ...], fact: Fact, to: S) -> dict[tuple[S, Fact], S]:
    return {(state, fact): to for state in states}


MOVES: Mapping[tuple[DeliveryState, Fact], DeliveryState] = {
    (S.CREATED, Fact.PLANNED): S.PLANNED,
    **_each((S.CREATED, S.PLANNED), Fact.ASSIGNED, S.ASSIGNED),
    (S.ASSIGNED, Fact.RELEASED_FROM_ROUTE): S.CREATED,
    **_each(ON_THE_ROAD, Fact.RELEASED_FROM_ROUTE, S.PLANNED),  # brought back unattempted
    **_each(BEFORE_MOVING, Fact.LOADED, S.OUT_FOR_DELIVERY),
    **_each((*BEFORE_MOVING, S.OUT_FOR_DELIVERY), Fact.ARRIVED, S.ARRIVING),
    **_each((*UNDER_WAY, S.ON_HOLD), Fact.DELIVERED, S.DELIVERED),
    **_each(UNDER_WAY, Fact.DROPPED_AT_PUDO, S.HELD_AT_PUDO),
    **_each(UNDER_WAY, Fact.ATTEMPT_FAILED, S.ATTEMPT_FAILED),
    **_each((*UNDER_WAY, S.RETURNING), Fact.FOUND_DAMAGED, S.DAMAGED),
    **_each((*BEFORE_MOVING, S.ON_HOLD), Fact.CANCELLED, S.CANCELLED),
    **_each((*ON_THE_ROAD, S.ATTEMPT_FAILED), Fact.CANCELLED, S.RETURNING),
    (S.ATTEMPT_FAILED, Fact.RESCHEDULED): S.PLANNED,
    (S.RETURNING, Fact.RETURNED): S.RETURNED,
    **_each((S.CREATED, S.PLANNED, S.ATTEMPT_FAILED), Fact.HELD, S.ON_HOLD),
    (S.ON_HOLD, Fact.RELEASED): S.CREATED,
    (S.ATTEMPT_FAILED, Fact.CORRECTED_TO_DELIVERED): S.DELIVERED,
    (S.DELIVERED, Fact.CORRECTED_TO_FAILED): S.ATTEMPT_FAILED,
}


def evolve(state: DeliveryState, fact: Fact) -> DeliveryState:
    """The state after a fact; the same state when the fact has no bearing on it."""
    return MOVES.get((state, fact), state)


def fact_of(task: Task) -> Fact | None:
    """What the end of a task means for its delivery; None for an open one."""
    if task.outcome is TaskOutcome.SUCCEEDED:
        return SUCCESSES.get(task.type)
    if task.outcome is TaskOutcome.FAILED:
        is_damaged = task.failure_reason is FailureReason.DAMAGED
        return Fact.FOUND_DAMAGED if is_damaged else Fact.ATTEMPT_FAILED
    return None


SUCCESSES = {
    TaskType.DELIVERY: Fact.DELIVERED,
    TaskType.PUDO_DROP: Fact.DROPPED_AT_PUDO,
    TaskType.RETURN: Fact.RETURNED,
}


def require_under_way(delivery: Delivery) -> None:
    """Raises NotReady `DELIVERY_ENDED` for a delivery in a terminal state."""
    if delivery.state in TERMINAL:
        raise NotReady(
            "DELIVERY_ENDED",
            f"delivery {delivery.delivery_id!r} is {delivery.state}",
            delivery_id=delivery.delivery_id,
            state=delivery.state.value,
        )
