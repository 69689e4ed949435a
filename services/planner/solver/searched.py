"""
The instance that engines search: what only the master follows is left out, or put into costs.

Fewest shifts: whoever is used costs more than any detour that avoids it. What leaving a task out
costs rises by as much, so that no task is left out to save a shift.

Frozen heads: what is decided is served before all else, whatever it costs. So its tasks are of the
highest tier, and leaving one out costs more than all that could be had for it.
"""

from __future__ import annotations

from dataclasses import replace

from services.planner.domain.instance import Instance, default_penalty_micros
from services.planner.domain.shift import Shift
from services.planner.domain.task import PRIORITY_MAX, Task

WORTH_MAX = 10**14  # micros of a frozen task: sums of 10,000 fit well into 64 bits


def searched(instance: Instance) -> Instance:
    """The instance itself, or one without balance in which few shifts and frozen heads pay."""
    instance, objective = with_heads(instance), instance.problem.objective
    plain = replace(objective, balance=None, balance_cost_percent_max=0, fewest_shifts=False)
    if objective == plain:
        return instance
    problem = replace(instance.problem, objective=plain)
    if objective.fewest_shifts:
        more = default_penalty_micros(problem.shifts)
        shifts = tuple(dearer(shift, more) for shift in problem.shifts)
        tasks = tuple(worthier(task, more) for task in problem.tasks)
        problem = replace(problem, shifts=shifts, tasks=tasks)
    return replace(instance, problem=problem)


def with_heads(instance: Instance) -> Instance:
    """The instance itself, or one whose frozen tasks are worth more than all others."""
    problem = instance.problem
    frozen = {pin.task_id for pin in problem.pins if pin.is_frozen}
    if not frozen:
        return instance
    worth = min(WORTH_MAX, sum(instance.penalties) + default_penalty_micros(problem.shifts))
    tasks = tuple(
        replace(task, priority=PRIORITY_MAX, penalty_micros=worth)
        if task.task_id in frozen
        else task
        for task in problem.tasks
    )
    return replace(instance, problem=replace(problem, tasks=tasks))


def dearer(shift: Shift, more: int) -> Shift:
    """A shift whose use costs more."""
    costs = shift.costs.effective
    return replace(shift, costs=replace(costs, fixed_micros=costs.fixed_micros + more))


def worthier(task: Task, more: int) -> Task:
    """A task with a penalty of its own that costs more to leave out."""
    own = task.penalty_micros
    return replace(task, penalty_micros=own + more) if own else task
