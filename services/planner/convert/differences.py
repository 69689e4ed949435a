"""How a plan differs from the known one: domain to wire."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from doorstep.planner.v1 import insertion_pb2 as pb
from services.planner.convert.moments import duration, timestamp
from services.planner.convert.terms import costs_to_proto
from services.planner.domain.difference import Change, ChangeKind, Difference, Spot


def change_to_proto(change: Change) -> pb.PlanChange:
    """What happens to one task."""
    return pb.PlanChange(
        task_id=change.task_id,
        kind=pb.PlanChangeKind.Value(f"PLAN_CHANGE_KIND_{change.kind.value}"),
        base_shift_id=change.base.shift_id,
        shift_id=change.now.shift_id,
        delta_duration=duration(change.seconds),
        base_rank=change.base.rank,
        rank=change.now.rank,
        base_service_start_time=start_of(change.base),
        service_start_time=start_of(change.now),
    )


def start_of(spot: Spot) -> Timestamp | None:
    """When a task is served; None when it is not, or when that is unknown."""
    return None if spot.second is None else timestamp(spot.second)


def difference_to_proto(difference: Difference) -> pb.PlanDifference:
    """All changes, summed up."""
    return pb.PlanDifference(
        delta_cost_micros=difference.delta_cost_micros,
        delta_costs=costs_to_proto(difference.delta_costs),
        delta_distance_meters=difference.delta_meters,
        delta_late_duration=duration(difference.delta_late_seconds),
        delta_co2e_milligrams=difference.delta_milligrams,
        base_cost_micros=difference.base_cost_micros,
        lost_task_ids=difference.lost_task_ids,
        moved_count=difference.count(ChangeKind.MOVED),
        retimed_count=difference.count(ChangeKind.RETIMED),
        added_count=difference.count(ChangeKind.ADDED),
        dropped_count=difference.count(ChangeKind.DROPPED),
    )
