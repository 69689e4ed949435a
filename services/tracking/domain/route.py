"""
A route as dispatch published it: what tracking measures the day against. Pure and immutable.

Moments are aware datetimes, lengths are integers with their unit in the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from services.tracking.domain.geo import Point
from services.tracking.domain.words import Fuel, PlanCause, TaskKind, VehicleKind


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, `[start, end)`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("a window ends after it starts")

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What a leg's carbon and cost depend on. Zero and empty mean unknown."""

    vehicle_id: str = ""
    kind: VehicleKind = VehicleKind.UNSPECIFIED
    fuel: Fuel = Fuel.UNSPECIFIED
    emission_class: str = ""
    category: str = ""
    country: str = ""
    unladen_grams: int = 0
    gross_grams: int = 0
    payload_grams: int = 0
    watt_hours_per_kilometer: int = 0
    milliliters_per_hundred_kilometers: int = 0
    battery_watt_hours: int = 0


@dataclass(frozen=True, slots=True)
class RateCard:
    """What a vehicle with its driver costs, in millionths of the currency."""

    currency_code: str = ""
    fixed_micros: int = 0
    hour_micros: int = 0
    kilometer_micros: int = 0
    kilowatt_hour_micros: int = 0
    liter_micros: int = 0
    failed_attempt_micros: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands at a stop."""

    task_id: str
    delivery_id: str
    kind: TaskKind = TaskKind.DELIVERY
    attempt_number: int = 1
    mass_grams: int = 0
    promise: Window | None = None
    windows: tuple[Window, ...] = ()
    parcel_ids: tuple[str, ...] = ()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Consecutive tasks at one place."""

    stop_id: str
    location: Point
    tasks: tuple[Task, ...]
    arrival: datetime
    service_start: datetime
    departure: datetime
    service_seconds: int
    place_id: str = ""

    def __post_init__(self) -> None:
        if not self.tasks:
            raise ValueError("a stop has at least one task")

    def opens(self, at: datetime) -> datetime | None:
        """When the window opens that holds at a moment or comes next; None where none does."""
        found = [opens for task in self.tasks if (opens := _opens(task.windows, at))]
        return max(found, default=None)

    def opening(self, at: datetime) -> datetime:
        """When service may start for one who comes at a moment."""
        return max(at, self.opens(at) or at)


def _opens(windows: tuple[Window, ...], at: datetime) -> datetime | None:
    ordered = sorted(windows, key=lambda window: window.start)
    return next((window.start for window in ordered if at < window.end), None)


@dataclass(frozen=True, slots=True)
class Leg:
    """The way to the next stop, or to the end."""

    meters: int
    seconds: int
    polyline: str = ""
    watt_hours: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """A break as planned, before the stop of a rank."""

    before_rank: int
    start: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Route:
    """One revision of a route: stops in order, one leg to each and one to the end."""

    route_id: str
    revision: int
    start_time: datetime
    end_time: datetime
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]
    vehicle: Vehicle = field(default_factory=Vehicle)
    rates: RateCard | None = None
    plan_id: str = ""
    shift_id: str = ""
    driver_id: str = ""
    carrier_id: str = ""
    tender_id: str = ""
    depot_id: str = ""
    start: Point | None = None
    end: Point | None = None
    pauses: tuple[Pause, ...] = ()
    access_charge_micros: int = 0
    acknowledged_revision: int = 0
    cause: PlanCause = PlanCause.UNSPECIFIED  # of this revision
    decision_ids: tuple[str, ...] = ()  # of compliance, for this revision

    def __post_init__(self) -> None:
        if len(self.legs) not in (0, len(self.stops) + 1):
            raise ValueError("a route has one leg more than stops, or none")

    @property
    def meters(self) -> int:
        """Planned length, depot to depot."""
        return sum(leg.meters for leg in self.legs)

    @property
    def tasks(self) -> Iterator[Task]:
        """Every task, in order."""
        return (task for stop in self.stops for task in stop.tasks)

    def rank(self, stop_id: str) -> int | None:
        """The place of a stop in the order, from 0; None if it is not on the route."""
        return next((i for i, stop in enumerate(self.stops) if stop.stop_id == stop_id), None)

    def stop(self, stop_id: str) -> Stop | None:
        """A stop by name."""
        rank = self.rank(stop_id)
        return None if rank is None else self.stops[rank]

    def stop_of(self, task_id: str) -> Stop | None:
        """The stop at which a task is done."""
        return next((s for s in self.stops if any(t.task_id == task_id for t in s.tasks)), None)

    def task(self, task_id: str) -> Task | None:
        """A task by name."""
        return next((task for task in self.tasks if task.task_id == task_id), None)

    def leg_between(self, from_stop: str, to_stop: str) -> Leg | None:
        """The planned leg between neighbours; "" is the start or the end. None if not planned."""
        if not self.legs:
            return None
        before = -1 if not from_stop else self.rank(from_stop)
        after = len(self.stops) if not to_stop else self.rank(to_stop)
        if before is None or after is None or after != before + 1:
            return None
        return self.legs[after]
