"""
Makes an instance of what a file says.

Every location is a place of its own, named by its number. What files leave implicit is stated:
a mandatory customer has a penalty that no detour reaches, site dependence is a skill, one of a
group is an alternative, backhauls after linehauls are ways that take longer than any shift lasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.planner.domain.instance import RELOAD, Instance, Node, TravelTable
from services.planner.domain.places import NOWHERE, Places, places_of
from services.planner.domain.problem import Problem
from services.planner.domain.shift import (
    Costs,
    DutyClock,
    DutyLimit,
    Reload,
    Shift,
    ShiftSkill,
    Vehicle,
)
from services.planner.domain.task import Option, SkillNeed, Task, TaskKind, Window
from services.planner.domain.travel import Point, Profile
from services.planner.formats.sheet import Sheet, Whole

UNIT_MICROS = 1_000  # per kilometer: one micro per meter
FORBIDDEN_METERS = 10_000_000  # dearer than any plan of a closed benchmark
EDGE_DEGREES = 0.5  # a plane is drawn within half a degree of 1 degree north, 1 degree east


@dataclass(frozen=True)  # without slots: look-ups are made once and kept
class Reading:
    """A file as an instance."""

    name: str
    kind: str
    instance: Instance
    sheet: Sheet

    @cached_property
    def node_at(self) -> dict[int, Node]:
        """Task and option of each customer's location."""
        return {
            int(option.place_id): (rank, choice)
            for rank, task in enumerate(self.instance.problem.tasks)
            for choice, option in enumerate(task.options)
        }

    def node(self, location: int, shift: int) -> Node | None:
        """The node of a location on a route: a customer, or a reload at a depot."""
        if location >= self.sheet.depots:
            return self.node_at.get(location)
        reloads = self.sheet.carriers[shift].reload_depots
        return (RELOAD, reloads.index(location)) if location in reloads else None


def build(sheet: Sheet) -> Reading:
    """The instance of a sheet."""
    horizon = horizon_of(sheet)
    problem = Problem(
        tuple(tasks_of(sheet, horizon)), tuple(shifts_of(sheet, horizon)), dimensions=("units",)
    )
    places = places_of(problem)
    table = table_of(sheet, locations_of(problem, places), horizon)
    instance = Instance(problem, (table,), (0,) * len(problem.shifts))
    return Reading(sheet.name, sheet.kind, instance, sheet)


def horizon_of(sheet: Sheet) -> int:
    """When everything is over: the depots' closing, or later than any route lasts."""
    if sheet.windows:
        return max(last for _, last in sheet.windows[: sheet.depots])
    ways = sheet.distances if sheet.durations is None else sheet.durations
    longest = int(ways.max(axis=1).sum()) * (2 if sheet.carriers[0].reload_limit else 1)
    return 1 + longest + sum(sheet.services)


def shifts_of(sheet: Sheet, horizon: int) -> Iterator[Shift]:
    """One shift per vehicle, in the file's order."""
    classes = skill_classes(sheet)
    for rank, own in enumerate(sheet.carriers):
        first, last = sheet.windows[own.depot] if sheet.windows else (0, horizon)
        depot, place = point(sheet, own.depot), str(own.depot)
        skills = (ShiftSkill(classes[own.allowed]),) if own.allowed in classes else ()
        limits = (DutyLimit("duration", DutyClock.SPAN, own.duration_limit),)
        yield Shift(
            f"v{rank + 1}",
            Vehicle(f"v{rank + 1}", Profile.VAN, (own.capacity,)),
            first,
            last,
            depot,
            place,
            depot,
            place,
            skills=skills,
            duty_limits=limits if own.duration_limit else (),
            costs=Costs(fixed_micros=own.fixed_cost, kilometer_micros=own.unit_cost * UNIT_MICROS),
            distance_limit_meters=own.distance_limit,
            reloads=tuple(reload(sheet, depot) for depot in own.reload_depots),
            reload_limit=own.reload_limit,
        )


def reload(sheet: Sheet, depot: int) -> Reload:
    """Goods are fetched in no time while the depot is open."""
    windows = (Window(*sheet.windows[depot]),) if sheet.windows else ()
    return Reload(f"d{depot}", point(sheet, depot), str(depot), windows)


def skill_classes(sheet: Sheet) -> dict[frozenset[int] | None, str]:
    """A skill for each set of customers that some vehicles are limited to."""
    limited = dict.fromkeys(own.allowed for own in sheet.carriers if own.allowed is not None)
    return {allowed: f"class-{rank + 1}" for rank, allowed in enumerate(limited)}


