"""Insertions: domain to wire."""

from __future__ import annotations

from collections.abc import Iterator

from doorstep.planner.v1 import insertion_pb2 as pb
from doorstep.planner.v1 import plan_pb2
from services.planner.convert.moments import duration
from services.planner.convert.reasons import unassigned_to_proto
from services.planner.convert.routes import RouteWriter
from services.planner.domain.plan import Route, Unassigned, WhyNot
from services.planner.domain.reason import Reason
from services.planner.search.answers import TaskProposals
from services.planner.search.insert import Insertion
from services.planner.usecases.given import InsertionAnswer


def insertions_to_proto(answer: InsertionAnswer) -> Iterator[pb.TaskInsertions]:
    """The insertions of each task."""
    writer = RouteWriter(answer.prepared, answer.finished.ways)
    routes = iter(answer.finished.plan.routes)
    tasks = answer.prepared.instance.problem.tasks
    for own in answer.proposals:
        found = [insertion_to_proto(answer, writer, one, next(routes)) for one in own.insertions]
        message = pb.TaskInsertions(task_id=tasks[own.task].task_id, insertions=found)
        if not found:
            message.unassigned.CopyFrom(why_none(answer, own))
        yield message


def why_none(answer: InsertionAnswer, own: TaskProposals) -> plan_pb2.UnassignedTask:
    """Why a task has no insertion: what the search says, else compliance denied them all."""
    instance = answer.prepared.instance
    denied = WhyNot(Reason.ZONE, (), "compliance denies the way to it")
    left = own.unassigned or Unassigned(own.task, instance.penalties[own.task], (denied,))
    return unassigned_to_proto(instance.problem, left)


def insertion_to_proto(
    answer: InsertionAnswer, writer: RouteWriter, insertion: Insertion, route: Route
) -> pb.Insertion:
    """One insertion, with the route as it would be."""
    problem = answer.prepared.instance.problem
    base = answer.base_routes[insertion.line]
    whole = writer.route(route)
    before = writer.route(base).metrics if base else plan_pb2.RouteMetrics()
    after = whole.metrics
    return pb.Insertion(
        shift_id=problem.shifts[insertion.line].shift_id,
        rank=insertion.rank,
        alternative_id=writer_alternative(answer, route, insertion.rank),
        delta_cost_micros=insertion.delta_micros,
        delta_distance_meters=after.distance_meters - before.distance_meters,
        delta_duration=duration(after.total_duration.seconds - before.total_duration.seconds),
        delta_energy_watt_hours=after.energy_watt_hours - before.energy_watt_hours,
        task_shifts=task_shifts(answer, base, route),
        route=whole,
    )


def writer_alternative(answer: InsertionAnswer, route: Route, rank: int) -> str:
    """The alternative at which the inserted task is done."""
    visit = route.visits[rank]
    return answer.prepared.instance.option(visit.node).alternative_id


def task_shifts(
    answer: InsertionAnswer, base: Route | None, route: Route
) -> Iterator[pb.TaskShift]:
    """The tasks of the route whose service moves."""
    tasks = answer.prepared.instance.problem.tasks
    starts = {visit.task: visit.start_second for visit in (base.served if base else ())}
    for visit in route.served:
        moved = visit.start_second - starts.get(visit.task, visit.start_second)
        if moved:
            yield pb.TaskShift(task_id=tasks[visit.task].task_id, delta_duration=duration(moved))
