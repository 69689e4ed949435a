"""
A made-up town for the benchmark of expected arrivals: addresses, drivers, routes, and the law by
which services and legs really take their time. Tracking is never given the law.

Stairs cost seconds, not a share; addresses and drivers have their own ways; one stop in 25 takes
much longer for no reason that anybody could know; a day can be slow as a whole.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from services.tracking.domain import geo
from services.tracking.domain.geo import Point
from services.tracking.domain.route import Leg, Route, Stop, Task, Window
from services.tracking.domain.service_time import Traits

FIRST_DAY = datetime(2026, 5, 4, 7, tzinfo=UTC)
CENTER = Point(60.1700, 24.9400)
TOWN_DEGREES = 0.06
PLANNED_SECONDS = 180  # what a plan assumes that knows nothing
ADDRESSES, DRIVERS, STOPS = 3_000, 120, 20
ROUTES, ROUTES_LAST = 60, 120  # of a day of history, and of the day that is measured
METERS_PER_SECOND, CROW = 6.5, 1.3
WINDOW_SHARE = 0.3  # of the deliveries that may not be served before a moment

BUILDINGS = {"HOUSE": 75.0, "APARTMENTS": 110.0, "OFFICE": 190.0, "SHOP": 140.0, "HOSPITAL": 330.0}
BUILDING_SHARES = (30, 45, 12, 10, 3)
STAIR_SECONDS, LIFT_SECONDS = 19.0, 6.0  # per floor, up and down
ADDRESS_SPREAD, DRIVER_SPREAD, HAND_SPREAD, STOP_SPREAD = 0.30, 0.18, 0.08, 0.28
TAIL_SHARE, TAIL_SHAPE = 0.04, 2.2  # Pareto: the recipient who is still looking for the key
LEG_SPREAD, DAY_SPREAD, SPEED_SPREAD = 0.14, 0.06, 0.07
DEPARTURE_SECONDS = 240.0  # mean delay at the gate in the morning


@dataclass(frozen=True, slots=True)
class Address:
    """A door, with what only it knows."""

    name: str
    point: Point
    building: str
    floor: int
    lift: bool
    slow: float


@dataclass(frozen=True, slots=True)
class Driver:
    """Somebody who drives and serves in their own way."""

    name: str
    serves: float
    drives: float


@dataclass(frozen=True, slots=True)
class Truth:
    """A route as it will really be: when it leaves, and what legs and services take."""

    route: Route
    left_at: datetime
    leg_seconds: tuple[float, ...]
    service_seconds: tuple[float, ...]
    traits: dict[str, Traits]

    def times(self) -> list[tuple[datetime, datetime]]:
        """Arrival and departure of each stop."""
        found, at = [], self.left_at
        for stop, leg, service in zip(
            self.route.stops, self.leg_seconds, self.service_seconds, strict=True
        ):
            arrived = at + timedelta(seconds=leg)
            at = stop.opening(arrived) + timedelta(seconds=service)
            found.append((arrived, at))
        return found


class Town:
    """Everything of one seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.addresses = [self._address(number) for number in range(ADDRESSES)]
        self.drivers = [self._driver(number) for number in range(DRIVERS)]

    def day(self, number: int, routes: int = ROUTES) -> list[Truth]:
        """The routes of a day, as they will be."""
        start = FIRST_DAY + timedelta(days=number)
        jam = _about_one(self.dice, DAY_SPREAD)
        crew = self.dice.sample(self.drivers, routes)
        return [self._route(f"rte_{number}_{i}", start, who, jam) for i, who in enumerate(crew)]

    def _address(self, number: int) -> Address:
        (building,) = self.dice.choices(list(BUILDINGS), BUILDING_SHARES)
        tall = building in ("APARTMENTS", "OFFICE", "HOSPITAL")
        floor = self.dice.choice((0, 1, 1, 2, 2, 3, 4, 5, 7)) if tall else 0
        lift = floor > 3 or (tall and self.dice.random() < 0.4)
        there = Point(
            CENTER.latitude + TOWN_DEGREES * (self.dice.random() - 0.5),
            CENTER.longitude + 2 * TOWN_DEGREES * (self.dice.random() - 0.5),
        )
        slow = _about_one(self.dice, ADDRESS_SPREAD)
        return Address(f"adr_{number}", there, building, floor, lift, slow)

    def _driver(self, number: int) -> Driver:
        serves, drives = (_about_one(self.dice, s) for s in (DRIVER_SPREAD, SPEED_SPREAD))
        return Driver(f"driver-{number}", serves, drives)

    def _route(self, name: str, start: datetime, who: Driver, jam: float) -> Truth:
        doors = self._doors()
        goods = [(round(self.dice.lognormvariate(7.6, 0.9)), self._count()) for _ in doors]
        legs = _legs([CENTER, *(door.point for door in doors)])
        stops = self._stops(name, start, doors, goods, legs)
        end = stops[-1].departure + timedelta(minutes=15)
        home = _legs([doors[-1].point, CENTER])
        route = Route(
            name,
            1,
            start,
            end,
            tuple(stops),
            (*legs, *home),
            driver_id=who.name,
            start=CENTER,
            end=CENTER,
        )
        hand = who.serves * _about_one(self.dice, HAND_SPREAD)
        services = [self._service(d, g, hand) for d, g in zip(doors, goods, strict=True)]
        slow = jam * who.drives
        driven = [leg.seconds * slow * _about_one(self.dice, LEG_SPREAD) for leg in legs]
        left_at = start + timedelta(seconds=self.dice.expovariate(1 / DEPARTURE_SECONDS))
        traits = {
            stop.stop_id: _traits(door, good, who)
            for stop, door, good in zip(stops, doors, goods, strict=True)
        }
        return Truth(route, left_at, tuple(driven), tuple(services), traits)

    def _doors(self) -> list[Address]:
        """Neighbours of a random door, in the order of their angle."""
        middle = self.dice.choice(self.addresses).point
        near = sorted(self.addresses, key=lambda one: geo.meters(middle, one.point))[: 6 * STOPS]
        chosen = self.dice.sample(near, STOPS)
        return sorted(chosen, key=lambda one: _angle(middle, one.point))

    def _count(self) -> int:
        return self.dice.choices((1, 2, 3, 5), (75, 15, 7, 3))[0]

    def _stops(
        self,
        name: str,
        start: datetime,
        doors: Sequence[Address],
        goods: Sequence[tuple[int, int]],
        legs: Sequence[Leg],
    ) -> list[Stop]:
        found: list[Stop] = []
        at, service = start, timedelta(seconds=PLANNED_SECONDS)
        for number, (door, (grams, _), leg) in enumerate(zip(doors, goods, legs, strict=True)):
            at += timedelta(seconds=leg.seconds)
            windows = self._windows(at)
            opens = max([at, *(one.start for one in windows)])
            promise = Window(opens - timedelta(hours=1), opens + timedelta(hours=1))
            task = Task(
                f"tsk_{name}_{number}",
                f"del_{name}_{number}",
                mass_grams=grams,
                promise=promise,
                windows=windows,
                priority=number % 5,
            )
            stop = Stop(
                f"stp_{name}_{number}",
                door.point,
                (task,),
                at,
                opens,
                opens + service,
                PLANNED_SECONDS,
            )
            found.append(stop)
            at = stop.departure
        return found

    def _windows(self, at: datetime) -> tuple[Window, ...]:
        """Some may not be served before a quarter of an hour that lies near their plan."""
        if self.dice.random() > WINDOW_SHARE:
            return ()
        opens = at - timedelta(minutes=self.dice.randrange(5, 60))
        return (Window(opens, opens + timedelta(hours=3)),)

    def _service(self, door: Address, goods: tuple[int, int], hand: float) -> float:
        """The law."""
        grams, count = goods
        climb = door.floor * (LIFT_SECONDS if door.lift else STAIR_SECONDS)
        carry = 1 + 0.10 * math.log1p(grams / 4_000) * (1 if door.lift else 1 + 0.1 * door.floor)
        seconds = BUILDINGS[door.building] + climb + 22.0 * (count - 1)
        seconds *= carry * door.slow * hand * _about_one(self.dice, STOP_SPREAD)
        if self.dice.random() < TAIL_SHARE:
            seconds *= 1 + self.dice.paretovariate(TAIL_SHAPE)
        return max(15.0, min(seconds, 2_400.0))


def _traits(door: Address, goods: tuple[int, int], who: Driver) -> Traits:
    grams, count = goods
    return Traits(
        place=door.name,
        building=door.building,
        floor=door.floor,
        lift=door.lift,
        driver_id=who.name,
        mass_grams=grams,
        parcel_count=count,
    )


def _legs(points: Sequence[Point]) -> list[Leg]:
    found = []
    for a, b in itertools.pairwise(points):
        meters = round(geo.meters(a, b) * CROW) + 40
        found.append(Leg(meters, 25 + round(meters / METERS_PER_SECOND), geo.encode((a, b))))
    return found


def with_constant(truth: Truth, seconds: float) -> Truth:
    """The same day, for somebody who gives every stop the same time."""
    stops = tuple(replace(s, service_seconds=round(seconds)) for s in truth.route.stops)
    return replace(truth, route=replace(truth.route, stops=stops))


def _angle(middle: Point, there: Point) -> float:
    return math.atan2(there.latitude - middle.latitude, there.longitude - middle.longitude)


def _about_one(dice: random.Random, spread: float) -> float:
    return dice.lognormvariate(0.0, spread)
