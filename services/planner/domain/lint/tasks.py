"""Suspicions about what a task asks for and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.money import SECONDS_PER_HOUR, priced
from services.planner.domain.plan import Notice
from services.planner.domain.problem import MASS, Problem
from services.planner.domain.task import Task, TaskKind


class TaskLint:
    """What all tasks are held against: each kind of shift once."""

    def __init__(self, problem: Problem) -> None:
        """Reads the shifts."""
        self.held = {
            own.skill
            for shift in problem.shifts
            for own in shift.skills
            if own.expire_second is None or own.expire_second > shift.ready_second
        }
        self.capacities = tuple(dict.fromkeys(shift.vehicle.capacity for shift in problem.shifts))
        self.shift_ids = frozenset(problem.rank_of_shift)
        self.vehicle_of = {shift.shift_id: shift.vehicle.vehicle_id for shift in problem.shifts}
        rates = [shift.costs.effective for shift in problem.shifts]
        self.hour_micros = min((cost.hour_micros for cost in rates), default=0)
        self.lowest_tier = min((task.priority for task in problem.tasks), default=0)

    def notices(self, task: Task, path: str) -> Iterator[Notice]:
        """All of them."""
        yield from self.about_skills(task, path)
        yield from self.about_load(task, path)
        yield from self.about_shifts(task, path)
        yield from self.about_penalty(task, path)
        if task.preferred_shift_ids and not task.preference_cost_micros:
            cause, field = "another shift costs nothing", f"{path}.preference_cost_micros"
            action = "state what another shift costs"
            yield Notice("PREFERENCE_UNPAID", cause, action, field, task.task_id)

    def about_skills(self, task: Task, path: str) -> Iterator[Notice]:
        """Skills that nobody has, or whose holders' have all expired."""
        missing = sorted(task.skills.all_of - self.held)
        if task.skills.one_of and not task.skills.one_of & self.held:
            missing.append("|".join(sorted(task.skills.one_of)))
        for skill in missing:
            cause = f"no shift holds {skill}"
            action = "check its spelling, or give it to a shift"
            yield Notice("SKILL_HELD_BY_NONE", cause, action, f"{path}.skills", task.task_id)

    def about_load(self, task: Task, path: str) -> Iterator[Notice]:
        """Loads that fit no vehicle."""
        fits = task.kind is TaskKind.SERVICE or any(
            all(not room or need <= room for need, room in zip(task.loads, limit, strict=True))
            for limit in self.capacities
        )
        if not fits:
            cause = f"no vehicle takes the load ({task.loads[MASS]} g)"
            action = "split it, or send a bigger vehicle"
            yield Notice("LOAD_TOO_BIG", cause, action, f"{path}.load", task.task_id)

    def about_shifts(self, task: Task, path: str) -> Iterator[Notice]:
        """Tasks that every shift or vehicle is kept from."""
        if not (task.allowed_shift_ids or task.excluded_shift_ids or task.excluded_vehicle_ids):
            return
        allowed = task.allowed_shift_ids & self.shift_ids
        if not task.allowed_shift_ids:
            allowed = self.shift_ids
        left = (
            shift_id
            for shift_id in allowed - task.excluded_shift_ids
            if self.vehicle_of[shift_id] not in task.excluded_vehicle_ids
        )
        if next(left, None) is None:
            cause = "it allows no shift of the problem, or excludes all that it allows"
            action, field = "lift an exclusion, or add a shift", f"{path}.allowed_shift_ids"
            yield Notice("EXCLUDED_EVERYWHERE", cause, action, field, task.task_id)

    def about_penalty(self, task: Task, path: str) -> Iterator[Notice]:
        """Penalties below what service alone costs, so that leaving the task out always pays."""
        if not task.penalty_micros or task.priority > self.lowest_tier:
            return
        seconds = min(
            min([option.service_seconds, *dict(option.profile_service_seconds).values()])
            for option in task.options
        )
        extra = min(option.extra_cost_micros for option in task.options)
        least = priced(self.hour_micros, seconds, SECONDS_PER_HOUR) + extra
        if task.penalty_micros < least:
            cause = f"leaving it out costs {task.penalty_micros}, its service alone {least} micros"
            action, field = "raise it, if the task is to be served", f"{path}.penalty_micros"
            yield Notice("PENALTY_LOW", cause, action, field, task.task_id)
