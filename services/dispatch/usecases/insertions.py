"""Tasks put where they cost least: the planner prices, several at once, and dispatch chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from meshkit.errors import NotReady
from services.dispatch.domain.planning import Insertion, Insertions, allowing
from services.dispatch.domain.route_plan import UnassignedTask
from services.dispatch.ports import Planner
from services.dispatch.usecases.scene import (
    Change,
    Orders,
    Scene,
    TaskMove,
    fresh_violations,
)

NEAR_MAX = 4  # routes asked first; a relief of 13 tasks on 10 routes took 5 s of pricing

Chosen = dict[str, list[tuple[TaskMove, Insertion]]]  # route id -> what it would take


async def placed_cheapest(
    planner: Planner, scene: Scene, orders: Orders, change: Change
) -> tuple[Orders, tuple[UnassignedTask, ...]]:
    """
    Tasks to where they cost least: on routes near by, or else on any that may be asked.

    Orders are changed in place. What fits nowhere comes back, or refuses the whole change.
    """
    wanted = [move for move in scene.moves if move.cheapest]
    near = [replace(move, route_ids=_near(scene, move)) for move in wanted]
    lost = await _placed(planner, scene, orders, near)
    again = [move for move in wanted if move.task_id in lost]
    lost = await _placed(planner, scene, orders, again)
    hopeless = [move for move in again if move.task_id in lost]
    return orders, tuple(_refused(scene, m, lost[m.task_id], change) for m in hopeless)


async def _placed(
    planner: Planner, scene: Scene, orders: Orders, moves: Sequence[TaskMove]
) -> dict[str, Insertions]:
    """
    Places what can be placed, in rounds, and tells of the rest.

    In a round each task is priced by itself, and every route takes its share of those that it is
    cheapest for. What was priced alone may not fit together: the planner times each route with all
    that it took, and the last ones go back until it holds. Pricing is what takes time, timing is
    quick; the first task of a route always holds, so a round never ends with nothing placed.
    """
    waiting = list(moves)
    lost: dict[str, Insertions] = {}
    while waiting:
        priced = await _priced(planner, scene, orders, waiting)
        lost |= {name: answer for name, answer in priced.items() if not answer.found}
        waiting = [move for move in waiting if move.task_id not in lost]
        chosen = _shared(scene, waiting, priced)
        await _thin_out(planner, scene, orders, chosen)
        for route_id, taken in chosen.items():
            orders[route_id] = _with_all(orders[route_id], taken)
        done = {move.task_id for taken in chosen.values() for move, _ in taken}
        waiting = [move for move in waiting if move.task_id not in done]
    return lost


def _near(scene: Scene, move: TaskMove) -> tuple[str, ...]:
    """Of the routes that may be asked, those that pass nearest to the task and to its goods."""
    named = move.route_ids or tuple(scene.routes)
    return tuple(sorted(named, key=lambda name: scene.detour_meters(move.task_id, name))[:NEAR_MAX])


def _shared(scene: Scene, moves: Sequence[TaskMove], priced: Mapping[str, Insertions]) -> Chosen:
    """Each task on the route it is cheapest for, as long as that has not had its share."""
    chosen: Chosen = {}
    asked = {one.shift_id for move in moves for one in priced[move.task_id].found}
    share = 1 + len(moves) // max(1, len(asked))
    for move in moves:
        for one in sorted(priced[move.task_id].found, key=_price):
            taken = chosen.setdefault(scene.route_of(one.shift_id).route_id, [])
            if len(taken) < share:
                taken.append((move, one))
                break
    return {route_id: taken for route_id, taken in chosen.items() if taken}


def _price(one: Insertion) -> tuple[int, str]:
    return one.delta_cost_micros, one.shift_id


async def _thin_out(planner: Planner, scene: Scene, orders: Orders, chosen: Chosen) -> None:
    """Takes the last task back from every route that does not hold all it took, until all do."""
    base = await scene.evaluated(planner, orders, chosen)
    while crowded := {name: taken for name, taken in chosen.items() if len(taken) > 1}:
        tried = {name: _with_all(orders[name], taken) for name, taken in crowded.items()}
        broken = fresh_violations(base, await scene.evaluated(planner, orders | tried, crowded))
        shifts = {violation.route_id for violation in broken if violation.route_id}
        names = {scene.route_of(shift_id).route_id for shift_id in shifts}
        if not names:
            return
        for name in names & set(crowded):
            chosen[name].pop()


def _with_all(order: Sequence[str], taken: Sequence[tuple[TaskMove, Insertion]]) -> list[str]:
    """An order with several insertions in it, each behind what it was to come behind."""
    merged = list(order)
    for _, insertion in taken:
        after = 0
        for task_id in insertion.sequence:
            if task_id not in merged:
                merged.insert(after, task_id)
            after = merged.index(task_id) + 1
    return merged


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
    shifts = {t: [scene.routes[name].shift_id for name in routes[t]] for t in asked}
    problem = allowing(scene.problem_for({**known, "": pickups}), shifts)
    return dict(await planner.insert(problem, scene.by_shift(orders), asked))


def _routes(scene: Scene, move: TaskMove, fetching: bool) -> list[str]:
    named = move.route_ids or tuple(scene.routes)
    return [name for name in named if scene.needs_pickup(move.task_id, name) is fetching]


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
