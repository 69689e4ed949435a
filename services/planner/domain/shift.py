"""
Shifts: one driver with one vehicle for an interval, without a name.

Pure; units as in `task`. Money is millionths of the tenant's currency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from services.planner.domain.emissions import EmissionFactors
from services.planner.domain.energy import DEFAULT_ENERGY, Battery, EnergyModel
from services.planner.domain.task import Loads, Window
from services.planner.domain.travel import Point, Profile

PERCENT = 100
DEFAULT_HOUR_COST_MICROS = 25_000_000  # assumed, when a shift states no cost at all
DEFAULT_KILOMETER_COST_MICROS = 400_000  # assumed, when a shift states no cost at all


@dataclass(frozen=True, slots=True)
class AccessAttributes:
    """What access rules look at; None or empty is unknown. Passed to compliance as it is."""

    category: str = ""
    fuel_type: str = ""
    euro_class: int | None = None
    max_mass_grams: int = 0
    unladen_mass_grams: int = 0
    first_registration: date | None = None
    held_permit_schemes: tuple[str, ...] = ()
    permits_complete: bool = False
    stickers: tuple[tuple[str, int], ...] = ()
    registration_country_code: str = ""
    height_centimeters: int = 0
    width_centimeters: int = 0
    length_centimeters: int = 0
    auto_pay: bool | None = None


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The vehicle of a shift. A capacity of 0 means no limit in that dimension."""

    vehicle_id: str
    profile: Profile
    capacity: Loads = ()
    access: AccessAttributes = field(default_factory=AccessAttributes)
    battery: Battery | None = None
    energy: EnergyModel = field(default_factory=EnergyModel)
    travel_percent: int = PERCENT
    emissions: EmissionFactors | None = None
    """None: what it emits is unknown."""

    def __post_init__(self) -> None:
        """Refuses a speed nobody has."""
        if self.travel_percent <= 0:
            raise ValueError("the travel percentage is not positive")

    @property
    def energy_model(self) -> EnergyModel:
        """Its own, or the default of its profile when all terms are zero."""
        return self.energy if any(self.energy.terms) else DEFAULT_ENERGY[self.profile]


@dataclass(frozen=True, slots=True)
class ShiftSkill:
    """A skill, held before `expire_second`; None: for ever."""

    skill: str
    expire_second: int | None = None


@dataclass(frozen=True, slots=True)
class BreakRule:
    """A break that a route with tasks must hold; it starts from the first to the last second."""

    break_id: str
    first_second: int
    last_second: int
    length_seconds: int

    def __post_init__(self) -> None:
        """Refuses a break that cannot start or lasts no time."""
        if self.last_second < self.first_second:
            raise ValueError("the break's window ends before or when it starts")
        if self.length_seconds <= 0:
            raise ValueError("a break lasts some time")


class DutyClock(Enum):
    """What a duty clock counts."""

    DRIVING = "DRIVING"
    WORK = "WORK"
    SPAN = "SPAN"


@dataclass(frozen=True, slots=True)
class DutyLimit:
    """One limit on one clock, which stands at `used_seconds` when the shift starts."""

    limit_id: str
    clock: DutyClock
    limit_seconds: int
    used_seconds: int = 0
    reset_seconds: int | None = None
    split_reset_seconds: tuple[int, ...] = ()
    split_taken_count: int = 0


@dataclass(frozen=True, slots=True)
class Costs:
    """What a shift costs. All zero means the defaults."""

    fixed_micros: int = 0
    hour_micros: int = 0
    kilometer_micros: int = 0
    overtime_hour_micros: int = 0
    overtime_after_seconds: int | None = None
    stop_micros: int = 0
    kilowatt_hour_micros: int = 0

    @property
    def effective(self) -> Costs:
        """Itself, or the defaults when nothing is stated."""
        stated = (self.fixed_micros, self.hour_micros, self.kilometer_micros, self.stop_micros)
        if any(stated) or self.overtime_hour_micros or self.kilowatt_hour_micros:
            return self
        return Costs(
            hour_micros=DEFAULT_HOUR_COST_MICROS, kilometer_micros=DEFAULT_KILOMETER_COST_MICROS
        )


