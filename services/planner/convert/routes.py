"""
Routes: domain to wire.

Visits become stops: consecutive tasks at one place with no waiting or break between them, and each
reload by itself. Legs follow the stops: one to each, and one to the end unless the route ends at
its last stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from doorstep.planner.v1 import plan_pb2 as pb
from services.planner.convert.emissions import add_emissions, duty_readings
from services.planner.convert.moments import duration, timestamp
from services.planner.convert.places import latlng, load_to_proto
from services.planner.convert.terms import access_charges, costs_to_proto
from services.planner.domain.instance import Instance
from services.planner.domain.places import NOWHERE
from services.planner.domain.plan import Route, Visit
from services.planner.domain.problem import MASS
from services.planner.domain.task import Loads
from services.planner.domain.travel import Basis
from services.planner.rules.charge import charge_after_legs
from services.planner.rules.walk import Leg, Walk
from services.planner.usecases.finish import Ways, basis_of
from services.planner.usecases.world import Prepared


@dataclass(frozen=True, slots=True)
class Group:
    """Visits that make one stop, or one reload."""

    first: int
    visits: tuple[Visit, ...]

    @property
    def is_reload(self) -> bool:
        """Whether it is a reload."""
        return self.visits[0].is_reload

    @property
    def moments(self) -> dict[str, Any]:
        """When it begins and ends, and its setup."""
        first, last = self.visits[0], self.visits[-1]
        return {
            "arrival_time": timestamp(first.arrival_second),
            "service_start_time": timestamp(first.start_second),
            "departure_time": timestamp(last.end_second),
            "setup_duration": duration(first.start_second - first.ready_second),
        }


class RouteWriter:
    """Writes the routes of one instance."""

    def __init__(self, prepared: Prepared, ways: Ways) -> None:
        """Keeps what all routes share."""
        self._prepared, self._ways = prepared, ways
        self._instance: Instance = prepared.instance
        self._names = prepared.instance.problem.dimensions

    def route(self, route: Route) -> pb.Route:
        """One route with its stops and legs."""
        walk = Walk(self._instance, route)
        groups = tuple(grouped(self._instance, route))
        whole = pb.Route(
            shift_id=walk.shift.shift_id,
            vehicle_id=walk.shift.vehicle.vehicle_id,
            start_time=timestamp(route.start_second),
            end_time=timestamp(route.end_second),
            start_load=load_to_proto(walk.loads[0], self._names),
            peak_load=load_to_proto(peak(walk.loads), self._names),
            costs=costs_to_proto(route.costs),
            cost_micros=route.cost_micros,
            access_charges=access_charges(route, [group.first for group in groups]),
            start_charge_watt_hours=walk.shift.start_charge_watt_hours,
            start_location=latlng(walk.shift.origin),
            end_location=latlng(self._instance.places.points[walk.legs[-1].there]),
        )
        self._add_legs(whole, walk, groups)
        self._add_stops(whole, walk, groups)
        add_breaks(whole, walk, groups)
        whole.metrics.CopyFrom(metrics(whole, walk))
        whole.duty_readings.extend(duty_readings(walk))
        add_emissions(whole, walk, [(group.first, group.visits) for group in groups])
        return whole

    def _add_stops(self, whole: pb.Route, walk: Walk, groups: Sequence[Group]) -> None:
        levels = list(charge_after_legs(walk)) if walk.shift.vehicle.battery else []
        for group in groups:
            stop = whole.stops.add(
                **self._place(walk, group),
                **group.moments,
                departure_load=load_to_proto(
                    walk.loads[group.first + len(group.visits)], self._names
                ),
                arrival_charge_watt_hours=levels[group.first] if levels else 0,
            )
            if not group.is_reload:
                stop.tasks.extend(map(self._stop_task, group.visits))

    def _place(self, walk: Walk, group: Group) -> dict[str, Any]:
        """Where a stop or reload is, and how it is named."""
        if group.is_reload:
            reload = walk.shift.reloads[group.visits[0].option]
            named = {"reload_id": reload.reload_id, "place_id": reload.place_id}
            return {**named, "location": latlng(reload.point)}
        option = self._instance.option(group.visits[0].node)
        return {"place_id": option.place_id, "location": latlng(option.point)}

    def _stop_task(self, visit: Visit) -> pb.StopTask:
        option = self._instance.option(visit.node)
        held = [n for n, window in enumerate(option.windows) if window.holds(visit.start_second)]
        return pb.StopTask(
            task_id=self._instance.problem.tasks[visit.task].task_id,
            alternative_id=option.alternative_id,
            service_start_time=timestamp(visit.start_second),
            service_duration=duration(visit.end_second - visit.start_second),
            window_rank=held[0] if held else -1,
        )

    def _add_legs(self, whole: pb.Route, walk: Walk, groups: Sequence[Group]) -> None:
        shown = [walk.legs[group.first] for group in groups]
        if self._instance.places.ends[walk.route.shift] != NOWHERE or walk.legs[-1].breaks:
            shown.append(walk.legs[-1])
        for leg in shown:
            self._add_leg(whole, walk, leg)

    def _add_leg(self, whole: pb.Route, walk: Walk, leg: Leg) -> None:
        shift, load = walk.shift, walk.loads[leg.rank]
        rest = sum(shift.breaks[held.rule].length_seconds for held in leg.breaks)
        delay = shift.loading_left_seconds if leg.rank == 0 else 0
        begun = leg.departed_second - delay
        lasted = leg.ready_second - begun
        table = self._instance.table_of_shift[walk.route.shift]
        way = self._ways.get((table, leg.here, leg.there))
        energy = shift.vehicle.energy_model.leg_watt_hours(leg.meters, lasted, load[MASS])
        whole.legs.add(
            start_time=timestamp(begun),
            travel_duration=duration(leg.travel_seconds),
            break_duration=duration(rest),
            wait_duration=duration(lasted - leg.travel_seconds - rest - delay),
            delay_duration=duration(delay),
            total_duration=duration(lasted),
            distance_meters=leg.meters,
            polyline=way.polyline if way else "",
            energy_watt_hours=energy if shift.vehicle.battery else 0,
            load=load_to_proto(load, self._names),
            basis=basis_to_proto(basis_of(self._prepared, table, leg.here, leg.there, self._ways)),
        )


def add_breaks(whole: pb.Route, walk: Walk, groups: Sequence[Group]) -> None:
    """The breaks in order of time, each with the leg among those shown."""
    firsts = [group.first for group in groups]
    for held in sorted(walk.route.breaks, key=lambda one: one.start_second):
        rule = walk.shift.breaks[held.rule]
        whole.breaks.add(
            break_id=rule.break_id,
            start_time=timestamp(held.start_second),
            break_duration=duration(rule.length_seconds),
            leg_rank=firsts.index(held.leg) if held.leg in firsts else len(firsts),
        )


def grouped(instance: Instance, route: Route) -> Iterator[Group]:
    """The visits of a route as stops and reloads."""
    first, group = 0, list[Visit]()
    for rank, visit in enumerate(route.visits):
        if group and not joins(instance, group[-1], visit):
            yield Group(first, tuple(group))
            first, group = rank, []
        group.append(visit)
    yield Group(first, tuple(group))


def joins(instance: Instance, before: Visit, visit: Visit) -> bool:
    """Whether a visit belongs to the stop of the one before it."""
    if before.is_reload or visit.is_reload:
        return False
    is_there = instance.place(visit.node) == instance.place(before.node)
    return is_there and visit.ready_second == before.end_second


def peak(loads: Sequence[Loads]) -> Loads:
    """The highest load of each dimension."""
    return tuple(max(amounts) for amounts in zip(*loads, strict=True))


def basis_to_proto(basis: Basis | None) -> pb.TravelBasis.ValueType:
    """What travel rests on; unspecified within one place."""
    return pb.TravelBasis.Value(f"TRAVEL_BASIS_{basis.value if basis else 'UNSPECIFIED'}")


def metrics(whole: pb.Route, walk: Walk) -> pb.RouteMetrics:
    """A route summed up."""
    legs, shift, route = whole.legs, walk.shift, walk.route
    work = sum(visit.end_second - visit.ready_second for visit in route.served)
    loading = sum(visit.end_second - visit.ready_second for visit in walk.reloads)
    return pb.RouteMetrics(
        route_count=1,
        stop_count=len(whole.stops) - len(walk.reloads),
        reload_count=len(walk.reloads),
        task_count=len(route.served),
        distance_meters=sum(leg.distance_meters for leg in legs),
        travel_duration=duration(sum(leg.travel_duration.seconds for leg in legs)),
        service_duration=duration(work),
        wait_duration=duration(sum(leg.wait_duration.seconds for leg in legs)),
        break_duration=duration(sum(leg.break_duration.seconds for leg in legs)),
        delay_duration=duration(shift.loading_left_seconds + shift.unloading_seconds + loading),
        total_duration=duration(route.end_second - route.start_second),
        energy_watt_hours=sum(leg.energy_watt_hours for leg in legs),
    )
