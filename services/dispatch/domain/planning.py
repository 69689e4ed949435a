"""
What dispatch asks the planner, and what it is told. Pure, and without anybody's name: a task is a
place, windows and goods; a shift is a vehicle, an interval and skills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.fleet import (
    Driver,
    Place,
    RateCard,
    Shift,
    ShiftBreak,
    Vehicle,
    VehicleAttributes,
    shared_skills,
)
from services.dispatch.domain.route import Leg, RouteBreak, StopTask
from services.dispatch.domain.route_plan import PlanViolation, UnassignedTask
from services.dispatch.domain.task import Task, TaskType
from services.dispatch.domain.values import Point, Window

PICKUP_DURATION = timedelta(seconds=60)  # an assumption of ours: a parcel from hand to hand
SECONDS_PER_HOUR = 3_600
HALF_HOUR = SECONDS_PER_HOUR // 2  # rounds half up, as the planner does


@dataclass(frozen=True, slots=True)
class PlanTask:
    """A task as the planner may see it, with what a stop needs to know of it later."""

    stop_task: StopTask
    location: Point = field(repr=False)
    parcel_count: int = 1
    any_skills: tuple[str, ...] = ()
    excluded_skills: tuple[str, ...] = ()
    excluded_shift_ids: tuple[str, ...] = ()
    allowed_shift_ids: tuple[str, ...] = ()  # empty means all
    pickup_task_id: str = ""  # what must come before on the same route; empty: goods are on board
    place_id: str = ""
    service_assumed: bool = False  # nobody said how long it takes: what was learned counts

    @property
    def is_pickup(self) -> bool:
        """Whether it only takes goods on."""
        return self.stop_task.type is TaskType.PICKUP

    @property
    def task_id(self) -> str:
        """Its name."""
        return self.stop_task.task_id


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Where a shift stands that is already on the road: the rest is planned from here."""

    state_time: datetime
    location: Point = field(repr=False)
    route_start_time: datetime
    onboard_task_ids: tuple[str, ...]
    taken_breaks: tuple[int, ...] = ()  # ranks among the shift's breaks


@dataclass(frozen=True, slots=True)
class PlanShift:
    """A shift as the planner may see it."""

    shift_id: str
    vehicle_id: str
    vehicle: VehicleAttributes
    interval: Window
    start_location: Point = field(repr=False)
    end_location: Point = field(repr=False)
    start_place_id: str = ""
    end_place_id: str = ""
    skills: frozenset[str] = frozenset()
    breaks: tuple[ShiftBreak, ...] = ()
    rate_card: RateCard | None = None
    loading_duration: timedelta = timedelta()
    driving_duration_max: timedelta = timedelta()
    start_charge_watt_hours: int = 0
    under_way: UnderWay | None = None
    paid_duration: timedelta = timedelta()  # of its route: paid whether it is driven or not

    def paid_micros(self, lasted: timedelta) -> int:
        """What a route's hours cost that are paid whether they are driven or not."""
        if self.rate_card is None:
            return 0
        seconds = int(min(lasted, self.paid_duration).total_seconds())
        return (self.rate_card.hour_cost_micros * seconds + HALF_HOUR) // SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be done, and who can do it."""

    tasks: tuple[PlanTask, ...]
    shifts: tuple[PlanShift, ...]

    @property
    def task(self) -> Mapping[str, PlanTask]:
        """The tasks by name."""
        return {task.task_id: task for task in self.tasks}

    @property
    def shift(self) -> Mapping[str, PlanShift]:
        """The shifts by name."""
        return {shift.shift_id: shift for shift in self.shifts}


def allowing(problem: Problem, shifts_of: Mapping[str, Sequence[str]]) -> Problem:
    """The problem with some tasks allowed on certain shifts only."""
    tasks = (
        replace(task, allowed_shift_ids=tuple(shifts_of.get(task.task_id, ())))
        for task in problem.tasks
    )
    return replace(problem, tasks=tuple(tasks))


def learned(problem: Problem, times: Mapping[str, timedelta]) -> Problem:
    """The problem with what was learned of stops, by delivery, where their time is assumed."""
    tasks = (
        replace(task, stop_task=replace(task.stop_task, service_duration=known))
        if (known := times.get(task.stop_task.delivery_id)) and task.service_assumed
        else task
        for task in problem.tasks
    )
    return replace(problem, tasks=tuple(tasks))


def spread(problem: Problem) -> Problem:
    """
    The problem for drivers who are on shift, and paid, whether they drive or not.

    An hour within an even share of the work costs nothing more; one beyond it costs what the rate
    card says. So whoever is on shift works before anybody's route grows long, as far as a vehicle
    on the road is worth it, and the day has room for what goes wrong.
    """
    share = even_share(problem)
    shifts = (
        replace(shift, paid_duration=min(share, shift.interval.length)) for shift in problem.shifts
    )
    return replace(problem, shifts=tuple(shifts))


