"""
Carriers, and what they ask for certain tasks. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from meshkit.errors import Invalid, NotReady
from services.dispatch.domain.delivery import Delivery, VerificationKind
from services.dispatch.domain.fleet import TravelProfile
from services.dispatch.domain.task import Task
from services.dispatch.domain.values import Money, Point, Skill, Window

APPROXIMATE_DIGITS = 3  # of a degree, about 100 m: enough to price, not enough to know who


class CarrierState(StrEnum):
    """Whether a carrier can be given work."""

    ONBOARDING = "ONBOARDING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A partner company that delivers for us."""

    carrier_id: str
    display_name: str
    revision: int = 1
    state: CarrierState = CarrierState.ACTIVE
    skills: tuple[Skill, ...] = ()
    profiles: tuple[TravelProfile, ...] = ()
    territory_ids: tuple[str, ...] = ()
    contract_expire_time: datetime | None = None
    create_time: datetime | None = None
    update_time: datetime | None = None


def require_working(carrier: Carrier, now: datetime) -> None:
    """Raises NotReady `CARRIER_SUSPENDED` unless the carrier can be given work now."""
    ended = carrier.contract_expire_time is not None and carrier.contract_expire_time <= now
    if ended or carrier.state is not CarrierState.ACTIVE:
        raise NotReady(
            "CARRIER_SUSPENDED",
            f"carrier {carrier.carrier_id!r} gets no work",
            carrier_id=carrier.carrier_id,
        )


class QuoteState(StrEnum):
    """Where a quote stands."""

    REQUESTED = "REQUESTED"
    SUBMITTED = "SUBMITTED"
    TENDERED = "TENDERED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class QuoteTask:
    """A task as a carrier may see it before it has accepted."""

    task_id: str
    pickup_location: Point = field(repr=False)
    approximate_location: Point = field(repr=False)
    windows: tuple[Window, ...] = ()
    mass_grams: int = 0
    volume_cubic_centimeters: int = 0
    parcel_count: int = 0
    required_skills: tuple[str, ...] = ()
    verification_kinds: tuple[VerificationKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """What one carrier asks for certain tasks together."""

    quote_id: str
    carrier_id: str
    tasks: tuple[QuoteTask, ...]
    answer_expire_time: datetime
    create_time: datetime
    revision: int = 1
    state: QuoteState = QuoteState.REQUESTED
    price: Money | None = None
    expire_time: datetime | None = None
    pickup_time: datetime | None = None
    note: str = ""
    submit_time: datetime | None = None

    @property
    def task_ids(self) -> tuple[str, ...]:
        """What it is for."""
        return tuple(task.task_id for task in self.tasks)


@dataclass(frozen=True, slots=True)
class Price:
    """A carrier's answer to a quote."""

    price: Money
    expire_time: datetime
    pickup_time: datetime | None = None
    note: str = ""


def quote_task(task: Task, delivery: Delivery, origin: Point) -> QuoteTask:
    """What a carrier may know of a task to price it."""
    return QuoteTask(
        task_id=task.task_id,
        pickup_location=origin,
        approximate_location=delivery.location.rounded(APPROXIMATE_DIGITS),
        windows=delivery.windows,
        mass_grams=delivery.mass_grams,
        volume_cubic_centimeters=delivery.volume_cubic_centimeters,
        parcel_count=len(delivery.parcels),
        required_skills=delivery.required_skills,
        verification_kinds=tuple(r.kind for r in delivery.verification_requirements),
    )


def submitted(quote: Quote, answer: Price, currency_code: str, now: datetime) -> Quote:
    """The quote with its price. Raises NotReady or Invalid, each with a reason."""
    if quote.state is not QuoteState.REQUESTED:
        raise _closed(quote)
    if quote.answer_expire_time <= now:
        raise NotReady("QUOTE_EXPIRED", "the time to answer is over", quote_id=quote.quote_id)
    if answer.price.currency_code != currency_code:
        raise Invalid(
            "CURRENCY_WRONG", f"prices are in {currency_code}", currency_code=currency_code
        )
    require_future(answer.expire_time, now)
    return replace(
        quote,
        state=QuoteState.SUBMITTED,
        price=answer.price,
        expire_time=answer.expire_time,
        pickup_time=answer.pickup_time,
        note=answer.note,
        submit_time=now,
        revision=quote.revision + 1,
    )


def tendered(quote: Quote, now: datetime) -> Quote:
    """The quote as part of a tender. Raises NotReady `QUOTE_EXPIRED` or `QUOTE_CLOSED`."""
    if quote.state is not QuoteState.SUBMITTED:
        raise _closed(quote)
    require_priced(quote, now)
    return replace(quote, state=QuoteState.TENDERED, revision=quote.revision + 1)


def require_priced(quote: Quote, now: datetime) -> None:
    """Raises NotReady `QUOTE_EXPIRED` unless the price holds now."""
    if quote.expire_time is None or quote.expire_time <= now:
        raise NotReady("QUOTE_EXPIRED", "the price no longer holds", quote_id=quote.quote_id)


def require_future(moment: datetime, now: datetime) -> None:
    """Raises Invalid `EXPIRY_PAST` for a moment that is over."""
    if moment <= now:
        raise Invalid("EXPIRY_PAST", "the time given lies in the past")


def _closed(quote: Quote) -> NotReady:
    return NotReady(
        "QUOTE_CLOSED", f"quote {quote.quote_id!r} is {quote.state}", state=quote.state.value
    )
