"""
Routes: the stops of one shift, or of one tendered run, in order, with times. Pure.

Each change makes a new revision; a revision never changes. How far the vehicle has come is kept
beside the revisions, as `Progress`, and laid over a route when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.dispatch.domain.fleet import RateCard, VehicleAttributes
from services.dispatch.domain.task import TaskType
from services.dispatch.domain.values import Point, Window, check


class RouteState(StrEnum):
    """Where a route stands."""

    PLANNED = "PLANNED"
    PUBLISHED = "PUBLISHED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"


BINDING = frozenset({RouteState.PUBLISHED, RouteState.ACTIVE})


class RevisionCause(StrEnum):
    """Why a route was revised."""

    DISPATCHER = "DISPATCHER"
    LATE_DELIVERY = "LATE_DELIVERY"
    CANCELLATION = "CANCELLATION"
    BREAKDOWN = "BREAKDOWN"
    RISK = "RISK"
    DECLINED = "DECLINED"
    RECIPIENT = "RECIPIENT"
    SWAP = "SWAP"
    POLICY = "POLICY"


class StopState(StrEnum):
    """Where a stop stands."""

    PENDING = "PENDING"
    EN_ROUTE = "EN_ROUTE"
    ARRIVED = "ARRIVED"
    SERVICING = "SERVICING"
    DEPARTED = "DEPARTED"
    SKIPPED = "SKIPPED"


REACHED = frozenset({StopState.ARRIVED, StopState.SERVICING, StopState.DEPARTED, StopState.SKIPPED})
STOP_RANK = {state: rank for rank, state in enumerate(StopState)}
SKIPPABLE = frozenset({StopState.PENDING, StopState.EN_ROUTE, StopState.ARRIVED})


@dataclass(frozen=True, slots=True)
class StopTask:
    """A task as it stands at a stop."""

    task_id: str
    delivery_id: str
    type: TaskType
    attempt_number: int = 1
    windows: tuple[Window, ...] = ()
    promise_window: Window | None = None
    service_duration: timedelta = timedelta()
    mass_grams: int = 0
    volume_cubic_centimeters: int = 0
    parcel_ids: tuple[str, ...] = ()
    priority: int = 0
    required_skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """Consecutive tasks at one place."""

    stop_id: str
    rank: int
    location: Point = field(repr=False)
    tasks: tuple[StopTask, ...]
    arrival_time: datetime
    service_start_time: datetime
    departure_time: datetime
    place_id: str = ""
    service_duration: timedelta = timedelta()
    departure_load_grams: int = 0
    state: StopState = StopState.PENDING

    def __post_init__(self) -> None:
        check(bool(self.tasks), "a stop has a task")
        in_order = self.arrival_time <= self.service_start_time <= self.departure_time
        check(in_order, "a stop is arrived at, served and left, in this order")

    @property
    def task_ids(self) -> tuple[str, ...]:
        """Its tasks by name."""
        return tuple(task.task_id for task in self.tasks)


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from one stop to the next."""

    distance_meters: int
    travel_duration: timedelta
    departure_time: datetime
    polyline: str = field(default="", repr=False)
    energy_watt_hours: int = 0
    load_grams: int = 0
    straight_line: bool = False
    slice_travel_seconds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteBreak:
    """A break as planned, before the stop of rank `before_rank`."""

    start_time: datetime
    break_duration: timedelta
    before_rank: int
    start_window: Window | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One revision of a route."""

    route_id: str
    route_plan_id: str
    revision: int
    state: RouteState
    vehicle: VehicleAttributes
    start_location: Point = field(repr=False)
    end_location: Point = field(repr=False)
    start_time: datetime
    end_time: datetime
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]
    revise_time: datetime
    shift_id: str = ""
    driver_id: str = ""
    vehicle_id: str = ""
    carrier_id: str = ""
    tender_id: str = ""
    rate_card: RateCard | None = None
    start_place_id: str = ""
    end_place_id: str = ""
    breaks: tuple[RouteBreak, ...] = ()
    distance_meters: int = 0
    driving_duration: timedelta = timedelta()
    cost_micros: int = 0
    access_charge_micros: int = 0
    energy_watt_hours: int = 0
    decision_ids: tuple[str, ...] = ()
    acknowledged_revision: int = 0
    acknowledge_time: datetime | None = None
    cause: RevisionCause | None = None

    def __post_init__(self) -> None:
        check(len(self.legs) == len(self.stops) + 1, "one leg leads to each stop, one to the end")
        check(self.start_time <= self.end_time, "a route ends after it starts")

    @property
    def interval(self) -> Window:
        """From start to end; at least a second, for a route whose work is gone."""
        return Window(self.start_time, max(self.end_time, self.start_time + timedelta(seconds=1)))

    @property
    def tasks(self) -> Iterator[StopTask]:
        """All its tasks in order."""
        return (task for stop in self.stops for task in stop.tasks)

    @property
    def task_ids(self) -> tuple[str, ...]:
        """All its tasks by name, in order."""
        return tuple(task.task_id for task in self.tasks)

    @property
    def delivery_ids(self) -> tuple[str, ...]:
        """The deliveries of its tasks, each once, in order."""
        return tuple(dict.fromkeys(task.delivery_id for task in self.tasks))

    @property
    def is_binding(self) -> bool:
        """Whether it holds a driver or carrier to it."""
        return self.state in BINDING

    def stop_of(self, task_id: str) -> Stop | None:
        """The stop at which a task is done."""
        return next((stop for stop in self.stops if task_id in stop.task_ids), None)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stop has come, as tracking reported it."""

    route_id: str
    stop_id: str
    state: StopState
    arrival_time: datetime | None = None
    departure_time: datetime | None = None


def advanced(old: Progress | None, new: Progress) -> Progress | None:
    """The progress after a report; None when it tells nothing new. A stop never goes back."""
    if old is None:
        return new
    arrival = old.arrival_time or new.arrival_time
    departure = old.departure_time or new.departure_time
    state = _further(old.state, new.state)
    after = replace(old, state=state, arrival_time=arrival, departure_time=departure)
    return after if after != old else None


def _further(old: StopState, new: StopState) -> StopState:
    """The later of two states; a stop that is served or left was not skipped."""
    if new is StopState.SKIPPED and old not in SKIPPABLE:
        return old
    return max(old, new, key=STOP_RANK.__getitem__)


def laid_over(route: Route, progress: Mapping[str, Progress]) -> Route:
    """The route with each stop in the state that was reported of it."""
    stops = tuple(
        replace(stop, state=progress[stop.stop_id].state) if stop.stop_id in progress else stop
        for stop in route.stops
    )
    return replace(route, stops=stops)


def frozen_count(route: Route) -> int:
    """How many stops lie behind or under the vehicle: none of them can be changed any more."""
    reached = [rank for rank, stop in enumerate(route.stops) if stop.state in REACHED]
    return max(reached, default=-1) + 1


def ahead_of(route: Route) -> tuple[Stop, ...]:
    """The stops that the vehicle has not reached."""
    return route.stops[frozen_count(route) :]