def tasks_of(sheet: Sheet, horizon: int) -> Iterator[Task]:
    """One task per customer or group; both ends of a pair are tasks."""
    classes, penalty = skill_classes(sheet), mandatory_micros(sheet)
    pickup_of = {delivery: pickup for pickup, delivery in sheet.pairs}
    group_of = {member: group for group in sheet.groups for member in group}
    open_to_all = any(own.allowed is None for own in sheet.carriers)
    for location in sheet.customers:
        members = group_of.get(location, (location,))
        if location != members[0]:
            continue
        able = frozenset(name for allowed, name in classes.items() if location in (allowed or ()))
        limited = classes and not open_to_all and len(able) < len(classes)
        pickup = pickup_of.get(location)
        yield Task(
            f"c{location}",
            kind_of(sheet, location),
            tuple(option(sheet, member, horizon, members[0]) for member in members),
            (amount_of(sheet, location),),
            SkillNeed(one_of=able) if limited else SkillNeed(),
            penalty_micros=(sheet.prizes[location] if sheet.prizes else 0) or penalty,
            pickup_task_id="" if pickup is None else f"c{pickup}",
            release_second=(sheet.releases[location] if sheet.releases else 0) or None,
        )


def kind_of(sheet: Sheet, location: int) -> TaskKind:
    """A pickup where something is collected, else a delivery."""
    collects = sheet.pickups and sheet.pickups[location]
    return TaskKind.PICKUP if collects else TaskKind.DELIVERY


def amount_of(sheet: Sheet, location: int) -> int:
    """How many units a customer gives or takes."""
    pickup = sheet.pickups[location] if sheet.pickups else 0
    return pickup or (sheet.deliveries[location] if sheet.deliveries else 0)


def option(sheet: Sheet, location: int, horizon: int, own: int) -> Option:
    """The place, window and service time of a customer; an alternative unless it is its own."""
    windows: tuple[Window, ...] = ()
    if sheet.windows and sheet.windows[location] != (0, horizon):
        windows = (Window(*sheet.windows[location]),)
    service = sheet.services[location] if sheet.services else 0
    return Option(
        point(sheet, location),
        alternative_id="" if location == own else f"c{location}",
        place_id=str(location),
        windows=windows,
        service_seconds=service,
    )


def mandatory_micros(sheet: Sheet) -> int:
    """A penalty higher than the dearest way there and back with a vehicle of its own."""
    rate = max(own.unit_cost for own in sheet.carriers)
    fixed = max(own.fixed_cost for own in sheet.carriers)
    return 10 * (2 * int(sheet.distances.max()) * rate + fixed)


def point(sheet: Sheet, location: int) -> Point:
    """Its position: as it is on a globe, else drawn small near the equator."""
    x, y = sheet.positions[location]
    if sheet.on_globe:
        return Point(float(y), float(x))
    reach = float(np.abs(sheet.positions).max()) or 1.0
    return Point(1 + float(y) / reach * EDGE_DEGREES, 1 + float(x) / reach * EDGE_DEGREES)


def locations_of(problem: Problem, places: Places) -> list[int]:
    """The location of each place."""
    found = [NOWHERE] * len(places.points)
    for rank, shift in enumerate(problem.shifts):
        found[places.starts[rank]] = int(shift.start_place_id)
        found[places.ends[rank]] = int(shift.end_place_id)
        for reload_, place in zip(shift.reloads, places.reloads[rank], strict=True):
            found[place] = int(reload_.place_id)
    for task, ranks in zip(problem.tasks, places.options, strict=True):
        for choice, place in zip(task.options, ranks, strict=True):
            found[place] = int(choice.place_id)
    return found


def table_of(sheet: Sheet, locations: list[int], horizon: int) -> TravelTable:
    """Both are the file's distances unless it tells durations apart or forbids a way."""
    order = np.ix_(locations, locations)
    meters = sheet.distances[order]
    seconds = meters if sheet.durations is None else sheet.durations[order]
    if sheet.backhauls_last:
        forbidden = backhaul_ways(sheet)[order]
        seconds = np.where(forbidden, horizon + 1, seconds)
        meters = np.where(forbidden, FORBIDDEN_METERS, meters)
    return TravelTable(flat(seconds), flat(meters), len(locations))


def backhaul_ways(sheet: Sheet) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """From the depot or a pickup to a delivery's wrong side."""
    backhaul = np.array(sheet.pickups) > 0
    linehaul = ~backhaul
    linehaul[: sheet.depots] = False
    forbidden = np.outer(backhaul, linehaul)
    forbidden[: sheet.depots, backhaul] = True
    return forbidden


def flat(values: Whole) -> memoryview:
    """Row by row, as plain numbers of 32 bits."""
    return np.ascontiguousarray(values.astype(np.int32)).reshape(-1).data
