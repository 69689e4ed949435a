"""
A whole routing problem: what is to be done, and who can do it.

Pure; units as in `task`. Everything is named by the caller's ids; tuples keep the caller's order,
and the rest of the planner works with ranks in these tuples, so that no id is ever hashed into
another.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from services.planner.domain.shift import Shift
from services.planner.domain.task import Task, TaskKind
from services.planner.domain.travel import Point

TASKS_AT_ONCE_MAX = 2_000  # planned while the caller waits; the contract states it
BASE_DIMENSIONS = ("mass_grams", "volume_cubic_centimeters", "item_count")
MASS = 0  # the rank of mass among the dimensions


@dataclass(frozen=True, slots=True)
class Territory:
    """An area to which shifts are assigned."""

    territory_id: str
    ring: tuple[Point, ...] = ()


class FreezeLevel(Enum):
    """How much about a task is decided."""

    SHIFT = "SHIFT"
    SEQUENCE = "SEQUENCE"
    TIME = "TIME"


@dataclass(frozen=True, slots=True)
class Pin:
    """Something about a task that is decided already."""

    task_id: str
    shift_id: str
    level: FreezeLevel = FreezeLevel.SHIFT
    rank: int = 0
    service_start_second: int | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether the task belongs to the frozen head of its route."""
        return self.level is not FreezeLevel.SHIFT


@dataclass(frozen=True, slots=True)
class FixedVisit:
    """One task in a fixed order."""

    task_id: str
    alternative_id: str = ""
    service_start_second: int | None = None


@dataclass(frozen=True, slots=True)
class FixedReload:
    """A reload in a fixed order: before the visit of this rank, or after all of them."""

    reload_id: str
    rank: int


@dataclass(frozen=True, slots=True)
class FixedRoute:
    """The tasks of one shift in order, and where it reloads between them."""

    shift_id: str
    visits: tuple[FixedVisit, ...] = ()
    reloads: tuple[FixedReload, ...] = ()


@dataclass(frozen=True, slots=True)
class Churn:
    """What departing from a known plan costs."""

    base_routes: tuple[FixedRoute, ...] = ()
    shift_change_cost_micros: int = 0
    time_change_cost_micros_per_hour: int = 0
    tolerance_seconds: int = 0
    drop_cost_micros: int = 0


class Balance(Enum):
    """What is spread evenly over the routes that are used."""

    DURATION = "DURATION"
    STOPS = "STOPS"
    LOAD = "LOAD"


@dataclass(frozen=True, slots=True)
class Objective:
    """How plans are weighed beside their costs."""

    carbon_cost_micros_per_kilogram: int = 0
    balance: Balance | None = None
    balance_cost_percent_max: int = 0
    """By how much cost may rise for balance."""
    fewest_shifts: bool = False

    def __post_init__(self) -> None:
        """Refuses a negative price, and a share that is none."""
        if self.carbon_cost_micros_per_kilogram < 0:
            raise ValueError("the price of carbon is negative")
        if not 0 <= self.balance_cost_percent_max <= 100:
            raise ValueError("the cost of balance lies within 0..100 percent")


@dataclass(frozen=True)  # without slots: the look-ups are made once and kept
class Problem:
    """What is to be done, and who can do it."""

    tasks: tuple[Task, ...]
    shifts: tuple[Shift, ...]
    dimensions: tuple[str, ...] = BASE_DIMENSIONS
    territories: tuple[Territory, ...] = ()
    incompatible_goods: frozenset[frozenset[str]] = frozenset()
    pins: tuple[Pin, ...] = ()
    churn: Churn = field(default_factory=Churn)
    objective: Objective = field(default_factory=Objective)
    unsearched: tuple[str, ...] = ()
    """Fields that were stated and that the search does not follow."""

    def __post_init__(self) -> None:
        """Refuses goods that may not be together with themselves."""
        if any(len(pair) != 2 for pair in self.incompatible_goods):
            raise ValueError("two classes of goods that may not be together are different")

    @cached_property
    def rank_of_task(self) -> dict[str, int]:
        """Each task's rank, by its id."""
        return {task.task_id: rank for rank, task in enumerate(self.tasks)}

    @cached_property
    def rank_of_shift(self) -> dict[str, int]:
        """Each shift's rank, by its id."""
        return {shift.shift_id: rank for rank, shift in enumerate(self.shifts)}

    @cached_property
    def tiers(self) -> tuple[int, ...]:
        """The priorities that tasks have, highest first."""
        return tuple(sorted({task.priority for task in self.tasks}, reverse=True))

    @cached_property
    def onboard_shift_of(self) -> dict[str, str]:
        """The shift whose vehicle carries a delivery's goods already, by the task's id."""
        return {
            task_id: shift.shift_id
            for shift in self.shifts
            if shift.start_state is not None
            for task_id in shift.start_state.onboard_task_ids
        }

    @cached_property
    def pin_of(self) -> dict[str, Pin]:
        """The pin of each task that has one, by the task's id."""
        return {pin.task_id: pin for pin in self.pins}

    @cached_property
    def frozen_heads(self) -> dict[str, tuple[Pin, ...]]:
        """The frozen head of each shift that has one, in order, by the shift's id."""
        heads: dict[str, tuple[Pin, ...]] = {}
        for pin in sorted(self.pins, key=lambda pin: pin.rank):
            if pin.is_frozen:
                heads[pin.shift_id] = (*heads.get(pin.shift_id, ()), pin)
        return heads

    @cached_property
    def deliveries_of_pickup(self) -> Counter[str]:
        """How many deliveries name each pickup."""
        return Counter(task.pickup_task_id for task in self.tasks if task.pickup_task_id)

    @cached_property
    def has_pairs(self) -> bool:
        """Whether any delivery waits for its pickup."""
        return any(task.pickup_task_id for task in self.tasks)

    @cached_property
    def has_pickups(self) -> bool:
        """Whether anything is loaded on the way."""
        return any(task.kind is TaskKind.PICKUP for task in self.tasks)

    @cached_property
    def has_reloads(self) -> bool:
        """Whether any route may reload."""
        return any(shift.reloads and shift.reload_limit for shift in self.shifts)
