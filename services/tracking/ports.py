"""What tracking asks of the world, by noun. An adapter is bound to one transaction of a tenant."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.tracking.analytics_ports import History
from services.tracking.domain.audit import Report
from services.tracking.domain.batch import Answer, Batch, Lane
from services.tracking.domain.customer import SurveyAnswered
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.device import Device, EpochOwner
from services.tracking.domain.event import Crew, Eta, MilestoneReached, Risk
from services.tracking.domain.fact import Fact
from services.tracking.domain.fence import Box, Fence
from services.tracking.domain.fix import Fix
from services.tracking.domain.incident import Incident
from services.tracking.domain.journal import Event
from services.tracking.domain.link import Link
from services.tracking.domain.note import Audience, Comment, Weather
from services.tracking.domain.progress import Progress
from services.tracking.domain.route import Route, Window
from services.tracking.learning_ports import Past
from services.tracking.outbound_ports import Contacts
from services.tracking.projections.audit import Row
from services.tracking.proof_ports import Custody, Media, Proofs


class Ingest(Protocol):
    """Makes batches of positions durable, many in one commit."""

    def free(self, lane: Lane) -> int:
        """Places in a lane of the queue."""

    async def enqueue(self, batch: Batch, *, wait: bool) -> Awaitable[Answer]:
        """
        A promise of what will have become of the batch. `wait` for a place in the queue, or raise
        Exhausted `INGEST_BUSY` at once. The promise fails with Unavailable `OUTCOME_UNKNOWN` when
        nobody knows: send the batch again.
        """


class Devices(Protocol):
    """Devices and their epochs."""

    async def find(self, device_id: str) -> Device | None:
        """A device, None if it was never opened."""

    async def open(self, device: Device, now: datetime) -> None:
        """Keeps a device with a new epoch."""

    async def serving(self, route: Route) -> str:
        """The device that sends positions for a route; empty when there is none."""

    async def fixes(self, device_id: str, epoch: str, sequence: int, limit: int) -> Sequence[Fix]:
        """Positions with a time that can be trusted, after a place, in order of capture."""


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a task is."""

    task_id: str
    delivery_id: str
    route_id: str  # empty: on none
    cancelled: bool
    closed: bool


class Tasks(Protocol):
    """Where each task is."""

    async def find(self, task_id: str) -> TaskPlace | None:
        """None if dispatch has not told of it."""

    async def know(self, task_id: str, delivery_id: str) -> None:
        """Notes that a task exists."""

    async def move(self, task_ids: Collection[str], delivery_ids: Sequence[str], to: str) -> None:
        """Puts tasks onto a route."""

    async def release(self, task_ids: Collection[str], off: str) -> None:
        """Takes tasks off a route, unless they are on another one by now."""

    async def cancel(self, task_id: str) -> None:
        """Notes that a task was called off."""

    async def close(self, task_id: str) -> None:
        """Notes that a task has an outcome."""

    async def parcel(self, parcel_id: str, barcode: str) -> tuple[str, str]:
        """The id and the delivery of a parcel; both empty when it is not known."""


@dataclass(frozen=True, slots=True)
class Driven:
    """A route with its progress and what is expected of it."""

    route: Route
    progress: Progress
    etas: tuple[Eta, ...] = ()


class Routes(Protocol):
    """Routes as driven."""

    async def lock(self, route_id: str) -> Driven | None:
        """A route that nobody else changes until the transaction ends; None if not known."""

    async def get(self, route_id: str) -> Driven | None:
        """A route to look at."""

    async def get_many(self, route_ids: Collection[str]) -> Sequence[Driven]:
        """Several, to look at."""

    async def add(self, route: Route, progress: Progress) -> None:
        """Keeps a new route."""

    async def revise(self, route: Route, progress: Progress) -> None:
        """Keeps a new revision."""

    async def save(self, progress: Progress) -> None:
        """Keeps progress."""

    async def expect(self, route_id: str, etas: Sequence[Eta], risks: Sequence[Risk]) -> None:
        """Keeps what is expected now."""

    async def of_shift(self, shift_id: str) -> Sequence[str]:
        """Routes of a shift that are not over."""

    async def with_stop(self, driver_id: str, carrier_id: str, stop_id: str) -> str:
        """The route of a driver or carrier that has a stop; empty when none does."""


class Deliveries(Protocol):
    """Deliveries as everybody sees them."""

    async def get(self, delivery_ids: Collection[str]) -> dict[str, Delivery]:
        """Those that are known."""

    async def lock(self, delivery_ids: Collection[str]) -> dict[str, Delivery]:
        """The same, held until the transaction ends, in order of their ids."""

    async def save(self, deliveries: Collection[Delivery]) -> None:
        """Keeps them."""

    async def of_order(self, order_reference: str, limit: int) -> Sequence[Delivery]:
        """The first deliveries of an order, by their ids."""


class Timeline(Protocol):
    """Entries and comments."""

    async def add(self, entries: Sequence[MilestoneReached]) -> Sequence[MilestoneReached]:
        """Keeps entries, and tells which of them are new."""

    async def of(self, delivery_id: str, limit: int) -> Sequence[MilestoneReached]:
        """The latest entries of a delivery, oldest first."""

    async def entry(self, entry_id: str) -> MilestoneReached | None:
        """One entry."""

    async def comment(self, comment: Comment) -> None:
        """Keeps a comment."""

    async def comments(
        self, delivery_id: str, audiences: Collection[Audience]
    ) -> Sequence[Comment]:
        """What was written about a delivery for these, oldest first."""


