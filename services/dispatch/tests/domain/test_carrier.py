"""
Carriers and their quotes: REQUESTED -> SUBMITTED -> TENDERED, each before its time is over.

Method: the machine of a quote as a table of (state, command), then its clocks at the limit and past
it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from meshkit.errors import Invalid, MeshError, NotReady
from services.dispatch.domain.carrier import (
    Carrier,
    CarrierState,
    Price,
    Quote,
    QuoteState,
    QuoteTask,
    quote_task,
    require_future,
    require_priced,
    require_working,
    submitted,
    tendered,
)
from services.dispatch.domain.delivery import (
    Recipient,
    VerificationKind,
    VerificationRequirement,
)
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.values import Address, Money, Point
from services.dispatch.tests.domain.samples import TICK, at, delivery, place, reason, task, window

NOW = at(0)
EUR = Money("EUR", 9_000_000)
ANSWER = Price(EUR, expire_time=at(60), pickup_time=at(30), note="by bike")


def quote(state: QuoteState = QuoteState.REQUESTED, **fields: Any) -> Quote:
    """Asked ten minutes ago, to be answered within ten more."""
    known: dict[str, Any] = {"answer_expire_time": at(10), "create_time": at(-10)}
    if state in (QuoteState.SUBMITTED, QuoteState.TENDERED):
        known |= {"price": EUR, "expire_time": at(60)}
    tasks = (QuoteTask("t", place(0), place(1)),)
    return Quote(
        **{"quote_id": "q", "carrier_id": "c", "tasks": tasks, "state": state} | known | fields
    )


COMMANDS: dict[str, Callable[[Quote], Quote]] = {
    "submit": lambda found: submitted(found, ANSWER, "EUR", NOW),
    "tender": lambda found: tendered(found, NOW),
}
MACHINE = {
    ("REQUESTED", "submit"): "SUBMITTED",
    ("SUBMITTED", "tender"): "TENDERED",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", QuoteState)
def test_a_quote_goes_on_by_one_command_and_refuses_the_others(
    state: QuoteState, command: str
) -> None:
    found = quote(state)
    if (after := MACHINE.get((state.value, command))) is not None:
        moved = COMMANDS[command](found)
        assert (moved.state, moved.revision) == (after, found.revision + 1)
        return

    with pytest.raises(NotReady) as caught:
        COMMANDS[command](found)

    assert reason(caught.value) == "QUOTE_CLOSED"
    assert caught.value.metadata == {"state": state.value}


def test_an_answer_is_kept_as_given() -> None:
    answered = submitted(quote(), ANSWER, "EUR", NOW)

    assert answered == quote(
        QuoteState.SUBMITTED,
        price=EUR,
        expire_time=at(60),
        pickup_time=at(30),
        note="by bike",
        submit_time=NOW,
        revision=2,
    )


@pytest.mark.parametrize(
    ("now", "price", "expire_time", "error", "why"),
    [
        (at(10) - TICK, EUR, at(60), None, ""),
        (at(10), EUR, at(60), NotReady, "QUOTE_EXPIRED"),
        (NOW, EUR, NOW + TICK, None, ""),
        (NOW, EUR, NOW, Invalid, "EXPIRY_PAST"),
        (NOW, Money("SEK", 1), at(60), Invalid, "CURRENCY_WRONG"),
        (at(10), Money("SEK", 1), NOW, NotReady, "QUOTE_EXPIRED"),  # no answer would do
    ],
)
def test_an_answer_comes_in_time_in_our_currency_and_holds_for_a_while(
    now: datetime,
    price: Money,
    expire_time: datetime,
    error: type[MeshError] | None,
    why: str,
) -> None:
    answer = Price(price, expire_time)
    if error is None:
        assert submitted(quote(), answer, "EUR", now).price == price
        return

    with pytest.raises(error) as caught:
        submitted(quote(), answer, "EUR", now)

    assert reason(caught.value) == why


@pytest.mark.parametrize(
    ("expire_time", "holds"), [(NOW + TICK, True), (NOW, False), (NOW - TICK, False), (None, False)]
)
def test_a_price_is_tendered_while_it_holds(expire_time: datetime | None, holds: bool) -> None:
    found = quote(QuoteState.SUBMITTED, expire_time=expire_time)
    if holds:
        require_priced(found, NOW)
        assert tendered(found, NOW).state is QuoteState.TENDERED
        return
    for refuse in (require_priced, tendered):
        with pytest.raises(NotReady) as caught:
            refuse(found, NOW)
        assert reason(caught.value) == "QUOTE_EXPIRED"


@pytest.mark.parametrize(
    ("state", "contract_end", "works"),
    [
        (CarrierState.ACTIVE, None, True),
        (CarrierState.ACTIVE, NOW + TICK, True),
        (CarrierState.ACTIVE, NOW, False),
        (CarrierState.ONBOARDING, None, False),
        (CarrierState.SUSPENDED, None, False),
        (CarrierState.SUSPENDED, at(60), False),
    ],
)
def test_only_an_active_carrier_under_contract_gets_work(
    state: CarrierState, contract_end: datetime | None, works: bool
) -> None:
    found = Carrier("c", "Bikes", state=state, contract_expire_time=contract_end)
    if works:
        require_working(found, NOW)
        return
    with pytest.raises(NotReady) as caught:
        require_working(found, NOW)
    assert reason(caught.value) == "CARRIER_SUSPENDED"


@pytest.mark.parametrize(("moment", "future"), [(NOW + TICK, True), (NOW, False), (at(-1), False)])
def test_now_is_not_the_future(moment: datetime, future: bool) -> None:
    if future:
        require_future(moment, NOW)
        return
    with pytest.raises(Invalid) as caught:
        require_future(moment, NOW)
    assert reason(caught.value) == "EXPIRY_PAST"


def test_a_carrier_learns_enough_to_price_and_not_who_it_is_for() -> None:
    found = delivery(
        location=Point(60.123456, 24.987654),
        recipient=Recipient("Grace", "+358401234567"),
        address=Address(address_lines=("Katu 1",)),
        instructions="bell",
        windows=(window(0, 60),),
        parcels=(Parcel("p1", 1_500, 20), Parcel("p2", 500, 2)),
        required_skills=("cold",),
        verification_requirements=(
            VerificationRequirement(VerificationKind.PIN, pin_sha256=b"secret"),
            VerificationRequirement(VerificationKind.PHOTO),
        ),
    )

    assert quote_task(task(), found, place(0)) == QuoteTask(
        task_id="t",
        pickup_location=place(0),
        approximate_location=Point(60.123, 24.988),
        windows=(window(0, 60),),
        mass_grams=2_000,
        volume_cubic_centimeters=22,
        parcel_count=2,
        required_skills=("cold",),
        verification_kinds=(VerificationKind.PIN, VerificationKind.PHOTO),
    )
