"""
One good and one bad request for every rpc of the planner, in the order in which they are called.

Whoever adds an rpc adds a line to `CALLS`; a test holds both lists equal.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from google.protobuf.duration_pb2 import Duration

from doorstep.planner.v1 import event_pb2, optimization_pb2, problem_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from services.planner.tests import wire
from tests.contracts.live import Call

QUICK = optimization_pb2.SearchOptions(solution_limit=20, search_duration=Duration(seconds=5))
LONG = optimization_pb2.SearchOptions(
    solution_limit=10_000_000, search_duration=Duration(seconds=600)
)
TASKS = 6
NOBODY = "opt_nobody"


@dataclass
class Known:
    """What earlier calls made, for those that follow."""

    routes: list[problem_pb2.FixedRoute] = field(default_factory=list)
    solve_id: str = ""
    optimization_id: str = ""
    long_optimization_id: str = ""
    batch_id: str = ""
    long_batch_id: str = ""


def problem() -> problem_pb2.Problem:
    """A small day."""
    return wire.city(TASKS, 2)


def long_day() -> problem_pb2.Problem:
    """One big enough to be searched for as long as it may."""
    return wire.city(100, 8)


def contradiction() -> problem_pb2.Problem:
    """A day with one task twice."""
    own = problem()
    own.tasks[1].task_id = own.tasks[0].task_id
    return own


def with_new_task() -> problem_pb2.Problem:
    """A small day and one task more, that stands in no route."""
    own = problem()
    own.tasks.append(wire.task("new", 60.1701, 24.9433))
    return own


def too_heavy() -> problem_pb2.Problem:
    """The same with a task that no vehicle can carry."""
    own = with_new_task()
    own.tasks[-1].load.mass_grams = 900_000
    return own


def request_id() -> str:
    """An id that nobody used."""
    return str(uuid.uuid4())


def part(
    part_id: str, options: optimization_pb2.SearchOptions, own: problem_pb2.Problem | None = None
) -> pb.BatchProblem:
    """One part of a batch."""
    return pb.BatchProblem(part_id=part_id, problem=own or problem(), options=options)


def start(
    own: problem_pb2.Problem, options: optimization_pb2.SearchOptions = QUICK
) -> pb.StartOptimizationRequest:
    """An optimization to start."""
    return pb.StartOptimizationRequest(request_id=request_id(), problem=own, options=options)


def start_batch(*parts: pb.BatchProblem) -> pb.StartBatchOptimizationRequest:
    """A batch to start."""
    return pb.StartBatchOptimizationRequest(request_id=request_id(), parts=parts)


def matrix() -> pb.ComputeTravelMatrixRequest:
    """Times between two doors."""
    return pb.ComputeTravelMatrixRequest(
        origins=[task.location for task in problem().tasks[:2]], vehicle=wire.vehicle("van")
    )


CALLS = (
    Call(
        "GetRoadMap",
        lambda known: pb.GetRoadMapRequest(),
        None,
        "CALLER_NOT_ALLOWED",
    ),
    Call(
        "LintProblem",
        lambda known: pb.LintProblemRequest(problem=problem()),
        pb.LintProblemRequest(problem=contradiction()),
        "PROBLEM_INVALID",
    ),
    Call(
        "ComputeTravelMatrix",
        lambda known: matrix(),
        pb.ComputeTravelMatrixRequest(vehicle=wire.vehicle("van")),
        "FIELD_INVALID",
    ),
    Call(
        "OptimizeRoutes",
        lambda known: pb.OptimizeRoutesRequest(problem=problem(), options=QUICK),
        pb.OptimizeRoutesRequest(problem=contradiction()),
        "PROBLEM_INVALID",
    ),
    Call(
        "EvaluateRoutes",
        lambda known: pb.EvaluateRoutesRequest(problem=problem(), routes=known.routes),
        pb.EvaluateRoutesRequest(problem=problem(), routes=wire.fixed({"nobody": ["t0"]})),
        "PROBLEM_INVALID",
    ),
    Call(
        "ReoptimizeRoutes",
        lambda known: pb.ReoptimizeRoutesRequest(
            problem=problem_pb2.Problem(
                tasks=problem().tasks,
                shifts=problem().shifts,
                churn=problem_pb2.ChurnPolicy(
                    base_routes=known.routes, shift_change_cost_micros=1_000_000
                ),
            ),
            options=QUICK,
        ),
        pb.ReoptimizeRoutesRequest(problem=contradiction()),
        "PROBLEM_INVALID",
    ),
    Call(
        "ProposeInsertions",
        lambda known: pb.ProposeInsertionsRequest(
            problem=with_new_task(), routes=known.routes, task_ids=["new"]
        ),
        pb.ProposeInsertionsRequest(problem=problem(), task_ids=["nobody"]),
        "PROBLEM_INVALID",
    ),
    Call(
        "SuggestTimeWindows",
        lambda known: pb.SuggestTimeWindowsRequest(
            problem=with_new_task(),
            routes=known.routes,
            task_id="new",
            windows=[wire.interval(9, 11), wire.interval(13, 15)],
        ),
        pb.SuggestTimeWindowsRequest(
            problem=problem(), task_id="nobody", windows=[wire.interval(9, 11)]
        ),
        "PROBLEM_INVALID",
    ),
    Call(
        "ExplainUnassigned",
        lambda known: pb.ExplainUnassignedRequest(
            problem=too_heavy(), routes=known.routes, task_ids=["new"]
        ),
        pb.ExplainUnassignedRequest(problem=problem(), task_ids=["nobody"]),
        "PROBLEM_INVALID",
    ),
    Call(
        "ReplayOptimization",
        lambda known: pb.ReplayOptimizationRequest(optimization_id=known.solve_id),
        pb.ReplayOptimizationRequest(optimization_id=NOBODY),
        "OPTIMIZATION_UNKNOWN",
    ),
    Call(
        "StartOptimization",
        lambda known: start(problem()),
        start(contradiction()),
        "PROBLEM_INVALID",
    ),
    Call(
        "WatchOptimization",
        lambda known: pb.WatchOptimizationRequest(optimization_id=known.optimization_id),
        pb.WatchOptimizationRequest(optimization_id=NOBODY),
        "OPTIMIZATION_UNKNOWN",
    ),
    Call(
        "GetOptimization",
        lambda known: pb.GetOptimizationRequest(optimization_id=known.optimization_id),
        pb.GetOptimizationRequest(optimization_id=NOBODY),
        "OPTIMIZATION_UNKNOWN",
    ),
    Call(
        "ListOptimizations",
        lambda known: pb.ListOptimizationsRequest(page_size=1),
        pb.ListOptimizationsRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "CancelOptimization",
        lambda known: pb.CancelOptimizationRequest(
            request_id=request_id(), optimization_id=known.long_optimization_id
        ),
        pb.CancelOptimizationRequest(request_id=request_id(), optimization_id=NOBODY),
        "OPTIMIZATION_UNKNOWN",
    ),
    Call(
        "StartBatchOptimization",
        lambda known: start_batch(part("north", QUICK), part("south", QUICK)),
        start_batch(part("north", QUICK), part("south", QUICK, contradiction())),
        "PROBLEM_INVALID",
    ),
    Call(
        "WatchBatchOptimization",
        lambda known: pb.WatchBatchOptimizationRequest(batch_optimization_id=known.batch_id),
        pb.WatchBatchOptimizationRequest(batch_optimization_id=NOBODY),
        "BATCH_UNKNOWN",
    ),
    Call(
        "GetBatchOptimization",
        lambda known: pb.GetBatchOptimizationRequest(batch_optimization_id=known.batch_id),
        pb.GetBatchOptimizationRequest(batch_optimization_id=NOBODY),
        "BATCH_UNKNOWN",
    ),
    Call(
        "CancelBatchOptimization",
        lambda known: pb.CancelBatchOptimizationRequest(
            request_id=request_id(), batch_optimization_id=known.long_batch_id
        ),
        pb.CancelBatchOptimizationRequest(request_id=request_id(), batch_optimization_id=NOBODY),
        "BATCH_UNKNOWN",
    ),
    Call(
        "WatchEvents",
        lambda known: event_pb2.WatchEventsRequest(),
        event_pb2.WatchEventsRequest(types=["no such event"]),
        "EVENT_TYPE_UNKNOWN",
    ),
)
