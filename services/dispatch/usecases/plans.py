"""Route plans: drafted, checked, published. No transaction stays open while another is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from meshkit.errors import AlreadyExists, NotReady
from meshkit.ids import NewId
from services.dispatch.domain.delivery import DeliveryState
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.events import (
    Fact,
    RoutePlanChecked,
    RoutePlanDrafted,
    RoutePlanPublished,
    RoutePublished,
)
from services.dispatch.domain.planning import (
    Crew,
    Problem,
    Proposal,
    Sequences,
    plan_shift,
    spread,
)
from services.dispatch.domain.revision import Carriage, assembled
from services.dispatch.domain.route import Route, RouteState
from services.dispatch.domain.route_plan import (
    Clearance,
    PlanViolation,
    RoutePlan,
    RoutePlanState,
    UnassignedTask,
    checked,
    published,
    require_publishable,
    require_revision,
)
from services.dispatch.domain.task import placed
from services.dispatch.domain.values import Window
from services.dispatch.ports import Compliance, Planner, RouteFilter, Slice, Stores
from services.dispatch.usecases import gate
from services.dispatch.usecases.common import (
    Reading,
    all_required,
    move_deliveries,
    required,
)
from services.dispatch.usecases.crews import crews_of, plan_tasks_of

TASKS_MAX = 2_000  # what the planner plans while the caller waits
SHIFTS_MAX = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be planned: named shifts and tasks, or all that are free in the interval."""

    interval: Window
    shift_ids: Sequence[str] = ()
    task_ids: Sequence[str] = ()
    depot_place_id: str = ""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A plan with its routes, not stored yet."""

    plan: RoutePlan
    routes: tuple[Route, ...]


async def draft(
    read: Reading,
    planner: Planner,
    wanted: Wanted,
    route_plan_id: str,
    search: timedelta,
    seed: int,
    now: datetime,
    new_id: NewId,
) -> Drafted:
    """Asks the planner for the best routes it finds for drivers who are on shift anyway."""
    async with read() as stores:
        problem, crews = await _problem(stores, wanted)
    problem = spread(problem)
    proposal = await planner.optimize(problem, search, seed)
    plan_id = route_plan_id or new_id("rpl")
    return _drafted(proposal, problem, crews, wanted.interval, plan_id, now, new_id)


async def draft_sequences(
    read: Reading,
    planner: Planner,
    sequences: Sequences,
    route_plan_id: str,
    now: datetime,
    new_id: NewId,
) -> Drafted:
    """Asks the planner for the times of the caller's own sequences."""
    async with read() as stores:
        problem, crews = await _problem_of(
            stores, list(sequences), [t for tasks in sequences.values() for t in tasks]
        )
    proposal = await planner.evaluate(problem, sequences)
    starts = [crew.shift.interval.start_time for crew in crews.values()]
    interval = Window(min(starts), max(c.shift.interval.end_time for c in crews.values()))
    plan_id = route_plan_id or new_id("rpl")
    return _drafted(proposal, problem, crews, interval, plan_id, now, new_id)


async def _problem(stores: Stores, wanted: Wanted) -> tuple[Problem, Mapping[str, Crew]]:
    shift_ids = wanted.shift_ids or await stores.shifts.without_route(
        wanted.interval, wanted.depot_place_id
    )
    task_ids = wanted.task_ids or await stores.tasks.free(
        wanted.interval, wanted.depot_place_id, TASKS_MAX
    )
    if not shift_ids or not task_ids:
        raise NotReady("NOTHING_TO_PLAN", "no open task, or no scheduled shift, in the interval")
    return await _problem_of(stores, shift_ids, task_ids)


async def _problem_of(
    stores: Stores, shift_ids: Sequence[str], task_ids: Sequence[str]
) -> tuple[Problem, Mapping[str, Crew]]:
    found = await stores.shifts.find_all(shift_ids)
    shifts = all_required(found, list(shift_ids), "SHIFT_UNKNOWN")
    crews = await crews_of(stores, shifts)
    tasks = await plan_tasks_of(stores, list(task_ids), shifts)
    return Problem(tuple(tasks), tuple(map(plan_shift, crews.values()))), crews


