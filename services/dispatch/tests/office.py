"""A tenant at work: stubs for everybody who calls dispatch, and a fleet made in one call."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import interval_pb2

from doorstep.dispatch.v1 import (
    access_service_pb2 as access,
)
from doorstep.dispatch.v1 import (
    access_service_pb2_grpc,
    delivery_service_pb2_grpc,
    dispatch_service_pb2_grpc,
    duty_service_pb2_grpc,
    fleet_service_pb2_grpc,
    tender_service_pb2_grpc,
    vehicle_pb2,
)
from doorstep.dispatch.v1 import delivery_service_pb2 as deliveries
from doorstep.dispatch.v1 import dispatch_service_pb2 as dispatch
from doorstep.dispatch.v1 import fleet_service_pb2 as fleet
from meshkit.auth import Role
from meshkit.client import MeshChannel, raising
from meshkit.testing import TENANT, TestMesh

DAY = datetime(2026, 5, 12, tzinfo=UTC)
DEPOT = (60.170, 24.940)
SHIFT = (6, 14)  # hours, UTC
SHORT = timedelta(seconds=60)


class Desk:
    """All services as one caller sees them."""

    def __init__(self, channel: MeshChannel) -> None:
        self.deliveries = raising(delivery_service_pb2_grpc.DeliveryServiceStub(channel))
        self.fleet = raising(fleet_service_pb2_grpc.FleetServiceStub(channel))
        self.duty = raising(duty_service_pb2_grpc.DutyServiceStub(channel))
        self.dispatch = raising(dispatch_service_pb2_grpc.DispatchServiceStub(channel))
        self.tenders = raising(tender_service_pb2_grpc.TenderServiceStub(channel))
        self.access = raising(access_service_pb2_grpc.AccessServiceStub(channel))


class Office:
    """One tenant, `acme`, with a dispatcher at the desk."""

    def __init__(self, mesh: TestMesh) -> None:
        self.mesh = mesh
        self.operator = Desk(mesh.channel(Role.OPERATOR))
        self.desk = Desk(mesh.channel(Role.DISPATCHER))

    def driver(self, name: str) -> Desk:
        """A driver's device."""
        return Desk(self.mesh.channel(Role.DRIVER, subject=name, driver_id=name))

    def carrier(self, name: str) -> Desk:
        """A partner's program."""
        return Desk(self.mesh.channel(Role.CARRIER, subject=name, carrier_id=name))

    def stranger(self) -> Desk:
        """A dispatcher of another tenant."""
        return Desk(self.mesh.channel(Role.DISPATCHER, tenant="rival"))

    async def open(self) -> None:
        """The tenant and its depot."""
        tenant = {"tenant_id": TENANT, "currency_code": "EUR"}
        await self.operator.access.CreateTenant(ask(access.CreateTenantRequest, tenant=tenant))
        depot = {"place_id": "depot", "kind": "PLACE_KIND_DEPOT", "location": at(*DEPOT)}
        await self.desk.fleet.CreatePlace(ask(fleet.CreatePlaceRequest, place=depot))

    async def hire(self, *names: str, fuel: str = "DIESEL", **attributes: Any) -> None:
        """For each name a driver, a van and a shift: `ada`, `van-ada`, `shift-ada`."""
        for name in names:
            await self.desk.fleet.CreateDriver(
                ask(fleet.CreateDriverRequest, driver={"driver_id": name, "display_name": "Ada L."})
            )
            await self.buy(f"van-{name}", fuel, **attributes)
            await self.desk.fleet.CreateShift(ask(fleet.CreateShiftRequest, shift=shift(name)))

    async def buy(self, vehicle_id: str, fuel: str = "DIESEL", **attributes: Any) -> None:
        """A van."""
        vehicle = {"vehicle_id": vehicle_id, "attributes": van(fuel, **attributes)}
        await self.desk.fleet.CreateVehicle(ask(fleet.CreateVehicleRequest, vehicle=vehicle))

    async def order(self, *names: str, **fields: Any) -> list[str]:
        """Deliveries along a street east of the depot; returns their tasks."""
        asked = [delivery(name, rank, **fields) for rank, name in enumerate(names, 1)]
        reply = await self.desk.deliveries.BatchCreateDeliveries(
            ask(deliveries.BatchCreateDeliveriesRequest, deliveries=asked)
        )
        return [result.task.task_id for result in reply.results]

    async def draft(self, **fields: Any) -> Any:
        """A draft of the day."""
        request = ask(
            dispatch.DraftRoutePlanRequest,
            interval=interval(0, 24),
            search_duration=SHORT / 60,
            **fields,
        )
        return (await self.desk.dispatch.DraftRoutePlan(request)).route_plan

    async def check(self, plan: Any) -> Any:
        """The plan after its check."""
        request = ask(dispatch.CheckRoutePlanRequest, route_plan_id=plan.route_plan_id)
        return (await self.desk.dispatch.CheckRoutePlan(request)).route_plan

    async def publish(self, plan: Any) -> Any:
        """The plan as it binds."""
        request = ask(
            dispatch.PublishRoutePlanRequest, route_plan_id=plan.route_plan_id, etag=plan.etag
        )
        return (await self.desk.dispatch.PublishRoutePlan(request)).route_plan

    async def plan_day(self) -> list[Any]:
        """Drafts, checks and publishes the day; returns its routes."""
        plan = await self.publish(await self.check(await self.draft()))
        return await self.routes(plan.route_plan_id)

    async def routes(self, route_plan_id: str) -> list[Any]:
        """The routes of a plan, by the name of their shift."""
        request = dispatch.ListRoutesRequest(route_plan_id=route_plan_id)
        found = (await self.desk.dispatch.ListRoutes(request)).routes
        return sorted(found, key=lambda route: route.shift_id)

    async def delivery(self, name: str) -> Any:
        """A delivery as it stands."""
        request = deliveries.GetDeliveryRequest(delivery_id=name)
        return (await self.desk.deliveries.GetDelivery(request)).delivery

    async def start(self, name: str, vehicle_id: str = "") -> Any:
        """The shift of a driver, begun."""
        request = ask(fleet.StartShiftRequest, shift_id=f"shift-{name}", vehicle_id=vehicle_id)
        return await self.driver(name).fleet.StartShift(request)


