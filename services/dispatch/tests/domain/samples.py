"""
Small literal values for the tests of the domain: one task, one route, one van. Times are minutes
from eight in the morning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from meshkit.errors import MeshError
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.fleet import FuelType, Shift, TravelProfile, VehicleAttributes
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.planning import PlanShift, PlanTask, TimedRoute, TimedStop
from services.dispatch.domain.polyline import encode
from services.dispatch.domain.route import (
    Leg,
    Progress,
    Route,
    RouteState,
    Stop,
    StopState,
    StopTask,
    laid_over,
)
from services.dispatch.domain.task import Task, TaskType
from services.dispatch.domain.values import Point, Window

EIGHT = datetime(2026, 5, 12, 8, tzinfo=UTC)
TICK = timedelta(microseconds=1)  # the least that a moment can differ
DAY = Window(EIGHT, EIGHT + timedelta(hours=10))
VAN = VehicleAttributes(TravelProfile.VAN, FuelType.DIESEL, capacity_mass_grams=900_000)

# One letter for each state of a stop: a road as a string.
STOP_STATES = {
    ".": StopState.PENDING,
    "e": StopState.EN_ROUTE,
    "A": StopState.ARRIVED,
    "S": StopState.SERVICING,
    "D": StopState.DEPARTED,
    "x": StopState.SKIPPED,
}


def at(minute: float) -> datetime:
    """A moment."""
    return EIGHT + timedelta(minutes=minute)


def window(start: float, end: float) -> Window:
    """`[start, end)`, minutes."""
    return Window(at(start), at(end))


def place(rank: int) -> Point:
    """Places along a street, half a kilometer apart."""
    return Point(60.17, 24.94 + rank / 100)


def task(task_id: str = "t", **fields: Any) -> Task:
    """An open task of delivery `d`."""
    known: dict[str, Any] = {
        "delivery_id": "d",
        "type": TaskType.DELIVERY,
        "create_time": at(0),
        "update_time": at(0),
    }
    return Task(task_id, **known | fields)


def delivery(name: str = "d", **fields: Any) -> Delivery:
    """One parcel of a kilogram, and its open task `t`."""
    known: dict[str, Any] = {
        "origin_place_id": "depot",
        "location": place(0),
        "parcels": (Parcel(f"p-{name}", 1_000),),
        "open_task_id": "t",
    }
    return Delivery(name, **known | fields)


def stop(rank: int, *task_ids: str, **fields: Any) -> Stop:
    """Ten minutes from one stop to the next: two on the way, eight at the door."""
    known: dict[str, Any] = {
        "location": place(rank),
        "tasks": tuple(stop_task(name) for name in task_ids or (f"t{rank}",)),
        "arrival_time": at(10 * rank + 2),
        "service_start_time": at(10 * rank + 2),
        "departure_time": at(10 * rank + 10),
    }
    return Stop(f"s{rank}", rank, **known | fields)


def stop_task(name: str, kind: TaskType = TaskType.DELIVERY) -> StopTask:
    """Task `t1` is of delivery `d1`."""
    return StopTask(name, f"d{name[1:]}", kind)


def leg(rank: int, **fields: Any) -> Leg:
    """A kilometer in two minutes."""
    way = encode([(rank, rank), (rank + 1, rank + 1)])
    made = Leg(1_000, timedelta(minutes=2), at(10 * rank), polyline=way, energy_watt_hours=200)
    return replace(made, **fields)


def route(states: str = "...", **fields: Any) -> Route:
    """A published route with a stop for each letter, in the state that the letter stands for."""
    count = len(states)
    known: dict[str, Any] = {
        "route_id": "r",
        "route_plan_id": "plan",
        "revision": 1,
        "state": RouteState.PUBLISHED,
        "vehicle": VAN,
        "start_location": place(-1),
        "end_location": place(-1),
        "start_time": at(0),
        "end_time": at(10 * count + 2),
        "stops": tuple(stop(rank) for rank in range(count)),
        "legs": tuple(leg(rank) for rank in range(count + 1)),
        "revise_time": at(-60),
        "shift_id": "shift",
        "vehicle_id": "van",
    }
    made = Route(**known | fields)
    told = zip(made.stops, states, strict=False)
    return laid_over(
        made, {s.stop_id: Progress("r", s.stop_id, STOP_STATES[letter]) for s, letter in told}
    )


def timed(sequences: Sequence[str], start: float = 0, first: int = 0, **fields: Any) -> TimedRoute:
    """What the planner says of stops from rank `first` on; `"t1 t2"` are two tasks at one stop."""
    stops = tuple(
        TimedStop(
            task_ids=tuple(names.split()),
            location=place(first + rank),
            place_id="",
            arrival_time=at(start + 10 * rank + 2),
            service_start_time=at(start + 10 * rank + 3),
            departure_time=at(start + 10 * rank + 10),
            departure_load_grams=0,
        )
        for rank, names in enumerate(sequences)
    )
    known: dict[str, Any] = {
        "shift_id": "shift",
        "start_time": at(start),
        "end_time": at(start + 10 * len(stops) + 2),
        "stops": stops,
        "legs": tuple(leg(rank) for rank in range(len(stops) + 1)),
        "breaks": (),
        "distance_meters": 1_000 * (len(stops) + 1),
        "driving_duration": timedelta(minutes=2 * (len(stops) + 1)),
        "cost_micros": 5_000_000,
        "energy_watt_hours": 200 * (len(stops) + 1),
    }
    return TimedRoute(**known | fields)


def plan_task(name: str, **fields: Any) -> PlanTask:
    """A task as the planner sees it."""
    known: dict[str, Any] = {"stop_task": stop_task(name), "location": place(0)}
    return PlanTask(**known | fields)


def plan_shift(**fields: Any) -> PlanShift:
    """The shift `shift` with its van, all day."""
    known: dict[str, Any] = {
        "shift_id": "shift",
        "vehicle_id": "van",
        "vehicle": VAN,
        "interval": DAY,
        "start_location": place(-1),
        "end_location": place(-1),
    }
    return PlanShift(**known | fields)


def shift(**fields: Any) -> Shift:
    """Ada's shift with the van, all day, from and to the depot."""
    known: dict[str, Any] = {
        "shift_id": "shift",
        "driver_id": "ada",
        "vehicle_id": "van",
        "interval": DAY,
        "start_place_id": "depot",
    }
    return Shift(**known | fields)


def numbered() -> Any:
    """Names as they are made: `stp_1`, `stp_2`, ..."""
    made: list[str] = []

    def new_id(prefix: str) -> str:
        made.append(prefix)
        return f"{prefix}_{len(made)}"

    return new_id


def reason(error: BaseException) -> str:
    """Why somebody was refused."""
    assert isinstance(error, MeshError)
    return error.reason
