"""Requests for tests, as a caller would write them: a day in the middle of Helsinki."""

from __future__ import annotations

import random

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.planner.v1 import load_pb2, problem_pb2, shift_pb2, task_pb2, vehicle_pb2

MIDNIGHT = 1_780_009_200  # 2026-05-29 02:00 in Helsinki less two hours: its own midnight
SOUTH, WEST, NORTH, EAST = 60.165, 24.936, 60.178, 24.952  # the built-in city, its edge left out
DEPOT = LatLng(latitude=60.1661, longitude=24.9412)


def moment(hours: float) -> Timestamp:
    """A moment of the day."""
    return Timestamp(seconds=MIDNIGHT + round(hours * 3_600))


def interval(first: float, last: float) -> Interval:
    """Between two hours."""
    return Interval(start_time=moment(first), end_time=moment(last))


def seconds(count: int) -> Duration:
    """A length."""
    return Duration(seconds=count)


def task(task_id: str, latitude: float, longitude: float, **more: object) -> task_pb2.Task:
    """A parcel of 2 kg to a door: two minutes, at any time."""
    settings: dict[str, object] = {
        "type": task_pb2.TASK_TYPE_DELIVERY,
        "load": load_pb2.Load(mass_grams=2_000, volume_cubic_centimeters=8_000, item_count=1),
        "service_duration": seconds(120),
    }
    place = LatLng(latitude=latitude, longitude=longitude)
    return task_pb2.Task(task_id=task_id, location=place, **(settings | more))  # type: ignore[arg-type]


def vehicle(vehicle_id: str, **more: object) -> vehicle_pb2.Vehicle:
    """A diesel van for 800 kg."""
    settings: dict[str, object] = {
        "profile": vehicle_pb2.TRAVEL_PROFILE_VAN,
        "capacity": load_pb2.Load(mass_grams=800_000),
        "access": vehicle_pb2.AccessAttributes(
            category=vehicle_pb2.VEHICLE_CATEGORY_N1,
            fuel_type=vehicle_pb2.FUEL_TYPE_DIESEL,
            euro_class=5,
        ),
    }
    return vehicle_pb2.Vehicle(vehicle_id=vehicle_id, **(settings | more))  # type: ignore[arg-type]


def shift(shift_id: str, **more: object) -> shift_pb2.Shift:
    """From 8 to 16 from and to the depot, with half an hour of lunch."""
    lunch = shift_pb2.BreakRule(
        break_id="lunch", start_window=interval(11, 13), break_duration=seconds(1_800)
    )
    settings: dict[str, object] = {
        "vehicle": vehicle(f"v-{shift_id}"),
        "interval": interval(8, 16),
        "start_location": DEPOT,
        "start_place_id": "depot",
        "breaks": [lunch],
        "loading_duration": seconds(600),
        "costs": shift_pb2.ShiftCosts(hour_cost_micros=25_000_000, kilometer_cost_micros=400_000),
    }
    return shift_pb2.Shift(shift_id=shift_id, **(settings | more))  # type: ignore[arg-type]


def city(count: int, shifts: int, seed: int = 1) -> problem_pb2.Problem:
    """Doors all over the middle of the city, half of them with a window of two hours."""
    dice = random.Random(seed)
    tasks = []
    for number in range(count):
        first = dice.choice([8, 10, 12, 14])
        window = [task_pb2.TimeWindow(interval=interval(first, first + 2))]
        windows = window if dice.random() < 0.5 else []
        place = (dice.uniform(SOUTH, NORTH), dice.uniform(WEST, EAST))
        tasks.append(task(f"t{number}", *place, windows=windows))
    return problem_pb2.Problem(tasks=tasks, shifts=[shift(f"s{n}") for n in range(shifts)])


def served(plan_routes: object) -> dict[str, list[str]]:
    """Tasks by shift, in order."""
    return {
        route.shift_id: [own.task_id for stop in route.stops for own in stop.tasks]
        for route in plan_routes  # type: ignore[attr-defined]
    }


def fixed(routes: dict[str, list[str]]) -> list[problem_pb2.FixedRoute]:
    """Given routes."""
    return [
        problem_pb2.FixedRoute(
            shift_id=shift_id,
            visits=[problem_pb2.FixedVisit(task_id=task_id) for task_id in task_ids],
        )
        for shift_id, task_ids in routes.items()
    ]
