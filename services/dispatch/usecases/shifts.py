"""
Shifts, from the start with the vehicle that is really there to the end.

The gate is asked again at every start, with that vehicle: rules change overnight, and vehicles are
swapped at the dock. A refusal leaves the shift as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.caller import Caller
from meshkit.errors import Invalid, NotReady
from meshkit.ids import NewId
from services.dispatch.domain.events import Fact, ShiftEnded, ShiftStarted
from services.dispatch.domain.fleet import (
    Driver,
    DriverState,
    Shift,
    ShiftState,
    VehicleAttributes,
    VehicleState,
)
from services.dispatch.domain.planning import Crew, Problem, plan_shift
from services.dispatch.domain.revision import dropped, spliced
from services.dispatch.domain.route import RevisionCause, Route, RouteState
from services.dispatch.domain.route_plan import violated
from services.dispatch.ports import Compliance, Planner, RouteFilter, Slice, Stores
from services.dispatch.usecases import fleet, gate, reassign, routes
from services.dispatch.usecases.common import Reading, own_driver, required
from services.dispatch.usecases.crews import crews_of, plan_tasks_of

ROUTES_MAX = 20  # of one shift
BINDING = (RouteState.PUBLISHED, RouteState.ACTIVE)


@dataclass(frozen=True, slots=True)
class Dials:
    """What a driver reads off the vehicle; 0 means not read."""

    odometer_meters: int
    charge_watt_hours: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Start:
    """What the gate let through: the vehicle, and its routes as they will be driven."""

    vehicle_id: str
    before: tuple[Route, ...]
    after: tuple[Route, ...]


async def require_active(stores: Stores, driver_id: str) -> Driver:
    """The driver, or NotFound, or NotReady `DRIVER_INACTIVE`."""
    driver = required(await stores.drivers.find(driver_id), "DRIVER_UNKNOWN", driver_id)
    if driver.state is not DriverState.ACTIVE:
        raise NotReady("DRIVER_INACTIVE", f"driver {driver_id!r} is inactive", driver_id=driver_id)
    return driver


def seen(shift: Shift | None, caller: Caller, shift_id: str) -> Shift:
    """The shift, if the caller may see it: a driver only its own."""
    found = required(shift, "SHIFT_UNKNOWN", shift_id)
    is_mine = own_driver(caller, found.driver_id)
    return required(found if is_mine else None, "SHIFT_UNKNOWN", shift_id)


async def prepare_start(
    read: Reading,
    planner: Planner,
    compliance: Compliance,
    caller: Caller,
    shift_id: str,
    vehicle_id: str,
    now: datetime,
    new_id: NewId,
) -> Start:
    """Asks the gate about the routes of a shift with the vehicle that is really driven."""
    async with read() as stores:
        shift = seen(await stores.shifts.find(shift_id), caller, shift_id)
        _require_scheduled(shift)
        driven = vehicle_id or shift.vehicle_id
        crew = (await crews_of(stores, [shift], {shift_id: driven}))[shift_id]
        _require_fit(crew)
        before = await _binding(stores, shift_id)
        problem = await _problem(stores, crew, before)
    after = [await _with_vehicle(planner, route, crew, problem, now, new_id) for route in before]
    return Start(driven, tuple(before), tuple(await _cleared(compliance, after)))


def _require_scheduled(shift: Shift) -> None:
    if shift.state is not ShiftState.SCHEDULED:
        raise NotReady(
            "SHIFT_NOT_SCHEDULED",
            f"shift {shift.shift_id!r} is {shift.state}",
            state=shift.state.value,
        )


def _require_fit(crew: Crew) -> None:
    if crew.vehicle.state is VehicleState.OUT_OF_SERVICE:
        name = crew.vehicle.vehicle_id
        raise NotReady("VEHICLE_UNFIT", f"vehicle {name!r} is out of service", vehicle_id=name)


async def _binding(stores: Stores, shift_id: str) -> list[Route]:
    which = RouteFilter(shift_id=shift_id, states=BINDING)
    return list(await stores.routes.list_page(which, Slice(None, ROUTES_MAX)))


async def _problem(stores: Stores, crew: Crew, found: Sequence[Route]) -> Problem:
    known = await stores.tasks.find_all([t for route in found for t in route.task_ids])
    open_ids = [name for name, task in known.items() if task.is_open]
    tasks = await plan_tasks_of(stores, open_ids, [crew.shift])
    return Problem(tuple(tasks), (plan_shift(crew),))


async def _with_vehicle(
    planner: Planner, route: Route, crew: Crew, problem: Problem, now: datetime, new_id: NewId
) -> Route:
    """The route for the vehicle that drives it: the same, or a revision for another one."""
    if route.vehicle_id == crew.vehicle.vehicle_id:
        return route
    sequence = [t for t in route.task_ids if t in problem.task]
    if not sequence:  # nothing to time: the vehicle goes home by the old way
        return _driven_by(dropped(route, route.task_ids, RevisionCause.SWAP, now), crew)
    proposal = await planner.evaluate(problem, {route.shift_id: sequence})
    if proposal.violations:
        raise violated(gate.named(proposal.violations, [route]))
    timed = proposal.routes[0]
    after = spliced(route, timed, problem, RevisionCause.SWAP, now, new_id)
    return replace(_driven_by(after, crew), cost_micros=timed.cost_micros)


def _driven_by(route: Route, crew: Crew) -> Route:
    return replace(
        route,
        vehicle_id=crew.vehicle.vehicle_id,
        vehicle=crew.vehicle.attributes,
        rate_card=crew.rate_card,
    )


async def _cleared(compliance: Compliance, found: Sequence[Route]) -> list[Route]:
    if not found:
        return []
    clearance = await compliance.clear(found[0].route_plan_id, found, kept=True)
    if clearance.violations:
        raise violated(clearance.violations)
    return [gate.decided(route, clearance) for route in found]


async def start(
    stores: Stores, shift_id: str, ready: Start, read: Dials, now: datetime
) -> tuple[Shift, list[Route]]:
    """Starts the shift in one commit with its vehicle, routes and plan."""
    shift = required(await stores.shifts.claim(shift_id), "SHIFT_UNKNOWN", shift_id)
    _require_scheduled(shift)
    after = replace(
        shift,
        state=ShiftState.STARTED,
        vehicle_id=ready.vehicle_id,
        start_time=read.at,
        start_odometer_meters=read.odometer_meters,
        revision=shift.revision + 1,
        update_time=now,
    )
    await stores.shifts.save(after)
    attributes = await _into_service(stores, ready.vehicle_id, read, now)
    started = ShiftStarted(after, attributes, read.charge_watt_hours)
    stores.tell(Fact(shift_id, read.at, started))
    pairs = zip(ready.before, ready.after, strict=True)
    return after, [await _drive(stores, before, new, now) for before, new in pairs]


async def _into_service(
    stores: Stores, vehicle_id: str, read: Dials, now: datetime
) -> VehicleAttributes:
    vehicle = required(await stores.vehicles.claim(vehicle_id), "VEHICLE_UNKNOWN", vehicle_id)
    if vehicle.state is VehicleState.IN_SERVICE:
        raise NotReady("RESOURCE_TAKEN", f"vehicle {vehicle_id!r} is on another shift")
    await stores.vehicles.save(
        replace(
            vehicle,
            state=VehicleState.IN_SERVICE,
            odometer_meters=read.odometer_meters or vehicle.odometer_meters,
            charge_watt_hours=read.charge_watt_hours or vehicle.charge_watt_hours,
            revision=vehicle.revision + 1,
            update_time=now,
        )
    )
    return vehicle.attributes


async def _drive(stores: Stores, before: Route, after: Route, now: datetime) -> Route:
    """One route under way: with the same vehicle noted, with another one revised."""
    if after.revision == before.revision:
        return await routes.activate(stores, after, now)
    await reassign.keep(stores, reassign.Revision((before,), (after,)), now)
    return await routes.activate(stores, after, now)


async def end(
    stores: Stores, caller: Caller, shift_id: str, read: Dials, now: datetime
) -> tuple[Shift, list[str]]:
    """Ends the shift; what nobody attempted is free again."""
    shift = seen(await stores.shifts.claim(shift_id), caller, shift_id)
    if not shift.is_under_way:
        raise NotReady(
            "SHIFT_NOT_STARTED", f"shift {shift_id!r} is {shift.state}", state=shift.state.value
        )
    if read.odometer_meters and read.odometer_meters < shift.start_odometer_meters:
        raise Invalid("ODOMETER_BACKWARD", "the odometer shows less than at the start")
    freed = [
        task_id
        for route in await _binding(stores, shift_id)
        for task_id in await routes.close(stores, route.route_id, now)
    ]
    after = replace(
        shift,
        state=ShiftState.ENDED,
        end_time=read.at,
        end_odometer_meters=read.odometer_meters,
        revision=shift.revision + 1,
        update_time=now,
    )
    await stores.shifts.save(after)
    await _out_of_service(stores, shift.vehicle_id, read, now)
    stores.tell(Fact(shift_id, read.at, ShiftEnded(after, read.charge_watt_hours)))
    return after, freed


async def _out_of_service(stores: Stores, vehicle_id: str, read: Dials, now: datetime) -> None:
    vehicle = await stores.vehicles.claim(vehicle_id)
    if vehicle is None:
        return
    broken = vehicle.state is VehicleState.OUT_OF_SERVICE
    await stores.vehicles.save(
        replace(
            vehicle,
            state=vehicle.state if broken else VehicleState.AVAILABLE,
            odometer_meters=read.odometer_meters or vehicle.odometer_meters,
            charge_watt_hours=read.charge_watt_hours or vehicle.charge_watt_hours,
            revision=vehicle.revision + 1,
            update_time=now,
        )
    )


async def create(stores: Stores, asked: Shift, now: datetime, new_id: NewId) -> Shift:
    """Keeps a new shift of an active driver. Raises NotReady `SHIFT_OVERLAP`."""
    await require_active(stores, asked.driver_id)
    return await fleet.create(stores, fleet.SHIFTS, asked, now, new_id)


async def update(
    stores: Stores, asked: Shift, changed: Sequence[str], etag: str, now: datetime
) -> Shift:
    """Changes a shift that has not begun."""
    found = await stores.shifts.claim(asked.shift_id)
    _require_scheduled(required(found, "SHIFT_UNKNOWN", asked.shift_id))
    await require_active(stores, asked.driver_id)
    return await fleet.update(stores, fleet.SHIFTS, asked, changed, etag, now)