class Journal(Protocol):
    """Everything that was told and heard."""

    async def append(self, events: Sequence[Event], now: datetime) -> None:
        """Keeps events, and puts those that are told onto the feed."""

    async def about(self, ids: Collection[str], limit: int) -> tuple[Sequence[Row], int]:
        """
        Events about deliveries or decisions, in order of record, and how many are left out: of too
        many the decisive ones are kept, and then the latest.
        """

    async def read(
        self, span: Window, types: Collection[str] = (), whose: Crew | None = None
    ) -> Sequence[tuple[Event, datetime]]:
        """Events of a span, and deliveries that are due in it, in order of record."""


class FactStatus(StrEnum):
    """What became of a fact."""

    RECORDED = "RECORDED"
    DUPLICATE = "DUPLICATE"
    PENDING = "PENDING"
    CONTESTED = "CONTESTED"
    REJECTED = "REJECTED"


class Facts(Protocol):
    """The log of what was reported."""

    async def collected(self, task_id: str) -> Sequence[Fact]:
        """What was collected for a task and not corrected since, in order of record."""

    async def about(
        self, delivery_id: str, task_ids: Collection[str], limit: int
    ) -> tuple[Sequence[Report], int]:
        """Facts about a delivery or its tasks, chosen and ordered as in `Journal.about`."""

    async def contested(self, task_id: str) -> Sequence[Fact]:
        """Successes of a task that were contested, in order of record."""

    async def add(self, fact: Fact, digest: bytes) -> FactStatus | None:
        """
        Keeps a fact; None when it is new. Else DUPLICATE, or REJECTED when another fact has its id.
        """

    async def mark(self, event_id: str, status: FactStatus) -> None:
        """Notes what became of a fact."""

    async def pending(self, task_ids: Collection[str], route_id: str) -> Sequence[Fact]:
        """Facts that wait for one of these tasks or for a route, in order of record."""

    async def overdue(self, seconds: float, limit: int) -> Sequence[Fact]:
        """Facts that have waited longer than so many real seconds."""


class Incidents(Protocol):
    """What needs attention."""

    async def under(self, key: str) -> Incident | None:
        """The one of a key that is not ended, held until the transaction ends."""

    async def lock(self, incident_id: str) -> Incident | None:
        """One by name, held until the transaction ends."""

    async def save(self, incident: Incident) -> None:
        """Keeps it."""

    async def of_delivery(self, delivery_id: str, limit: int) -> Sequence[Incident]:
        """The latest about a delivery, latest first."""


class Links(Protocol):
    """Tracking links."""

    async def add(self, link: Link, token_hash: bytes) -> None:
        """Keeps a link."""

    async def lock(self, link_id: str) -> Link | None:
        """One by name, held until the transaction ends."""

    async def save(self, link: Link) -> None:
        """Keeps its state."""


class Reports(Protocol):
    """Reports of the weather."""

    async def add(self, report: Weather) -> Weather:
        """Keeps a report; the one that has its id, if there is one."""

    async def holding(self, at: datetime) -> tuple[Weather, ...]:
        """Those that hold at a moment or begin within a day."""


class Surveys(Protocol):
    """What recipients answered."""

    async def add(self, answered: SurveyAnswered, comment: str) -> bool:
        """Keeps an answer; whether it is the first of its attempt."""

    async def answered(self, task_id: str) -> bool:
        """Whether the attempt of a task has an answer."""


class Fences(Protocol):
    """Tenants' own geofences."""

    async def count(self) -> int:
        """How many there are."""

    async def add(self, fence: Fence) -> bool:
        """Keeps a new one; False when another has its id."""

    async def get(self, fence_id: str) -> Fence | None:
        """One by name."""

    async def lock(self, fence_id: str) -> Fence | None:
        """One by name, held until the transaction ends."""

    async def save(self, fence: Fence) -> None:
        """Keeps a change."""

    async def drop(self, fence_id: str) -> None:
        """Forgets one."""

    async def near(self, box: Box, besides: Collection[str]) -> Sequence[Fence]:
        """At most FENCES_NEAR_MAX whose own box touches another, and all of some more by name."""


class World(Protocol):
    """Everything of one tenant, in one transaction."""

    @property
    def devices(self) -> Devices:
        """Devices."""

    @property
    def tasks(self) -> Tasks:
        """Tasks."""

    @property
    def routes(self) -> Routes:
        """Routes."""

    @property
    def deliveries(self) -> Deliveries:
        """Deliveries."""

    @property
    def timeline(self) -> Timeline:
        """Timelines."""

    @property
    def surveys(self) -> Surveys:
        """Surveys."""

    @property
    def journal(self) -> Journal:
        """The journal."""

    @property
    def facts(self) -> Facts:
        """Facts."""

    @property
    def incidents(self) -> Incidents:
        """Incidents."""

    @property
    def custody(self) -> Custody:
        """Custody."""

    @property
    def proofs(self) -> Proofs:
        """Proofs."""

    @property
    def media(self) -> Media:
        """Files."""

    @property
    def links(self) -> Links:
        """Links."""

    @property
    def past(self) -> Past:
        """What was learned, and from what."""

    @property
    def fences(self) -> Fences:
        """Tenants' own geofences."""

    @property
    def reports(self) -> Reports:
        """The weather."""

    @property
    def contacts(self) -> Contacts:
        """Ways to recipients."""

    @property
    def history(self) -> History:
        """The journal, looking back."""


class Epochs(Protocol):
    """Which epochs may be written to, remembered so that a batch costs no query."""

    async def owner(self, tenant: str, device_id: str, epoch: UUID) -> EpochOwner:
        """For whom an epoch was given. Raises NotFound `DEVICE_UNKNOWN`, Gone `EPOCH_EXPIRED`."""
