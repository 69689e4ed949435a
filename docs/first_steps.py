"""
The first calls of a platform: a tenant, a key, a plan, and what the plan leaves out.

    .venv/bin/python docs/first_steps.py [ADDRESS]

while `make run` is up. Only grpc and the installed stubs are used: any language can do the same.
"""

from __future__ import annotations

import os
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.dispatch.v1 import access_service_pb2 as access_pb2
from doorstep.dispatch.v1 import access_service_pb2_grpc as access_grpc
from doorstep.dispatch.v1 import key_pb2, tenant_pb2, user_pb2
from doorstep.planner.v1 import load_pb2, problem_pb2, shift_pb2, task_pb2, vehicle_pb2
from doorstep.planner.v1 import planner_service_pb2 as planner_pb2
from doorstep.planner.v1 import planner_service_pb2_grpc as planner_grpc

Metadata = tuple[tuple[str, str | bytes], ...]

STATE = Path(os.environ.get("DOORSTEP_STATE", ".doorstep"))
PORT = os.environ.get("DOORSTEP_PORT_BASE", "8400")
MORNING = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(days=1)
HUB = LatLng(latitude=60.1700, longitude=24.9460)  # the built-in map is 1 x 1.7 km of Helsinki
DOORS = {"door-1": (60.1745, 24.9410), "door-2": (60.1688, 24.9440), "door-3": (60.1727, 24.9475)}


def hours(first: float, last: float) -> Interval:
    """Between two hours after the morning's start."""
    start, end = Timestamp(), Timestamp()
    start.FromDatetime(MORNING + timedelta(hours=first))
    end.FromDatetime(MORNING + timedelta(hours=last))
    return Interval(start_time=start, end_time=end)


def token(channel: grpc.Channel, client_id: str, secret: str) -> Metadata:
    """What goes with every call, as metadata; good for 15 minutes."""
    request = access_pb2.IssueTokenRequest(client_id=client_id, client_secret=secret)
    reply = access_grpc.AccessServiceStub(channel).IssueToken(request)
    return (("authorization", f"Bearer {reply.access_token}"),)


def new_platform(channel: grpc.Channel) -> Metadata:
    """A tenant of its own, made by the operator, and the token of a platform in it."""
    access = access_grpc.AccessServiceStub(channel)
    operator = token(channel, "operator", (STATE / "keys" / "operator.secret").read_text())
    tenant = tenant_pb2.Tenant(
        tenant_id=f"first-{uuid.uuid4().hex[:8]}",
        display_name="First steps",
        currency_code="EUR",
        time_zone="Europe/Helsinki",
        country_code="FI",
    )
    access.CreateTenant(
        access_pb2.CreateTenantRequest(request_id=str(uuid.uuid4()), tenant=tenant),
        metadata=operator,
    )
    key = key_pb2.Key(tenant_id=tenant.tenant_id, role=user_pb2.ACCESS_ROLE_PLATFORM)
    made = access.CreateKey(
        access_pb2.CreateKeyRequest(request_id=str(uuid.uuid4()), key=key), metadata=operator
    )
    return token(channel, made.key.key_id, made.secret)  # the secret is shown this once


def day() -> problem_pb2.Problem:
    """Three doors and a bicycle; one parcel is too heavy for it."""
    tasks = [
        task_pb2.Task(
            task_id=name,
            type=task_pb2.TASK_TYPE_DELIVERY,
            location=LatLng(latitude=latitude, longitude=longitude),
            load=load_pb2.Load(mass_grams=3_000, item_count=1),
            service_duration=Duration(seconds=180),
            windows=[task_pb2.TimeWindow(interval=hours(1, 4))],
        )
        for name, (latitude, longitude) in DOORS.items()
    ]
    tasks[2].load.mass_grams = 500_000
    bicycle = vehicle_pb2.Vehicle(
        vehicle_id="bike-1",
        profile=vehicle_pb2.TRAVEL_PROFILE_CARGO_BIKE,
        capacity=load_pb2.Load(mass_grams=100_000),
    )
    shift = shift_pb2.Shift(
        shift_id="early",
        vehicle=bicycle,
        interval=hours(0, 8),
        start_location=HUB,
        start_place_id="hub",
        costs=shift_pb2.ShiftCosts(hour_cost_micros=22_000_000),
    )
    return problem_pb2.Problem(tasks=tasks, shifts=[shift])


def main(address: str) -> None:
    """Plans the day and tells what came of it."""
    with grpc.insecure_channel(address) as channel:
        mine = new_platform(channel)
        planner = planner_grpc.PlannerServiceStub(channel)
        request = planner_pb2.OptimizeRoutesRequest(problem=day())
        plan = planner.OptimizeRoutes(request, metadata=mine, timeout=30).plan
    for route in plan.routes:
        stops = " -> ".join(task.task_id for stop in route.stops for task in stop.tasks)
        print(f"{route.shift_id}: {stops}, {plan.cost_micros / 1e6:.2f} EUR")
    for left in plan.unassigned:
        print(f"{left.task_id} stays: {'; '.join(reason.message for reason in left.reasons)}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else f"localhost:{PORT}")
