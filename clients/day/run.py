"""Starts the mesh for a day, plays the day on it, and says how it went."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from clients.day.addresses import City, depot, middle, sample
from clients.day.extract import BUILT_IN_CITY, read_city
from clients.day.pace import DayClock
from clients.day.play import Day, Ways
from clients.day.progress import Progress
from clients.day.score import last_line, told
from clients.day.setting import DAY, Setting
from clients.day.work import dice, jobs
from clients.day.zone import core, country_of, zone_of
from deploy.local.keys import OPERATOR_SECRET
from deploy.local.mesh import Mesh, shown
from deploy.local.plan import Plan
from deploy.local.state import State

TENANT = "demo"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    once: bool
    map_file: Path | None
    deliveries: int
    vehicles: int
    factor: float  # simulated seconds in a real one
    seed: int
    port_base: int  # 0: free ports
    state: Path
    database_url: str = field(default="", repr=False)  # an administrator's; empty: our own server
    knobs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # of services, by name


Meddle = Callable[[Mesh, DayClock], Coroutine[Any, Any, None]]


async def run(options: Options, meddle: Meddle | None = None) -> dict[str, Any]:
    """The day's result. `meddle` does what it likes to the mesh while everybody works."""
    city = read_city(options.map_file or BUILT_IN_CITY)
    setting = setting_of(options, city)
    progress = Progress(setting.zone)
    state = State(options.state)
    mesh = Mesh(state, plan_of(options), base=options.port_base)
    await mesh.begin_anew()
    clock = DayClock(state.clock_file, setting.opening, options.factor)
    async with mesh:
        progress.say(f"{'seed':<27} {options.seed}")
        for line in mesh.lines():
            progress.say(line)
        day = day_of(options, city, setting, clock, mesh, progress)
        if meddle is not None:
            day.beside = partial(meddle, mesh)
        async with traced(mesh.address("otlp")):
            found = await day.play()
        progress.table("The day", told(found))
        state.statement_file.write_bytes(found.statement)
        progress.say(f"{'carbon report':<27} {shown(state.statement_file)}")
        if not options.once:
            await stay(mesh, progress)
    return last_line(found)


def plan_of(options: Options) -> Plan:
    """The mesh of a day."""
    return Plan(
        simulated=True,
        map_file=options.map_file,
        database_url=options.database_url,
        knobs=options.knobs,
    )


def setting_of(options: Options, city: City) -> Setting:
    addresses = sample(city, options.deliveries, options.seed)
    zone = zone_of(middle(city))
    return Setting(
        tenant=TENANT,
        seed=options.seed,
        day=DAY,
        zone=zone,
        country=country_of(zone),
        core=core(addresses),
    )


def day_of(
    options: Options,
    city: City,
    setting: Setting,
    clock: DayClock,
    mesh: Mesh,
    progress: Progress,
) -> Day:
    throws = dice(f"{options.seed} day")
    addresses = sample(city, options.deliveries, options.seed)
    secret = (mesh.state.folder("keys") / OPERATOR_SECRET).read_text().strip()
    return Day(
        setting=setting,
        ways=Ways(mesh.address("gateway"), secret),
        clock=clock,
        jobs=list(jobs(addresses, setting.day, setting.zone, throws)),
        hub=depot(city),
        dice=throws,
        progress=progress,
        vehicles=options.vehicles,
    )


@asynccontextmanager
async def traced(endpoint: str) -> AsyncIterator[None]:
    """The day's own spans go where everybody's go, the last ones too, however the day ends."""
    provider = TracerProvider(resource=Resource.create({"service.name": "day"}))
    exporter = OTLPSpanExporter(endpoint, insecure=True)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        await asyncio.to_thread(provider.shutdown)


async def stay(mesh: Mesh, progress: Progress) -> None:
    """Leaves the mesh up for a look around, until ^C or until it breaks."""
    progress.say("the day is over; the mesh stays up until ^C")
    with suppress(asyncio.CancelledError):
        await mesh.failed.wait()
