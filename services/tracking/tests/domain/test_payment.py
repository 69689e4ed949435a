"""
Whether what a delivery asks for was collected.

Method: 19.90 EUR are due; what was taken is a table.
"""

from __future__ import annotations

import pytest

from services.tracking.domain.fact import Amount
from services.tracking.domain.payment import PaymentState, state, total, words

S = PaymentState
DUE = Amount("EUR", 19_900_000)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ((), S.REFUSED),
        ((0,), S.REFUSED),
        ((5_000_000,), S.SHORT),
        ((19_899_999,), S.SHORT),
        ((19_900_000,), S.PAID),
        ((5_000_000, 14_900_000), S.PAID),  # cash and card
        ((20_000_000,), S.PAID),  # a tip is no fault
    ],
)
def test_a_task_is_paid_when_all_of_it_was_taken(
    taken: tuple[int, ...], expected: PaymentState
) -> None:
    amounts = [Amount("EUR", micros) for micros in taken]

    assert state(DUE, total("EUR", amounts)) is expected


def test_money_of_another_currency_pays_nothing() -> None:
    assert state(DUE, total("EUR", [Amount("SEK", 900_000_000)])) is S.REFUSED


def test_nothing_is_owed_where_nothing_is_asked_for() -> None:
    assert state(None, Amount("EUR", 0)) is S.UNSPECIFIED
    assert state(Amount("EUR", 0), Amount("EUR", 0)) is S.UNSPECIFIED


def test_what_is_missing_is_said_to_the_cent_and_never_rounded_up() -> None:
    assert words(DUE, Amount("EUR", 19_899_999)) == "19.89 of 19.90 EUR was collected"
