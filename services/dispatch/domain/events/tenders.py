"""What dispatch tells of quotes and tenders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain.tender import TenderDeclineReason
from services.dispatch.domain.values import Money


@dataclass(frozen=True, slots=True)
class QuotesRequested:
    """Carriers were asked for quotes."""

    quote_ids: tuple[str, ...]
    carrier_ids: tuple[str, ...]
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuoteSubmitted:
    """A carrier quoted."""

    quote_id: str
    carrier_id: str
    price: Money


@dataclass(frozen=True, slots=True)
class TenderOffered:
    """A tender was offered to a carrier."""

    tender_id: str
    carrier_id: str
    expire_time: datetime
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderAccepted:
    """A carrier accepted."""

    tender_id: str
    carrier_id: str
    route_id: str
    price: Money
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderDeclined:
    """A carrier declined."""

    tender_id: str
    carrier_id: str
    reason: TenderDeclineReason


@dataclass(frozen=True, slots=True)
class TenderWithdrawn:
    """The shipper took it back."""

    tender_id: str
    carrier_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderExpired:
    """Nobody accepted in time."""

    tender_id: str
    carrier_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderStarted:
    """The carrier has begun."""

    tender_id: str
    carrier_id: str


@dataclass(frozen=True, slots=True)
class TenderCompleted:
    """Every task is closed."""

    tender_id: str
    carrier_id: str
    succeeded_count: int
    failed_count: int


@dataclass(frozen=True, slots=True)
class TenderFellOff:
    """The carrier gave it back after it had accepted."""

    tender_id: str
    carrier_id: str
    task_ids: tuple[str, ...]
