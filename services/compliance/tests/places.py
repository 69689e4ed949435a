"""
Places, vehicles and rules that the tests share, small enough to see.

The world of the tests is a square around (60, 25): a tenth of a degree wide, so that a line from
west to east along the middle enters at a quarter of its way and leaves at three quarters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from services.compliance.domain import polyline
from services.compliance.domain.filter import VehicleFilter
from services.compliance.domain.geometry import E7, Point, Polygon, Ring
from services.compliance.domain.presence import Line, Presence
from services.compliance.domain.rule import Charge, ChargeUnit, Effect, Prohibition, Rule
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.schedule import ALWAYS, Schedule, TimeSpan
from services.compliance.domain.vehicle import Category, Fuel, Vehicle
from services.compliance.domain.zone import RuleSet, Zone, ZoneKind

MIGRATIONS = Path(__file__).parents[1] / "migrations"
HELSINKI = "Europe/Helsinki"
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3_600

DIESEL_VAN = Vehicle("van", Category.N1, Fuel.DIESEL, 5, 3_500_000, 2_000_000)
E_VAN = Vehicle("evan", Category.N1, Fuel.ELECTRIC, None, 3_500_000, 2_100_000)
BIKE = Vehicle("bike", Category.CYCLE, Fuel.ELECTRIC)
DIESEL = VehicleFilter(fuels=(Fuel.DIESEL,))


def square(south: float, west: float, size: float = 0.1) -> Polygon:
    """A square by its south-western corner, in degrees."""
    north, east = south + size, west + size
    corners = ((south, west), (south, east), (north, east), (north, west))
    return Polygon(Ring(tuple(Point(round(lat * E7), round(lng * E7)) for lat, lng in corners)))


SQUARE = square(59.95, 24.95)


def zone(*rules: Rule, zone_id: str = "centre", area: Polygon = SQUARE, tz: str = HELSINKI) -> Zone:
    """A zone over the square."""
    return Zone(zone_id, zone_id, ZoneKind.LOW_EMISSION, tz, (area,), rules)


def book(*zones: Zone) -> RuleBook:
    """A rule book of first versions that hold since always."""
    return RuleBook(1, [version(one, 1) for one in zones])


def version(
    of: Zone, number: int, start: datetime | None = None, end: datetime | None = None
) -> RuleSet:
    """A version of a zone."""
    name = f"rls_{of.zone_id}_{number}"
    return RuleSet(name, of, number, number, RECORDED, RECORDED, start, end)


def forbidden(rule_id: str = "ban", schedule: Schedule = ALWAYS) -> Rule:
    """Keeps diesels out."""
    return Rule(rule_id, Prohibition(), DIESEL, schedule)


def charged(
    amount: int = 5,
    unit: ChargeUnit = ChargeUnit.DAY,
    rule_id: str = "fee",
    schedule: Schedule = ALWAYS,
    cap: int = 0,
) -> Rule:
    """Asks diesels for so many euros."""
    effect: Effect = Charge(amount * 1_000_000, "EUR", unit, cap * 1_000_000)
    return Rule(rule_id, effect, DIESEL, schedule)


def hours(start: int, end: int, days: Sequence[int] = ()) -> Schedule:
    """Daily spans by full hours."""
    return Schedule(spans=(TimeSpan(tuple(days), start * HOUR, end * HOUR),))


def at(text: str) -> datetime:
    """A moment in UTC, such as `2026-05-12 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def crossing(entry: str, minutes: int = 40) -> Presence:
    """West to east through the square: inside from a quarter to three quarters of the time."""
    line = Line.decoded(polyline.encode([(6_000_000, 2_490_000), (6_000_000, 2_510_000)]))
    return Presence(line, at(entry), timedelta(minutes=minutes), subject_id="leg")


def standing(entry: str, minutes: int = 0) -> Presence:
    """A stop in the middle of the square."""
    middle = Point(60 * E7, 25 * E7)
    return Presence(middle, at(entry), timedelta(minutes=minutes), subject_id="stop")


def away(entry: str) -> Presence:
    """A stop outside of the square."""
    return Presence(Point(61 * E7, 25 * E7), at(entry), subject_id="away")


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)
