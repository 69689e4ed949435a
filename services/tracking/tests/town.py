"""A small town for the tests: a depot, stops along one street, and vehicles that drive it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.tracking.domain.fact import Fact, Failure, Success, What
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, encode
from services.tracking.domain.progress import Progress
from services.tracking.domain.route import Leg, RateCard, Route, Stop, Task, Vehicle, Window
from services.tracking.domain.run import Run
from services.tracking.domain.words import FailureReason, Fuel, Source, VehicleKind

MIGRATIONS = Path(__file__).parents[1] / "migrations"
NINE = datetime(2026, 5, 12, 9, tzinfo=UTC)
DEPOT = Point(60.1700, 24.9400)
STREET_DEGREES = 0.01  # of latitude between two stops: 1,112 m
LEG_METERS, LEG_SECONDS = 1_112, 120
SERVICE_SECONDS = 180
EPOCH = "01940000-0000-7000-8000-000000000001"
VAN = Vehicle(
    "van-1", VehicleKind.VAN, Fuel.ELECTRIC, battery_watt_hours=50_000, watt_hours_per_kilometer=200
)
RATES = RateCard("EUR", hour_micros=30_000_000, kilometer_micros=200_000)


def at(minutes: float) -> datetime:
    """A moment of the day, in minutes after nine."""
    return NINE + timedelta(minutes=minutes)


def place(number: int) -> Point:
    """Where the stop of a number is; 0 is the depot."""
    return Point(DEPOT.latitude + number * STREET_DEGREES, DEPOT.longitude)


def task(number: int, **changes: object) -> Task:
    """The task of a stop: due between nine and eleven, 2 kg."""
    told: dict[str, object] = {"mass_grams": 2_000, "promise": Window(at(0), at(120)), **changes}
    return Task(f"tsk_{number}", f"del_{number}", **told)  # type: ignore[arg-type]


def stop(number: int, *tasks: Task) -> Stop:
    """The stop of a number: two minutes from the one before, three minutes of work."""
    arrival = at(5 * (number - 1) + 2)
    return Stop(
        f"stp_{number}",
        place(number),
        tasks or (task(number),),
        arrival,
        arrival,
        arrival + timedelta(seconds=SERVICE_SECONDS),
        SERVICE_SECONDS,
    )


def leg(start: int, end: int) -> Leg:
    """The street between two stops, as the crow flies."""
    length = abs(end - start)
    line = encode((place(start), place(end)))
    return Leg(LEG_METERS * length, LEG_SECONDS * length, line)


def route(count: int = 3, **changes: object) -> Route:
    """A route from the depot up the street and back, leaving at nine."""
    numbers = range(1, count + 1)
    there = [leg(number - 1, number) for number in numbers]
    told: dict[str, object] = {
        "route_id": "rte_1",
        "revision": 1,
        "start_time": NINE,
        "end_time": at(7 * count),
        "stops": tuple(map(stop, numbers)),
        "legs": (*there, leg(count, 0)),
        "vehicle": VAN,
        "rates": RATES,
        "shift_id": "shf_1",
        "driver_id": "driver-1",
        "start": DEPOT,
        "end": DEPOT,
        "depot_id": "plc_1",
        **changes,
    }
    return Route(**told)  # type: ignore[arg-type]


def run(of: Route | None = None, progress: Progress | None = None) -> Run:
    """A route about to be driven."""
    planned = of or route()
    return Run(planned, progress or Progress(planned.route_id, planned.revision), NINE)


def fact(what: What, minutes: float, number: int = 0, **changes: object) -> Fact:
    """What the driver reports at a moment about the task of a number."""
    told: dict[str, object] = {
        "event_id": f"00000000-0000-4000-8000-{round(minutes * 60):012d}",
        "event_time": at(minutes),
        "record_time": at(minutes),
        "source": Source.DRIVER,
        "what": what,
        "task_id": f"tsk_{number}" if number else "",
        "driver_id": "driver-1",
        **changes,
    }
    return Fact(**told)  # type: ignore[arg-type]


def delivered(number: int, minutes: float) -> Fact:
    """A task that succeeded."""
    return fact(Success(), minutes, number)


def failed(number: int, minutes: float, reason: FailureReason = FailureReason.NOT_HOME) -> Fact:
    """A task that failed."""
    return fact(Failure(reason), minutes, number)


class Drive:
    """A vehicle that sends a fix every ten seconds of its way."""

    def __init__(self, start: datetime = NINE, where: Point = DEPOT) -> None:
        self.at, self.where, self.sequence, self.odometer = start, where, 0, 100_000.0

    def stand(self, seconds: int, **fix: object) -> Iterator[Fix]:
        """Fixes of a vehicle that stands."""
        for _ in range(seconds // 10):
            yield self._fix(speed_centimeters_per_second=0, **fix)

    def to(self, goal: Point, seconds: int, **fix: object) -> Iterator[Fix]:
        """Fixes on a straight way to a place."""
        start, steps = self.where, seconds // 10
        for step in range(1, steps + 1):
            share = step / steps
            self.where = Point(
                start.latitude + share * (goal.latitude - start.latitude),
                start.longitude + share * (goal.longitude - start.longitude),
            )
            yield self._fix(speed_centimeters_per_second=900, **fix)

    def _fix(self, **fix: object) -> Fix:
        self.at += timedelta(seconds=10)
        self.sequence += 1
        return Fix(EPOCH, self.sequence, self.at, self.where, 8, **fix)  # type: ignore[arg-type]