def _drafted(
    proposal: Proposal,
    problem: Problem,
    crews: Mapping[str, Crew],
    interval: Window,
    plan_id: str,
    now: datetime,
    new_id: NewId,
) -> Drafted:
    routes = tuple(
        assembled(
            timed, problem, Carriage(plan_id, crews[timed.shift_id].driver.driver_id), now, new_id
        )
        for timed in proposal.routes
    )
    plan = RoutePlan(
        route_plan_id=plan_id,
        interval=interval,
        route_ids=tuple(route.route_id for route in routes),
        create_time=now,
        unassigned_tasks=_unassigned(proposal, problem),
        violations=gate.named(proposal.violations, routes),
        access_checked=proposal.access_checked,
        cost_micros=sum(route.cost_micros for route in routes),
        distance_meters=sum(route.distance_meters for route in routes),
        route_duration=sum((r.end_time - r.start_time for r in routes), timedelta()),
        engine_version=proposal.engine_version,
        seed=proposal.seed,
        map_version=proposal.map_version,
    )
    return Drafted(plan, routes)


def _unassigned(proposal: Proposal, problem: Problem) -> tuple[UnassignedTask, ...]:
    """Every task on no route, with the planner's reason where it gave one."""
    told = {task.task_id: task for task in proposal.unassigned}
    known = problem.task
    return tuple(
        replace(
            told.get(task_id, UnassignedTask(task_id)),
            delivery_id=known[task_id].stop_task.delivery_id,
        )
        for task_id in gate.left_out(proposal, problem)
    )


async def keep_draft(stores: Stores, drafted: Drafted, now: datetime) -> RoutePlan:
    """Stores a draft; it binds nobody."""
    plan = drafted.plan
    if await stores.route_plans.find(plan.route_plan_id) is not None:
        raise AlreadyExists(
            "ROUTE_PLAN_EXISTS", "that plan exists", route_plan_id=plan.route_plan_id
        )
    await stores.route_plans.add(plan)
    await stores.routes.add(*drafted.routes)
    stores.tell(Fact(plan.route_plan_id, now, RoutePlanDrafted(plan)))
    return plan


async def inspect(
    read: Reading, planner: Planner, compliance: Compliance, route_plan_id: str
) -> tuple[RoutePlan, Clearance]:
    """Asks the whole gate about a plan: verifier, free tasks and crews, compliance."""
    async with read() as stores:
        plan = await get(stores, route_plan_id)
        routes = list(await stores.routes.of_plan(route_plan_id))
        ours = [route for route in routes if route.shift_id]
        own_faults = await _own_faults(stores, plan, ours)
        problem, sequences = await _as_problem(stores, ours)
    verified = await _verified(planner, problem, sequences, ours)
    clearance = await compliance.clear(route_plan_id, routes, kept=True)
    return plan, gate.together(clearance, verified, own_faults)


async def _own_faults(
    stores: Stores, plan: RoutePlan, routes: Sequence[Route]
) -> list[PlanViolation]:
    """What is no longer free; nothing for a plan that binds already."""
    if plan.is_published:
        return []
    tasks = await stores.tasks.find_all([t for route in routes for t in route.task_ids])
    names = list({d for route in routes for d in route.delivery_ids})
    deliveries = await stores.deliveries.find_all(names)
    shifts = await stores.shifts.find_all([route.shift_id for route in routes])
    crews = await crews_of(stores, list(shifts.values()))
    busy = await _busy(stores, list(shifts))
    return [*gate.taken_tasks(routes, tasks, deliveries), *gate.taken_crews(routes, crews, busy)]


async def _busy(stores: Stores, shift_ids: Sequence[str]) -> list[str]:
    """Which of these shifts have a binding route."""
    states = (RouteState.PUBLISHED, RouteState.ACTIVE)
    busy = []
    for shift_id in shift_ids:
        which = RouteFilter(shift_id=shift_id, states=states)
        if await stores.routes.list_page(which, Slice(None, 1)):
            busy.append(shift_id)
    return busy


