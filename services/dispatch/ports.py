"""
What dispatch asks of the world. Adapters answer.

`Stores` are bound to one transaction. `find` reads, `claim` reads and locks the row until the
transaction ends, `save` is a compare-and-set on the revision before. Claim in the order delivery,
task, route, plan, so that two changes cannot wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from meshkit.caller import Caller
from services.dispatch.domain.access import Key, SecretHash, Tenant, User
from services.dispatch.domain.carrier import Carrier, Quote, QuoteState
from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.duty import DutyRecord
from services.dispatch.domain.events import Fact
from services.dispatch.domain.fleet import (
    Driver,
    Place,
    RateCard,
    Shift,
    ShiftState,
    Territory,
    Vehicle,
    VehicleAttributes,
)
from services.dispatch.domain.outlook import Outlooks
from services.dispatch.domain.planning import (
    Insertions,
    Problem,
    Proposal,
    Sequences,
)
from services.dispatch.domain.reward import RewardCode
from services.dispatch.domain.route import Progress, Route, RouteState
from services.dispatch.domain.route_plan import Clearance, RoutePlan, RoutePlanState
from services.dispatch.domain.task import Task, TaskState
from services.dispatch.domain.tender import Tender, TenderState
from services.dispatch.domain.values import Window

T = TypeVar("T")
After = tuple[object, ...]


class Shelf(Protocol[T]):
    """All values of one noun, of one tenant, by name."""

    async def find(self, name: str) -> T | None:
        """The value, None when there is none of that name."""

    async def find_all(self, names: Collection[str]) -> Mapping[str, T]:
        """Those that exist, by name."""

    async def claim(self, name: str) -> T | None:
        """The value, locked until the transaction ends."""

    async def claim_all(self, names: Collection[str]) -> Mapping[str, T]:
        """Those that exist, locked, in the order of their names."""

    async def add(self, *values: T) -> None:
        """New values. Raises AlreadyExists `X_EXISTS` for a name that is taken."""

    async def save(self, *values: T) -> None:
        """Values whose revision is one more. Raises Conflict `ETAG_STALE` when one moved on."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of a list: entries after a key, at most so many."""

    after: After | None
    limit: int


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries; None and empty mean any."""

    states: Sequence[DeliveryState] = ()
    promise_start: Window | None = None
    origin_place_id: str = ""
    delivery_ids: Sequence[str] = ()
    carrier_id: str = ""  # only those of tenders that this carrier has accepted


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks; None and empty mean any."""

    delivery_ids: Sequence[str] = ()
    route_id: str = ""
    state: TaskState | None = None
    carrier_id: str = ""


@dataclass(frozen=True, slots=True)
class ShiftFilter:
    """Which shifts; None and empty mean any."""

    start: Window | None = None
    driver_id: str = ""
    states: Sequence[ShiftState] = ()


@dataclass(frozen=True, slots=True)
class RouteFilter:
    """Which routes; None and empty mean any."""

    route_plan_id: str = ""
    states: Sequence[RouteState] = ()
    shift_id: str = ""
    carrier_id: str = ""
    driver_id: str = ""


class Deliveries(Shelf[Delivery], Protocol):
    """The promises."""

    async def list_page(self, which: DeliveryFilter, page: Slice) -> Sequence[Delivery]:
        """A page by name."""

    async def parcels_taken(self, parcel_ids: Collection[str]) -> Collection[str]:
        """Which of these names of parcels exist."""

    async def replace_parcels(self, delivery: Delivery) -> None:
        """Keeps the names of a delivery's parcels after these changed."""


class Tasks(Shelf[Task], Protocol):
    """The attempts."""

    async def list_page(self, which: TaskFilter, page: Slice) -> Sequence[Task]:
        """A page by name."""

    async def free(self, window: Window, depot_place_id: str, limit: int) -> Sequence[str]:
        """Open tasks on no route whose delivery can be planned in the window, by name."""

    async def on_route(self, route_id: str) -> Sequence[Task]:
        """The tasks that a binding route carries, locked."""


class Shifts(Shelf[Shift], Protocol):
    """Who drives when. `add` and `save` raise NotReady `SHIFT_OVERLAP`."""

    async def list_page(self, which: ShiftFilter, page: Slice) -> Sequence[Shift]:
        """A page by name."""

    async def without_route(self, start: Window, depot_place_id: str) -> Sequence[str]:
        """Scheduled shifts that start in the window and have no binding route."""


class Named(Shelf[T], Protocol[T]):
    """A noun that is listed by name, with at most one filter."""

    async def list_page(self, only: Sequence[str], page: Slice) -> Sequence[T]:
        """A page by name; `only` are values of the noun's filter column, empty means any."""


class DutyLog(Protocol):
    """Duty records, append-only."""

    async def find_all(self, names: Collection[str]) -> Mapping[str, DutyRecord]:
        """Those that exist, by name, locked."""

    async def add(self, *records: DutyRecord) -> None:
        """New records."""

    async def replace(self, record: DutyRecord) -> None:
        """Notes on an old record which one replaced it."""

    async def list_page(
        self, driver_id: str, window: Window | None, superseded: bool, page: Slice
    ) -> Sequence[DutyRecord]:
        """A page by event time."""

    async def latest(self, driver_id: str, until: datetime) -> DutyRecord | None:
        """The record that holds at a moment."""


class RoutePlans(Shelf[RoutePlan], Protocol):
    """The plans."""

    async def list_page(
        self, states: Sequence[RoutePlanState], window: Window | None, page: Slice
    ) -> Sequence[RoutePlan]:
        """A page, newest first."""


