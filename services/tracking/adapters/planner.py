"""
The planner, asked for legs: one EvaluateRoutes for many routes of a tenant.

A route is a shift that is under way here and now; its stops are services without goods, for only
the time of the ways between them is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import problem_pb2, shift_pb2, task_pb2, vehicle_pb2
from meshkit.caller import acting_for
from services.tracking.domain.geo import Point
from services.tracking.domain.retiming import Halt, Wish
from services.tracking.domain.route import Leg
from services.tracking.domain.words import VehicleKind

SECONDS_MAX = 5.0  # of one call; a tick later everything is asked anew
DAY = timedelta(days=1)  # a shift that is under way is not ended by asking
PROFILES = {
    VehicleKind.TRUCK: vehicle_pb2.TRAVEL_PROFILE_TRUCK,
    VehicleKind.CARGO_BIKE: vehicle_pb2.TRAVEL_PROFILE_CARGO_BIKE,
    VehicleKind.FOOT: vehicle_pb2.TRAVEL_PROFILE_FOOT,
}

Legs = Mapping[str, Mapping[str, Leg]]  # by route, then by the stop a leg leads to


class MeshPlanner:
    """Asks as tracking itself, for a tenant."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    async def legs(self, tenant: str, wishes: Sequence[Wish]) -> Legs:
        """The ways of routes from where their vehicles are. Raises what the planner raises."""
        request = pb.EvaluateRoutesRequest(
            problem=problem_pb2.Problem(
                tasks=[_task(halt) for wish in wishes for halt in wish.halts],
                shifts=map(_shift, wishes),
            ),
            routes=map(_route, wishes),
            omit_access=True,
        )
        with acting_for(tenant):
            answer = await self._stub.EvaluateRoutes(request, timeout=SECONDS_MAX)
        return {route.shift_id: dict(_legs(route)) for route in answer.plan.routes}


def _legs(route: Any) -> Iterable[tuple[str, Leg]]:
    """A leg to the first of the tasks that the planner has put into one stop, and none between."""
    for stop, leg in zip(route.stops, route.legs, strict=False):
        seconds = round(leg.travel_duration.ToTimedelta().total_seconds())
        told = Leg(leg.distance_meters, seconds, leg.polyline, leg.energy_watt_hours)
        for task in stop.tasks:
            yield task.task_id, told
            told = Leg(0, 0)


def _task(halt: Halt) -> task_pb2.Task:
    made = task_pb2.Task(
        task_id=halt.stop_id, type=task_pb2.TASK_TYPE_SERVICE, location=_place(halt.point)
    )
    made.service_duration.FromSeconds(halt.service_seconds)
    return made


def _shift(wish: Wish) -> shift_pb2.Shift:
    vehicle = vehicle_pb2.Vehicle(
        vehicle_id=wish.vehicle_id or wish.route_id,
        profile=PROFILES.get(wish.kind, vehicle_pb2.TRAVEL_PROFILE_VAN),
    )
    interval = Interval()
    interval.start_time.FromDatetime(wish.at)
    interval.end_time.FromDatetime(wish.at + DAY)
    return shift_pb2.Shift(
        shift_id=wish.route_id,
        vehicle=vehicle,
        interval=interval,
        start_location=_place(wish.start),
        end_location=_place(wish.end) if wish.end else None,
    )


def _route(wish: Wish) -> problem_pb2.FixedRoute:
    visits = [problem_pb2.FixedVisit(task_id=halt.stop_id) for halt in wish.halts]
    return problem_pb2.FixedRoute(shift_id=wish.route_id, visits=visits)


def _place(point: Point) -> LatLng:
    return LatLng(latitude=point.latitude, longitude=point.longitude)
