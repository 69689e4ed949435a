"""
Routes: domain to wire.

Visits become stops: consecutive tasks at one place with no waiting or break between them. Legs
follow the stops: one to each, and one to the end unless the route ends at its last stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doorstep.planner.v1 import plan_pb2 as pb
from services.planner.convert.moments import duration, timestamp
from services.planner.convert.places import latlng, load_to_proto
from services.planner.convert.terms import access_charges, costs_to_proto
from services.planner.domain.instance import Instance
from services.planner.domain.places import NOWHERE
from services.planner.domain.plan import Route, Visit
from services.planner.domain.shift import Shift
from services.planner.domain.task import Loads
from services.planner.domain.travel import Basis
from services.planner.rules import charge, walk
from services.planner.usecases.finish import Ways, basis_of
from services.planner.usecases.world import Prepared


@dataclass(frozen=True, slots=True)
class Group:
    """Visits that make one stop."""

    first: int
    visits: tuple[Visit, ...]


class RouteWriter:
    """Writes the routes of one instance."""

    def __init__(self, prepared: Prepared, ways: Ways) -> None:
        """Keeps what all routes share."""
        self._prepared, self._ways = prepared, ways
        self._instance: Instance = prepared.instance
        self._names = prepared.instance.problem.dimensions

    def route(self, route: Route) -> pb.Route:
        """One route with its stops and legs."""
        shift = walk.shift_of(self._instance, route)
        loads = list(walk.loads_on_legs(self._instance, route))
        groups = tuple(grouped(self._instance, route))
        whole = pb.Route(
            shift_id=shift.shift_id,
            vehicle_id=shift.vehicle.vehicle_id,
            start_time=timestamp(route.start_second),
            end_time=timestamp(route.end_second),
            start_load=load_to_proto(loads[0], self._names),
            peak_load=load_to_proto(peak(loads), self._names),
            costs=costs_to_proto(route.costs),
            cost_micros=route.cost_micros,
            access_charges=access_charges(route, [group.first for group in groups]),
            start_charge_watt_hours=shift.start_charge_watt_hours,
            start_location=latlng(shift.origin),
        )
        self._add_legs(whole, route, groups, loads)
        self._add_stops(whole, route, groups, loads)
        self._add_breaks(whole, route, groups)
        end = self._instance.end_place(route.shift, self._place(route.visits[-1]))
        whole.end_location.CopyFrom(latlng(self._instance.places.points[end]))
        whole.metrics.CopyFrom(metrics(whole, route, shift))
        return whole

    def _place(self, visit: Visit) -> int:
        return self._instance.place((visit.task, visit.option))

    def _add_stops(
        self, whole: pb.Route, route: Route, groups: Sequence[Group], loads: Sequence[Loads]
    ) -> None:
        shift = walk.shift_of(self._instance, route)
        levels = list(charge.charge_after_legs(self._instance, route))
        for group in groups:
            first, last = group.visits[0], group.visits[-1]
            option = self._instance.option((first.task, first.option))
            whole.stops.add(
                tasks=map(self._stop_task, group.visits),
                place_id=option.place_id,
                location=latlng(option.point),
                arrival_time=timestamp(first.arrival_second),
                service_start_time=timestamp(first.start_second),
                departure_time=timestamp(last.end_second),
                setup_duration=duration(first.start_second - first.ready_second),
                departure_load=load_to_proto(loads[group.first + len(group.visits)], self._names),
                arrival_charge_watt_hours=levels[group.first] if shift.vehicle.battery else 0,
            )

    def _stop_task(self, visit: Visit) -> pb.StopTask:
        option = self._instance.option((visit.task, visit.option))
        held = [n for n, window in enumerate(option.windows) if window.holds(visit.start_second)]
        return pb.StopTask(
            task_id=self._instance.problem.tasks[visit.task].task_id,
            alternative_id=option.alternative_id,
            service_start_time=timestamp(visit.start_second),
            service_duration=duration(visit.end_second - visit.start_second),
            window_rank=held[0] if held else -1,
        )

    def _add_legs(
        self, whole: pb.Route, route: Route, groups: Sequence[Group], loads: Sequence[Loads]
    ) -> None:
        legs = list(walk.legs(self._instance, route))
        shown = [legs[group.first] for group in groups]
        if self._instance.places.ends[route.shift] != NOWHERE or legs[-1].breaks:
            shown.append(legs[-1])
        for leg in shown:
            self._add_leg(whole, route, leg, loads[leg.rank])

    def _add_leg(self, whole: pb.Route, route: Route, leg: walk.Leg, load: Loads) -> None:
        shift, instance = walk.shift_of(self._instance, route), self._instance
        travel = instance.travel_seconds(route.shift, leg.here, leg.there)
        rest = sum(shift.breaks[held.rule].length_seconds for held in leg.breaks)
        delay = shift.loading_left_seconds if leg.rank == 0 else 0
        begun = leg.departed_second - delay
        lasted = leg.ready_second - begun
        meters = instance.travel_meters(route.shift, leg.here, leg.there)
        table = instance.table_of_shift[route.shift]
        way = self._ways.get((table, leg.here, leg.there))
        energy = shift.vehicle.energy_model.leg_watt_hours(meters, lasted, load[0])
        whole.legs.add(
            start_time=timestamp(begun),
            travel_duration=duration(travel),
            break_duration=duration(rest),
            wait_duration=duration(lasted - travel - rest - delay),
            delay_duration=duration(delay),
            total_duration=duration(lasted),
            distance_meters=meters,
            polyline=way.polyline if way else "",
            energy_watt_hours=energy if shift.vehicle.battery else 0,
            load=load_to_proto(load, self._names),
            basis=basis_to_proto(basis_of(self._prepared, table, leg.here, leg.there, self._ways)),
        )

    def _add_breaks(self, whole: pb.Route, route: Route, groups: Sequence[Group]) -> None:
        shift = walk.shift_of(self._instance, route)
        firsts = [group.first for group in groups]
        for held in sorted(route.breaks, key=lambda one: one.start_second):
            rule = shift.breaks[held.rule]
            whole.breaks.add(
                break_id=rule.break_id,
                start_time=timestamp(held.start_second),
                break_duration=duration(rule.length_seconds),
                leg_rank=firsts.index(held.leg) if held.leg in firsts else len(firsts),
            )


def grouped(instance: Instance, route: Route) -> Iterator[Group]:
    """The visits of a route as stops."""
    first, group = 0, list[Visit]()
    for rank, visit in enumerate(route.visits):
        joins = bool(group) and (
            instance.place((visit.task, visit.option))
            == instance.place((group[-1].task, group[-1].option))
            and visit.ready_second == group[-1].end_second
        )
        if group and not joins:
            yield Group(first, tuple(group))
            first, group = rank, []
        group.append(visit)
    yield Group(first, tuple(group))


def peak(loads: Sequence[Loads]) -> Loads:
    """The highest load of each dimension."""
    return tuple(max(amounts) for amounts in zip(*loads, strict=True))


def basis_to_proto(basis: Basis | None) -> pb.TravelBasis.ValueType:
    """What travel rests on; unspecified within one place."""
    return pb.TravelBasis.Value(f"TRAVEL_BASIS_{basis.value if basis else 'UNSPECIFIED'}")


def metrics(whole: pb.Route, route: Route, shift: Shift) -> pb.RouteMetrics:
    """A route summed up."""
    legs = whole.legs
    work = sum(visit.end_second - visit.ready_second for visit in route.visits)
    return pb.RouteMetrics(
        route_count=1,
        stop_count=len(whole.stops),
        task_count=len(route.visits),
        distance_meters=sum(leg.distance_meters for leg in legs),
        travel_duration=duration(sum(leg.travel_duration.seconds for leg in legs)),
        service_duration=duration(work),
        wait_duration=duration(sum(leg.wait_duration.seconds for leg in legs)),
        break_duration=duration(sum(leg.break_duration.seconds for leg in legs)),
        delay_duration=duration(shift.loading_left_seconds + shift.unloading_seconds),
        total_duration=duration(route.end_second - route.start_second),
        energy_watt_hours=sum(leg.energy_watt_hours for leg in legs),
    )