async def _as_problem(
    stores: Stores, routes: Sequence[Route]
) -> tuple[Problem, dict[str, Sequence[str]]]:
    """The routes as a problem with given sequences; what is closed or held by now is left out."""
    shifts = await stores.shifts.find_all([route.shift_id for route in routes])
    crews = await crews_of(stores, list(shifts.values()))
    known = await stores.tasks.find_all([t for route in routes for t in route.task_ids])
    deliveries = await stores.deliveries.find_all([task.delivery_id for task in known.values()])
    held = {name for name, d in deliveries.items() if d.state is DeliveryState.ON_HOLD}
    is_free = {n for n, task in known.items() if task.is_open and task.delivery_id not in held}
    sequences = {r.shift_id: [t for t in r.task_ids if t in is_free] for r in routes}
    tasks = await plan_tasks_of(
        stores, [t for some in sequences.values() for t in some], list(shifts.values())
    )
    return Problem(tuple(tasks), tuple(map(plan_shift, crews.values()))), dict(sequences)


async def _verified(
    planner: Planner, problem: Problem, sequences: Sequences, routes: Sequence[Route]
) -> tuple[PlanViolation, ...]:
    if not any(sequences.values()):
        return ()
    proposal = await planner.evaluate(problem, sequences)
    return gate.named(proposal.violations, routes)


async def keep_check(
    stores: Stores, seen: RoutePlan, clearance: Clearance, now: datetime
) -> RoutePlan:
    """Stores what the gate found; a plan that passes is CHECKED and its deliveries are PLANNED."""
    plan = await _claimed(stores, seen)
    after = checked(plan, clearance, now)
    await stores.route_plans.save(after)
    routes = await stores.routes.of_plan(plan.route_plan_id)
    for route in routes:
        await stores.routes.note(gate.decided(route, clearance))
    stores.tell(Fact(plan.route_plan_id, now, RoutePlanChecked(after)))
    if after.state is RoutePlanState.CHECKED:
        names = sorted({d for route in routes for d in route.delivery_ids})
        await move_deliveries(stores, names, Move.PLANNED, now)
    return after


async def ready_to_publish(read: Reading, route_plan_id: str, etag: str) -> None:
    """Refuses early what cannot be published: a stale etag, or a plan that was not checked."""
    async with read() as stores:
        plan = await get(stores, route_plan_id)
    require_revision(plan, etag)
    require_publishable(plan)


async def publish(
    stores: Stores, seen: RoutePlan, etag: str, clearance: Clearance, now: datetime
) -> RoutePlan:
    """Makes a plan bind: one commit for the plan, its routes, tasks and deliveries."""
    plan = await _claimed(stores, seen)
    require_revision(plan, etag)
    after = published(plan, clearance, now)
    routes = [
        replace(gate.decided(route, clearance), state=RouteState.PUBLISHED)
        for route in await stores.routes.of_plan(plan.route_plan_id)
    ]
    await bind(stores, routes, now)
    for route in routes:
        await stores.routes.note(route)
    await stores.route_plans.save(after)
    stores.tell(
        Fact(plan.route_plan_id, now, RoutePlanPublished(after)),
        *(Fact(route.route_id, now, RoutePublished(route)) for route in routes),
    )
    return after


async def bind(stores: Stores, routes: Sequence[Route], now: datetime) -> None:
    """Puts tasks on their routes and tells deliveries. Raises NotReady `TASK_TAKEN`."""
    delivery_ids = sorted({d for route in routes for d in route.delivery_ids})
    await move_deliveries(stores, delivery_ids, Move.ASSIGNED, now)
    names = sorted(t for route in routes for t in route.task_ids)
    tasks = await stores.tasks.claim_all(names)
    for route in routes:
        for stop in route.stops:
            for task_id in stop.task_ids:
                task = required(tasks.get(task_id), "TASK_UNKNOWN", task_id)
                if task.route_id:
                    raise NotReady("TASK_TAKEN", f"{task_id!r} is taken", task_id=task_id)
                await stores.tasks.save(placed(task, route.route_id, stop.stop_id, now))


async def get(stores: Stores, route_plan_id: str) -> RoutePlan:
    """A plan without its routes."""
    found = await stores.route_plans.find(route_plan_id)
    return required(found, "ROUTE_PLAN_UNKNOWN", route_plan_id)


async def _claimed(stores: Stores, seen: RoutePlan) -> RoutePlan:
    """The plan, locked, and still as the gate saw it: else what it found says nothing."""
    found = await stores.route_plans.claim(seen.route_plan_id)
    plan = required(found, "ROUTE_PLAN_UNKNOWN", seen.route_plan_id)
    require_revision(plan, str(seen.revision))
    return plan
