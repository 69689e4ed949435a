"""
Payments: whether what a delivery asks for was collected. Pure.

Unpaid goods never count as delivered. Money in another currency pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from services.tracking.domain.fact import Amount

MICROS = 1_000_000
CENT_MICROS = 10_000


class PaymentState(StrEnum):
    """How a task stands with the amount to collect."""

    UNSPECIFIED = "UNSPECIFIED"  # nothing is asked for
    PAID = "PAID"
    SHORT = "SHORT"
    REFUSED = "REFUSED"


def total(currency_code: str, taken: Iterable[Amount]) -> Amount:
    """All that was taken in a currency."""
    same = (one.micros for one in taken if one.currency_code == currency_code)
    return Amount(currency_code, sum(same))


def state(due: Amount | None, taken: Amount) -> PaymentState:
    """How a task stands, by all that was taken for it."""
    if due is None or due.micros <= 0:
        return PaymentState.UNSPECIFIED
    if taken.micros >= due.micros:
        return PaymentState.PAID
    return PaymentState.SHORT if taken.micros > 0 else PaymentState.REFUSED


def words(due: Amount, taken: Amount) -> str:
    """What is missing, for a dispatcher."""
    return f"{_figure(taken)} of {_figure(due)} {due.currency_code} was collected"


def _figure(amount: Amount) -> str:
    """To the cent, rounded down: a figure never shows more than there is."""
    units, rest = divmod(amount.micros, MICROS)
    return f"{units}.{rest // CENT_MICROS:02d}"
