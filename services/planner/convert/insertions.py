"""Insertions: domain to wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doorstep.planner.v1 import insertion_pb2 as pb
from doorstep.planner.v1 import plan_pb2
from services.planner.convert.moments import duration, timestamp
from services.planner.convert.plan import violation_to_proto
from services.planner.convert.reasons import unassigned_to_proto
from services.planner.convert.routes import RouteWriter
from services.planner.convert.terms import costs_to_proto
from services.planner.domain.difference import delta_costs
from services.planner.domain.footprint import delta_milligrams
from services.planner.domain.instance import is_reload
from services.planner.domain.plan import Route
from services.planner.search.insert import Insertion
from services.planner.usecases.consequences import Risk, delays, promise_risks, soft_caused
from services.planner.usecases.finish import Ways
from services.planner.usecases.given import InsertionAnswer
from services.planner.usecases.world import Prepared


def insertions_to_proto(answer: InsertionAnswer) -> Iterator[pb.TaskInsertions]:
    """The insertions of each task."""
    writer = InsertionWriter(answer.prepared, answer.finished.ways, answer.base_routes)
    routes = iter(answer.finished.plan.routes)
    tasks = answer.prepared.instance.problem.tasks
    for own in answer.proposals:
        found = [writer.insertion(one, next(routes)) for one in own.insertions]
        message = pb.TaskInsertions(task_id=tasks[own.task].task_id, insertions=found)
        if own.unassigned and not found:
            problem = answer.prepared.instance.problem
            message.unassigned.CopyFrom(unassigned_to_proto(problem, own.unassigned))
        yield message


class InsertionWriter:
    """Writes insertions into the given routes of one instance."""

    def __init__(self, prepared: Prepared, ways: Ways, base_routes: Sequence[Route | None]) -> None:
        """Keeps what all insertions share."""
        self._instance = prepared.instance
        self._tasks = prepared.instance.problem.tasks
        self._base_routes = base_routes
        self._writer = RouteWriter(prepared, ways)
        self._before: dict[int, plan_pb2.RouteMetrics] = {}

    def insertion(self, insertion: Insertion, route: Route) -> pb.Insertion:
        """One insertion, with the route as it would be and what follows from it."""
        base = self._base_routes[insertion.line]
        whole, before = self._writer.route(route), self._metrics(insertion.line)
        after = whole.metrics
        lasts = after.total_duration.seconds - before.total_duration.seconds
        message = pb.Insertion(
            shift_id=whole.shift_id,
            rank=task_rank(insertion),
            alternative_id=self._instance.option(insertion.nodes[insertion.rank]).alternative_id,
            delta_cost_micros=insertion.delta_micros,
            delta_distance_meters=after.distance_meters - before.distance_meters,
            delta_duration=duration(lasts),
            delta_energy_watt_hours=after.energy_watt_hours - before.energy_watt_hours,
            delta_co2e_milligrams=delta_milligrams(self._instance, base, route),
            delta_costs=costs_to_proto(delta_costs(base.costs if base else (), route.costs)),
            violations=map(violation_to_proto, soft_caused(self._instance, base, route)),
            promise_risks=map(self._risk, promise_risks(self._instance, base, route)),
            route=whole,
        )
        self._add_delays(message, base, route)
        return message

    def _metrics(self, line: int) -> plan_pb2.RouteMetrics:
        """What a route comes to without the insertion."""
        if line not in self._before:
            base = self._base_routes[line]
            self._before[line] = (
                self._writer.route(base).metrics if base else plan_pb2.RouteMetrics()
            )
        return self._before[line]

    def _add_delays(self, message: pb.Insertion, base: Route | None, route: Route) -> None:
        """The tasks whose service moves, and which of them moves back the most."""
        worst = 0
        for task, moved in delays(base, route):
            name = self._tasks[task].task_id
            message.task_shifts.add(task_id=name, delta_duration=duration(moved))
            if moved > worst:
                worst, message.worst_delay_task_id = moved, name
        message.worst_delay_duration.CopyFrom(duration(worst))

    def _risk(self, risk: Risk) -> pb.PromiseRisk:
        """A promise at risk."""
        known = risk.base_slack_seconds
        return pb.PromiseRisk(
            task_id=self._tasks[risk.task].task_id,
            window_end_time=timestamp(risk.window_end_second),
            slack_duration=duration(risk.slack_seconds),
            base_slack_duration=None if known is None else duration(known),
        )


def task_rank(insertion: Insertion) -> int:
    """The rank of the task among the tasks of its route, reloads left out."""
    return sum(not is_reload(node) for node in insertion.nodes[: insertion.rank])
