"""Shifts with all that they name, and tasks with their deliveries: what a problem is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshkit.errors import NotReady
from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.fleet import Shift, Vehicle
from services.dispatch.domain.planning import Crew, PlanTask, plan_task
from services.dispatch.domain.task import require_open
from services.dispatch.ports import Stores
from services.dispatch.usecases.common import all_required, required


async def crews_of(
    stores: Stores, shifts: Sequence[Shift], vehicle_of: Mapping[str, str] | None = None
) -> dict[str, Crew]:
    """Each shift with driver, vehicle and places; `vehicle_of` names another vehicle for some."""
    swapped = vehicle_of or {}
    driven = {shift.shift_id: swapped.get(shift.shift_id, shift.vehicle_id) for shift in shifts}
    drivers = await stores.drivers.find_all([shift.driver_id for shift in shifts])
    vehicles = await stores.vehicles.find_all(list(driven.values()))
    cards = await stores.rate_cards.find_all([v.rate_card_id for v in vehicles.values()])
    places = await stores.places.find_all([p for s in shifts for p in _places(s)])
    crews = {}
    for shift in shifts:
        vehicle = _vehicle(vehicles, driven[shift.shift_id])
        crews[shift.shift_id] = Crew(
            shift=shift,
            driver=required(drivers.get(shift.driver_id), "DRIVER_UNKNOWN", shift.driver_id),
            vehicle=vehicle,
            start=required(places.get(shift.start_place_id), "PLACE_UNKNOWN", shift.start_place_id),
            end=required(places.get(shift.last_place_id), "PLACE_UNKNOWN", shift.last_place_id),
            rate_card=cards.get(vehicle.rate_card_id),
        )
    return crews


def _places(shift: Shift) -> tuple[str, str]:
    return shift.start_place_id, shift.last_place_id


def _vehicle(vehicles: Mapping[str, Vehicle], vehicle_id: str) -> Vehicle:
    return required(vehicles.get(vehicle_id), "VEHICLE_UNKNOWN", vehicle_id)


async def plan_tasks_of(
    stores: Stores, task_ids: Sequence[str], shifts: Sequence[Shift]
) -> list[PlanTask]:
    """Open tasks for the planner, in the order of their names given."""
    found = await stores.tasks.find_all(task_ids)
    tasks = all_required(found, task_ids, "TASK_UNKNOWN")
    for task in tasks:
        require_open(task)
    deliveries = await stores.deliveries.find_all([task.delivery_id for task in tasks])
    shifts_of = _by_driver(shifts)
    for task in tasks:
        _require_plannable(deliveries[task.delivery_id], task.task_id)
    pickup_of = {
        (task.delivery_id, task.route_id): task.task_id for task in tasks if task.is_pickup
    }
    return [
        plan_task(
            task,
            deliveries[task.delivery_id],
            shifts_of,
            pickup_of.get((task.delivery_id, task.route_id), ""),
        )
        for task in tasks
    ]


def _by_driver(shifts: Sequence[Shift]) -> dict[str, list[str]]:
    """The shifts of each driver: a day may have two."""
    found: dict[str, list[str]] = {}
    for shift in shifts:
        found.setdefault(shift.driver_id, []).append(shift.shift_id)
    return found


def _require_plannable(delivery: Delivery, task_id: str) -> None:
    if delivery.state is DeliveryState.ON_HOLD:
        raise NotReady("TASK_TAKEN", f"the delivery of {task_id!r} is on hold", task_id=task_id)
