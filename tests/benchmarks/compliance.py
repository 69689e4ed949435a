"""
How fast compliance answers, and whether its memory stays, measured at a real process from outside:

    python -m tests.benchmarks.compliance [--calls 100000] [--json OUT]

Batch: 1,000 legs against 200 zones in one CheckAccess, as planners ask; the limit is 100 ms.
Single: one leg per call, one after the other; the limit is 5 ms. Both bound 99 of 100. Memory: what
the process holds after a tenth of the calls and after all of them, each about another leg, day of
three years and vehicle, half of which have permits for some weeks; it may grow by a twelfth, until
what is kept reaches its budget. Beside each time stands the processor time that the process spent:
on a busy machine it is the fairer one. Ends with 1 when a limit is broken, and says which.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from google.type.latlng_pb2 import LatLng

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import vehicle_pb2, zone_pb2
from doorstep.compliance.v1.check_service_pb2_grpc import CheckServiceStub
from doorstep.compliance.v1.zone_service_pb2_grpc import ZoneServiceStub
from meshkit.caller import Caller, Role
from meshkit.client import connect, raising
from meshkit.pgtest import open_folder
from services.compliance.convert.presences import presence_to_proto
from services.compliance.convert.vehicle import vehicle_to_proto
from services.compliance.domain import polyline
from services.compliance.domain.presence import Line, Presence
from services.compliance.domain.vehicle import Category, Fuel, Permit, Vehicle
from services.compliance.tests import wire
from services.compliance.tests.places import at
from tests.benchmarks.results import commit, machine, save
from tests.processes import cpu_seconds

PLATFORM = Caller(subject="benchmark", role=Role.PLATFORM, tenant="acme")
OUT = Path("tests/benchmarks/results/compliance.json")
SEED = 2
ZONES, CORNERS = 200, 40
LEGS, POINTS = 1_000, 20
VEHICLES, DAYS = 50, 60
SOUTH, WEST, HEIGHT, WIDTH = 60.15, 24.80, 0.12, 0.30  # a city of 13 by 17 km
YEARS_OF_DAYS = 3 * 365  # while memory is watched
BATCHES, SINGLES = 60, 3_000
BATCH_MILLISECONDS_MAX, SINGLE_MILLISECONDS_MAX, GROWTH_MAX = 100, 5, 1 / 12
BESIDE = 8  # calls under way at once while memory is measured
TOKEN_SECONDS = 300
MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Service:
    """A compliance process and the ways to it."""

    zones: Any
    checks: Any
    pid: int

    @property
    def resident_megabytes(self) -> float:
        """What it holds in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
        return round(int(line.split()[1]) / 1024, 1)