def even_share(problem: Problem) -> timedelta:
    """Each shift's part of the time at stops if all had the same, in whole seconds."""
    at_stops = sum((t.stop_task.service_duration for t in problem.tasks), timedelta())
    return timedelta(seconds=int(at_stops.total_seconds()) // max(1, len(problem.shifts)))


Sequences = Mapping[str, Sequence[str]]  # shift id -> task ids in order


@dataclass(frozen=True, slots=True)
class TimedStop:
    """A stop as the planner times it; it has no name yet."""

    task_ids: tuple[str, ...]
    location: Point = field(repr=False)
    place_id: str
    arrival_time: datetime
    service_start_time: datetime
    departure_time: datetime
    departure_load_grams: int


@dataclass(frozen=True, slots=True)
class TimedRoute:
    """A route as the planner times it."""

    shift_id: str
    start_time: datetime  # when it leaves, loading done
    end_time: datetime
    stops: tuple[TimedStop, ...]
    legs: tuple[Leg, ...]
    breaks: tuple[RouteBreak, ...]
    distance_meters: int
    driving_duration: timedelta
    cost_micros: int
    energy_watt_hours: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the planner answers: routes, what is left over, and what is broken."""

    routes: tuple[TimedRoute, ...]
    unassigned: tuple[UnassignedTask, ...] = ()
    violations: tuple[PlanViolation, ...] = ()  # hard ones; `route_id` holds the shift's name
    access_checked: bool = False
    engine_version: str = ""
    map_version: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Insertion:
    """Where a task could go in one route."""

    shift_id: str
    sequence: tuple[str, ...]  # of the whole route, with the task and its pickup in it
    delta_cost_micros: int


@dataclass(frozen=True, slots=True)
class Insertions:
    """Where one task could go, at most once per shift; or why nowhere."""

    found: tuple[Insertion, ...] = ()
    unassigned: UnassignedTask | None = None


def plan_task(
    task: Task,
    delivery: Delivery,
    shifts_of: Mapping[str, Sequence[str]],
    pickup_task_id: str = "",
) -> PlanTask:
    """A task for the planner; `shifts_of` finds the shifts of each driver who declined it."""
    if task.is_pickup:
        return plan_pickup(task, delivery)
    excluded = (s for d in task.excluded_driver_ids for s in shifts_of.get(d, ()))
    stop_task = replace(
        _stop_task(task, delivery),
        windows=delivery.windows,
        promise_window=delivery.promise_window,
        service_duration=delivery.stop_duration,
    )
    return PlanTask(
        stop_task=stop_task,
        location=delivery.location,
        parcel_count=len(delivery.parcels),
        any_skills=delivery.any_skills,
        excluded_skills=delivery.excluded_skills,
        excluded_shift_ids=tuple(excluded),
        pickup_task_id=pickup_task_id,
        service_assumed=delivery.service_duration is None,
    )


def plan_pickup(task: Task, delivery: Delivery) -> PlanTask:
    """A pickup for the planner: at any time, where the goods are."""
    stop_task = replace(_stop_task(task, delivery), service_duration=PICKUP_DURATION)
    return PlanTask(
        stop_task=stop_task,
        location=task.location or delivery.location,
        parcel_count=len(delivery.parcels),
        place_id=task.place_id,
    )


def _stop_task(task: Task, delivery: Delivery) -> StopTask:
    return StopTask(
        task_id=task.task_id,
        delivery_id=delivery.delivery_id,
        type=task.type,
        attempt_number=task.attempt_number,
        mass_grams=delivery.mass_grams,
        volume_cubic_centimeters=delivery.volume_cubic_centimeters,
        parcel_ids=tuple(parcel.parcel_id for parcel in delivery.parcels),
        priority=delivery.priority,
        required_skills=delivery.required_skills,
    )


@dataclass(frozen=True, slots=True)
class Crew:
    """A shift with all that it names."""

    shift: Shift
    driver: Driver
    vehicle: Vehicle
    start: Place
    end: Place
    rate_card: RateCard | None = None


def plan_shift(crew: Crew, under_way: UnderWay | None = None) -> PlanShift:
    """A shift for the planner: the driver's name stays here, the skills go."""
    shift = crew.shift
    return PlanShift(
        shift_id=shift.shift_id,
        vehicle_id=crew.vehicle.vehicle_id,
        vehicle=crew.vehicle.attributes,
        interval=shift.interval,
        start_location=crew.start.location,
        end_location=crew.end.location,
        start_place_id=crew.start.place_id,
        end_place_id=crew.end.place_id,
        skills=shared_skills(crew.driver, crew.vehicle, shift.interval.end_time),
        breaks=shift.breaks,
        rate_card=crew.rate_card,
        loading_duration=crew.start.loading_duration,
        driving_duration_max=shift.driving_duration_max,
        start_charge_watt_hours=shift.start_charge_watt_hours,
        under_way=under_way,
    )
