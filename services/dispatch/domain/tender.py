"""
Tenders: the offer of tasks to carriers, after their quotes. Pure.

SEQUENTIAL asks one carrier after the other, BROADCAST all at once. The first to accept has it: the
store's compare-and-set on the revision decides between two that accept at the same moment, and the
loser hears `TENDER_TAKEN`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from meshkit.errors import Conflict, NotFound, NotReady
from services.dispatch.domain.carrier import Quote
from services.dispatch.domain.fleet import VehicleAttributes
from services.dispatch.domain.values import Money


class TenderState(StrEnum):
    """Where a tender stands."""

    DRAFT = "DRAFT"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FELL_OFF = "FELL_OFF"
    CANCELLED = "CANCELLED"


class OfferState(StrEnum):
    """Where the offer to one carrier stands."""

    WAITING = "WAITING"
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CLOSED = "CLOSED"


class TenderStrategy(StrEnum):
    """How carriers are asked."""

    SEQUENTIAL = "SEQUENTIAL"
    BROADCAST = "BROADCAST"


class TenderDeclineReason(StrEnum):
    """Why a carrier declined."""

    CAPACITY = "CAPACITY"
    PRICE = "PRICE"
    TIME = "TIME"
    GOODS = "GOODS"
    OTHER = "OTHER"


HELD = frozenset({TenderState.ACCEPTED, TenderState.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class TenderOffer:
    """What one carrier was offered."""

    carrier_id: str
    quote_id: str
    price: Money
    state: OfferState = OfferState.WAITING
    expire_time: datetime | None = None
    decline_reason: TenderDeclineReason | None = None

    @property
    def was_made(self) -> bool:
        """Whether its turn has come. A carrier whose turn never came cannot see the tender."""
        return self.expire_time is not None


@dataclass(frozen=True, slots=True)
class Tender:
    """Tasks on offer."""

    tender_id: str
    strategy: TenderStrategy
    task_ids: tuple[str, ...]
    delivery_ids: tuple[str, ...]
    offers: tuple[TenderOffer, ...]
    answer_duration: timedelta
    create_time: datetime
    update_time: datetime
    revision: int = 1
    state: TenderState = TenderState.DRAFT
    carrier_id: str = ""
    route_id: str = ""
    expire_time: datetime | None = None
    vehicle: VehicleAttributes | None = None

    @property
    def open_carrier_ids(self) -> tuple[str, ...]:
        """Those who may accept now."""
        return tuple(o.carrier_id for o in self.offers if o.state is OfferState.OPEN)

    def offer_of(self, carrier_id: str) -> TenderOffer | None:
        """What a carrier may see: its own offer, once its turn has come."""
        mine = (o for o in self.offers if o.carrier_id == carrier_id and o.was_made)
        return next(mine, None)


def seen_by(tender: Tender, carrier_id: str) -> Tender | None:
    """The tender as one carrier may see it; None when it was not offered to it."""
    offer = tender.offer_of(carrier_id)
    if offer is None:
        return None
    if tender.carrier_id == carrier_id:
        return replace(tender, offers=(offer,))
    return replace(tender, offers=(offer,), carrier_id="", route_id="", vehicle=None)


def offers_of(quotes: Iterable[Quote]) -> tuple[TenderOffer, ...]:
    """One offer for each quote, in order."""
    return tuple(TenderOffer(q.carrier_id, q.quote_id, q.price) for q in quotes if q.price)


def opened(tender: Tender, now: datetime) -> Tender:
    """The tender with its next offers open; with none left it is DECLINED or EXPIRED."""
    waiting = [o for o in tender.offers if o.state is OfferState.WAITING]
    is_broadcast = tender.strategy is TenderStrategy.BROADCAST
    asked = {o.carrier_id for o in (waiting if is_broadcast else waiting[:1])}
    if not asked:
        return _unanswered(tender, now)
    until = now + tender.answer_duration
    offers = tuple(
        replace(o, state=OfferState.OPEN, expire_time=until) if o.carrier_id in asked else o
        for o in tender.offers
    )
    return _changed(tender, now, offers=offers, state=TenderState.OFFERED, expire_time=until)


def _unanswered(tender: Tender, now: datetime) -> Tender:
    declined = all(o.state is OfferState.DECLINED for o in tender.offers)
    return _changed(tender, now, state=TenderState.DECLINED if declined else TenderState.EXPIRED)


def require_acceptable(tender: Tender, carrier_id: str, now: datetime) -> TenderOffer:
    """The carrier's open offer. Raises NotFound, Conflict `TENDER_TAKEN` or NotReady."""
    offer = tender.offer_of(carrier_id)
    if offer is None:
        raise unknown(tender.tender_id)
    if tender.carrier_id and tender.carrier_id != carrier_id:
        raise taken(tender.tender_id)
    expired = offer.expire_time is not None and offer.expire_time <= now
    if offer.state is OfferState.EXPIRED or (offer.state is OfferState.OPEN and expired):
        raise NotReady("TENDER_EXPIRED", "the offer is over", tender_id=tender.tender_id)
    if offer.state is not OfferState.OPEN or tender.state is not TenderState.OFFERED:
        raise closed_error(tender)
    return offer