def rid() -> str:
    """A request id that nobody used."""
    return str(uuid.uuid4())


def ask(kind: Any, **fields: Any) -> Any:
    """A request of a kind, with an id of its own."""
    return kind(request_id=rid(), **fields)


def at(latitude: float, longitude: float) -> dict[str, float]:
    """A place on earth."""
    return {"latitude": latitude, "longitude": longitude}


def stamp(hour: float) -> Timestamp:
    """A moment of the day, hours UTC."""
    made = Timestamp()
    made.FromDatetime(DAY + timedelta(hours=hour))
    return made


def interval(start: float, end: float) -> interval_pb2.Interval:
    """A window of the day, hours UTC."""
    return interval_pb2.Interval(start_time=stamp(start), end_time=stamp(end))


def van(fuel: str = "DIESEL", **attributes: Any) -> vehicle_pb2.VehicleAttributes:
    """A delivery van of 3.5 t."""
    known: dict[str, Any] = {"capacity_mass_grams": 900_000, "gross_mass_grams": 3_500_000}
    return vehicle_pb2.VehicleAttributes(
        profile=vehicle_pb2.TRAVEL_PROFILE_VAN,
        fuel_type=vehicle_pb2.FuelType.Value(f"FUEL_TYPE_{fuel}"),
        **(known | attributes),
    )


def shift(name: str, hours: Sequence[float] = SHIFT) -> dict[str, Any]:
    """A day's shift from and to the depot."""
    return {
        "shift_id": f"shift-{name}",
        "driver_id": name,
        "vehicle_id": f"van-{name}",
        "interval": interval(*hours),
        "start_place_id": "depot",
    }


def delivery(name: str, rank: int = 1, **fields: Any) -> dict[str, Any]:
    """A parcel of 10 kg, `rank` hundreds of meters or so east of the depot, all day."""
    known: dict[str, Any] = {
        "delivery_id": name,
        "origin_place_id": "depot",
        "location": at(DEPOT[0], round(DEPOT[1] + 0.002 * rank, 6)),
        "parcels": [{"mass_grams": 10_000}],
        "windows": [interval(6, 14)],
        "recipient": {"display_name": "Grace H.", "phone_number": "+358401234567"},
        "instructions": "ring twice",
    }
    return known | fields
