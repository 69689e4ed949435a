"""What dispatch and compliance would tell about the town, and how a test speaks to tracking."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import event_pb2 as compliance_pb
from doorstep.dispatch.v1 import (
    delivery_pb2,
    event_pb2,
    parcel_pb2,
    rate_card_pb2,
    route_pb2,
    task_pb2,
    vehicle_pb2,
)
from doorstep.tracking.v1 import event_pb2 as feed_pb
from doorstep.tracking.v1 import ingest_service_pb2 as ingest_pb
from doorstep.tracking.v1 import position_pb2, tracking_event_pb2
from meshkit import feed
from meshkit.testing import TENANT
from meshkit.watch import to_message
from services.tracking.convert.wire import duration, interval, latlng, stamp
from services.tracking.domain.fix import Fix
from services.tracking.domain.route import Leg, Route, Stop, Window
from services.tracking.servicer.common import Desk
from services.tracking.servicer.following import taking_in_compliance, taking_in_dispatch
from services.tracking.tests.town import NINE, at, place

EVENT = "00000000-0000-4000-8000-{:012d}"


async def heard(desk: Desk, *changes: event_pb2.Change) -> None:
    """Takes in what dispatch tells, each change in a transaction of its own."""
    take_in = taking_in_dispatch(desk)
    for change in changes:
        async with desk.db.transaction(TENANT) as tx:
            await take_in(tx, change)


async def heard_emission(desk: Desk, leg_id: str, milligrams: int, end: datetime) -> None:
    """Takes in what compliance tells about a leg."""
    change = compliance_pb.Change(tenant=TENANT, event_time=stamp(end))
    record = change.emission_recorded.record
    record.emission_record_id = f"emr_{leg_id}"
    record.leg.leg_id, record.leg.route_id = leg_id, leg_id.rpartition(".")[0]
    record.leg.interval.CopyFrom(interval(Window(end - timedelta(minutes=1), end)))
    record.co2e.wtw_milligrams = milligrams
    record.basis.factor_set_id, record.basis.country_mismatch = "desnz-2025", True
    async with desk.db.transaction(TENANT) as tx:
        await taking_in_compliance(desk)(tx, change)


def created(number: int, **fields: Any) -> event_pb2.Change:
    """A delivery that dispatch accepted: one parcel of 2 kg, due between nine and eleven."""
    digest = event_pb2.DeliveryDigest(
        delivery_id=f"del_{number}",
        task_id=f"tsk_{number}",
        attempt_number=1,
        task_type=task_pb2.TASK_TYPE_DELIVERY,
        promise_window=interval(Window(at(0), at(120))),
        location=latlng(place(number)),
        origin_place_id="plc_1",
        parcels=[
            parcel_pb2.Parcel(parcel_id=f"pcl_{number}", barcode=f"B{number}", mass_grams=2_000)
        ],
        **fields,
    )
    change = _change(NINE - timedelta(hours=1))
    change.delivery_created.delivery.CopyFrom(digest)
    return change


def cancelled(number: int) -> event_pb2.Change:
    """A delivery that dispatch called off."""
    change = _change(at(1))
    change.delivery_cancelled.delivery_id = f"del_{number}"
    change.delivery_cancelled.task_id = f"tsk_{number}"
    change.delivery_cancelled.state = delivery_pb2.DELIVERY_STATE_CANCELLED
    return change


def published(route: Route) -> event_pb2.Change:
    """A route that binds."""
    change = _change(NINE - timedelta(minutes=30))
    change.route_published.route.CopyFrom(route_to_proto(route))
    return change


def revised(route: Route, when: datetime | None = None) -> event_pb2.Change:
    """A new revision of a route."""
    change = _change(when or at(1))
    change.route_revised.route.CopyFrom(route_to_proto(route))
    change.route_revised.base_revision = route.revision - 1
    return change


def _change(when: datetime) -> event_pb2.Change:
    return event_pb2.Change(tenant=TENANT, event_time=stamp(when), event_id=str(uuid.uuid4()))


def route_to_proto(route: Route) -> route_pb2.Route:
    """A route as dispatch tells it."""
    return route_pb2.Route(
        route_id=route.route_id,
        revision=route.revision,
        shift_id=route.shift_id,
        driver_id=route.driver_id,
        vehicle_id=route.vehicle.vehicle_id,
        carrier_id=route.carrier_id,
        vehicle=vehicle_pb2.VehicleAttributes(
            profile=vehicle_pb2.TRAVEL_PROFILE_VAN,
            fuel_type=vehicle_pb2.FUEL_TYPE_ELECTRIC,
            battery_watt_hours=route.vehicle.battery_watt_hours,
            consumption_watt_hours_per_kilometer=route.vehicle.watt_hours_per_kilometer,
        ),
        rate_card=rate_card_pb2.RateCard(
            currency_code="EUR", hour_cost_micros=30_000_000, kilometer_cost_micros=200_000
        ),
        start_place_id=route.depot_id,
        start_location=latlng(route.start),
        end_location=latlng(route.end),
        start_time=stamp(route.start_time),
        end_time=stamp(route.end_time),
        stops=[_stop(one, rank) for rank, one in enumerate(route.stops)],
        legs=[_leg(leg) for leg in route.legs],
    )


def _stop(one: Stop, rank: int) -> route_pb2.Stop:
    return route_pb2.Stop(
        stop_id=one.stop_id,
        rank=rank,
        location=latlng(one.location),
        arrival_time=stamp(one.arrival),
        service_start_time=stamp(one.service_start),
        departure_time=stamp(one.departure),
        service_duration=duration(one.service_seconds),
        tasks=[
            route_pb2.StopTask(
                task_id=task.task_id,
                delivery_id=task.delivery_id,
                type=task_pb2.TASK_TYPE_DELIVERY,
                attempt_number=1,
                mass_grams=task.mass_grams,
                promise_window=interval(task.promise),
            )
            for task in one.tasks
        ],
    )


def _leg(leg: Leg) -> route_pb2.Leg:
    return route_pb2.Leg(
        distance_meters=leg.meters, travel_duration=duration(leg.seconds), polyline=leg.polyline
    )


def event(
    minutes: float, kind: str, number: int = 0, **fields: Any
) -> tracking_event_pb2.TrackingEvent:
    """What a driver reports at a moment, about the task of a number."""
    message = tracking_event_pb2.TrackingEvent(
        event_id=EVENT.format(round(minutes * 60_000) + number),
        event_time=stamp(at(minutes)),
        task_id=f"tsk_{number}" if number else "",
        **fields,
    )
    getattr(message, kind).SetInParent()
    return message


def failure(minutes: float, number: int, reason: str) -> tracking_event_pb2.TrackingEvent:
    """An attempt that failed."""
    message = event(minutes, "attempt_failed", number)
    message.attempt_failed.reason = tracking_event_pb2.FailureReason.Value(
        f"FAILURE_REASON_{reason}"
    )
    return message


def batch_of(
    device_id: str, epoch: str, fixes: Iterable[Fix]
) -> ingest_pb.BatchRecordPositionsRequest:
    """Fixes of the town as a device sends them."""
    return ingest_pb.BatchRecordPositionsRequest(
        device_id=device_id,
        epoch=epoch,
        positions=[
            position_pb2.Position(
                sequence=fix.sequence,
                device_time=stamp(fix.at),
                location=LatLng(latitude=fix.point.latitude, longitude=fix.point.longitude),
                accuracy_meters=fix.accuracy_meters,
                speed_centimeters_per_second=fix.speed_centimeters_per_second,
            )
            for fix in fixes
        ],
    )


async def told(desk: Desk, *types: str) -> list[feed_pb.Change]:
    """Tracking's feed so far, of some types or all."""
    found: list[feed_pb.Change] = []
    async with desk.db.worker() as tx:
        place: Any = await feed.oldest(tx)
        while (batch := await feed.read(tx, desk.db.schema, place, types=types)).changes:
            place = batch.positions
            for change in batch.changes:
                message = feed_pb.Change()
                to_message(change, message)
                found.append(message)
    return found