class Renewed:
    """A token that is renewed in time: the calls take longer than one is good for."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh, self._token, self._until = mesh, "", 0.0

    def token(self) -> str:
        """One that is good for the next minutes."""
        if time.monotonic() > self._until:
            self._token = self._mesh.token(PLATFORM)
            self._until = time.monotonic() + TOKEN_SECONDS
        return self._token


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    """Compliance alone."""
    plan = Plan(services=("compliance",), gateway=False, otlp=False)
    with open_folder() as folder:
        async with (
            Mesh(State(folder), plan, base=0) as mesh,
            connect(mesh.address("compliance"), tokens=Renewed(mesh)) as channel,
        ):
            zones, checks = ZoneServiceStub(channel), CheckServiceStub(channel)
            yield Service(raising(zones), raising(checks), mesh.running["compliance"])


class City:
    """Draws zones, vehicles and legs of one city."""

    def __init__(self) -> None:
        self._draw = random.Random(SEED)
        plain = [self._vehicle(number) for number in range(VEHICLES)]
        self.vehicles = [vehicle_to_proto(vehicle) for vehicle in plain]
        self.mixed = [*self.vehicles, *(vehicle_to_proto(self._permitted(v)) for v in plain)]

    def zone(self, number: int) -> zone_pb2.Zone:
        """A round area with a ban by the hour and a charge by the day."""
        ban = wire.diesel_ban()
        span = ban.schedule.spans.add()
        span.days.extend([1, 2, 3, 4, 5])
        span.start.hours, span.end.hours = 8, 20
        made = wire.zone(ban, wire.day_fee(), zone_id=f"z{number}")
        del made.areas[:]
        made.areas.add(outer=zone_pb2.Ring(points=self._circle()))
        return made

    def request(
        self, legs: int, days: int = 1, of: Sequence[vehicle_pb2.Vehicle] = ()
    ) -> pb.CheckAccessRequest:
        """So many legs on one of so many days: a planner asks about one again and again."""
        day = at("2026-05-12 06:00") + timedelta(days=self._draw.randrange(days))
        chosen = self._draw.choices(of or self.vehicles, k=legs)
        described = {vehicle.vehicle_id: vehicle for vehicle in chosen}
        queries = [
            pb.AccessQuery(
                query_id=str(number),
                vehicle_id=vehicle.vehicle_id,
                presence=presence_to_proto(self._leg(day)),
            )
            for number, vehicle in enumerate(chosen)
        ]
        return pb.CheckAccessRequest(vehicles=described.values(), queries=queries)

    def _vehicle(self, number: int) -> Vehicle:
        fuel = self._draw.choice((Fuel.DIESEL, Fuel.DIESEL, Fuel.ELECTRIC))
        mass = self._draw.randrange(2_000_000, 3_500_000)
        return Vehicle(f"v{number}", Category.N1, fuel, 5, mass)

    def _permitted(self, vehicle: Vehicle) -> Vehicle:
        """The same with a permit that begins and ends, so that days differ for it alone."""
        first = date(2026, 1, 1) + timedelta(days=self._draw.randrange(YEARS_OF_DAYS))
        permit = Permit("city", held=True, start=first, end=first + timedelta(weeks=6))
        return replace(vehicle, vehicle_id=f"{vehicle.vehicle_id}p", permits=(permit,))

    def _place(self) -> tuple[float, float]:
        return (
            SOUTH + self._draw.random() * HEIGHT,
            WEST + self._draw.random() * WIDTH,
        )

    def _circle(self) -> list[LatLng]:
        (lat, lng), radius = self._place(), self._draw.choice((0.002, 0.006))
        angles = [2 * pi * number / CORNERS for number in range(CORNERS)]
        return [
            LatLng(latitude=lat + radius * sin(a), longitude=lng + 2 * radius * cos(a))
            for a in angles
        ]

    def _leg(self, day: Any) -> Presence:
        (lat, lng), points = self._place(), []
        for _ in range(POINTS):
            points.append((round(lat * 1e5), round(lng * 1e5)))
            lat += self._draw.gauss(0.0001, 0.0004)
            lng += self._draw.gauss(0.0001, 0.0008)
        line = Line.decoded(polyline.encode(points))
        begun = day + timedelta(minutes=self._draw.randrange(600))
        return Presence(line, begun, timedelta(minutes=self._draw.randrange(3, 15)))


async def timed(service: Service, request: pb.CheckAccessRequest) -> float:
    """Milliseconds until the answer is there."""
    begun = time.perf_counter()
    await service.checks.CheckAccess(request)
    return (time.perf_counter() - begun) * MILLISECONDS


async def several(service: Service, requests: Sequence[pb.CheckAccessRequest]) -> dict[str, Any]:
    """One after the other: the middle, the 99th of 100, and the processor time of each."""
    spent = cpu_seconds(service.pid)
    took = [await timed(service, request) for request in requests]
    spent = cpu_seconds(service.pid) - spent
    percent = statistics.quantiles(took, n=100, method="inclusive")
    return {
        "calls": len(requests),
        "median_milliseconds": round(statistics.median(took), 2),
        "p99_milliseconds": round(percent[98], 2),
        "cpu_milliseconds": round(spent * MILLISECONDS / len(requests), 2),
    }


async def called(service: Service, city: City, calls: int) -> None:
    """So many calls, some at once."""

    async def some(count: int) -> None:
        for _ in range(count):
            await service.checks.CheckAccess(city.request(1, YEARS_OF_DAYS, city.mixed))

    await asyncio.gather(*(some(calls // BESIDE) for _ in range(BESIDE)))


def told(name: str, value: Any) -> dict[str, Any]:
    """One figure, printed as soon as it is there."""
    print(f"{name}: {value}", flush=True)
    return {name: value}


async def measured(calls: int) -> dict[str, Any]:
    """All three, in the order in which they are told."""
    city = City()
    row: dict[str, Any] = {"zones": ZONES, "legs": LEGS, "points": POINTS, "seed": SEED}
    async with service() as compliance:
        for number in range(ZONES):
            request = wire.create(zone_id=f"z{number}")
            request.zone.CopyFrom(city.zone(number))
            await compliance.zones.CreateZone(request)
        first = await timed(compliance, city.request(LEGS))
        row |= told("first_batch_milliseconds", round(first, 1))
        batches = [city.request(LEGS) for _ in range(BATCHES)]
        row |= told("batch", await several(compliance, batches))
        singles = [city.request(1, DAYS) for _ in range(SINGLES)]
        row |= told("single", await several(compliance, singles))
        await called(compliance, city, calls // 10)
        row |= told("megabytes_after_a_tenth", compliance.resident_megabytes)
        await called(compliance, city, calls - calls // 10)
        row |= told("megabytes_after_all", compliance.resident_megabytes)
    return row | {"vehicles": VEHICLES, "calls": calls}


def broken(row: dict[str, Any]) -> Iterator[str]:
    """Every limit that a row breaks."""
    for name, most in (("batch", BATCH_MILLISECONDS_MAX), ("single", SINGLE_MILLISECONDS_MAX)):
        if row[name]["p99_milliseconds"] > most:
            yield f"{name}: p99 of {row[name]['p99_milliseconds']} ms, at most {most}"
    before, after = row["megabytes_after_a_tenth"], row["megabytes_after_all"]
    if after > before * (1 + GROWTH_MAX):
        yield f"memory: {before} MB, then {after}"


def main(arguments: Sequence[str]) -> int:
    """Measures, and writes."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.compliance")
    parser.add_argument("--calls", type=int, default=100_000, help="while memory is watched")
    parser.add_argument("--json", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    row = asyncio.run(measured(options.calls)) | {
        "machine": machine(),
        "commit": commit("compliance"),
    }
    save(options.json, [row])
    limits = list(broken(row))
    for limit in limits:
        print(f"broken: {limit}", file=sys.stderr)
    return 1 if limits else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
