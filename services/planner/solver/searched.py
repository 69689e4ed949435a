"""
The instance that engines search: what only the master follows is left out, or put into costs.

Fewest shifts: whoever is used costs more than any detour that avoids it. What leaving a task out
costs rises by as much, so that no task is left out to save a shift.
"""

from __future__ import annotations

from dataclasses import replace

from services.planner.domain.instance import Instance, default_penalty_micros
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task


def searched(instance: Instance) -> Instance:
    """The instance itself, or one without balance, in which as few shifts as possible pay."""
    problem, objective = instance.problem, instance.problem.objective
    plain = replace(objective, balance=None, balance_cost_percent_max=0, fewest_shifts=False)
    if objective == plain:
        return instance
    if not objective.fewest_shifts:
        return replace(instance, problem=replace(problem, objective=plain))
    more = default_penalty_micros(problem.shifts)
    shifts = tuple(dearer(shift, more) for shift in problem.shifts)
    tasks = tuple(worthier(task, more) for task in problem.tasks)
    return replace(instance, problem=replace(problem, shifts=shifts, tasks=tasks, objective=plain))


def dearer(shift: Shift, more: int) -> Shift:
    """A shift whose use costs more."""
    costs = shift.costs.effective
    return replace(shift, costs=replace(costs, fixed_micros=costs.fixed_micros + more))


def worthier(task: Task, more: int) -> Task:
    """A task with a penalty of its own that costs more to leave out."""
    own = task.penalty_micros
    return replace(task, penalty_micros=own + more) if own else task