class Routes(Shelf[Route], Protocol):
    """The routes at their present revision, with the progress of their stops laid over."""

    async def list_page(self, which: RouteFilter, page: Slice) -> Sequence[Route]:
        """A page by name."""

    async def of_plan(self, route_plan_id: str) -> Sequence[Route]:
        """All routes of a plan, by name."""

    async def at_revision(self, route_id: str, revision: int) -> Route | None:
        """An older revision, as it was told."""

    async def acknowledge(self, route: Route) -> None:
        """Stores which revision was acknowledged, without making another."""

    async def note(self, route: Route) -> None:
        """Stores a change of state, without making another revision."""

    async def progress(self, route_id: str, stop_id: str) -> Progress | None:
        """How far a stop has come."""

    async def save_progress(self, progress: Progress) -> None:
        """Stores how far a stop has come."""


class Quotes(Shelf[Quote], Protocol):
    """What carriers ask for."""

    async def list_page(
        self, state: QuoteState | None, carrier_id: str, task_id: str, page: Slice
    ) -> Sequence[Quote]:
        """A page, newest first."""


class Tenders(Shelf[Tender], Protocol):
    """Tasks on offer."""

    async def list_page(
        self, states: Sequence[TenderState], carrier_id: str, page: Slice
    ) -> Sequence[Tender]:
        """A page, newest first; a carrier's are those that were offered to it."""


class Keys(Protocol):
    """Client ids with the hashes of their secrets."""

    async def find(self, key_id: str) -> Key | None:
        """A key of this tenant."""

    async def add(self, key: Key, secret: SecretHash) -> None:
        """A new key."""

    async def save(self, key: Key) -> None:
        """A key that changed."""

    async def list_page(self, page: Slice) -> Sequence[Key]:
        """A page by name."""


class RewardCodes(Protocol):
    """Thanks to recipients. `add` raises AlreadyExists `REWARD_CODE_EXISTS`."""

    async def add(self, reward: RewardCode) -> None:
        """A new reward, unless the delivery has one for that reason."""

    async def list_page(self, delivery_id: str, page: Slice) -> Sequence[RewardCode]:
        """A page by name; an empty delivery means any."""


class Stores(Protocol):
    """Everything that one transaction can reach, of one tenant."""

    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def places(self) -> Named[Place]: ...
    @property
    def territories(self) -> Named[Territory]: ...
    @property
    def rate_cards(self) -> Named[RateCard]: ...
    @property
    def drivers(self) -> Named[Driver]: ...
    @property
    def vehicles(self) -> Named[Vehicle]: ...
    @property
    def shifts(self) -> Shifts: ...
    @property
    def duty_log(self) -> DutyLog: ...
    @property
    def route_plans(self) -> RoutePlans: ...
    @property
    def routes(self) -> Routes: ...
    @property
    def carriers(self) -> Named[Carrier]: ...
    @property
    def quotes(self) -> Quotes: ...
    @property
    def tenders(self) -> Tenders: ...
    @property
    def tenants(self) -> Named[Tenant]: ...
    @property
    def users(self) -> Named[User]: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def reward_codes(self) -> RewardCodes: ...

    def tell(self, *facts: Fact) -> None:
        """Puts facts into the feed, when and only when the transaction commits."""


class Planner(Protocol):
    """Turns work into routes. Raises Unavailable `PLANNER_UNAVAILABLE`."""

    async def optimize(self, problem: Problem, search: timedelta, seed: int) -> Proposal:
        """The best routes it finds."""

    async def evaluate(self, problem: Problem, sequences: Sequences) -> Proposal:
        """The times of given sequences, and every hard rule that they break."""

    async def insert(
        self, problem: Problem, sequences: Sequences, task_ids: Sequence[str]
    ) -> Mapping[str, Insertions]:
        """Where each task could go, and what it would cost; the order of the others stays."""


class Compliance(Protocol):
    """Says whether vehicles may be where the routes lead. Raises Unavailable `COMPLIANCE_...`."""

    async def clear(self, route_plan_id: str, routes: Sequence[Route], kept: bool) -> Clearance:
        """One decision for each route; `kept` stores them, else it only answers."""


class Estimator(Protocol):
    """What stops take, as it was learned."""

    async def service_times(self, delivery_ids: Collection[str]) -> Mapping[str, timedelta]:
        """The mean time at the stops of those deliveries that something was learned of."""


class Forecaster(Protocol):
    """Foresees what vehicles take and emit; never raises because compliance is away."""

    async def foresee(self, vehicles: Iterable[VehicleAttributes]) -> Outlooks:
        """The outlooks of those vehicles that one can be had of."""


class Directory(Protocol):
    """What is asked before a tenant is known."""

    async def tenants(self, page: Slice) -> Sequence[Tenant]:
        """All tenants, by name."""

    async def credentials(self, key_id: str) -> tuple[Key, SecretHash] | None:
        """A key of any tenant, with what is kept of its secret."""

    async def used(self, key: Key, now: datetime) -> None:
        """Notes to the minute when a token was issued to a key."""


class Vault(Protocol):
    """Makes and checks secrets."""

    def fresh_secret(self) -> str:
        """A secret that nobody has."""

    async def hash(self, secret: str) -> SecretHash:
        """What is kept of it."""

    async def matches(self, secret: str, kept: SecretHash) -> bool:
        """Whether this is the secret, in constant time."""


@dataclass(frozen=True, slots=True)
class Token:
    """A signed token and how long it lives, by real time."""

    text: str = field(repr=False)
    expire_time: datetime
    valid_duration: timedelta


class Issuer(Protocol):
    """Signs tokens."""

    def issue(self, bearer: Caller) -> Token:
        """A token that proves who its bearer is."""
