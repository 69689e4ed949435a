"""Plans: domain to wire."""

from __future__ import annotations

from collections.abc import Iterable

from doorstep.planner.v1 import plan_pb2 as pb
from doorstep.planner.v1 import problem_pb2
from services.planner.convert.moments import duration
from services.planner.convert.reasons import reason_to_proto, unassigned_to_proto
from services.planner.convert.routes import RouteWriter
from services.planner.convert.sentences import sentence
from services.planner.convert.sizes import fitted
from services.planner.convert.terms import costs_to_proto
from services.planner.domain.plan import Evenness, Notice, Plan, Route, SolveRecord, Violation
from services.planner.usecases.optimize import Answer


def plan_to_proto(answer: Answer) -> pb.Plan:
    """A whole answer, as much of it as fits into a message."""
    plan, problem = answer.plan, answer.prepared.instance.problem
    writer = RouteWriter(answer.prepared, answer.finished.ways)
    routes = [writer.route(route) for route in in_order(plan)]
    whole = pb.Plan(
        optimization_id=answer.optimization_id,
        routes=routes,
        unassigned=[unassigned_to_proto(problem, left) for left in plan.unassigned],
        violations=map(violation_to_proto, plan.violations),
        notices=map(notice_to_proto, answer.prepared.notices),
        costs=costs_to_proto(plan.costs),
        cost_micros=plan.cost_micros,
        metrics=summed(route.metrics for route in routes),
        access_checked=answer.finished.access_checked,
        record=record_to_proto(answer.record),
        factor_set_versions=factor_versions(routes),
        evenness=evenness_to_proto(plan.evenness) if plan.evenness else None,
    )
    return fitted(whole)


def evenness_to_proto(evenness: Evenness) -> pb.Evenness:
    """How even the routes are."""
    return pb.Evenness(
        measure=problem_pb2.BalanceMeasure.Value(f"BALANCE_MEASURE_{evenness.measure.value}"),
        lowest=evenness.lowest,
        highest=evenness.highest,
        cheapest_cost_micros=evenness.cheapest_micros,
    )


def factor_versions(routes: Iterable[pb.Route]) -> list[str]:
    """The versions of the factor sets that routes rest on, each once."""
    named = (route.factor_set_version for route in routes)
    return list(dict.fromkeys(name for name in named if name))


def in_order(plan: Plan) -> list[Route]:
    """The routes in the problem's order of shifts."""
    return sorted(plan.routes, key=lambda route: route.shift)


def violation_to_proto(violation: Violation) -> pb.Violation:
    """A broken rule."""
    return pb.Violation(
        reason=reason_to_proto(violation.reason),
        shift_id=violation.shift_id,
        task_id=violation.task_id,
        hard=violation.hard,
        excess_duration=duration(violation.excess_seconds),
        excess_amount=violation.excess_amount,
        subject=violation.subject,
        message=sentence(violation),
    )


def notice_to_proto(notice: Notice) -> pb.LintNotice:
    """A suspicion."""
    return pb.LintNotice(
        code=pb.LintCode.Value(f"LINT_CODE_{notice.code}"),
        cause=notice.cause,
        action=notice.action,
        field_path=notice.field_path,
        subject_id=notice.subject_id,
    )


def record_to_proto(record: SolveRecord) -> pb.SolveRecord:
    """How a plan came about."""
    return pb.SolveRecord(
        problem_digest=record.problem_digest,
        seed=record.seed,
        engine_version=record.engine_version,
        rules_version=record.rules_version,
        access_rules_version=record.access_rules_version,
        map_id=record.map_id,
        solution_count=record.solution_count,
        end=pb.SolveEnd.Value(f"SOLVE_END_{record.end.value}"),
        solve_duration=duration(-(-record.solve_milliseconds // 1_000)),
    )


def summed(metrics: Iterable[pb.RouteMetrics]) -> pb.RouteMetrics:
    """All routes together; emissions only where they are known of every route."""
    whole, is_known = pb.RouteMetrics(), True
    for own in metrics:
        is_known = is_known and own.HasField("co2e_milligrams")
        for field, value in own.ListFields():
            if field.message_type is None:
                setattr(whole, field.name, getattr(whole, field.name) + value)
            else:
                getattr(whole, field.name).seconds += value.seconds
    if not is_known:
        whole.ClearField("co2e_milligrams")
    return whole
