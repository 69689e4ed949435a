"""
Tasks: what is to be done, where, when, with what.

Pure. Moments are whole Unix seconds (`_second`), lengths are seconds, goods are whole grams, cubic
centimeters and items, money is millionths of the tenant's currency. The contract's half-open
windows `[start, end)` are kept as the first and the last second at which service may start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from services.planner.domain.travel import Point, Profile

Loads = tuple[int, ...]  # one amount per dimension of the problem, in its order
PRIORITY_MAX = 9


class TaskKind(Enum):
    """What a task does with its goods."""

    DELIVERY = "DELIVERY"
    PICKUP = "PICKUP"
    SERVICE = "SERVICE"


@dataclass(frozen=True, slots=True)
class Window:
    """When service may start, and from when to when it should."""

    first_second: int
    last_second: int
    soft_first_second: int | None = None
    soft_last_second: int | None = None
    early_cost_micros_per_hour: int = 0
    late_cost_micros_per_hour: int = 0

    def __post_init__(self) -> None:
        """Refuses a window in which nothing can start."""
        if self.last_second < self.first_second:
            raise ValueError("the window ends before or when it starts")
        soft_first, soft_last = self.soft_first_second, self.soft_last_second
        if soft_first is not None and not self.holds(soft_first):
            raise ValueError("the preferred start lies outside the window")
        if soft_last is not None and not self.holds(soft_last):
            raise ValueError("the preferred end lies outside the window")

    def holds(self, second: int) -> bool:
        """Whether service may start then."""
        return self.first_second <= second <= self.last_second


@dataclass(frozen=True, slots=True)
class SlotCost:
    """What is lost on average by failing when service starts within these seconds, inclusive."""

    first_second: int
    last_second: int
    cost_micros: int

    def __post_init__(self) -> None:
        """Refuses a slot in which nothing can start, and failure that pays."""
        if self.last_second < self.first_second:
            raise ValueError("the slot ends before or when it starts")
        if self.cost_micros < 0:
            raise ValueError("the cost of a slot is negative")


@dataclass(frozen=True, slots=True)
class Option:
    """One place where a task can be done: its own (empty `alternative_id`) or another."""

    point: Point
    alternative_id: str = ""
    place_id: str = ""
    windows: tuple[Window, ...] = ()
    service_seconds: int = 0
    setup_seconds: int = 0
    profile_service_seconds: tuple[tuple[Profile, int], ...] = ()
    profile_setup_seconds: tuple[tuple[Profile, int], ...] = ()
    extra_cost_micros: int = 0

    def __post_init__(self) -> None:
        """Refuses windows out of order, and negative durations."""
        for earlier, later in zip(self.windows, self.windows[1:], strict=False):
            if later.first_second <= earlier.last_second:
                raise ValueError("the windows are not in order, or overlap")
        if min(self.service_seconds, self.setup_seconds, self.extra_cost_micros) < 0:
            raise ValueError("a duration or cost is negative")
        if any(own < 0 for _, own in self.profile_service_seconds + self.profile_setup_seconds):
            raise ValueError("a duration of a profile is negative")

    def service_for(self, profile: Profile) -> int:
        """How long service takes those who come by a profile, in seconds."""
        return dict(self.profile_service_seconds).get(profile, self.service_seconds)

    def setup_for(self, profile: Profile) -> int:
        """How long setup takes those who come by a profile from another place, in seconds."""
        return dict(self.profile_setup_seconds).get(profile, self.setup_seconds)

    @property
    def place_key(self) -> tuple[str, float, float]:
        """Equal for options at one place: by name where there is one, else by position."""
        if self.place_id:
            return (self.place_id, 0.0, 0.0)
        return ("", self.point.latitude, self.point.longitude)


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """Abilities that a shift must, may or must not have."""

    all_of: frozenset[str] = frozenset()
    one_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work that is inserted into a route."""

    task_id: str
    kind: TaskKind
    options: tuple[Option, ...]
    loads: Loads = ()
    skills: SkillNeed = field(default_factory=SkillNeed)
    priority: int = 0
    penalty_micros: int = 0
    pickup_task_id: str = ""
    ride_limit_seconds: int | None = None
    allowed_shift_ids: frozenset[str] = frozenset()
    excluded_shift_ids: frozenset[str] = frozenset()
    excluded_vehicle_ids: frozenset[str] = frozenset()
    preferred_shift_ids: frozenset[str] = frozenset()
    preference_cost_micros: int = 0
    territory_ids: frozenset[str] = frozenset()
    goods_class: str = ""
    earliness_cost_micros_per_hour: int = 0
    release_second: int | None = None
    """When the goods are ready at the depot; None: always."""
    slot_costs: tuple[SlotCost, ...] = ()
    """In order of time; a start outside all of them costs nothing."""

    def __post_init__(self) -> None:
        """Refuses a task without a place, negative goods, and a pickup where there can be none."""
        if not self.options:
            raise ValueError("a task needs a place")
        if any(amount < 0 for amount in self.loads):
            raise ValueError("a load is negative")
        if not 0 <= self.priority <= PRIORITY_MAX:
            raise ValueError(f"priority lies within 0..{PRIORITY_MAX}")
        if self.pickup_task_id and self.kind is not TaskKind.DELIVERY:
            raise ValueError("only a DELIVERY has a pickup before it")
        if self.release_second is not None and not self.is_from_depot:
            raise ValueError("only a DELIVERY without a pickup has goods that a depot releases")
        for earlier, later in zip(self.slot_costs, self.slot_costs[1:], strict=False):
            if later.first_second <= earlier.last_second:
                raise ValueError("the slots are not in order, or overlap")

    @property
    def is_from_depot(self) -> bool:
        """Whether its goods are loaded at the start or at a reload, unless on board already."""
        return self.kind is TaskKind.DELIVERY and not self.pickup_task_id

    def excludes(self, shift_id: str, vehicle_id: str) -> bool:
        """Whether it keeps itself from a shift or its vehicle by their names."""
        is_allowed = not self.allowed_shift_ids or shift_id in self.allowed_shift_ids
        is_refused = shift_id in self.excluded_shift_ids
        return not is_allowed or is_refused or vehicle_id in self.excluded_vehicle_ids

    def slot_cost_micros(self, second: int) -> int:
        """What a start of service at a moment loses on average by failing."""
        for slot in self.slot_costs:
            if slot.first_second <= second <= slot.last_second:
                return slot.cost_micros
        return 0