@dataclass(frozen=True, slots=True)
class ShiftTerritory:
    """Binds a shift to a territory, strictly or at a cost for tasks outside."""

    territory_id: str
    strict: bool = True
    outside_cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class StartState:
    """Where a shift stands while it is under way."""

    second: int
    point: Point
    onboard_task_ids: frozenset[str] = frozenset()
    taken_break_ids: frozenset[str] = frozenset()
    charge_watt_hours: int | None = None
    route_start_second: int | None = None
    onboard_load: Loads = ()
    """What else is on board until the next reload or the end; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Reload:
    """
    A place where a route can come back for more: what it took in leaves, what follows is loaded.

    Loading lasts `service_seconds` and starts inside one of the windows; no windows: at any time.
    """

    reload_id: str
    point: Point
    place_id: str = ""
    windows: tuple[Window, ...] = ()
    service_seconds: int = 0

    def __post_init__(self) -> None:
        """Refuses windows out of order, and a negative duration."""
        for earlier, later in zip(self.windows, self.windows[1:], strict=False):
            if later.first_second <= earlier.last_second:
                raise ValueError("the windows are not in order, or overlap")
        if self.service_seconds < 0:
            raise ValueError("a duration is negative")


class Unloading(Enum):
    """The order in which picked-up goods must leave."""

    ANY = "ANY"
    LIFO = "LIFO"
    FIFO = "FIFO"


@dataclass(frozen=True, slots=True)
class Shift:
    """One driver with one vehicle; becomes at most one route."""

    shift_id: str
    vehicle: Vehicle
    start_second: int
    end_second: int
    start_point: Point
    start_place_id: str = ""
    end_point: Point | None = None
    """None: the route ends at its last task."""
    end_place_id: str = ""
    skills: tuple[ShiftSkill, ...] = ()
    breaks: tuple[BreakRule, ...] = ()
    duty_limits: tuple[DutyLimit, ...] = ()
    duty_rule_set: str = ""
    earliest_start_second: int | None = None
    costs: Costs = field(default_factory=Costs)
    territories: tuple[ShiftTerritory, ...] = ()
    stop_limit: int = 0
    distance_limit_meters: int = 0
    loading_seconds: int = 0
    unloading_seconds: int = 0
    unloading: Unloading = Unloading.ANY
    start_state: StartState | None = None
    reloads: tuple[Reload, ...] = ()
    """Where it can reload; each place as often as the limit allows."""
    reload_limit: int = 0
    """The most reloads in a route; 0: none."""

    def __post_init__(self) -> None:
        """Refuses an interval that is empty, a negative limit, and breaks out of order."""
        if self.end_second <= self.start_second:
            raise ValueError("a shift lasts some time")
        if self.reload_limit < 0:
            raise ValueError("the limit of reloads is negative")
        for earlier, later in zip(self.breaks, self.breaks[1:], strict=False):
            if later.first_second <= earlier.last_second:
                raise ValueError("the breaks are not in order, or their windows overlap")

    @property
    def is_under_way(self) -> bool:
        """Whether it has left already."""
        return self.start_state is not None

    @property
    def ready_second(self) -> int:
        """When its driver can begin, or where it is under way, from when the rest is planned."""
        if self.start_state is not None:
            return self.start_state.second
        return max(self.start_second, self.earliest_start_second or self.start_second)

    @property
    def loading_left_seconds(self) -> int:
        """Loading before it leaves: over when it is under way."""
        return 0 if self.is_under_way else self.loading_seconds

    @property
    def breaks_left(self) -> tuple[BreakRule, ...]:
        """Those not over yet."""
        taken = self.start_state.taken_break_ids if self.start_state else frozenset()
        return tuple(rule for rule in self.breaks if rule.break_id not in taken)

    @property
    def origin(self) -> Point:
        """Where the route starts: where it is now, or the start."""
        return self.start_state.point if self.start_state else self.start_point

    @property
    def start_charge_watt_hours(self) -> int:
        """What the battery holds at the start; 0 without one."""
        if self.vehicle.battery is None:
            return 0
        state = self.start_state
        if state is not None and state.charge_watt_hours is not None:
            return state.charge_watt_hours
        return self.vehicle.battery.start_watt_hours

    def holds(self, skill: str, second: int) -> bool:
        """Whether a skill is held at a moment."""
        return any(
            own.skill == skill and (own.expire_second is None or second < own.expire_second)
            for own in self.skills
        )
