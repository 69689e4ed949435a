"""
What the work cost, event by event, from the rate card that held when the route started. Pure.

All amounts are millionths of the tenant's currency, rounded to the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from services.tracking.domain.event import (
    Crew,
    LegCompleted,
    OutcomeRecorded,
    RouteCompleted,
    RouteStarted,
    VehicleCharged,
)
from services.tracking.domain.heard import EmissionRecorded, TenderPriced, ZoneCharged
from services.tracking.domain.journal import Event
from services.tracking.domain.route import RateCard
from services.tracking.domain.words import Outcome, TaskKind

SECONDS_AN_HOUR = 3_600
METERS_A_KILOMETER = 1_000
WATT_HOURS_A_KILOWATT_HOUR = 1_000
MILLILITERS_A_LITER = 1_000
DROPS = (TaskKind.DELIVERY, TaskKind.PUDO_DROP, TaskKind.UNSPECIFIED)  # attempts at handing over


@dataclass(frozen=True, slots=True)
class Cost:
    """The parts of a cost."""

    time_micros: int = 0
    distance_micros: int = 0
    fixed_micros: int = 0
    attempt_micros: int = 0
    energy_micros: int = 0
    zone_micros: int = 0
    carrier_micros: int = 0
    toll_micros: int = 0

    @property
    def total_micros(self) -> int:
        """All parts together."""
        return sum(getattr(self, part.name) for part in fields(self))

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(slots=True)
class Books:
    """What some events say about the price of others: rate cards by route, charges, corrections."""

    started: dict[str, RouteStarted] = field(default_factory=dict)
    zoned: set[str] = field(default_factory=set)  # routes that were charged by zones
    replaced: set[str] = field(default_factory=set)  # records that another one corrects

    def learn(self, event: Event) -> None:
        """Remembers what other events need to know."""
        match event:
            case RouteStarted():
                self.started.setdefault(event.crew.route_id, event)
            case ZoneCharged() if event.zone_id:
                self.zoned.add(event.crew.route_id)
            case EmissionRecorded():
                self.replaced.add(event.replaced_record_id)

    def rates(self, route_id: str) -> RateCard:
        """The rate card of a route's start; nothing costs anything where none is known."""
        started = self.started.get(route_id)
        return (started.rates if started else None) or RateCard()

    def route_of(self, event: Event) -> str:
        """The route that an event is about; empty for none."""
        if isinstance(event, EmissionRecorded):
            return event.route_id
        crew = getattr(event, "crew", None)
        return crew.route_id if isinstance(crew, Crew) else ""

    def cost(self, event: Event) -> Cost:
        """Its cost; with a start goes what access was planned to cost, unless zones charged."""
        route_id = self.route_of(event)
        spent = of(event, self.rates(route_id))
        if isinstance(event, RouteStarted) and route_id not in self.zoned:
            spent += Cost(zone_micros=event.access_charge_micros)
        return spent

    def milligrams(self, event: Event) -> int:
        """What it tells of carbon, unless it was corrected."""
        counts = isinstance(event, EmissionRecorded) and event.record_id not in self.replaced
        return event.milligrams if counts and isinstance(event, EmissionRecorded) else 0


def of(event: Event, rates: RateCard) -> Cost:
    """What an event cost at these rates."""
    match event:
        case RouteStarted():
            return Cost(fixed_micros=rates.fixed_micros)
        case RouteCompleted():
            seconds = (event.end - event.start).total_seconds()
            return Cost(time_micros=round(rates.hour_micros * seconds / SECONDS_AN_HOUR))
        case LegCompleted():
            return _leg(event, rates)
        case OutcomeRecorded() if event.outcome is Outcome.FAILED and event.kind in DROPS:
            return Cost(attempt_micros=rates.failed_attempt_micros)
        case ZoneCharged() if event.zone_id:
            return Cost(zone_micros=event.amount.micros)
        case ZoneCharged():
            return Cost(toll_micros=event.amount.micros)
        case TenderPriced():
            return Cost(carrier_micros=event.booked_micros)
        case VehicleCharged() if event.cost is not None and rates.kilowatt_hour_micros == 0:
            return Cost(energy_micros=event.cost.micros)
        case _:
            return Cost()


def _leg(leg: LegCompleted, rates: RateCard) -> Cost:
    kilometers = leg.meters / METERS_A_KILOMETER
    vehicle = leg.vehicle
    watt_hours = leg.watt_hours
    if watt_hours is None:
        watt_hours = round(vehicle.watt_hours_per_kilometer * kilometers)
    milliliters = vehicle.milliliters_per_hundred_kilometers * kilometers / 100
    power = rates.kilowatt_hour_micros * watt_hours / WATT_HOURS_A_KILOWATT_HOUR
    fuel = rates.liter_micros * milliliters / MILLILITERS_A_LITER
    return Cost(
        distance_micros=round(rates.kilometer_micros * kilometers),
        energy_micros=round(power + fuel),
    )
