"""Optimizations and batches: domain to wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from doorstep.planner.v1 import event_pb2
from doorstep.planner.v1 import optimization_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2 as service_pb
from meshkit.feed import Draft
from services.planner.convert.plan import record_to_proto
from services.planner.convert.questions import read_plan
from services.planner.convert.sizes import ANSWER_BYTES_MAX
from services.planner.convert.terms import costs_to_proto
from services.planner.domain.optimization import Batch, Optimization, State

PREFIX = "OPTIMIZATION_STATE_"


def optimization_to_proto(own: Optimization) -> pb.Optimization:
    """An optimization without its plan."""
    return pb.Optimization(
        optimization_id=own.optimization_id,
        state=state_to_proto(own.state),
        title=own.title,
        create_time=moment(own.create_time),
        end_time=moment(own.end_time) if own.end_time else None,
        progress_percent=own.progress_percent,
        cost_micros=own.cost_micros,
        bound_micros=own.bound_micros,
        unassigned_count=own.unassigned_count,
        task_count=own.task_count,
        record=record_to_proto(own.record) if own.record else None,
        failure_reason=own.failure_reason,
        costs=costs_to_proto(own.costs),
        batch_optimization_id=own.batch_id,
        plan_count=own.plan_count,
    )


def batch_to_proto(batch: Batch, plans: Mapping[str, bytes]) -> pb.BatchOptimization:
    """A batch with the plans of parts that are given, as far as they go into one message."""
    message = pb.BatchOptimization(
        batch_optimization_id=batch.batch_id,
        state=state_to_proto(batch.state),
        parts=map(part_to_proto, batch.parts),
        create_time=moment(batch.create_time),
        end_time=moment(batch.end_time) if batch.end_time else None,
    )
    left = ANSWER_BYTES_MAX - message.ByteSize()
    for part in message.parts:
        kept = plans.get(part.optimization.optimization_id)
        if kept is not None:
            plan = read_plan(kept)
            if plan.ByteSize() <= left:
                left -= plan.ByteSize()
                part.plan.CopyFrom(plan)
    return message


def plans_in(message: pb.BatchOptimization) -> set[str]:
    """The optimizations whose plans are told."""
    return {own.optimization.optimization_id for own in message.parts if own.HasField("plan")}


def part_to_proto(own: Optimization) -> pb.BatchPart:
    """A part without its plan."""
    return pb.BatchPart(part_id=own.part_id, optimization=optimization_to_proto(own))


def state_to_proto(state: State) -> pb.OptimizationState.ValueType:
    """A state; both lists have the same names."""
    return pb.OptimizationState.Value(PREFIX + state.value)


def states_from_proto(states: Iterable[pb.OptimizationState.ValueType]) -> list[State]:
    """States that a list is asked for."""
    return [State(pb.OptimizationState.Name(state).removeprefix(PREFIX)) for state in states]


def moment(at: datetime) -> Timestamp:
    """A moment."""
    made = Timestamp()
    made.FromDatetime(at)
    return made


def optimization_draft(own: Optimization, at: datetime) -> Draft:
    """An optimization that came to another state."""
    event = event_pb2.OptimizationChanged(optimization=optimization_to_proto(own))
    return Draft("optimization_changed", own.optimization_id, at, event.SerializeToString())


def batch_draft(batch_id: str, state: State, at: datetime) -> Draft:
    """A batch that came to another state."""
    event = event_pb2.BatchOptimizationChanged(
        batch_optimization_id=batch_id, state=state_to_proto(state)
    )
    return Draft("batch_optimization_changed", batch_id, at, event.SerializeToString())


def part_request(part: service_pb.BatchProblem) -> service_pb.OptimizeRoutesRequest:
    """A part as if it had been asked for by itself."""
    return service_pb.OptimizeRoutesRequest(problem=part.problem, options=part.options)
