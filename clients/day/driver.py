"""
A driver at work: follows the manifest, drives the roads, reports what happens at each door.

The driver knows what a phone knows: the manifest as streamed, the clock, and the script of today's
mishaps. Everything it does is said to the services and to nobody else.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polyline

from clients.day import report
from clients.day.device import Device
from clients.day.draw import took
from clients.day.drive import Leg, Point, Reading, driving, standing
from clients.day.fleet import MAKES, Turn
from clients.day.gate import Api
from clients.day.manifest import Copy, Gap
from clients.day.office import shift_id
from clients.day.pace import DayClock
from clients.day.retry import PASSING, backoff, persist
from clients.day.script import STALL_LENGTH, Script
from clients.day.traced import as_part_of
from clients.day.wire import moment, point
from doorstep.dispatch.v1 import (
    dispatch_service_pb2,
    duty_pb2,
    fleet_service_pb2,
    manifest_pb2,
    task_pb2,
)

SAMPLE = timedelta(seconds=10)  # between two positions while driving
SAMPLE_STANDING = timedelta(seconds=60)
SAMPLE_MIN = timedelta(seconds=5)
METERS_PER_SECOND_MAX = 14.0  # 50 km/h: nobody is faster in this core
TRAFFIC_SIGMA = 0.08  # how far a leg's real time strays from the plan: lognormal


@dataclass(slots=True)
class Vehicle:
    """Where the vehicle is and what its meters say."""

    at: Point
    odometer_meters: int = 0


@dataclass(slots=True)
class Diary:
    """What the driver has done; the day counts it against what the services say."""

    closed: set[str] = field(default_factory=set)  # task ids
    delivered: set[str] = field(default_factory=set)
    broken_down: bool = False


class Driver:
    """One driver on one shift."""

    def __init__(self, api: Api, turn: Turn, clock: DayClock, dice: random.Random) -> None:
        self.turn = turn
        self.device = Device(api.ingest, f"phone-{turn.number:02d}", dice)
        self.diary = Diary()
        self.copy = Copy()
        self._api = api
        self._clock = clock
        self._dice = dice
        self._heard = asyncio.Event()
        self._vehicle = Vehicle((0.0, 0.0))
        self._captured_at: datetime | None = None
        self._rested = False

    @property
    def shift_id(self) -> str:
        return shift_id(self.turn)

    async def work(self, script: Script) -> None:
        """The whole shift. Returns when everything done has been acknowledged."""
        listening = asyncio.create_task(self._listen())
        try:
            await self._heard.wait()
            await self._clock.until(self.turn.start)
            await self._begin()
            async with self.device.connected():
                await self._drive_route(script)
            await self._end()
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _listen(self) -> None:
        """Follows the manifest stream for ever; a gap or a lost stream starts with a snapshot."""
        delays = backoff(self._dice)
        request = dispatch_service_pb2.StreamManifestRequest(shift_id=shift_id(self.turn))
        while True:
            try:
                async for message in self._api.dispatch.StreamManifest(request):
                    if self.copy.hear(message):
                        await self._acknowledge()
                        self._heard.set()
                    delays = backoff(self._dice)
            except (Gap, *PASSING):
                pass
            await asyncio.sleep(next(delays))

    async def _acknowledge(self) -> None:
        request = dispatch_service_pb2.AcknowledgeRevisionRequest(
            request_id=self.device.new_id(),
            route_id=self.copy.route_id,
            revision=self.copy.revision,
        )
        await persist(lambda: self._api.dispatch.AcknowledgeRevision(request), self._dice)

    async def _begin(self) -> None:
        battery = MAKES[self.turn.kind].battery_watt_hours
        request = fleet_service_pb2.StartShiftRequest(
            request_id=self.device.new_id(),
            shift_id=shift_id(self.turn),
            vehicle_id=f"veh-{self.turn.name}",
            charge_watt_hours=battery,
        )
        await persist(lambda: self._api.fleet.StartShift(request), self._dice)
        await self._duty("ON_DUTY_NOT_DRIVING")
        driver_id, vehicle_id = f"drv-{self.turn.number:02d}", f"veh-{self.turn.name}"
        await self.device.open(driver_id, vehicle_id, shift_id(self.turn))

    async def _end(self) -> None:
        request = fleet_service_pb2.EndShiftRequest(
            request_id=self.device.new_id(),
            shift_id=shift_id(self.turn),
            odometer_meters=self._vehicle.odometer_meters,
        )
        await self._duty("OFF_DUTY")
        await persist(lambda: self._api.fleet.EndShift(request), self._dice)

    async def _duty(self, status: str) -> None:
        request = report.duty(
            self.device.new_id(),
            f"drv-{self.turn.number:02d}",
            duty_pb2.DutyStatus.Value(f"DUTY_STATUS_{status}"),
            self._clock.now(),
        )
        await persist(lambda: self._api.duty.RecordDutyStatus(request), self._dice)

    async def _drive_route(self, script: Script) -> None:
        start = self.copy.start
        if start is None or not self.copy.stops:
            return
        self._vehicle.at = point(start.start_location)
        self._load()
        await self._clock.until(moment(start.start_time))
        self.device.report(report.route_start(self.copy.route_id, self._clock.now()))
        while (following := self.copy.next_stop(self.diary.closed)) and not self.copy.over:
            rank, stop = following
            await self._rest_if_due(rank)
            if not await self._travel(rank, point(stop.stop.location), script):
                return
            await self._serve(stop, script)
        await self._drive_home(point(start.end_location))
        self.device.report(report.route_end(self.copy.route_id, self._clock.now(), self._meters()))

    def _load(self) -> None:
        for stop in self.copy.stops:
            for task in stop.tasks:
                for parcel in task.parcels:
                    self.device.report(report.loaded(task, parcel, self._clock.now()))

    async def _rest_if_due(self, rank: int) -> None:
        for pause in self.copy.breaks:
            if pause.before_rank == rank and not self._rested:
                await self._duty("OFF_DUTY")
                await self._stand(pause.break_duration.ToTimedelta())
                await self._duty("ON_DUTY_NOT_DRIVING")
                self._rested = True

    async def _travel(self, rank: int, goal: Point, script: Script) -> bool:
        """Drives to the stop of that rank; False when the vehicle broke down on the way."""
        planned = self.copy.legs[rank]
        leg = self._leg(planned.polyline, planned.travel_duration.ToTimedelta(), goal)
        half = leg.departure + leg.took / 2
        route_id = self.copy.route_id
        breaks = (route_id, rank) == (script.broken_route, script.broken_before)
        stalls = (route_id, rank) == (script.stalled_route, script.stalled_before)
        await self._duty("DRIVING")
        await self._roll(leg, half if breaks or stalls else leg.arrival)
        if breaks:
            await self._break_down()
            return False
        if stalls:
            await self._stand(STALL_LENGTH)
            leg = Leg(leg.points, leg.departure + STALL_LENGTH, leg.took, leg.meters)
            await self._roll(leg, leg.arrival)
        self._vehicle.at = goal
        await self._duty("ON_DUTY_NOT_DRIVING")
        return True

    def _leg(self, line: str, planned: timedelta, goal: Point) -> Leg:
        """The road, and the steps from the last door to it and from it to the next door."""
        road = polyline.decode(line) if line else ()
        points = (self._vehicle.at, *road, goal)
        meters = report.meters_along(points)
        driven = planned * self._dice.lognormvariate(0.0, TRAFFIC_SIGMA)
        length = max(driven, timedelta(seconds=meters / METERS_PER_SECOND_MAX))
        return Leg(points, self._clock.now(), length, meters)

    async def _roll(self, leg: Leg, until: datetime) -> None:
        """Captures positions along the leg up to that moment."""
        before = self._vehicle.odometer_meters
        while (now := self._clock.now()) < until:
            self._capture(driving(leg, now, before, self._dice))
            await self._clock.until(min(now + SAMPLE, until))
        last = driving(leg, until, before, self._dice)
        self._capture(last)
        self._vehicle.odometer_meters = last.odometer_meters
        self._vehicle.at = last.point

    async def _stand(self, length: timedelta) -> None:
        until = self._clock.now() + length
        while (now := self._clock.now()) < until:
            meters = self._vehicle.odometer_meters
            self._capture(standing(self._vehicle.at, now, meters, self._dice))
            await self._clock.until(min(now + SAMPLE_STANDING, until))

    def _capture(self, reading: Reading) -> None:
        """A phone reads its receiver at intervals: nothing right after the reading before."""
        if self._captured_at and reading.time - self._captured_at < SAMPLE_MIN:
            return
        self._captured_at = reading.time
        self.device.capture(reading, MAKES[self.turn.kind].charge_ratio(reading.odometer_meters))

    def _meters(self) -> int:
        return self._vehicle.odometer_meters

    async def _break_down(self) -> None:
        """Stands by the van until somebody has taken on what it holds, to the end of the shift."""
        self.diary.broken_down = True
        self.device.report(
            report.breakdown(self.copy.route_id, self._clock.now(), self._vehicle.at)
        )
        while self._clock.now() < self.turn.end and self.copy.next_stop(self.diary.closed):
            await self._stand(SAMPLE_STANDING)

    async def _serve(self, stop: manifest_pb2.ManifestStop, script: Script) -> None:
        now = self._clock.now()
        self.device.report(report.arrived(stop, now, self._vehicle.at, self._meters()))
        opens = min(self._openings(stop), default=now)
        if opens > now:
            await self._stand(opens - now)
        for task in stop.tasks:
            if task.task_id not in self.diary.closed:
                await self._hand_over(stop, task, script)
        now = self._clock.now()
        self.device.report(report.departed(stop, now, self._vehicle.at, self._meters()))

    def _openings(self, stop: manifest_pb2.ManifestStop) -> Iterator[datetime]:
        for task in stop.stop.tasks:
            if task.task_id not in self.diary.closed and task.windows:
                yield min(moment(window.start_time) for window in task.windows)

    async def _hand_over(
        self, stop: manifest_pb2.ManifestStop, task: manifest_pb2.ManifestTask, script: Script
    ) -> None:
        planned = {t.task_id: t for t in stop.stop.tasks}[task.task_id]
        await self._stand(took(self._dice, planned.service_duration.ToTimedelta()))
        now, at = self._clock.now(), self._vehicle.at
        self.diary.closed.add(task.task_id)
        if planned.type == task_pb2.TASK_TYPE_PICKUP:
            self.device.report(report.delivered(stop, task, now, at))
            return
        mishap = script.mishaps.get(task.task_id)
        if mishap is not None:
            self.device.report(report.failed(stop, task, now, at, mishap.value))
            return
        if task.HasField("amount_to_collect"):  # money first: unpaid goods do not count
            self.device.report(report.collected(stop, task, now))
        with as_part_of(task.traceparent):
            photo, proof = report.proof(task, now, at, self._dice)
            fact = report.delivered(stop, task, now, at)
            self.device.report(fact)
            self.device.prove(proof, photo)
        self.diary.delivered.add(task.delivery_id)

    async def _drive_home(self, hub: Point) -> None:
        if len(self.copy.legs) > len(self.copy.stops):
            last = self.copy.legs[len(self.copy.stops)]
            leg = self._leg(last.polyline, last.travel_duration.ToTimedelta(), hub)
            await self._roll(leg, leg.arrival)
