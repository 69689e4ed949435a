"""What a sequence breaks whatever its times, and what is on board along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import add, sub

from services.planner.domain.instance import Node, is_reload
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Unloading
from services.planner.domain.task import Loads, TaskKind
from services.planner.search.view import ShiftView


def order_faults(
    view: ShiftView, nodes: Sequence[Node], loads: Sequence[Loads] | None
) -> Iterator[Reason]:
    """Rules that a sequence breaks whatever its times."""
    for node in nodes:
        refusal = view.refusal(node)
        if refusal is not None:
            yield refusal
    if view.frozen and not keeps_head(view, nodes):
        yield Reason.LOCK
    if view.shift.reloads and not keeps_reloads(view, nodes):
        yield Reason.RELOAD
    if view.shift.is_under_way and loaded(view, nodes)[0]:
        yield Reason.LOCK
    if loads and any(load[dimension] > most for load in loads for dimension, most in view.limited):
        yield Reason.CAPACITY
    if view.instance.problem.has_pairs and not keeps_pairs(view, nodes):
        yield Reason.PAIRING
    if view.instance.problem.incompatible_goods and not keeps_goods(view, nodes):
        yield Reason.GOODS
    if view.shift.unloading is not Unloading.ANY and not keeps_door(view, nodes):
        yield Reason.UNLOADING


def tasks_of(nodes: Sequence[Node]) -> list[int]:
    """The tasks of a sequence, reloads left out."""
    return [node[0] for node in nodes if not is_reload(node)]


def keeps_head(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether the frozen tasks that are served come first, in their order."""
    tasks = view.instance.problem.tasks
    served = [tasks[task].task_id for task in tasks_of(nodes)]
    head = [pin.task_id for pin in view.frozen if pin.task_id in served]
    return head == served[: len(head)]


def keeps_reloads(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether a route reloads as often as it may."""
    return sum(map(is_reload, nodes)) <= view.shift.reload_limit


def loaded(view: ShiftView, nodes: Sequence[Node]) -> list[list[int]]:
    """The deliveries loaded at the start, and at each reload: up to the next, from the depot."""
    tasks, trips = view.instance.problem.tasks, [list[int]()]
    for node in nodes:
        if is_reload(node):
            trips.append([])
        elif tasks[node[0]].is_from_depot and node[0] not in view.onboard:
            trips[-1].append(node[0])
    return trips


def ridden(view: ShiftView, nodes: Sequence[Node]) -> set[int]:
    """The pickups whose goods are delivered by the same sequence."""
    problem = view.instance.problem
    own = (problem.tasks[task].pickup_task_id for task in tasks_of(nodes))
    return {problem.rank_of_task[pickup] for pickup in own if pickup}


def loads_along(view: ShiftView, nodes: Sequence[Node]) -> list[Loads]:
    """
    What is on board after the start and after each node.

    At a reload, what was picked up for the depot leaves, with what else was on board at the start.
    """
    tasks, trips = view.instance.problem.tasks, loaded(view, nodes)
    riding = ridden(view, nodes) if view.shift.reloads else set()
    leaving = view.onboard_load
    load = summed(view, leaving, [*view.onboard, *trips[0]])
    found, trip = [load], 0
    for node in nodes:
        task = tasks[node[0]]
        if is_reload(node):
            trip += 1
            load = summed(view, tuple(map(sub, load, leaving)), trips[trip])
            leaving = (0,) * len(load)
        elif task.kind is TaskKind.DELIVERY:
            load = tuple(map(sub, load, task.loads))
        elif task.kind is TaskKind.PICKUP:
            load = tuple(map(add, load, task.loads))
            if node[0] not in riding:
                leaving = tuple(map(add, leaving, task.loads))
        found.append(load)
    return found


def summed(view: ShiftView, load: Loads, tasks: Sequence[int]) -> Loads:
    """A load with those of tasks."""
    for task in tasks:
        load = tuple(map(add, load, view.instance.problem.tasks[task].loads))
    return load


def keeps_pairs(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether every delivery with a pickup comes after it, and no such pickup is alone."""
    problem, picked, open_pickups = view.instance.problem, set[str](), set[str]()
    for rank in tasks_of(nodes):
        task = problem.tasks[rank]
        if problem.deliveries_of_pickup[task.task_id]:
            open_pickups.add(task.task_id)
        picked.add(task.task_id)
        if task.pickup_task_id and task.pickup_task_id not in picked:
            return False
        open_pickups.discard(task.pickup_task_id)
    return not open_pickups


def keeps_goods(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether classes that may not be together are never on board together."""
    problem, trips, trip = view.instance.problem, loaded(view, nodes), 0
    tasks, riding = problem.tasks, ridden(view, nodes)
    aboard = {rank: tasks[rank].goods_class for rank in (*view.onboard, *trips[0])}
    if clash(problem.incompatible_goods, aboard):
        return False
    for node in nodes:
        task = tasks[node[0]]
        if is_reload(node):
            trip += 1
            gone = [r for r in aboard if tasks[r].kind is TaskKind.PICKUP and r not in riding]
            for rank in gone:
                del aboard[rank]
            aboard |= {rank: tasks[rank].goods_class for rank in trips[trip]}
        elif task.kind is TaskKind.PICKUP:
            aboard[node[0]] = task.goods_class
        else:
            own = task.pickup_task_id
            aboard.pop(problem.rank_of_task[own] if own else node[0], None)
            continue
        if clash(problem.incompatible_goods, aboard):
            return False
    return True


def clash(forbidden: frozenset[frozenset[str]], aboard: dict[int, str]) -> bool:
    """Whether two classes on board may not be together."""
    classes = {name for name in aboard.values() if name}
    return any(pair <= classes for pair in forbidden)


def keeps_door(view: ShiftView, nodes: Sequence[Node]) -> bool:
    """Whether picked-up goods leave in the order that the shift demands."""
    problem, stack = view.instance.problem, list[str]()
    at_door = -1 if view.shift.unloading is Unloading.LIFO else 0
    for rank in tasks_of(nodes):
        task = problem.tasks[rank]
        if problem.deliveries_of_pickup[task.task_id]:
            stack.append(task.task_id)
        if task.pickup_task_id in stack:
            if stack[at_door] != task.pickup_task_id:
                return False
            stack.pop(at_door)
    return True
