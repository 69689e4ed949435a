"""Tasks put where they cost least: the planner prices, several at once, and dispatch chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshkit.errors import NotReady
from services.dispatch.domain.planning import Insertion, Insertions
from services.dispatch.domain.route_plan import UnassignedTask
from services.dispatch.ports import Planner
from services.dispatch.usecases.scene import Change, Orders, Scene, TaskMove


async def placed_cheapest(
    planner: Planner, scene: Scene, orders: Orders, change: Change
) -> tuple[Orders, tuple[UnassignedTask, ...]]:
    """
    Tasks to where they cost least, in rounds: in each, every route takes at most one, so that no
    price is of a route that has changed since. As many rounds as the fullest route takes tasks.
    """
    waiting = [move for move in scene.moves if move.cheapest]
    unassigned: list[UnassignedTask] = []
    while waiting:
        priced = await _priced(planner, scene, orders, waiting)
        taken: set[str] = set()
        later = []
        for move in waiting:
            found = priced[move.task_id]
            best = min(_free(found, taken), key=_price, default=None)
            if best is not None:
                taken.add(best.shift_id)
                orders[scene.route_of(best.shift_id).route_id] = list(best.sequence)
            elif found.found:
                later.append(move)
            else:
                unassigned.append(_refused(scene, move, found, change))
        waiting = later
    return orders, tuple(unassigned)


def _free(found: Insertions, taken: set[str]) -> list[Insertion]:
    return [one for one in found.found if one.shift_id not in taken]


def _price(one: Insertion) -> tuple[int, str]:
    return one.delta_cost_micros, one.shift_id


async def _priced(
    planner: Planner, scene: Scene, orders: Orders, moves: Sequence[TaskMove]
) -> dict[str, Insertions]:
    """What each task would cost on each route that it may go to, its goods fetched if need be."""
    fetched = await _ask(planner, scene, orders, moves, fetching=True)
    having = await _ask(planner, scene, orders, moves, fetching=False)
    return {
        move.task_id: _both(fetched.get(move.task_id), having.get(move.task_id)) for move in moves
    }


def _both(one: Insertions | None, other: Insertions | None) -> Insertions:
    some = [answer for answer in (one, other) if answer is not None]
    found = tuple(insertion for answer in some for insertion in answer.found)
    return Insertions(found, some[0].unassigned if some else None)


async def _ask(
    planner: Planner, scene: Scene, orders: Orders, moves: Sequence[TaskMove], *, fetching: bool
) -> dict[str, Insertions]:
    """The planner's answer for routes that must fetch the goods, or for those that have them."""
    routes = {move.task_id: _routes(scene, move, fetching) for move in moves}
    asked = [task_id for task_id, names in routes.items() if names]
    if not asked:
        return {}
    pickups = [scene.pickups[task_id].task_id for task_id in asked] if fetching else []
    known = {name: list(order) for name, order in orders.items()}
    for task_id in () if fetching else asked:  # on board of its own vehicle
        known.setdefault(scene.homes[task_id], []).append(task_id)
    problem = scene.problem_for({**known, "": pickups})
    answers = await planner.insert(problem, scene.by_shift(orders), asked)
    return {t: _only(answers[t], {scene.routes[n].shift_id for n in routes[t]}) for t in asked}


def _routes(scene: Scene, move: TaskMove, fetching: bool) -> list[str]:
    named = move.route_ids or tuple(scene.routes)
    return [name for name in named if scene.needs_pickup(move.task_id, name) is fetching]


def _only(answer: Insertions, shift_ids: set[str]) -> Insertions:
    found = tuple(one for one in answer.found if one.shift_id in shift_ids)
    return replace(answer, found=found)


def _refused(scene: Scene, move: TaskMove, found: Insertions, change: Change) -> UnassignedTask:
    why = found.unassigned or UnassignedTask(move.task_id)
    if not change.allow_partial:
        raise NotReady(
            "NO_FEASIBLE_PLACE",
            f"task {move.task_id!r} fits on none of the routes",
            task_id=move.task_id,
            detail=why.detail or (why.reason or ""),
        )
    delivery_id = scene.problem.task[move.task_id].stop_task.delivery_id
    return replace(why, task_id=move.task_id, delivery_id=delivery_id)
