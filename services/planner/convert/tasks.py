"""Tasks: wire to domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doorstep.planner.v1 import task_pb2 as pb
from doorstep.planner.v1 import vehicle_pb2
from services.planner.convert.faults import Faults
from services.planner.convert.moments import first_second, last_second, up
from services.planner.convert.places import SOMEWHERE, amounts, point
from services.planner.domain.task import Option, SkillNeed, SlotCost, Task, TaskKind, Window
from services.planner.domain.travel import Profile

KIND_PREFIX, PROFILE_PREFIX = "TASK_TYPE_", "TRAVEL_PROFILE_"
KINDS = {pb.TaskType.Value(f"{KIND_PREFIX}{kind.value}"): kind for kind in TaskKind}


def task(message: pb.Task, names: Sequence[str], path: str, faults: Faults) -> Task | None:
    """A task; what cannot be read of it is noted, and stands in for itself; None: nothing can."""
    options = [own_place(message, path, faults) or Option(SOMEWHERE)]
    for rank, other in enumerate(message.alternatives):
        found = alternative(other, f"{path}.alternatives[{rank}]", faults)
        options.append(found or Option(SOMEWHERE, alternative_id=other.alternative_id))
    loads = faults.take(f"{path}.load", amounts, message.load, names)
    slots = faults.each(f"{path}.slot_costs", slot_cost, message.slot_costs)
    return faults.take(path, made, message, tuple(options), loads or (), slots or ())


def named_task(message: pb.Task) -> Task:
    """The name and kind of a task of which no more can be read, for what else names it."""
    return Task(message.task_id, KINDS.get(message.type, TaskKind.DELIVERY), (Option(SOMEWHERE),))


def made(
    message: pb.Task,
    options: tuple[Option, ...],
    loads: tuple[int, ...],
    slot_costs: tuple[SlotCost, ...],
) -> Task:
    """A task of whole parts; raises ValueError where they contradict one another."""
    return Task(
        task_id=message.task_id,
        kind=TaskKind[pb.TaskType.Name(message.type).removeprefix(KIND_PREFIX)],
        options=options,
        loads=loads,
        skills=skill_need(message.skills),
        priority=message.priority,
        penalty_micros=message.penalty_micros,
        pickup_task_id=message.pickup_task_id,
        ride_limit_seconds=seconds_or_none(message, "ride_limit_duration"),
        allowed_shift_ids=frozenset(message.allowed_shift_ids),
        excluded_shift_ids=frozenset(message.excluded_shift_ids),
        excluded_vehicle_ids=frozenset(message.excluded_vehicle_ids),
        preferred_shift_ids=frozenset(message.preferred_shift_ids),
        preference_cost_micros=message.preference_cost_micros,
        territory_ids=frozenset(message.territory_ids),
        goods_class=message.goods_class,
        earliness_cost_micros_per_hour=message.earliness_cost_micros_per_hour,
        release_second=seconds_or_none(message, "release_time"),
        slot_costs=slot_costs,
    )


def slot_cost(message: pb.SlotCost) -> SlotCost:
    """What failing costs in a slot; raises ValueError without both ends."""
    slot = message.interval
    if not (slot.HasField("start_time") and slot.HasField("end_time")):
        raise ValueError("a slot has a start and an end")
    return SlotCost(first_second(slot), last_second(slot), message.cost_micros)


def seconds_or_none(message: Any, name: str) -> int | None:
    """A length or moment that may be unset, rounded up."""
    return up(getattr(message, name)) if message.HasField(name) else None


def skill_need(message: pb.SkillRequirement) -> SkillNeed:
    """What skills are asked for."""
    return SkillNeed(
        frozenset(message.all_of), frozenset(message.one_of), frozenset(message.none_of)
    )


def own_place(message: pb.Task, path: str, faults: Faults) -> Option | None:
    """The task's own place."""
    refuse_repeated_profiles(message, path, faults)
    own = message.profile_services
    return place(
        message,
        path,
        faults,
        profile_service_seconds=tuple(
            (profile_of(one.profile), up(one.service_duration)) for one in own
        ),
        profile_setup_seconds=tuple(
            (profile_of(one.profile), up(one.setup_duration))
            for one in own
            if one.HasField("setup_duration")
        ),
    )


def alternative(message: pb.AlternativePlace, path: str, faults: Faults) -> Option | None:
    """Another place."""
    return place(
        message,
        path,
        faults,
        alternative_id=message.alternative_id,
        extra_cost_micros=message.extra_cost_micros,
    )


def place(message: Any, path: str, faults: Faults, **more: Any) -> Option | None:
    """What a task and an alternative place have in common."""
    windows = faults.each(f"{path}.windows", window, message.windows)
    position = faults.take(f"{path}.location", point, message.location)
    if position is None or windows is None:
        return None
    return faults.take(
        f"{path}.windows",
        Option,
        point=position,
        place_id=message.place_id,
        windows=windows,
        service_seconds=up(message.service_duration),
        setup_seconds=up(message.setup_duration),
        **more,
    )


def window(message: pb.TimeWindow) -> Window:
    """A window; raises ValueError for one in which nothing can start."""
    soft = message.preferred_interval
    has_soft = message.HasField("preferred_interval")
    return Window(
        first_second=first_second(message.interval),
        last_second=last_second(message.interval),
        soft_first_second=up(soft.start_time) if has_soft and soft.HasField("start_time") else None,
        soft_last_second=up(soft.end_time) - 1 if has_soft and soft.HasField("end_time") else None,
        early_cost_micros_per_hour=message.early_cost_micros_per_hour,
        late_cost_micros_per_hour=message.late_cost_micros_per_hour,
    )


def refuse_repeated_profiles(message: pb.Task, path: str, faults: Faults) -> None:
    """Notes every profile that stands twice."""
    seen: set[int] = set()
    for rank, own in enumerate(message.profile_services):
        if own.profile in seen:
            faults.add(f"{path}.profile_services[{rank}].profile", "the profile stands twice")
        seen.add(own.profile)


def profile_of(number: Any) -> Profile:
    """A profile by its number on the wire."""
    return Profile[vehicle_pb2.TravelProfile.Name(number).removeprefix(PROFILE_PREFIX)]
