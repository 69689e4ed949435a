"""
What goes wrong today, decided before the day begins.

Pure. Which delivery meets which trouble follows from the seed and the published plan, so that a day
can be played again. Deliveries that the script touches are left out of the service rates.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from clients.day.stopped import Stopped


class Mishap(Enum):
    """What a driver meets at a door."""

    NO_SHOW = "NOT_HOME"
    WRONG_ADDRESS = "WRONG_ADDRESS"
    CLOSED_GATE = "NO_ACCESS"


STALL_LENGTH = timedelta(minutes=35)
LATE_HOUR, CANCEL_HOUR = 10.5, 9.75  # local: when the late delivery comes in and one is cancelled
STOPS_AHEAD = 4  # how far ahead a stop must lie to be cancelled: the driver is not under way to it
TIME_AHEAD = timedelta(minutes=30)  # by the plan, for the same reason


@dataclass(frozen=True, slots=True)
class Script:
    """The day's incidents. Ranks count the stops of a route from 0."""

    mishaps: Mapping[str, Mishap]  # by task id
    stalled_route: str  # this one halts on the road ...
    stalled_before: int  # ... on its way to the stop of this rank
    broken_route: str  # this one breaks down ...
    broken_before: int  # ... on its way to the stop of this rank
    cancelled_delivery: str
    late_delivery: str
    touched: frozenset[str] = field(default=frozenset())  # deliveries, for the rates


@dataclass(frozen=True, slots=True)
class Planned:
    """A published route as the script sees it: the tasks of each stop, with their deliveries."""

    route_id: str
    stops: tuple[tuple[tuple[str, str], ...], ...]  # per stop: (task id, delivery id)
    last_arrival_time: datetime


def write(
    routes: Sequence[Planned], late_delivery: str, cancel_time: datetime, dice: random.Random
) -> Script:
    """Picks the victims. Needs three routes of seven stops, one of them out at `cancel_time`."""
    long = [route for route in routes if len(route.stops) > STOPS_AHEAD + 2]
    out = [route for route in long if route.last_arrival_time > cancel_time + TIME_AHEAD]
    if len(long) < 3 or not out:
        raise Stopped("the plan is too small for a script: fewer than three longer routes")
    cancelled = dice.choice(out)
    stalled, broken = dice.sample([route for route in long if route is not cancelled], 2)
    broken_before = len(broken.stops) // 2
    cancelled_delivery = cancelled.stops[-1][0][1]
    spared = {cancelled_delivery, *deliveries(broken.stops[broken_before:])}
    mishaps = pick_mishaps(routes, spared, dice)
    touched = spared | {delivery for route in routes for delivery in met(route, mishaps)}
    return Script(
        mishaps=mishaps,
        stalled_route=stalled.route_id,
        stalled_before=len(stalled.stops) // 2,
        broken_route=broken.route_id,
        broken_before=broken_before,
        cancelled_delivery=cancelled_delivery,
        late_delivery=late_delivery,
        touched=frozenset(
            touched | {late_delivery} | deliveries(stalled.stops[len(stalled.stops) // 2 :])
        ),
    )


def pick_mishaps(
    routes: Sequence[Planned], spared: set[str], dice: random.Random
) -> dict[str, Mishap]:
    """One task for each kind of mishap, on routes that nothing else befalls at that stop."""
    tasks = [
        task
        for route in routes
        for stop in route.stops
        for task, delivery in stop
        if delivery not in spared
    ]
    return dict(zip(dice.sample(tasks, len(Mishap)), Mishap, strict=True))


def met(route: Planned, mishaps: Mapping[str, Mishap]) -> set[str]:
    return {delivery for stop in route.stops for task, delivery in stop if task in mishaps}


def deliveries(stops: Sequence[tuple[tuple[str, str], ...]]) -> set[str]:
    return {delivery for stop in stops for _, delivery in stop}
