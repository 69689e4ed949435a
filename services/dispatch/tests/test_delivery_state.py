"""
The state of a delivery, move by move.

Method: tables; and the contract's own comment, which lists the legal transitions for people, is
read and held against the machine.
"""

from __future__ import annotations

import re
from itertools import product

import pytest

from services.dispatch.domain.delivery import DeliveryState as S
from services.dispatch.domain.delivery_state import MOVES, TERMINAL, Fact, evolve
from tests.contracts.descriptors import comments, files

REPORTED_LATE = {S.OUT_FOR_DELIVERY, S.ARRIVING, S.DELIVERED, S.HELD_AT_PUDO}
CORRECTED = {S.DELIVERED}  # a correction is the one way out of it


@pytest.mark.parametrize(
    ("before", "facts", "after"),
    [
        (S.CREATED, "PLANNED ASSIGNED LOADED ARRIVED DELIVERED", S.DELIVERED),
        (S.CREATED, "ASSIGNED RELEASED_FROM_ROUTE", S.CREATED),
        (S.ASSIGNED, "DELIVERED LOADED ARRIVED", S.DELIVERED),  # the end was reported first
        (S.ASSIGNED, "LOADED RELEASED_FROM_ROUTE", S.PLANNED),  # brought back unattempted
        (S.OUT_FOR_DELIVERY, "ATTEMPT_FAILED RESCHEDULED ASSIGNED", S.ASSIGNED),
        (S.OUT_FOR_DELIVERY, "ATTEMPT_FAILED CANCELLED RETURNED", S.RETURNED),
        (S.OUT_FOR_DELIVERY, "CANCELLED", S.RETURNING),
        (S.ASSIGNED, "CANCELLED", S.CANCELLED),
        (S.CREATED, "HELD PLANNED ASSIGNED", S.ON_HOLD),
        (S.CREATED, "HELD RELEASED PLANNED", S.PLANNED),
        (S.ARRIVING, "FOUND_DAMAGED", S.DAMAGED),
        (S.ARRIVING, "DROPPED_AT_PUDO", S.HELD_AT_PUDO),
        (S.CANCELLED, "DELIVERED", S.CANCELLED),
        (S.DELIVERED, "CANCELLED ATTEMPT_FAILED", S.DELIVERED),
    ],
)
def test_facts_move_a_delivery(before: S, facts: str, after: S) -> None:
    state = before
    for fact in facts.split():
        state = evolve(state, Fact(fact))

    assert state is after


@pytest.mark.parametrize(("state", "fact"), list(product(S, Fact)))
def test_the_same_fact_twice_is_the_fact_once(state: S, fact: Fact) -> None:
    once = evolve(state, fact)

    assert evolve(once, fact) is once


@pytest.mark.parametrize("state", sorted(TERMINAL - CORRECTED))
def test_nothing_leaves_a_terminal_state(state: S) -> None:
    assert {evolve(state, fact) for fact in Fact} == {state}


@pytest.mark.parametrize("state", list(S))
def test_the_contract_lists_every_move(state: S) -> None:
    said = said_of(state)
    made = {after for (before, _), after in MOVES.items() if before is state}
    reported = REPORTED_LATE | {S.ATTEMPT_FAILED, S.DAMAGED}
    implied = reported if state in (S.PLANNED, S.ASSIGNED) else set()  # said once, at CREATED

    assert made <= said | implied


def said_of(state: S) -> set[S]:
    """The states that the comment of a state in the contract names."""
    for file in files("dispatch"):
        for number, enum in enumerate(file.enum_type):
            for rank, value in enumerate(enum.value):
                if value.name == f"DELIVERY_STATE_{state.value}":
                    comment = comments(file)[(5, number, 2, rank)]
                    words = set(re.findall(r"[A-Z][A-Z_]+", comment))
                    return {other for other in S if other.value in words}
    raise AssertionError(f"the contract lacks {state}")