def accepted(
    tender: Tender, carrier_id: str, vehicle: VehicleAttributes, route_id: str, now: datetime
) -> Tender:
    """The tender in the hands of one carrier; all other offers are closed."""
    require_acceptable(tender, carrier_id, now)
    offers = tuple(
        replace(o, state=OfferState.ACCEPTED)
        if o.carrier_id == carrier_id
        else (replace(o, state=OfferState.CLOSED) if _is_pending(o) else o)
        for o in tender.offers
    )
    return _changed(
        tender,
        now,
        offers=offers,
        state=TenderState.ACCEPTED,
        carrier_id=carrier_id,
        vehicle=vehicle,
        route_id=route_id,
    )


def declined(tender: Tender, carrier_id: str, reason: TenderDeclineReason, now: datetime) -> Tender:
    """The tender after a carrier's no; a sequential one is open to the next."""
    require_acceptable(tender, carrier_id, now)
    offers = tuple(
        replace(o, state=OfferState.DECLINED, decline_reason=reason)
        if o.carrier_id == carrier_id
        else o
        for o in tender.offers
    )
    after = replace(tender, offers=offers)
    if any(o.state is OfferState.OPEN for o in offers):
        return _changed(after, now)
    return opened(after, now)


def expired(tender: Tender, now: datetime) -> Tender | None:
    """The tender after its open offers ran out; None while none has."""
    if tender.state is not TenderState.OFFERED:
        return None
    gone = {o.carrier_id for o in tender.offers if _has_run_out(o, now)}
    if not gone:
        return None
    offers = tuple(
        replace(o, state=OfferState.EXPIRED) if o.carrier_id in gone else o for o in tender.offers
    )
    after = replace(tender, offers=offers)
    if any(o.state is OfferState.OPEN for o in offers):
        return _changed(after, now)
    return opened(after, now)


def withdrawn(tender: Tender, now: datetime) -> Tender:
    """The tender, taken back. Raises NotReady `TENDER_CLOSED` once somebody has accepted."""
    if tender.state not in (TenderState.DRAFT, TenderState.OFFERED):
        raise closed_error(tender)
    offers = tuple(
        replace(o, state=OfferState.CLOSED) if _is_pending(o) else o for o in tender.offers
    )
    return _changed(tender, now, offers=offers, state=TenderState.WITHDRAWN)


def begun(tender: Tender, now: datetime) -> Tender | None:
    """The tender once its first task has moved; None when it had begun before."""
    if tender.state is not TenderState.ACCEPTED:
        return None
    return _changed(tender, now, state=TenderState.IN_PROGRESS)


def completed(tender: Tender, now: datetime) -> Tender | None:
    """The tender once every task is closed; None when nobody holds it."""
    if tender.state not in HELD:
        return None
    return _changed(tender, now, state=TenderState.COMPLETED)


def fell_off(tender: Tender, now: datetime) -> Tender:
    """The tender, given back. Raises NotReady `TENDER_NOT_ACCEPTED` unless somebody holds it."""
    if tender.state not in HELD:
        raise not_accepted(tender)
    return _changed(tender, now, state=TenderState.FELL_OFF)


def not_accepted(tender: Tender) -> NotReady:
    """Nobody holds it, or somebody else does."""
    return NotReady(
        "TENDER_NOT_ACCEPTED", f"{tender.tender_id!r} is not held", tender_id=tender.tender_id
    )


def unknown(tender_id: str) -> NotFound:
    """No such tender, or not the caller's."""
    return NotFound("TENDER_UNKNOWN", f"no tender {tender_id!r}", tender_id=tender_id)


def taken(tender_id: str) -> Conflict:
    """Another carrier was first."""
    return Conflict("TENDER_TAKEN", "another carrier accepted first", tender_id=tender_id)


def closed_error(tender: Tender) -> NotReady:
    """The state does not allow this."""
    return NotReady(
        "TENDER_CLOSED",
        f"tender {tender.tender_id!r} is {tender.state}",
        tender_id=tender.tender_id,
        state=tender.state.value,
    )


def _is_pending(offer: TenderOffer) -> bool:
    return offer.state in (OfferState.WAITING, OfferState.OPEN)


def _has_run_out(offer: TenderOffer, now: datetime) -> bool:
    is_over = offer.expire_time is not None and offer.expire_time <= now
    return offer.state is OfferState.OPEN and is_over


def _changed(tender: Tender, now: datetime, **fields: object) -> Tender:
    after: Tender = replace(
        tender,
        revision=tender.revision + 1,
        update_time=now,
        **fields,  # type: ignore[arg-type]
    )
    return after
