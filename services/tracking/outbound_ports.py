"""
What sending asks of the world: queues, the way to a receiver, seals, letters to people.

Apart from `ports.World`, which is one tenant's in one transaction: senders work for every tenant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.tracking.domain.attempt import Attempt, AttemptState, Reply, Round
from services.tracking.domain.notice import Waiting
from services.tracking.domain.redelivery import Redelivery
from services.tracking.domain.subscription import Channel, News, Subscription


class Vault(Protocol):
    """Keeps texts under a seal."""

    def seal(self, text: str) -> str:
        """The text, readable by `open` alone."""

    def open(self, sealed: str) -> str:
        """The text again."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One webhook as it goes out."""

    url: str
    event_id: str
    body: str
    secrets: tuple[str, ...] = field(repr=False)  # the present one first


class Post(Protocol):
    """The way to a receiver."""

    async def check(self, url: str) -> None:
        """Raises Invalid `URL_REFUSED` for an address to which nothing is sent."""

    async def send(self, letter: Letter) -> Reply:
        """One try. Never raises for what the receiver does."""


@dataclass(frozen=True, slots=True)
class Item:
    """A change of the feed: what is decided by, and the change itself to be written later."""

    news: News
    change: Any


@dataclass(frozen=True, slots=True)
class Queued:
    """A webhook to be queued."""

    news: News
    body: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A subject of a subscription that this process sends for now."""

    tenant: str
    subscription_no: int
    subject: str
    holder: UUID


@dataclass(frozen=True, slots=True)
class Turn:
    """The next message of a lane, with all that sending it takes."""

    lane: Lane
    subscription: Subscription
    letter: Letter
    round: Round
    redelivery_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try, and since when its receiver fails."""

    state: AttemptState
    failing_since: datetime | None


class Outbound(Protocol):
    """Feeding one subscription, in one transaction that moves its place on the feed."""

    async def carriers(self, news: Sequence[News]) -> Mapping[str, str]:
        """Whose each event is, by its id, where the event does not say it itself."""

    async def arrivals(self, delivery_ids: Collection[str]) -> dict[str, datetime]:
        """The arrivals told last."""

    async def told(self, arrivals: Mapping[str, datetime]) -> None:
        """Notes what is told now."""

    async def queue(self, messages: Sequence[Queued]) -> None:
        """Puts webhooks into the queue; one that is there stays."""

    async def notices(self, news: Sequence[News]) -> None:
        """Puts messages to recipients up, each in the place of the one that waits."""


class Redeliveries(Protocol):
    """Redeliveries of one tenant."""

    async def add(self, redelivery: Redelivery, subscription_no: int) -> None:
        """Keeps a new one."""

    async def get(self, redelivery_id: str) -> Redelivery | None:
        """One by name."""

    async def cancel(self, redelivery_id: str, at: datetime) -> None:
        """Ends it; what waits only for its sake is as it was before."""


@dataclass(frozen=True, slots=True)
class Known:
    """A subscription with its number."""

    no: int
    subscription: Subscription


class Subscriptions(Protocol):
    """Subscriptions of one tenant."""

    async def count(self) -> int:
        """How many there are, held until the transaction ends."""

    async def add(self, subscription: Subscription) -> int | None:
        """Keeps a new one and tells its number; None when the name is taken."""

    async def find(self, subscription_id: str) -> Known | None:
        """One by name."""

    async def lock(self, subscription_id: str) -> Known | None:
        """The same, held until the transaction ends."""

    async def save(self, known: Known, *, revived: bool) -> None:
        """Keeps it. `revived`: what waits for it is due now, and its failures are forgotten."""

    async def expire(self, known: Known, before: datetime, at: datetime) -> None:
        """Gives up what waits for it and was recorded before a moment; ends work that is over."""

    async def remove(self, known: Known, at: datetime) -> None:
        """Forgets it and what waits for it."""

    async def keep_secret(self, no: int, sealed: str, overlap_until: datetime) -> None:
        """Puts a secret in the place of the present one, which signs beside it until then."""

    async def attempt(self, no: int, attempt: Attempt) -> None:
        """Keeps a try."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How a recipient is reached."""

    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)

    def address(self, channel: Channel) -> str:
        """Where to by a channel; empty when it leads nowhere. Push goes by the number."""
        return self.email if channel is Channel.EMAIL else self.phone


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to a recipient that this process sends now."""

    tenant: str
    subscription_no: int
    subscription: Subscription
    waiting: Waiting
    holder: UUID


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it goes out."""

    message_id: str  # the same in every try, so that a mailbox can tell a double
    address: str = field(repr=False)
    subject: str
    text: str
    language_code: str


class Words(Protocol):
    """What messages say, by language and channel."""

    languages: frozenset[str]

    def written(
        self, language: str, channel: Channel, values: Mapping[str, object]
    ) -> tuple[str, str]:
        """Subject and text."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a delivery, as far as a message needs it."""

    sealed: str = field(repr=False)  # the contact
    language_code: str
    time_zone: str  # empty: not known


@dataclass(frozen=True, slots=True)
class SealedContact:
    """How a recipient is reached, as dispatch tells it; without a seal there is no way."""

    delivery_id: str
    sealed: bytes = field(repr=False)
    language_code: str
    place_id: str  # where the goods lie


class Contacts(Protocol):
    """Recipients' contacts and zones, written and never read in a tenant's own transaction."""

    async def put(self, contact: SealedContact) -> None:
        """Keeps how a recipient is reached; forgets it where there is no way."""

    async def put_zone(self, place_id: str, time_zone: str) -> None:
        """Keeps the zone of a place; under an empty name the tenant's."""


class Carrier(Protocol):
    """The way to people by one channel."""

    async def send(self, message: Message) -> None:
        """Hands a message over. Raises Undelivered when it could not be."""


class Undelivered(Exception):
    """A message was not taken; `final` when no further try will change that."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final
